import Host
import Maintenance

/// Steps that call no action, and what steps have to do with people and with each other.
extension RunPlanner {
    /// A step that waits, asks, or takes back.
    mutating func plain(
        _ source: StepSource, _ kind: StepKindSource, _ substitution: Substitution, _ scope: StepScope
    ) -> (RunStep?, StepOutputs) {
        if let forEach = source.forEach {
            log.report("`for-each` repeats checks and changes", at: forEach.position)
        }
        var taken: RunStep?
        let made: StepKind?
        var outputs = StepOutputs(fields: [])
        var watch: GuardWatch?
        switch kind {
        case .wait(let node):
            let lasts = positive(node, substitution)
            made = lasts.map { .wait(microseconds: $0.microseconds) }
            watch = guardWatch(of: source, id: source.id.value, substitution, scope)
            checkLooks(of: source, watch, lasting: lasts)
        case .ask(let question):
            outputs = StepOutputs(fields: question.fields)
            made = .ask(
                RunQuestion(
                    text: substitution.plain(question.text.value, at: question.text.position, "a question", &log) ?? "",
                    from: users(question.from),
                    withinMicroseconds: (question.within.flatMap { positive($0, substitution) } ?? Self.day)
                        .microseconds, fields: question.fields))
        case .undo(let name):
            if let onFailure = source.onFailure, onFailure.value == .undo {
                log.report("it takes back one step, and no other; use `stop` or `continue`", at: onFailure.position)
            }
            taken = changed(name, scope)
            made = .undo(step: name.value)
        }
        let thresholds = Thresholds(
            warn: threshold(source.warn, outputs, substitution, scope),
            fail: threshold(source.fail, outputs, substitution, scope))
        let step = RunStep(
            id: source.id.value, action: taken?.action ?? source.action.value, kind: made, isChange: false,
            summary: source.summary.flatMap { substitution.plain($0.value, at: $0.position, "a summary", &log) },
            parameters: taken?.parameters, targets: taken?.targets ?? [:], thresholds: thresholds,
            when: when(source, substitution, scope),
            timeoutMicroseconds: source.timeout.flatMap { positive($0, substitution) }?.microseconds
                ?? taken?.timeoutMicroseconds,
            guardSteps: watch?.checks, guardEveryMicroseconds: watch?.every.microseconds,
            onFailure: source.onFailure?.value,
            disabled: source.disabled.flatMap { substitution.plain($0.value, at: $0.position, "a reason", &log) },
            needs: needs(of: source, scope), isFinal: source.isFinal)
        return (step, outputs)
    }

    private mutating func checkLooks(of source: StepSource, _ watch: GuardWatch?, lasting: Duration?) {
        guard let every = source.soak?.every else { return }
        guard let watch else {
            return log.report("`every` says how often a `guard` is looked at, and this has none", at: every.position)
        }
        if let lasting, lasting.inSeconds / max(watch.every.inSeconds, 0.001) > Double(PlanLimits.soakLooks) {
            log.report("that is more than \(PlanLimits.soakLooks) looks; look less often", at: every.position)
        }
    }

    /// The change that an `undo` takes back.
    private mutating func changed(_ name: Located<String>, _ scope: StepScope) -> RunStep? {
        guard let source = scope.before.first(where: { $0.id.value == name.value }) else {
            log.report(unknown(name.value, "change before this step", among: changes(scope)), at: name.position)
            return nil
        }
        guard let steps = scope.planned[name.value], source.isDo else {
            if source.isDo { return nil }
            log.report("`\(name.value)` changes nothing that could be taken back", at: name.position)
            return nil
        }
        guard steps.count == 1, let step = steps.first else {
            log.report(
                "`\(name.value)` is repeated by its `for-each`; several steps cannot be taken back as one",
                at: name.position)
            return nil
        }
        let configured = try? catalogue.actions[step.action]?.configured(with: step.parameters)
        if case .change(let change)? = configured?.work, change.undo == nil {
            log.report("`\(step.action)` cannot be undone", at: name.position)
        }
        return step
    }

    private func changes(_ scope: StepScope) -> [String] { scope.before.filter(\.isDo).map(\.id.value) }

