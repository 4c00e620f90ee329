import Host

/// Runs a Job's pods to their end, and keeps a CronJob's list of what runs. Schedules start nothing here.
final class JobController {
    let store: KubernetesStore
    let loop: ClusterLoop
    let events: EventRecorder
    /// When, by the cluster's time, each Job began, and when its failed pod may be replaced.
    private var begun: [String: Duration] = [:]
    private var retryAt: [String: (failures: Int, at: Duration)] = [:]

    init(store: KubernetesStore, loop: ClusterLoop, events: EventRecorder) {
        self.store = store
        self.loop = loop
        self.events = events
    }

    func serve(_ job: JSON) {
        guard !job.isBeingDeleted else {
            begun[job.uid] = nil
            retryAt[job.uid] = nil
            return
        }
        let pods = Workload.controlled(by: job, "Pod", in: store)
        if let finished = JobProgress.finishedAt(job) {
            expire(job, finished)
            return
        }
        var progress = JobProgress(job, pods)
        var status = job["status"] ?? .emptyObject
        if job[dotted: "spec.suspend"]?.bool == true {
            suspend(job, progress, &status)
        } else {
            run(job, &progress, &status)
        }
        Workload.write(status, of: job, .jobs, in: store)
    }

    private func suspend(_ job: JSON, _ progress: JobProgress, _ status: inout JSON) {
        remove(progress.active)
        status["startTime"] = nil
        begun[job.uid] = nil
        if Conditions.status(of: "Suspended", in: job) != "True" {
            add("Suspended", "True", "JobSuspended", "Job suspended", to: &status)
            events.record(on: job, "Suspended", "Job suspended", from: "job-controller")
        }
        JobProgress(job, []).write(into: &status)
    }

    private func run(_ job: JSON, _ progress: inout JobProgress, _ status: inout JSON) {
        if Conditions.status(of: "Suspended", in: job) == "True" {
            add("Suspended", "False", "JobResumed", "Job resumed", to: &status)
            events.record(on: job, "Resumed", "Job resumed", from: "job-controller")
        }
        if status["startTime"] == nil { status["startTime"] = store.clock.timestamp() }
        let now = loop.clock.elapsed
        let start = begun[job.uid] ?? now
        begun[job.uid] = start
        if let failure = failure(of: job, progress, running: now - start) {
            remove(progress.active)
            progress.active = []
            finish(job, &status, "FailureTarget", "Failed", failure.reason, failure.message, isWarning: true)
        } else if progress.succeeded.count >= progress.completions {
            remove(progress.active)
            progress.active = []
            let message = "Reached expected number of succeeded pods"
            finish(job, &status, "SuccessCriteriaMet", "Complete", "CompletionsReached", message, isWarning: false)
            status["completionTime"] = store.clock.timestamp()
        } else {
            startPods(of: job, &progress)
        }
        progress.write(into: &status)
    }

    private func failure(of job: JSON, _ progress: JobProgress, running: Duration)
        -> (reason: String, message: String)?
    {
        if let seconds = job[dotted: "spec.activeDeadlineSeconds"]?.int {
            if running >= .seconds(seconds) {
                return ("DeadlineExceeded", "Job was active longer than specified deadline")
            }
            loop.enqueue(
                ObjectKey(.jobs, job.namespace, job.name), after: .seconds(seconds) - running + .milliseconds(5))
        }
        guard progress.failures > progress.backoffLimit else { return nil }
        return ("BackoffLimitExceeded", "Job has reached the specified backoff limit")
    }

    private func startPods(of job: JSON, _ progress: inout JobProgress) {
        let wanted = min(progress.parallelism, progress.completions - progress.succeeded.count)
        guard progress.active.count < wanted else { return }
        let now = loop.clock.elapsed
        if progress.failed.count > (retryAt[job.uid]?.failures ?? 0) {
            // A failed pod is replaced after 10 s, 20 s, 40 s …
            let span = Duration.seconds(10) * (1 << min(progress.failed.count - 1, 5))
            retryAt[job.uid] = (progress.failed.count, now + span)
        }
        if let retry = retryAt[job.uid], retry.at > now {
            loop.enqueue(ObjectKey(.jobs, job.namespace, job.name), after: retry.at - now + .milliseconds(5))
            return
        }
        for _ in progress.active.count..<wanted {
            var pod = Workload.pod(from: job[dotted: "spec.template"] ?? .emptyObject, owner: job)
            pod[path: ["metadata", "generateName"]] = .string(job.name + "-")
            guard let made = try? store.create(.pods, pod, in: job.namespace) else { return }
            progress.active.append(made)
            events.record(on: job, "SuccessfulCreate", "Created pod: \(made.name)", from: "job-controller")
        }
    }

