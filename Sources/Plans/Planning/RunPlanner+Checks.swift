import Maintenance

/// The checks that belong to a change: what guards it, and what proves it.
extension RunPlanner {
    /// The checks that the names of a `guard` stand for; `nil` without one.
    mutating func guards(of source: StepSource, id: String, _ scope: StepScope) -> [RunStep]? {
        guard source.isDo, scope.role == .step, !source.guards.isEmpty else { return nil }
        var steps: [RunStep] = []
        for name in source.guards {
            for check in guardSources(name, scope) {
                let alone = StepScope(
                    checks: OutputChecks(id: check.source.id.value, earlier: [:], allIDs: []), before: [],
                    prefix: "\(id)/guard/", role: .guardCheck)
                for item in ForEach.items(of: check.source, check.substitution, &log) {
                    if let step = step(check.source, item, check.substitution, alone).0 { steps.append(step) }
                }
            }
        }
        return unique(steps, source)
    }

    private mutating func guardSources(
        _ name: Located<String>, _ scope: StepScope
    ) -> [(source: StepSource, substitution: Substitution)] {
        if let step = scope.before.first(where: { $0.id.value == name.value }) {
            guard !step.isDo else {
                log.report("a guard only looks, and `\(name.value)` is a change", at: name.position)
                return []
            }
            return [(step, Substitution(inputs: inputs))]
        }
        guard let guarding = plan.procedure(name.value) else {
            let names = scope.before.filter { !$0.isDo }.map(\.id.value) + plan.procedures.map(\.name)
            if scope.checks.allIDs.contains(name.value) {
                log.report("`\(name.value)` is not before this step; a guard is an earlier check", at: name.position)
            } else {
                log.report(unknown(name.value, "earlier check or procedure", among: names), at: name.position)
            }
            return []
        }
        if guarding.steps.contains(where: \.isDo) {
            log.report("a guard only looks, and the procedure `\(name.value)` has changes", at: name.position)
            return []
        }
        if guarding.inputs.contains(where: { $0.defaultValue == nil }) {
            log.report(
                "a guard is given nothing, and the procedure `\(name.value)` has inputs without a default",
                at: name.position)
            return []
        }
        let substitution = Substitution(inputs: guarding.defaults)
        return guarding.steps.map { ($0, substitution) }
    }

    mutating func proof(
        of source: StepSource, id: String, _ substitution: Substitution, _ scope: StepScope
    ) -> [RunStep] {
        guard source.isDo else { return [] }
        let inner = StepScope(checks: scope.checks, before: [], prefix: "\(id)/proof/", role: .proof)
        let item = ForEach.Item(suffix: "", value: substitution.each)
        return unique(source.proof.compactMap { step($0, item, substitution, inner).0 }, source)
    }

    private mutating func unique(_ steps: [RunStep], _ source: StepSource) -> [RunStep] {
        var seen: Set<String> = []
        for step in steps where !seen.insert(step.id).inserted {
            let own = step.id.split(separator: "/").last.map(String.init) ?? step.id
            log.report("two of its checks have the id `\(own)`; give each an `id` of its own", at: source.position)
        }
        return steps
    }
}
