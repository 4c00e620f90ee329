import Host
import Maintenance

extension RunPlanner {
    /// One step, or one repetition of it, and what it measures.
    mutating func step(
        _ source: StepSource, _ item: ForEach.Item, _ outer: Substitution, _ scope: StepScope
    ) -> (RunStep?, StepOutputs) {
        if let kind = source.kind { return plain(source, kind, outer, scope) }
        guard let action = action(of: source) else { return (nil, StepOutputs()) }
        var substitution = outer
        substitution.each = item.value
        let id = scope.prefix + source.id.value + item.suffix
        let (parameters, configured) = parameters(of: source, action, substitution, scope)
        let outputs = StepOutputs(action, configured, isRepeated: source.forEach != nil)
        let own = StepOutputs(action, configured)
        let thresholds = Thresholds(
            warn: threshold(source.warn, own, substitution, scope),
            fail: threshold(source.fail, own, substitution, scope))
        checkKeys(of: source, action, configured)
        checkImpact(of: source, configured)
        let watch = guardWatch(of: source, id: id, substitution, scope)
        let step = RunStep(
            id: id, action: action.name, isChange: action.isChange,
            summary: source.summary.flatMap { substitution.plain($0.value, at: $0.position, "a summary", &log) },
            parameters: parameters, targets: chosen(for: source, action, substitution), thresholds: thresholds,
            when: when(source, substitution, scope), limits: limits(of: source, action, substitution),
            retry: retry(of: source, substitution), timeoutMicroseconds: timeout(of: source, action, substitution),
            guardSteps: watch?.checks, guardEveryMicroseconds: watch?.every.microseconds,
            onFailure: source.onFailure?.value,
            proof: proof(of: source, id: id, substitution, scope),
            disabled: source.disabled.flatMap { substitution.plain($0.value, at: $0.position, "a reason", &log) },
            needs: needs(of: source, scope), isFinal: source.isFinal, soak: soak(of: source, action, substitution),
            approval: approval(of: source, action, substitution))
        return (step, outputs)
    }

    private mutating func action(of source: StepSource) -> ActionDefinition? {
        let name = source.action.value
        guard let action = catalogue.actions[name] else {
            log.report(
                unknown(name, "action", among: Array(catalogue.actions.keys)), at: source.action.position)
            return nil
        }
        if action.isChange != source.isDo {
            log.report(
                action.isChange
                    ? "`\(name)` changes what it works on; write `do: \(name)`"
                    : "`\(name)` only looks; write `check: \(name)`",
                at: source.action.position)
        }
        return action
    }

    /// The parameters as the run carries them, and the action configured with them where all are known.
    private mutating func parameters(
        of source: StepSource, _ action: ActionDefinition, _ substitution: Substitution, _ scope: StepScope
    ) -> (PlanValue?, ConfiguredAction?) {
        guard let with = source.with else {
            do { return (nil, try action.configured(with: nil)) } catch {
                for error in error.errors { log.report(error.message, at: source.action.position) }
                return (nil, nil)
            }
        }
        ClearSecrets.report(in: with, secrets: TargetSettings.secretNames(of: action.parameters), &log)
        let node = substitution.apply(with, &log)
        checkReferences(in: node, scope)
        let unresolved = UnresolvedNames(node)
        let value = unresolved.readable.value
        let errors: [ValueError]
        var configured: ConfiguredAction?
        if unresolved.names.isEmpty {
            do {
                configured = try action.configured(with: value)
                errors = []
            } catch {
                errors = error.errors
            }
        } else {
            errors = action.mistakes(in: value, unresolved: unresolved.names)
            configured = guess(action, value, unresolved.names)
        }
        for error in errors {
            let ofKey = error.path.count == 1 && !action.parameters.contains { $0.name == error.path[0] }
            log.report(error.message, at: node.position(at: error.path, ofKey: ofKey))
        }
        return (node.value, configured)
    }

    /// The action as far as it is known while references are not resolved: a reference may be read as the text it is, or
    /// left out. The run configures it again with what the references stand for.
    private func guess(_ action: ActionDefinition, _ value: PlanValue, _ unresolved: Set<String>) -> ConfiguredAction? {
        if let configured = try? action.configured(with: value) { return configured }
        guard case .map(let entries) = value else { return nil }
        return try? action.configured(with: .map(entries.filter { !unresolved.contains($0.key) }))
    }

    private mutating func checkReferences(in node: PlanNode, _ scope: StepScope) {
        var mistakes: [Diagnostic] = []
        node.forEachText { _, text, position in
            for case .step(let id, let measurement) in (try? ReferenceText(text))?.references ?? [] {
                if scope.role == .guardCheck {
                    mistakes.append(Diagnostic(Self.guardIsAlone, at: position))
                } else if let mistake = scope.checks.mistake(inStep: id, measurement: measurement) {
                    mistakes.append(Diagnostic(mistake, at: position))
                }
            }
        }
        log.add(mistakes)
    }

    static var guardIsAlone: String { "a check that guards a change cannot depend on other steps" }

    // MARK: Conditions

    mutating func threshold(
        _ text: Located<String>?, _ own: StepOutputs, _ substitution: Substitution, _ scope: StepScope
    ) -> String? {
        guard let text, let (plain, condition) = condition(text, substitution) else { return text?.value }
        for mistake in scope.checks.mistakes(in: condition, own: own) { log.report(mistake, at: text.position) }
        return plain
    }

    mutating func when(_ source: StepSource, _ substitution: Substitution, _ scope: StepScope) -> String? {
        guard let text = source.when else { return nil }
        if scope.role == .guardCheck { log.report(Self.guardIsAlone, at: text.position) }
        guard let (plain, condition) = condition(text, substitution) else { return text.value }
        if scope.role == .step {
            for mistake in scope.checks.mistakes(inWhen: condition) { log.report(mistake, at: text.position) }
        }
        return plain
    }

    /// `nil` where it is not known yet, or wrong, which is reported.
    private mutating func condition(
        _ text: Located<String>, _ substitution: Substitution
    ) -> (String, Condition)? {
        guard let plain = substitution.plain(text.value, at: text.position, Substitution.condition, &log) else {
            return nil
        }
        do {
            return (plain, try Condition(plain))
        } catch {
            log.report(error.message, at: text.position)
            return nil
        }
    }
}
