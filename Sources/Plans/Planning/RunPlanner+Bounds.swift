import Host
import Maintenance

/// How much, how long, how often, and how disturbing: what the plan says and the estate's policy caps.
extension RunPlanner {
    /// Keys that mean nothing for a check, or for this change.
    mutating func checkKeys(of source: StepSource, _ action: ActionDefinition, _ configured: ConfiguredAction?) {
        guard action.isChange else {
            if let limit = source.limit {
                log.report("`limit` bounds a change, and a check changes nothing", at: limit.position)
            }
            if let first = source.guards.first, source.soak == nil {
                log.report(
                    "`guard` watches a change, a `wait` or a check with `for`; this one looks once", at: first.position)
            }
            if let first = source.proof.first {
                log.report("`proof` is for a change; a check is its own proof", at: first.position)
            }
            if let approval = source.approval {
                log.report("`approval` is for a change; a check changes nothing", at: approval.position)
            }
            return
        }
    }

    /// What each step with `on-failure: undo` takes back, and a word on those that could take back nothing.
    mutating func undoScopes(_ steps: [RunStep], _ sources: [StepSource]) -> [RunStep] {
        let scope = UndoScope(steps) { [catalogue] in catalogue.actions[$0.action]?.canUndo == true }
        for source in sources {
            guard let onFailure = source.onFailure, onFailure.value == .undo, !source.takesBack,
                let place = steps.firstIndex(where: { step in
                    step.id == source.id.value || step.id.hasPrefix("\(source.id.value)[")
                }),
                scope.isVain(at: place)
            else { continue }
            let own = source.isDo ? "`\(steps[place].action)` cannot be undone" : "it changes nothing"
            log.report(
                "\(own), and it stands on no change that can be; use `stop` or `continue`", at: onFailure.position)
        }
        return scope.filled
    }

    mutating func checkImpact(of source: StepSource, _ configured: ConfiguredAction?) {
        guard let impact = configured?.impact else { return }
        let name = source.action.value
        let position = source.action.position
        if impact == .destructive, source.approval == nil {
            log.report(
                "`\(name)` loses data that no archive and no undo holds; that needs an approval: give the step "
                    + "`approval: { by: … }`, or use parameters or an action that keeps the data", at: position)
            return
        }
        if let highest = policy.highestImpact, impact > highest.impact {
            log.report(
                "`\(name)` is \(impact.rawValue) with these parameters, and the estate's policy allows \(highest.rawValue) at "
                    + "most", at: position)
        }
        guard impact >= policy.windowFrom.impact, impact > .observe, procedure.window == nil else { return }
        let reason = impact == .online ? "; the estate's policy asks for a window from `online` on" : ""
        log.report(
            "`\(name)` is \(impact.rawValue) with these parameters, and the procedure `\(procedure.name)` has no window; give "
                + "it `in:` or `window:`\(reason)", at: position)
    }

    mutating func limits(
        of source: StepSource, _ action: ActionDefinition, _ substitution: Substitution
    ) -> [String: Double] {
        let names = action.declaration.limits
        var limits = policy.limits.filter { names.contains($0.key) }
        guard action.isChange, let node = source.limit else { return limits }
        guard let entries = node.entries else {
            log.report("\(node.kindName) where a map is expected, such as `{ rows: 2 million }`", at: node.position)
            return limits
        }
        for entry in entries {
            guard names.contains(entry.key) else {
                let possible = names.isEmpty ? "it has none" : "it has \(quoted(names))"
                let meant = entry.key.closest(among: names).map { "did you mean `\($0)`?" } ?? possible
                log.report("`\(entry.key)` is no limit of `\(action.name)`: \(meant)", at: entry.position)
                continue
            }
            guard let most = number(entry.value, as: Double.self, substitution) else { continue }
            if most < 0 { log.report("a limit is not negative", at: entry.value.position) }
            if let cap = policy.limits[entry.key], most > cap {
                log.report(
                    "the estate's policy allows \(cap.written) \(entry.key) in one step at most",
                    at: entry.value.position)
            }
            limits[entry.key] = min(most, limits[entry.key] ?? most)
        }
        return limits
    }

    mutating func timeout(
        of source: StepSource, _ action: ActionDefinition, _ substitution: Substitution
    ) -> Int64? {
        guard let node = source.timeout else {
            guard let longest = policy.longestTimeout, action.declaration.timeout > longest else { return nil }
            return longest.microseconds
        }
        guard let timeout = number(node, as: Duration.self, substitution) else { return nil }
        if timeout <= .zero { log.report("a timeout is longer than nothing", at: node.position) }
        if let longest = policy.longestTimeout, timeout > longest {
            log.report("the estate's policy allows a timeout of \(longest.shortText) at most", at: node.position)
        }
        return timeout.microseconds
    }

    mutating func retry(of source: StepSource, _ substitution: Substitution) -> RetryPolicy? {
        guard let retry = source.retry, let node = retry.times else { return nil }
        let wait = retry.wait.flatMap { number($0, as: Duration.self, substitution) } ?? .seconds(10)
        if wait < .zero, let node = retry.wait { log.report("a wait is not negative", at: node.position) }
        guard let times = number(node, as: Int.self, substitution) else { return nil }
        if !(1...PlanLimits.retries).contains(times) {
            log.report("`times` is from 1 to \(PlanLimits.retries)", at: node.position)
        }
        let within = retry.within.flatMap { number($0, as: Duration.self, substitution) }
        return RetryPolicy(
            times: times, waitMicroseconds: wait.microseconds, withinMicroseconds: within?.microseconds)
    }

    /// A typed scalar in which inputs may stand; `nil` where it is not known yet, or wrong, which is reported.
    mutating func number<Value: ParameterValue>(
        _ node: PlanNode, as type: Value.Type, _ substitution: Substitution
    ) -> Value? {
        guard let text = node.text else { return node.read(type, &log) }
        guard let plain = substitution.plain(text, at: node.position, Value.typeName, &log) else { return nil }
        return PlanNode(content: .text(plain), position: node.position).read(type, &log)
    }
}
