public import ClientKubernetes
import Host
public import Maintenance

extension JobFromCronJob {
    public func apply(
        _ unit: WorkUnit, since baseline: Baseline, _ access: KubernetesAccess, in context: Context
    ) async throws {
        let job = try await start(baseline, access, context)
        guard wait else { return }
        try await JobWatch(job: job, namespace: baseline.namespace, access: access, context: context)
            .awaitEnd(patience: patience, deadline: deadline)
    }

    /// Creates the Job, unless an earlier attempt did.
    private func start(
        _ baseline: Baseline, _ access: KubernetesAccess, _ context: Context
    ) async throws -> KubernetesObject {
        if let object = try await access.find(.jobs, baseline.job, namespace: baseline.namespace) {
            return try Self.own(object, baseline)
        }
        let cronJob = try await access.get(.cronJobs, cronJob, namespace: baseline.namespace)
        guard cronJob.uid == baseline.cronJob else {
            throw ChangeFailed(.conflict, "CronJob \(cronJob.name) was deleted and made anew since.")
        }
        if cronJob.json.flag("spec", "suspend"), !suspended {
            throw ChangeFailed(Cause("suspended", "CronJob \(cronJob.name) was suspended since."))
        }
        if let other = try await Self.active(access, baseline.namespace, cronJob: cronJob.uid).first {
            throw ChangeFailed(Self.busy(cronJob.name, other))
        }
        let object: KubernetesObject
        do {
            object = try await access.create(
                .jobs, manifest(cronJob, baseline, context), namespace: baseline.namespace)
        } catch let failure as KubernetesFailure where failure.reason == .alreadyExists {
            // Ours, of an attempt whose answer was lost; or another's.
            return try Self.own(
                try await access.get(.jobs, baseline.job, namespace: baseline.namespace), baseline)
        } catch let failure as KubernetesFailure {
            throw failure.isCertain ? ChangeFailed(failure.cause) : CouldNotLook(failure.cause) as any Error
        }
        try await giveWay(object, baseline, access)
        return object
    }

    /// Two starters may have seen nothing run and begun at once: the later one takes its Job back.
    private func giveWay(_ object: KubernetesObject, _ baseline: Baseline, _ access: KubernetesAccess) async throws {
        let own = JobFacts(object.json)
        let active = try await Self.active(access, baseline.namespace, cronJob: baseline.cronJob)
        guard let first = active.first(where: { $0.uid != own.uid && $0.isBefore(own) }) else { return }
        try await takeBack(object, baseline, access, because: "gave way to \(first.name)")
        throw ChangeFailed(Self.busy(cronJob, first))
    }

    static func own(_ object: KubernetesObject, _ baseline: Baseline) throws -> KubernetesObject {
        guard object.annotations[JobMark.key] == baseline.mark else {
            throw ChangeFailed(.conflict, "There is a Job \(baseline.job) already, and this step did not start it.")
        }
        return object
    }

    /// The template with what `kubectl create job --from` adds, and our own marks.
    private func manifest(_ cronJob: KubernetesObject, _ baseline: Baseline, _ context: Context) -> JSONValue {
        let template = cronJob.json.at("spec", "jobTemplate") ?? .object([:])
        var annotations = template.texts("metadata", "annotations")
        annotations["cronjob.kubernetes.io/instantiate"] = "manual"
        annotations[JobMark.key] = baseline.mark
        var labels = template.texts("metadata", "labels")
        labels[JobMark.run] = JobMark.labelValue(context.label.run)
        labels[JobMark.step] = JobMark.labelValue(context.label.step)
        var spec: [String: JSONValue] = [:]
        if case .object(let fields)? = template.at("spec") { spec = fields }
        let seconds = Int(deadline.inSeconds.rounded(.up))
        spec["activeDeadlineSeconds"] = .number(
            Double(min(seconds, template.integer("spec", "activeDeadlineSeconds") ?? seconds)))
        // Nothing else would ever clear it away: it is not counted into the CronJob's history.
        if spec["ttlSecondsAfterFinished"] == nil {
            spec["ttlSecondsAfterFinished"] = .number(KubernetesActionLimits.jobMemory.inSeconds)
        }
        return .object([
            "apiVersion": "batch/v1", "kind": "Job",
            "metadata": [
                "name": .text(baseline.job), "namespace": .text(baseline.namespace),
                "annotations": .object(annotations.mapValues { .text($0) }),
                "labels": .object(labels.mapValues { .text($0) }),
                "ownerReferences": [
                    [
                        "apiVersion": "batch/v1", "kind": "CronJob", "name": .text(cronJob.name),
                        "uid": .text(cronJob.uid),
                    ]
                ],
            ],
            "spec": .object(spec),
        ])
    }

    public func undo(
        _ unit: WorkUnit, since baseline: Baseline, _ access: KubernetesAccess, in context: Context
    ) async throws {
        guard let object = try await access.find(.jobs, baseline.job, namespace: baseline.namespace) else { return }
        let own = try Self.own(object, baseline)
        guard !JobFacts(own.json).isOver else {
            throw ChangeFailed(.rejected, "Job \(baseline.job) has ended: what it did cannot be taken back here.")
        }
        try await takeBack(own, baseline, access, because: "undo of \(baseline.mark)")
        while try await access.find(.jobs, baseline.job, namespace: baseline.namespace)?.uid == own.uid {
            guard context.remaining > KubernetesActionLimits.tick else {
                throw CouldNotLook(.timedOut, "Job \(baseline.job) is being deleted, and still there.")
            }
            try await context.host.sleep(KubernetesActionLimits.tick)
        }
    }

    /// Leaves word first: a Job that is gone without it has perhaps done its work.
    private func takeBack(
        _ job: KubernetesObject, _ baseline: Baseline, _ access: KubernetesAccess, because why: String
    ) async throws {
        let event: JSONValue = .object([
            "apiVersion": "v1", "kind": "Event",
            "metadata": ["generateName": .text(baseline.job + "."), "namespace": .text(baseline.namespace)],
            "involvedObject": [
                "apiVersion": "batch/v1", "kind": "Job", "name": .text(baseline.job),
                "namespace": .text(baseline.namespace), "uid": .text(job.uid),
            ],
            "type": "Normal", "reason": .text(JobMark.undone), "message": .text("Taken back: \(why)"),
            "source": ["component": "millwright"], "count": 1,
            "firstTimestamp": .text(Instant(secondsSinceEpoch: baseline.at.secondsSinceEpoch).description),
            "lastTimestamp": .text(Instant(secondsSinceEpoch: baseline.at.secondsSinceEpoch).description),
        ])
        do {
            try await access.create(.events, event, namespace: baseline.namespace)
            try await access.delete(
                .jobs, baseline.job, uid: job.uid, propagation: .foreground, namespace: baseline.namespace)
        } catch let failure as KubernetesFailure {
            if failure.isMissingObject { return }
            throw failure.isCertain ? ChangeFailed(failure.cause) : CouldNotLook(failure.cause) as any Error
        }
    }
}