    private func finish(
        _ job: JSON, _ status: inout JSON, _ before: String, _ type: String, _ reason: String, _ message: String,
        isWarning: Bool
    ) {
        add(before, "True", reason, message, to: &status)
        add(type, "True", reason, message, to: &status)
        if isWarning {
            events.record(on: job, warning: true, reason, message, from: "job-controller")
        } else {
            events.record(on: job, "Completed", "Job completed", from: "job-controller")
        }
        if job[dotted: "spec.ttlSecondsAfterFinished"] != nil {
            loop.enqueue(ObjectKey(.jobs, job.namespace, job.name), after: .milliseconds(1))
        }
    }

    private func expire(_ job: JSON, _ finished: Instant) {
        guard let seconds = job[dotted: "spec.ttlSecondsAfterFinished"]?.int else { return }
        // The span is the cluster's, the moment the wall's.
        let left = .seconds(seconds) - (store.clock.now() - finished) * loop.clock.speed
        if left <= .zero {
            _ = try? store.delete(.jobs, job.name, in: job.namespace, DeleteOptions(propagation: .background))
        } else {
            loop.enqueue(ObjectKey(.jobs, job.namespace, job.name), after: left + .milliseconds(20))
        }
    }

    private func remove(_ pods: [JSON]) {
        for pod in pods { _ = try? store.delete(.pods, pod.name, in: pod.namespace) }
    }

    private func add(_ type: String, _ value: String, _ reason: String, _ message: String, to status: inout JSON) {
        let now = store.clock.timestamp()
        var conditions = (status["conditions"]?.array ?? []).filter { $0["type"]?.string != type }
        conditions.append([
            "type": .string(type), "status": .string(value), "reason": .string(reason), "message": .string(message),
            "lastProbeTime": now, "lastTransitionTime": now,
        ])
        status["conditions"] = .array(conditions)
    }

    // MARK: CronJobs

    func serveCronJob(_ cronJob: JSON) {
        let jobs = store.dependents(of: cronJob.uid).filter { $0.kind == "Job" }
        let active = jobs.filter { JobProgress.finishedAt($0) == nil && $0.controllerOwner != nil }
        var status = cronJob["status"] ?? .emptyObject
        let references = active.map { job -> JSON in
            [
                "apiVersion": "batch/v1", "kind": "Job", "name": .string(job.name), "uid": .string(job.uid),
                "namespace": .string(job.namespace),
            ]
        }
        status["active"] = references.isEmpty ? nil : .array(references)
        let done = jobs.filter { $0.controllerOwner != nil }
            .compactMap { $0[dotted: "status.completionTime"]?.string }.max()
        if let done { status["lastSuccessfulTime"] = .string(done) }
        Workload.write(status, of: cronJob, .cronJobs, in: store)
    }
}

/// How far a Job is.
struct JobProgress {
    let succeeded: [JSON]
    let failed: [JSON]
    var active: [JSON]
    let restarts: Int
    let parallelism: Int
    let completions: Int
    let backoffLimit: Int

    init(_ job: JSON, _ pods: [JSON]) {
        succeeded = pods.filter { $0[dotted: "status.phase"] == "Succeeded" }
        failed = pods.filter { $0[dotted: "status.phase"] == "Failed" }
        active = pods.filter(Workload.isActive)
        restarts = active.flatMap { $0[dotted: "status.containerStatuses"]?.array ?? [] }
            .compactMap { $0["restartCount"]?.int }.reduce(0, +)
        parallelism = job[dotted: "spec.parallelism"]?.int ?? 1
        completions = job[dotted: "spec.completions"]?.int ?? 1
        backoffLimit = job[dotted: "spec.backoffLimit"]?.int ?? 6
    }

    /// Failed pods, and restarts of those that are started again on the spot.
    var failures: Int { failed.count + restarts }

    func write(into status: inout JSON) {
        for (field, count) in [
            ("active", active.count), ("succeeded", succeeded.count), ("failed", failed.count),
        ] {
            status[field] = count == 0 ? nil : .int(count)
        }
        status["ready"] = .int(active.filter(Workload.isReady).count)
        status["terminating"] = 0
        status["uncountedTerminatedPods"] = .emptyObject
    }

    /// When it was complete or had failed; nil while it has not.
    static func finishedAt(_ job: JSON) -> Instant? {
        for type in ["Complete", "Failed"] {
            guard let condition = Conditions.find(type, in: job), condition["status"] == "True" else { continue }
            return condition["lastTransitionTime"]?.string.flatMap { Instant($0) }
        }
        return nil
    }
}
