import ClientKubernetes
import Host
import Maintenance

/// What is to be thought of a Job that is not there: it was never started, was taken back, or is cleared away. The
/// cluster's events tell.
struct JobTrace: Sendable {
    let job: String
    let namespace: String
    /// When the step meant to start it.
    let intended: Instant

    func state(_ access: KubernetesAccess, _ context: Context) async throws -> ChangeState {
        let events = try await access.list(
            .events, fields: "involvedObject.kind=Job,involvedObject.name=\(job)", namespace: namespace)
        // One name may have had several Jobs: each must have been taken back, and none have come to its end.
        let reasons = Dictionary(grouping: events.objects) { $0.json.text("involvedObject", "uid") ?? "" }
            .mapValues { Set($0.compactMap { $0.json.text("reason") }) }
        let ends: Set<String> = ["Completed", "BackoffLimitExceeded", "DeadlineExceeded", "PodFailurePolicy"]
        let wereTakenBack = reasons.values.allSatisfy { $0.contains(JobMark.undone) && $0.isDisjoint(with: ends) }
        if !reasons.isEmpty, wereTakenBack { return .pending }
        guard reasons.isEmpty else {
            return .unknown(
                Cause(
                    .perhapsApplied,
                    "Job \(job) was started and is gone: nobody can say how it ended. See its work."))
        }
        guard context.host.now() - intended < KubernetesActionLimits.eventMemory else {
            return .unknown(
                Cause(
                    .perhapsApplied,
                    "Job \(job) is not there, and whether it was is longer ago than the cluster remembers."))
        }
        return .pending
    }
}
