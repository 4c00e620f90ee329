public import ClientKubernetes
import Host
public import Maintenance

extension JobFromCronJob {
    public func probe(
        _ unit: WorkUnit, since baseline: Baseline, _ access: KubernetesAccess, in context: Context
    ) async throws -> ChangeState {
        guard let object = try await access.find(.jobs, baseline.job, namespace: baseline.namespace) else {
            return try await JobTrace(job: baseline.job, namespace: baseline.namespace, intended: baseline.at)
                .state(access, context)
        }
        guard object.annotations[JobMark.key] == baseline.mark else {
            return .unknown(
                Cause(.conflict, "There is a Job \(baseline.job), and this step did not start it: delete it."))
        }
        let job = JobFacts(object.json)
        if job.isComplete { return .applied(proof(job)) }
        if let failure = job.failure {
            return .partial(await JobFailure.sentence(job, failure, baseline.namespace, access))
        }
        if !wait { return .applied(proof(job)) }
        if job.deleted != nil { return .running(handle: "Job \(job.name), which is being deleted") }
        let pods = try await access.list(.pods, labels: "job-name=\(job.name)", namespace: baseline.namespace)
        if let stuck = JobWatch.stuck(pods.objects.map { Pod($0.json) }, patience, at: context.host.now()) {
            return .partial("Job \(job.name): \(stuck.sentence)")
        }
        return .running(handle: "Job \(job.name)")
    }

    private func proof(_ job: JobFacts) -> Proof {
        let span = job.duration.map { " in \($0.rough)" } ?? ""
        var measurements = [Measurement("jobs", 1), Measurement("failed_pods", job.failed)]
        if let duration = job.duration { measurements.append(Measurement("duration", duration.inSeconds, .seconds)) }
        guard job.isComplete else {
            return Proof("Job \(job.name) is started", measurements: [Measurement("jobs", 1)])
        }
        var proof = Proof("Job \(job.name) succeeded\(span)", measurements: measurements)
        if job.failed > 0 {
            proof.findings.append(
                Finding(
                    job.name, .warn,
                    Cause("pod-failed", "Job \(job.name) succeeded after \(job.failed) of its pods failed."),
                    advice: "Read the log of the failed pods."))
        }
        return proof
    }
}
