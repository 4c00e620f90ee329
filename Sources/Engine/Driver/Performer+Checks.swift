import Host
import Journal
import Maintenance
import Plans

extension Performer {
    /// Makes a check, whatever comes of it; what was looked at goes into the log.
    func look(
        _ step: RunStep, _ machine: RunMachine, attempt: Int = 1, _ log: EvidenceLog
    ) async -> (CheckOutcome, details: [[String: JSONValue]]) {
        let begun = host.steady()
        let context = context(step, log)
        var outcome = CheckOutcome(attempt: attempt, seconds: 0)
        var details: [[String: JSONValue]] = []
        do {
            let (action, target) = try configured(step, machine)
            guard case .check(let check) = action.work else {
                throw CouldNotLook(.notSupported, "`\(step.action)` is a change and cannot be made as a check.")
            }
            var seen = try await until(context.deadline + EngineLimits.graceAfterDeadline, on: host) {
                try await check.observe(target, context)
            }
            details = seen.details
            seen.details = []
            outcome.observation = seen.finite
        } catch {
            outcome.couldNotLook = Cause(error)
        }
        outcome.seconds = (host.steady() - begun).inSeconds
        return (outcome, details)
    }

    /// Makes several checks together and takes the worst: a guard, or the proof of a change.
    func lookAtAll(_ steps: [RunStep], _ machine: RunMachine, _ log: EvidenceLog) async -> ChecksOutcome {
        let judged = await withTaskGroup(of: (Verdict, Cause?).self) { group in
            for step in steps {
                group.addTask {
                    let (outcome, _) = await look(step, machine, log)
                    guard let seen = outcome.observation else { return (.unknown, outcome.couldNotLook) }
                    let thresholds = profile(step)?.thresholds ?? Thresholds()
                    let judgement = Judge.judge(seen, thresholds: thresholds) { machine.measurement($0) }
                    return (judgement.verdict, judgement.cause)
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let verdict = judged.map(\.0).worst
        return ChecksOutcome(verdict: verdict, cause: judged.first { $0.0 == verdict }?.1)
    }
}

extension Observation {
    /// A number that is none, or without end, was not measured: it could neither be judged nor recorded.
    fileprivate var finite: Observation {
        var result = self
        for measurement in measurements where !measurement.value.isFinite {
            result.missing[measurement.name] = Cause(.malformed, "`\(measurement.name)` came out as no finite number.")
        }
        result.measurements.removeAll { !$0.value.isFinite }
        return result
    }
}
