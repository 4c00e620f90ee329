public import Host
public import Maintenance

extension Plan {
    /// What the run of an occurrence carries: of one that asks people ahead, the steps that it asks about.
    public func runnable(
        procedure name: String, environment: String, occurrence nominal: Instant, catalogue: Catalogue
    ) throws(PlanErrors) -> RunPlan {
        guard let procedure = procedures.first(where: { $0.asking?.name == name }), let asking = procedure.asking else {
            return try runnable(procedure: name, environment: environment, catalogue: catalogue)
        }
        let run = try runnable(procedure: procedure.name, environment: environment, catalogue: catalogue)
        // Of an occurrence that does not come any more there is nothing to ask: the time for it is over at once.
        let occurrence = asking.occurrence(askedAt: nominal, in: zone) ?? nominal
        return run.asking(as: name, of: occurrence)
    }
}

extension RunPlan {
    /// The steps about which people are asked ahead.
    public var stepsAskedAhead: [RunStep] { steps.filter { $0.approval?.ahead != nil && $0.disabled == nil } }

    /// Looks what the steps would do and asks; it has no window and pings no heartbeat, and nobody hears that it ended
    /// well: nothing was done.
    func asking(as name: String, of nominal: Instant) -> RunPlan {
        let asked = stepsAskedAhead.map(\.askedAhead)
        let used = Set(asked.flatMap(\.targets.values))
        let quiet: Set<NoticeEvent> = [.pass, .ended, .recovered]
        let rules = (notices?.rules ?? []).compactMap { rule -> NoticeRule? in
            let events = rule.events.filter { !quiet.contains($0) }
            return events.isEmpty ? nil : NoticeRule(on: events, to: rule.channels)
        }
        return RunPlan(
            service: service, environment: environment, procedure: name,
            summary: "Asks ahead about `\(procedure)` of \(nominal), and changes nothing.", owner: owner,
            timezone: timezone, planDigest: planDigest, inputs: inputs,
            targets: targets.filter { used.contains($0.key) }, steps: asked,
            notices: rules.isEmpty ? nil : RunNotices(rules: rules, channels: notices?.channels ?? [:]),
            programs: programs, asks: RunAsking(procedure: procedure, nominal: nominal),
            reachedFrom: reachedFrom)
    }
}

extension RunStep {
    /// Alone and beside the others: what is asked about one does not wait for an answer about another.
    fileprivate var askedAhead: RunStep {
        RunStep(
            id: id, action: action, kind: .askAhead, isChange: false, summary: summary, parameters: parameters,
            targets: targets, limits: limits, timeoutMicroseconds: timeoutMicroseconds, onFailure: .continue, needs: [],
            approval: approval)
    }
}
