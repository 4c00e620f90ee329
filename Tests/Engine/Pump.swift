import Host
import Maintenance
import Plans

@testable import Engine

/// A run in virtual time, without a driver: each command is answered when its time has come, as the test scripts it.
struct Pump {
    private(set) var machine = RunMachine(run: "r1")
    private(set) var now = Instant(microsecondsSinceEpoch: 1_767_225_600_000_000)
    private var inHand: [(due: Instant, order: Int, command: RunCommand)] = []
    private var issued = 0
    /// The steps and units as they were begun, with the seconds since the beginning.
    private(set) var order: [String] = []
    private var begun = Instant(microsecondsSinceEpoch: 0)

    /// How long a step's look or unit takes; a second without.
    var takes: [String: Duration] = [:]
    /// What a check sees: the n-th look of a step, that many seconds after the beginning.
    var look: (_ step: String, _ attempt: Int, _ at: Double) -> Double? = { _, _, _ in 1 }
    /// Changes whose units are refused.
    var refused: Set<String> = []
    /// Units that a change finds, by the n-th preview.
    var found: (_ step: String, _ preview: Int) -> Int = { _, _ in 1 }
    private var previews: [String: Int] = [:]
    /// What people agreed to before, by the n-th preview.
    var given: (_ step: String, _ preview: Int) -> [GivenApproval]? = { _, _ in nil }
    /// What the run asks people about, where it does no more.
    var asks: RunAsking?
    /// What people say, in that order, when they are asked.
    var words: [String: [Decision]] = [:]
    var notices: RunNotices?
    /// What happened, as a journal would keep it.
    private(set) var history: [(at: Instant, event: RunEvent)] = []
    /// What people were told, and when.
    private(set) var told: [(notice: Notice, at: Double)] = []
    /// What the guard of a step says at its n-th look, that many seconds after the beginning.
    var guardSays: (_ step: String, _ look: Int, _ at: Double) -> Verdict = { _, _, _ in .pass }
    private var guardLooks: [String: Int] = [:]
    /// Units that stay in place when they are taken back, as `step/unit`, and those that cannot be looked at then.
    var stuck: Set<String> = []
    var hidden: Set<String> = []
    /// What this run put into place and is there, and what was taken back, in that order.
    private(set) var inPlace: [String] = []
    private(set) var gone: [String] = []
    /// The process dies once so many events are durable; what it had in hand is done all the same, or is not.
    var diesAfter: (events: Int, isDone: Bool)?
    /// Asks the run to stop after so long.
    var stops: Duration?
    /// The process dies after so long, and is away for some time.
    var dies: (after: Duration, away: Duration)?

    var run: Run { machine.state }

    mutating func drive(_ steps: [RunStep], by requester: String = "tester") -> Run {
        var profiles: [String: StepProfile] = [:]
        for step in steps {
            guard let definition = Bench().catalogue.actions[step.action] else { continue }
            profiles[step.id] = StepProfile(step, definition)
        }
        let plan = RunPlan(
            service: "s", environment: "default", procedure: "p",
            targets: [
                "t": RunTarget(kind: "fake", settings: .text("one")),
                "other": RunTarget(kind: "fake", settings: .text("two")),
            ], steps: steps, notices: notices, asks: asks)
        begun = now
        take(
            .started(
                RunStart(
                    plan: plan, profiles: profiles, nominal: now, owner: Bench.owner, requestedBy: requester,
                    identities: ["t": "fake one", "other": "fake two"])))
        while run.endedAt == nil, let next = inHand.indices.min(by: { key($0) < key($1) }) {
            let (due, _, command) = inHand[next]
            if let stops, begun + stops <= due {
                now = max(now, begun + stops)
                self.stops = nil
                take(.cancelRequested(Cause(.cancelled, "Somebody asked the run to stop.")))
                continue
            }
            if let dies, begun + dies.after <= due {
                now = max(now, begun + dies.after) + dies.away
                self.dies = nil
                inHand = []
                take(.resumed(Bench.owner))
                continue
            }
            if let dies = diesAfter, history.count >= dies.events {
                diesAfter = nil
                if dies.isDone { for (_, _, command) in inHand { _ = answer(command) } }
                inHand = []
                take(.resumed(Bench.owner))
                continue
            }
            inHand.remove(at: next)
            now = max(now, due)
            if let event = answer(command) { take(event) }
        }
        return run
    }

    private func key(_ index: Int) -> (Instant, Int) { (inHand[index].due, inHand[index].order) }

    private mutating func take(_ event: RunEvent) {
        history.append((now, event))
        for command in machine.handle(event, at: now) {
            issued += 1
            inHand.append((due(command), issued, command))
        }
    }

    private mutating func due(_ command: RunCommand) -> Instant {
        let seconds = Int((now - begun).inSeconds)
        switch command {
        case .observe(let step, _, let after):
            order.append("\(step) \(seconds + Int(after.inSeconds))")
            return now + after + (takes[step] ?? .seconds(1))
        case .apply(let step, let unit, _):
            order.append("\(step)/\(unit.id) \(seconds)")
            return now + (takes[step] ?? .seconds(1))
        case .undo(let step, let unit, _):
            order.append("undo \(step)/\(unit.id) \(seconds)")
            return now + (takes[step] ?? .seconds(1))
        case .watchGuard(_, let after), .wait(_, _, let after): return now + after
        case .pause(_, let until): return until
        case .awaitDecision(let step, let until): return words[step]?.isEmpty == false ? now + .seconds(5) : until
        default: return now
        }
    }

