import Host
import Journal
import Maintenance
import Plans

/// What a run tells, and whom: made from the run's state alone.
extension Run {
    /// One delivery a channel, however many rules name it, by the most telling event that it asked for.
    func deliveryIntents(at now: Instant) -> [DeliveryIntent] {
        guard let start, let notices = start.plan.notices else { return [] }
        var wanted: [(channel: String, events: Set<NoticeEvent>)] = []
        for rule in notices.rules {
            for channel in rule.channels {
                if let index = wanted.firstIndex(where: { $0.channel == channel }) {
                    wanted[index].events.formUnion(rule.events)
                } else {
                    wanted.append((channel, Set(rule.events)))
                }
            }
        }
        let occurred = noticeEvents
        var intents = wanted.compactMap { channel, events -> DeliveryIntent? in
            guard let event = occurred.first(where: events.contains) else { return nil }
            let said = event == .ended ? NoticeEvent(verdict) : event
            return intent(channel, isHeartbeat: false, notice(of: said, at: now))
        }
        if let heartbeat = notices.heartbeat, isHeard(by: heartbeat) {
            intents.append(intent(heartbeat.channel, isHeartbeat: true, notice(of: NoticeEvent(verdict), at: now)))
        }
        return intents
    }

    /// One delivery a channel that wants to hear of questions, for each step that waits for people.
    func questionIntents(at now: Instant) -> [DeliveryIntent] {
        let channels = (start?.plan.notices?.rules ?? []).filter { $0.events.contains(.asked) }.flatMap(\.channels)
        guard !channels.isEmpty else { return [] }
        var told: Set<String> = []
        let wanted = channels.filter { told.insert($0).inserted }
        return steps.filter { if case .awaitingDecision = $0.phase { true } else { false } }.flatMap { step in
            let asked = Body(Array("\(step.id) \(step.proposal?.digest ?? "")".utf8)).digest.prefix(12)
            return wanted.map { channel in
                DeliveryIntent(
                    id: "\(id).\(channel).\(asked)", channel: channel, isHeartbeat: false,
                    notice: question(of: step, at: now))
            }
        }
    }

    private func question(of step: StepState, at now: Instant) -> Notice {
        var notice = notice(of: .asked, at: now)
        let plan = start?.plan.steps.first { $0.id == step.id }
        let ahead = start?.plan.asks.map { " ahead, for the occurrence of \($0.nominal)" } ?? ""
        var sentence = "It asks for approval\(ahead): \(step.summary)"
        var verb = "approve"
        if case .ask(let question)? = plan?.kind {
            sentence = question.text
            verb = "answer"
        }
        notice.verdict = nil
        notice.points = [Notice.Point(step: step.id, severity: .unknown, subject: "", sentence: sentence)]
        notice.morePoints = 0
        notice.hint = "millwright \(verb) \(id) \(step.id)"
        return notice
    }

    private func intent(_ channel: String, isHeartbeat: Bool, _ notice: Notice) -> DeliveryIntent {
        DeliveryIntent(id: "\(id).\(channel)", channel: channel, isHeartbeat: isHeartbeat, notice: notice)
    }

    /// What happened that somebody may want to be told, the most telling first.
    private var noticeEvents: [NoticeEvent] {
        let end = NoticeEvent(verdict)
        let isBad = verdict == .fail || verdict == .unknown
        var events: [NoticeEvent] = isBad ? [end] : []
        if missed != nil || !stepsLeft.isEmpty { events.append(.missed) }
        if verdict == .pass, isWhole, start?.recoversFrom != nil { events.append(.recovered) }
        if !isBad { events.append(end) }
        return events + [.ended]
    }

    /// A part of a procedure that passed is no sign that the whole did.
    private var isWhole: Bool { start?.isWhole == true }

    private func isHeard(by heartbeat: RunHeartbeat) -> Bool {
        switch verdict {
        case .pass, .warn: isWhole
        case .fail, .unknown: heartbeat.tellsFailures
        }
    }

    /// Steps that the window's end left undone, in whole or in part.
    public var stepsLeft: [String] {
        steps.filter { step in
            step.cause?.code == .windowEnded
                || step.units.contains { unit in
                    if case .left(let cause) = unit.phase { cause.code == .windowEnded } else { false }
                }
        }.map(\.id)
    }

    private func notice(of event: NoticeEvent, at now: Instant) -> Notice {
        let points = noticePoints
        return Notice(
            event: event, service: start?.plan.service ?? "", environment: start?.plan.environment ?? "",
            procedure: start?.plan.procedure ?? "", run: id, verdict: verdict, counts: counts,
            points: Array(points.prefix(Limits.noticePoints)), morePoints: max(0, points.count - Limits.noticePoints),
            missed: missed, leftSteps: Array(stepsLeft.prefix(Limits.noticePoints)),
            recoversFrom: event == .recovered ? start?.recoversFrom : nil, hint: "millwright show \(id)",
            startedAt: startedAt, at: now)
    }

    /// What was found, the worst first; a step without findings says its cause.
    private var noticePoints: [Notice.Point] {
        if let cause = nothingSeen {
            return [
                Notice.Point(
                    step: steps.first?.id ?? "", severity: .unknown, subject: "", sentence: cause.sentence)
            ]
        }
        let points = steps.flatMap { step -> [Notice.Point] in
            if step.findings.isEmpty, let verdict = step.verdict, verdict != .pass {
                let sentence = step.cause?.sentence ?? step.summary
                return [Notice.Point(step: step.id, severity: verdict, subject: "", sentence: sentence)]
            }
            return step.findings.map {
                Notice.Point(
                    step: step.id, severity: $0.severity, subject: $0.subject, sentence: $0.cause.sentence,
                    advice: $0.advice)
            }
        }
        return [Verdict.fail, .unknown, .warn].flatMap { severity in points.filter { $0.severity == severity } }
    }

    private var counts: Notice.Counts {
        var counts = Notice.Counts()
        for step in steps {
            switch step.verdict {
            case .pass?: counts.pass += 1
            case .warn?: counts.warn += 1
            case .fail?: counts.fail += 1
            case .unknown?: counts.unknown += 1
            case nil: counts.skipped += 1
            }
        }
        return counts
    }
}
