import Host
import Maintenance

/// The checks that belong to a step: what guards it while it goes on, and what proves it.
extension RunPlanner {
    /// What must stay well while a step goes on, and how often that is looked at.
    struct GuardWatch {
        let checks: [RunStep]
        let every: Duration
    }

    /// The checks that the names of its own `guard` and of the procedure's stand for; `nil` without one.
    mutating func guardWatch(
        of source: StepSource, id: String, _ substitution: Substitution, _ scope: StepScope
    ) -> GuardWatch? {
        guard scope.role == .step, source.goesOn else { return nil }
        let own = source.guards
        let shared =
            source.isFinal
            ? []
            : procedure.guards.filter { name in
                name.value != source.id.value && !own.contains { $0.value == name.value }
            }
        guard !own.isEmpty || !shared.isEmpty else { return nil }
        var checks: [RunStep] = []
        for name in own { checks += guardChecks(name, of: id, among: scope.before, scope) }
        for name in shared { checks += guardChecks(name, of: id, among: procedure.steps, scope) }
        let every = source.soak?.every.flatMap { positive($0, substitution) } ?? PlanLimits.guardEvery
        return GuardWatch(checks: unique(checks, source), every: every)
    }

    private mutating func guardChecks(
        _ name: Located<String>, of id: String, among steps: [StepSource], _ scope: StepScope
    ) -> [RunStep] {
        var checks: [RunStep] = []
        for check in guardSources(name, among: steps, scope) {
            let alone = StepScope(
                checks: OutputChecks(id: check.source.id.value, earlier: [:], allIDs: []), before: [],
                prefix: "\(id)/guard/", role: .guardCheck)
            for item in ForEach.items(of: check.source, check.substitution, &log) {
                if let step = step(check.source, item, check.substitution, alone).0 { checks.append(step) }
            }
        }
        return checks
    }

    private mutating func guardSources(
        _ name: Located<String>, among steps: [StepSource], _ scope: StepScope
    ) -> [(source: StepSource, substitution: Substitution)] {
        if let step = steps.first(where: { $0.id.value == name.value }) {
            guard !step.isDo, step.kind == nil else {
                let what = step.isDo ? "is a change" : "looks at nothing"
                log.report("a guard only looks, and `\(name.value)` \(what)", at: name.position)
                return []
            }
            return [(step, Substitution(inputs: inputs))]
        }
        guard let guarding = plan.procedure(name.value) else {
            let names = steps.filter { !$0.isDo && $0.kind == nil }.map(\.id.value) + plan.procedures.map(\.name)
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
