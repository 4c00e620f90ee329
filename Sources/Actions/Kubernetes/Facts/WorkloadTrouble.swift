import Host
import Maintenance

/// What is wrong with a workload as such, whatever its pods say.
struct WorkloadTrouble: Sendable {
    let code: String
    let severity: Verdict
    let sentence: String
    let advice: String

    func finding(_ workload: Workload) -> Finding {
        Finding(
            workload.id, severity, Cause(Cause.Code(rawValue: code), "\(workload.id) \(sentence)"), advice: advice,
            attributes: ["desired": .number(Double(workload.desired)), "updated": .number(Double(workload.updated))])
    }
}

/// How many of a workload's pods there are and serve.
struct PodTally: Sendable {
    var live = 0
    var ready = 0
    var terminating = 0
    /// Of those that do not serve, the ones of which a finding tells why.
    var explained = 0
    var newest: Instant?
}

extension Workload {
    /// All that is wrong with it at that time; `progress` is when its rollout last got on.
    func troubles(
        _ tally: PodTally, progress: Instant?, rolloutWithin patience: Duration, at now: Instant
    ) -> [WorkloadTrouble] {
        var found: [WorkloadTrouble] = []
        if isLagging {
            found.append(
                WorkloadTrouble(
                    code: "not-observed", severity: .warn,
                    sentence: "was changed (generation \(generation)), and its controller still works on \(observed).",
                    advice: "See whether the controller manager runs."))
        }
        if desired == 0, kind != .daemonSet {
            found.append(
                WorkloadTrouble(
                    code: "scaled-to-zero", severity: .warn, sentence: "is scaled to zero, so that nothing of it runs.",
                    advice: "Scale it up, or name it in `except` where that is meant."))
        }
        if desired > 0, tally.ready == 0 {
            found.append(
                WorkloadTrouble(
                    code: "none-ready", severity: .fail,
                    sentence: "has no ready pod, of \(desired) that it should have.",
                    advice: "See the findings of its pods."))
        } else if tally.live < desired, tally.live + tally.terminating < desired {
            found.append(
                WorkloadTrouble(
                    code: "pods-missing", severity: .warn,
                    sentence: "has \(tally.live) of the \(desired) pods that it should have.",
                    advice: "See its events: a quota, a budget or an admission rule may keep pods from being made."))
        } else if tally.ready < desired, tally.explained == 0 {
            let terminating = tally.terminating > 0 ? "; \(tally.terminating) are being deleted" : ""
            found.append(
                WorkloadTrouble(
                    code: "pods-lacking", severity: .warn,
                    sentence: "has \(tally.ready) ready pods of the \(desired) that it should have\(terminating).",
                    advice: "Look again in a moment."))
        }
        if let failure = condition("ReplicaFailure"), failure.isTrue {
            found.append(
                WorkloadTrouble(
                    code: "pods-refused", severity: .warn, sentence: "cannot make its pods: \(shown(failure.message)).",
                    advice: "See quotas and admission rules of the namespace."))
        }
        if let trouble = rolloutTrouble(tally, progress, patience, now) { found.append(trouble) }
        return found
    }

    private func rolloutTrouble(
        _ tally: PodTally, _ progress: Instant?, _ patience: Duration, _ now: Instant
    ) -> WorkloadTrouble? {
        if isPaused {
            return WorkloadTrouble(
                code: "paused", severity: .warn,
                sentence: isHalfRolled
                    ? "is paused in the midst of a rollout: \(updated) of \(desired) pods are of its template."
                    : "is paused: changes of it are not rolled out.",
                advice: "Resume it: kubectl rollout resume.")
        }
        if isStalled {
            let message = condition("Progressing")?.message ?? ""
            return WorkloadTrouble(
                code: "stalled", severity: .warn,
                sentence: "does not get on with its rollout: \(updated) of \(desired) pods are of its template"
                    + (message.isEmpty ? "." : "; \(shown(message))."),
                advice: "See its newest pods, and put the earlier template back: kubectl rollout undo.")
        }
        guard isHalfRolled, !isLagging else { return nil }
        if strategy == "OnDelete" || partition > 0 {
            let why = strategy == "OnDelete" ? "it replaces pods only when they are deleted" : "partition \(partition)"
            return WorkloadTrouble(
                code: "half-rolled", severity: .warn,
                sentence: "runs two templates: \(updated) of \(desired) pods are of the present one (\(why)).",
                advice: "Delete the old pods one by one, or lower the partition.")
        }
        guard tally.terminating == 0, let progress, now - progress > patience else { return nil }
        return WorkloadTrouble(
            code: "half-rolled", severity: .warn,
            sentence: "is half rolled out: \(updated) of \(desired) pods are of its template, and nothing moved for "
                + "\((now - progress).rough).",
            advice: "See its newest pods.")
    }

    /// Fewer pods are of its template than it should have.
    var isHalfRolled: Bool { updated < desired }

    /// Its controller gave up waiting. Right after a change the condition is still that of the rollout before.
    var isStalled: Bool {
        guard !isLagging, let progressing = condition("Progressing") else { return false }
        return !progressing.isTrue && progressing.reason == "ProgressDeadlineExceeded"
    }
}
