import Host
import Maintenance
import Plans

extension RunMachine {
    /// A check came back: judge it, and look again where the plan allows a retry.
    func observed(_ step: inout StepState, _ outcome: CheckOutcome, at now: Instant) -> [RunCommand] {
        guard case .observing(let attempt) = step.phase, attempt == outcome.attempt else { return [] }
        let judgement = judge(outcome, step)
        if step.soak != nil { return soaked(&step, outcome, judgement, attempt, at: now) }
        step.keep(outcome.attachment)
        if judgement.verdict == .fail || judgement.verdict == .unknown, state.cancellation == nil,
            let retry = plan(of: step)?.retry, let pause = Self.pause(retry, attempt, step, at: now)
        {
            step.phase = .observing(attempt: attempt + 1)
            return [.observe(step: step.id, attempt: attempt + 1, after: pause)]
        }
        show(outcome, in: &step)
        finish(&step, judgement.verdict, judgement.cause, at: now)
        return []
    }

    private func show(_ outcome: CheckOutcome, in step: inout StepState) {
        guard let observation = outcome.observation else { return }
        step.summary = observation.summary
        step.measurements = observation.measurements
        step.missing = observation.missing
        step.findings = observation.findings.limited()
    }

    /// One look of many: a failure ends it, anything else waits for the time to be over.
    private func soaked(
        _ step: inout StepState, _ outcome: CheckOutcome, _ judgement: Judge.Judgement, _ attempt: Int, at now: Instant
    ) -> [RunCommand] {
        guard var soak = step.soak else { return [] }
        soak.note(judgement, at: now)
        step.soak = soak
        show(outcome, in: &step)
        let isLast = judgement.verdict == .fail || now >= soak.until || state.cancellation != nil
        // The evidence of every look lies in the journal; a report shows that of the first, the last and what was wrong.
        if attempt == 1 || isLast || judgement.verdict != .pass, step.attachments.count < EngineLimits.soakEvidence {
            step.keep(outcome.attachment)
        }
        guard isLast else {
            step.phase = .observing(attempt: attempt + 1)
            return [.observe(step: step.id, attempt: attempt + 1, after: soak.next(after: now) - now)]
        }
        if now < soak.until, judgement.verdict != .fail, let cause = state.cancellation {
            endSoak(&step, .unknown, cause, at: now)
        } else if hasGuard(step), step.guardBefore == nil {
            endSoak(&step, .unknown, Cause(.nobodyLooked, "Its guard could not be looked at in time."), at: now)
        } else {
            endSoak(&step, soak.worst.verdict, soak.worst.cause, at: now)
        }
        return []
    }

    /// The looks are over: the worst of them counts, or what ended them where that is worse.
    func endSoak(_ step: inout StepState, _ verdict: Verdict, _ cause: Cause?, at now: Instant) {
        guard let soak = step.soak else { return }
        step.findings = (step.findings + soak.warnings + soak.gaps).limited()
        step.summary = step.summary.isEmpty ? soak.summary : "\(soak.summary) · \(step.summary)"
        let worst = verdict.worst(soak.worst.verdict)
        finish(&step, worst, worst == verdict ? cause ?? soak.worst.cause : soak.worst.cause, at: now)
    }

    private func judge(_ outcome: CheckOutcome, _ step: StepState) -> Judge.Judgement {
        guard let observation = outcome.observation else {
            let cause = outcome.couldNotLook ?? Cause(.unexpected, "The check said nothing.")
            return Judge.Judgement(verdict: .unknown, cause: cause)
        }
        return Judge.judge(observation, thresholds: profile(of: step)?.thresholds ?? Thresholds()) { measurement($0) }
    }

    /// How long to wait before another attempt; `nil` where there is none.
    static func pause(_ retry: RetryPolicy, _ attempt: Int, _ step: StepState, at now: Instant) -> Duration? {
        guard attempt <= retry.times else { return nil }
        let pause = backoff(retry, attempt)
        guard let within = retry.withinMicroseconds, let begun = step.startedAt else { return pause }
        return now + pause <= begun + .microseconds(within) ? pause : nil
    }

    /// The n-th wait doubles the one before, and stays below an hour.
    private static func backoff(_ retry: RetryPolicy, _ attempt: Int) -> Duration {
        min(.microseconds(retry.waitMicroseconds) * (1 << min(attempt - 1, 12)), .seconds(3600))
    }
}
