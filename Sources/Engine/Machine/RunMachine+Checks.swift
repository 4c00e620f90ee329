import Host
import Maintenance
import Plans

extension RunMachine {
    /// A check came back: judge it, and look again where the plan allows a retry.
    func observed(_ step: inout StepState, _ outcome: CheckOutcome, at now: Instant) -> [RunCommand] {
        guard case .observing(let attempt) = step.phase, attempt == outcome.attempt else { return [] }
        step.keep(outcome.attachment)
        let judgement = judge(outcome, step)
        if judgement.verdict == .fail || judgement.verdict == .unknown, state.cancellation == nil,
            let retry = plan(of: step)?.retry, attempt <= retry.times
        {
            step.phase = .observing(attempt: attempt + 1)
            return [.observe(step: step.id, attempt: attempt + 1, after: Self.backoff(retry, attempt))]
        }
        if let observation = outcome.observation {
            step.summary = observation.summary
            step.measurements = observation.measurements
            step.missing = observation.missing
            step.findings = observation.findings.limited()
        }
        finish(&step, judgement.verdict, judgement.cause, at: now)
        return []
    }

    private func judge(_ outcome: CheckOutcome, _ step: StepState) -> Judge.Judgement {
        guard let observation = outcome.observation else {
            let cause = outcome.couldNotLook ?? Cause(.unexpected, "The check said nothing.")
            return Judge.Judgement(verdict: .unknown, cause: cause)
        }
        return Judge.judge(observation, thresholds: profile(of: step)?.thresholds ?? Thresholds()) { measurement($0) }
    }

    /// The n-th wait doubles the one before, and stays below an hour.
    static func backoff(_ retry: RetryPolicy, _ attempt: Int) -> Duration {
        min(.microseconds(retry.waitMicroseconds) * (1 << min(attempt - 1, 12)), .seconds(3600))
    }
}
