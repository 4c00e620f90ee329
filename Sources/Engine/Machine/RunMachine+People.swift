import Host
import Maintenance
import Plans

/// Steps that wait for the word of people. Silence is no agreement.
extension RunMachine {
    /// Asks for approval of what the preview found; `nil` where it is agreed to already.
    func propose(
        _ step: inout StepState, _ approval: RunApproval, given: [GivenApproval], at now: Instant
    ) -> RunCommand? {
        guard let plan = plan(of: step) else { return nil }
        let proposal = ChangeProposal(plan, in: state, step.units)
        guard step.proposal?.covers(proposal) != true, proposal.units > 0 else { return nil }
        step.proposal = proposal
        if agree(&step, proposal, approval, given, at: now) { return nil }
        let until = state.start?.plan.asks?.nominal ?? now + .microseconds(approval.withinMicroseconds)
        step.phase = .awaitingDecision(until: until)
        return .awaitDecision(step: step.id, until: until)
    }

    func decided(_ step: inout StepState, _ decision: Decision, at now: Instant) -> [RunCommand] {
        guard case .awaitingDecision(let until) = step.phase, let plan = plan(of: step) else { return [] }
        step.decisions.append(decision)
        step.keep(decision.attachment)
        if case .ask(let question)? = plan.kind {
            guard isAnswer(decision, to: question) else { return [.awaitDecision(step: step.id, until: until)] }
            answered(&step, decision, question, plan, at: now)
            return []
        }
        guard let approval = plan.approval, let proposal = step.proposal, counts(decision, approval, proposal) else {
            return [.awaitDecision(step: step.id, until: until)]
        }
        if decision.word == .refused {
            let note = decision.note.map { ": \($0)" } ?? "."
            step.units = []
            let cause = Cause(.notAgreed, "\(decision.by) refused it\(note)")
            finish(&step, plan.kind == .askAhead ? .warn : .fail, cause, at: now)
            return []
        }
        let agreed = step.decisions.filter { $0.word == .agreed && counts($0, approval, proposal) }
        guard Set(agreed.map(\.by)).count >= approval.count else {
            return [.awaitDecision(step: step.id, until: until)]
        }
        step.proposal?.isAgreed = true
        if plan.kind == .askAhead {
            agreedAhead(&step, proposal, at: now)
            return []
        }
        // Time has passed: what is done is what is found now, and no more than was agreed to.
        step.units = []
        step.phase = .previewing
        return [.preview(step: step.id)]
    }

    func undecided(_ step: inout StepState, at now: Instant) -> [RunCommand] {
        guard case .awaitingDecision(let until) = step.phase else { return [] }
        step.units = []
        switch plan(of: step)?.kind {
        case nil:
            finish(&step, .unknown, Cause(.notAgreed, "Not enough people agreed to it until \(until)."), at: now)
        case .askAhead?:
            // Nothing was to be done yet: the run that does it asks again.
            finish(&step, .warn, Cause(.notAgreed, "Not enough people agreed ahead, until \(until)."), at: now)
        case .ask?, .wait?, .undo?:
            finish(&step, .unknown, Cause(.notAgreed, "Nobody answered until \(until)."), at: now)
        }
        return []
    }

    /// Why the person may not decide about the step; `nil` where the word would count.
    public func objection(to decision: Decision, on step: StepState) -> String? {
        guard let plan = plan(of: step) else { return "The run has no such step." }
        if case .ask(let question)? = plan.kind {
            if !question.from.isEmpty, !question.from.contains(decision.by) {
                return "It asks \(question.from.joined(separator: ", "))."
            }
            return question.mistake(in: decision)
        }
        guard let approval = plan.approval, let proposal = step.proposal else { return "It asks for no approval." }
        if decision.proposal != proposal.digest { return "What it would do has changed since; look at it again." }
        if !approval.by.contains(decision.by) {
            return "Only \(approval.by.joined(separator: ", ")) may agree to it."
        }
        if decision.by == state.start?.requestedBy { return "Who asked for the run does not approve it." }
        if decision.word == .answered { return "It asks for an approval, not for an answer." }
        return nil
    }

    private func counts(_ decision: Decision, _ approval: RunApproval, _ proposal: ChangeProposal) -> Bool {
        decision.proposal == proposal.digest && approval.by.contains(decision.by)
            && decision.by != state.start?.requestedBy && decision.word != .answered
    }

    private func isAnswer(_ decision: Decision, to question: RunQuestion) -> Bool {
        (question.from.isEmpty || question.from.contains(decision.by)) && question.mistake(in: decision) == nil
    }

    /// The answer is what was seen: numbers become measurements, so that the plan's conditions judge them.
    private func answered(
        _ step: inout StepState, _ decision: Decision, _ question: RunQuestion, _ plan: RunStep, at now: Instant
    ) {
        let filled = question.fields.compactMap { field in decision.values[field.name].map { "\(field.name) \($0)" } }
        let word = question.fields.isEmpty ? (decision.word == .refused ? "no" : "yes") : filled.joined(separator: ", ")
        let note = decision.note.map { " · \($0)" } ?? ""
        step.summary = "\(decision.by): \(word)\(note)"
        step.measurements = question.fields.compactMap { field in
            decision.values[field.name].flatMap { field.type.measurement(field.name, of: $0) }
        }
        if decision.word == .refused {
            finish(&step, .fail, Cause(.notAgreed, "\(decision.by) said no\(note)"), at: now)
            return
        }
        let seen = Observation(summary: step.summary, measurements: step.measurements)
        let judgement = Judge.judge(seen, thresholds: plan.thresholds) { measurement($0) }
        finish(&step, judgement.verdict, judgement.cause, at: now)
    }
}

extension StepState {
    /// Nothing of it is being done: it waits for people, or for time to pass.
    var isWaitingForPeopleOrTime: Bool {
        switch phase {
        case .awaitingDecision, .waiting: true
        default: false
        }
    }
}

extension RunQuestion {
    /// What is wrong with an answer.
    func mistake(in decision: Decision) -> String? {
        if fields.isEmpty { return nil }
        if decision.word == .agreed { return "It asks for \(fields.map(\.name).joined(separator: ", "))." }
        if decision.word == .refused { return nil }
        for name in decision.values.keys where !fields.contains(where: { $0.name == name }) {
            return "It has no field `\(name)`; it has \(fields.map { "`\($0.name)`" }.joined(separator: ", "))."
        }
        for field in fields {
            guard let value = decision.values[field.name] else {
                if field.isRequired { return "`\(field.name)` is not filled in." }
                continue
            }
            if let mistake = field.type.mistake(in: .text(value)) { return "`\(field.name)`: \(mistake.message)." }
        }
        return nil
    }
}