    /// The ids of the steps that it needs, those of a `for-each` all.
    mutating func needs(of source: StepSource, _ scope: StepScope) -> [String]? {
        guard let names = source.needs else { return nil }
        var ids: [String] = []
        for name in names {
            if let steps = scope.planned[name.value] {
                ids += steps.map(\.id)
            } else if scope.before.contains(where: { $0.id.value == name.value }) {
                continue
            } else if scope.checks.allIDs.contains(name.value) {
                log.report(
                    "`\(name.value)` is not before this step; write steps in an order in which they can run",
                    at: name.position)
            } else {
                log.report(
                    unknown(name.value, "step before this one", among: scope.before.map(\.id.value)), at: name.position)
            }
        }
        return ids
    }

    mutating func soak(of source: StepSource, _ action: ActionDefinition, _ substitution: Substitution) -> SoakPolicy? {
        guard let soak = source.soak else { return nil }
        guard !action.isChange else {
            // Beside a guard `every` is the guard's.
            if soak.lasts == nil, !source.guards.isEmpty || !procedure.guards.isEmpty { return nil }
            log.report(
                "`for` and `every` repeat a check; a change is done once",
                at: (soak.lasts ?? soak.every)?.position ?? source.position)
            return nil
        }
        guard let lasts = soak.lasts, let every = soak.every else {
            log.report(
                "`for` and `every` go together: how long, and how often",
                at: (soak.lasts ?? soak.every)?.position ?? source.position)
            return nil
        }
        if let retry = source.retry?.times {
            log.report("a check that goes on looks again anyway; leave `retry` out", at: retry.position)
        }
        guard let long = positive(lasts, substitution), let often = positive(every, substitution) else { return nil }
        if often > long { log.report("`every` is longer than `for`", at: every.position) }
        if long.inSeconds / often.inSeconds > Double(PlanLimits.soakLooks) {
            log.report("that is more than \(PlanLimits.soakLooks) looks; look less often", at: every.position)
        }
        return SoakPolicy(lastsMicroseconds: long.microseconds, everyMicroseconds: often.microseconds)
    }

    mutating func approval(
        of source: StepSource, _ action: ActionDefinition, _ substitution: Substitution
    ) -> RunApproval? {
        guard let approval = source.approval, action.isChange else { return nil }
        let by = users(approval.by)
        let count = approval.count.flatMap { number($0, as: Int.self, substitution) } ?? 1
        if count < 1 || !by.isEmpty && count > by.count {
            log.report(
                "`count` is from 1 to the \(by.count) who may agree", at: approval.count?.position ?? approval.position)
        }
        let within = approval.within.flatMap { positive($0, substitution) } ?? Self.day
        if let ahead = approval.ahead, let name = usesMeasurements(source) {
            log.report(
                "people are asked `ahead` of the run, before any step has measured `\(name)`; leave one of the two out",
                at: ahead.position)
        }
        return RunApproval(
            by: by, count: count, withinMicroseconds: within.microseconds, ahead: approval.ahead?.value)
    }

    /// A measurement of another step that the step is done with.
    private func usesMeasurements(_ source: StepSource) -> String? {
        var name: String?
        source.with?.forEachText { _, text, _ in
            for case .step(let id, let measurement) in (try? ReferenceText(text))?.references ?? [] {
                name = name ?? "\(id).\(measurement)"
            }
        }
        return name
    }

    /// The operating system's users of people and groups of the estate.
    private mutating func users(_ names: [Located<String>]) -> [String] {
        var users: [String] = []
        let estate = plan.estate ?? Estate()
        for name in names {
            let people = estate.people(of: name.value)
            if people.isEmpty {
                let known = Array(estate.people.keys) + Array(estate.groups.keys)
                log.report(unknown(name.value, "person or group of the estate", among: known), at: name.position)
            }
            for user in people.compactMap({ estate.people[$0]?.user }) where !users.contains(user) {
                users.append(user)
            }
        }
        return users
    }

    mutating func positive(_ node: PlanNode, _ substitution: Substitution) -> Duration? {
        guard let duration = number(node, as: Duration.self, substitution) else { return nil }
        if duration <= .zero { log.report("it is longer than nothing", at: node.position) }
        return duration
    }

    private static var day: Duration { .seconds(86400) }
}
