public import ClientKubernetes
import Host
public import Maintenance

extension RunJob {
    /// Whether it ran, and how it ended. What it did by that, only the step's `proof` can see.
    public func probe(
        _ unit: WorkUnit, since baseline: Baseline, _ access: KubernetesAccess, in context: Context
    ) async throws -> ChangeState {
        guard let object = try await access.find(.jobs, baseline.job, namespace: baseline.namespace) else {
            return try await JobTrace(job: baseline.job, namespace: baseline.namespace, intended: baseline.at)
                .state(access, context)
        }
        if let conflict = Self.conflict(object, baseline) { return .unknown(conflict) }
        let job = JobFacts(object.json)
        let log = JobLog(job: job.name, namespace: baseline.namespace, access: access, context: context)
        if job.isComplete {
            await log.keep()
            return .unknown(Cause(.nobodyLooked, "Job \(job.name) ran, and nobody looked."))
        }
        if let failure = job.failure {
            await log.keep()
            return .partial(await JobFailure.sentence(job, failure, baseline.namespace, access))
        }
        if job.deleted != nil { return .running(handle: "Job \(job.name), which is being deleted") }
        let pods = try await access.list(.pods, labels: "job-name=\(job.name)", namespace: baseline.namespace)
        // Nothing runs yet: to apply is to go on waiting for it, or to clear it away.
        if JobWatch.stuck(pods.objects.map { Pod($0.json) }, patience, at: context.host.now()) != nil {
            return .pending
        }
        return .running(handle: "Job \(job.name)")
    }
}