    private mutating func answer(_ command: RunCommand) -> RunEvent? {
        switch command {
        case .observe(let step, let attempt, _):
            var outcome = CheckOutcome(attempt: attempt, seconds: 1)
            if let value = look(step, attempt, (now - begun).inSeconds) {
                outcome.observation = Observation(summary: "seen", measurements: [Measurement("value", value)])
            } else {
                outcome.couldNotLook = Cause(.unreachable, "It is not there.")
            }
            return .observed(step: step, outcome)
        case .preview(let step):
            previews[step, default: 0] += 1
            let units = (0..<found(step, previews[step, default: 0])).map {
                WorkUnit(id: "u\($0)", title: "unit \($0)", size: 10, expected: .seconds(1))
            }
            let preview = Preview(summary: "units", units: units)
            let given = given(step, previews[step, default: 0])
            return .previewed(step: step, PreviewOutcome(preview: preview, pace: 1, given: given))
        case .prepare(let step, let unit):
            return .unitPrepared(step: step, unit: unit.id, UnitIntent(baseline: "{}", before: .pending))
        case .apply(let step, let unit, _):
            var outcome = UnitOutcome(state: .applied(Proof("done")), isFailure: false, seconds: 1)
            if refused.contains(step) {
                outcome.state = .pending
                outcome.error = Cause(.rejected, "No.")
                outcome.isFailure = true
            } else {
                inPlace.append("\(step)/\(unit.id)")
            }
            return .unitProbed(step: step, unit: unit.id, outcome)
        case .probe(let step, let unit, _):
            let state = inPlace.contains("\(step)/\(unit.id)") ? ChangeState.applied(Proof("there")) : .pending
            return .unitProbed(step: step, unit: unit.id, UnitOutcome(state: state, isFailure: false, seconds: 1))
        case .undo(let step, let unit, _):
            return .unitUndone(step: step, unit: unit.id, takeBack("\(step)/\(unit.id)"))
        case .lookAtGuard(let step): return .guardObserved(step: step, lookAtGuard(step))
        case .watchGuard(let step, _): return .guardWatched(step: step, lookAtGuard(step))
        case .wait(let step, let unit, _): return .waited(step: step, unit: unit.id)
        case .pause(let step, _): return .paused(step: step)
        case .awaitDecision(let step, _):
            guard words[step]?.isEmpty == false, let word = words[step]?.removeFirst() else {
                return .undecided(step: step)
            }
            return .decided(step: step, fitting(word, step))
        case .intendDelivery(let intent): return .deliveryIntended(intent)
        case .deliver(let id, let attempt):
            if let intent = run.deliveries.first(where: { $0.id == id })?.intent {
                told.append((intent.notice, (now - begun).inSeconds))
            }
            let receipt = DeliveryOutcome.delivered(DeliveryReceipt("taken"))
            return .deliveryTried(id: id, DeliveryAttempt(attempt: attempt, outcome: receipt, seconds: 1))
        case .end(let verdict): return .ended(verdict)
        default: return nil
        }
    }

    /// As the performer does it: a look first, for an earlier attempt may have done it.
    private mutating func takeBack(_ unit: String) -> UnitOutcome {
        var outcome = UnitOutcome(state: .pending, isFailure: false, seconds: 1)
        guard let place = inPlace.firstIndex(of: unit) else { return outcome }
        if stuck.contains(unit) {
            outcome.state = .applied(Proof("there"))
            outcome.error = Cause(.rejected, "It stays.")
            return outcome
        }
        inPlace.remove(at: place)
        gone.append(unit)
        if hidden.contains(unit) { outcome.state = .unknown(Cause(.noPermission, "It cannot be looked at.")) }
        return outcome
    }

    private mutating func lookAtGuard(_ step: String) -> ChecksOutcome {
        guardLooks[step, default: 0] += 1
        let verdict = guardSays(step, guardLooks[step, default: 0], (now - begun).inSeconds)
        return ChecksOutcome(verdict: verdict, cause: verdict == .pass ? nil : Cause(.threshold, "It is not well."))
    }

    /// `now` stands for the proposal that is asked about.
    private func fitting(_ word: Decision, _ step: String) -> Decision {
        guard word.proposal == "now" else { return word }
        return Decision(
            id: word.id, by: word.by, at: now, word: word.word, proposal: run.step(step)?.proposal?.digest,
            note: word.note, values: word.values)
    }
}

extension RunStep {
    /// The step with what a test varies.
    func with(
        needs: [String]? = nil, isFinal: Bool = false, soak: SoakPolicy? = nil, approval: RunApproval? = nil,
        on target: String = "t"
    ) -> RunStep {
        RunStep(
            id: id, action: action, kind: kind, isChange: isChange, parameters: parameters, targets: ["on": target],
            thresholds: thresholds, when: when, retry: retry, onFailure: onFailure, needs: needs, isFinal: isFinal,
            soak: soak, approval: approval)
    }

    static func plain(_ id: String, _ kind: StepKind, like step: RunStep? = nil) -> RunStep {
        RunStep(
            id: id, action: step?.action ?? id, kind: kind, isChange: false, parameters: step?.parameters,
            targets: step?.targets ?? [:])
    }
}
