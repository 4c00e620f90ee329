public import ClientKubernetes
import Host
public import Maintenance

extension RunJob {
    public func apply(
        _ unit: WorkUnit, since baseline: Baseline, _ access: KubernetesAccess, in context: Context
    ) async throws {
        let job = try await start(baseline, access, context)
        let log = JobLog(job: job.name, namespace: baseline.namespace, access: access, context: context)
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await JobWatch(job: job, namespace: baseline.namespace, access: access, context: context)
                        .awaitEnd(patience: patience, deadline: deadline)
                }
                group.addTask {
                    await log.tell()
                    // What it writes says nothing about its end.
                    try await context.host.sleep(context.remaining + deadline)
                }
                defer { group.cancelAll() }
                try await group.next()
            }
        } catch let error as ChangeFailed {
            await log.keep()
            throw try await clearAway(job, because: error, baseline, access)
        }
    }

    /// A Job whose pod does not start would perhaps start later, when nobody looks any more.
    private func clearAway(
        _ job: KubernetesObject, because error: ChangeFailed, _ baseline: Baseline, _ access: KubernetesAccess
    ) async throws -> ChangeFailed {
        let now = try await access.find(.jobs, job.name, namespace: baseline.namespace)
        guard let now, now.uid == job.uid, !JobFacts(now.json).isOver else { return error }
        do {
            try await access.delete(
                .jobs, job.name, uid: job.uid, propagation: .foreground, namespace: baseline.namespace)
        } catch let failure as KubernetesFailure {
            return ChangeFailed(
                error.cause.code, "\(error.cause.sentence) It is still there, and may start: \(failure.cause.sentence)")
        }
        return ChangeFailed(
            error.cause.code, "\(error.cause.sentence) It was deleted, so that it does not start later.")
    }

    /// Creates the Job, unless an earlier attempt did.
    private func start(
        _ baseline: Baseline, _ access: KubernetesAccess, _ context: Context
    ) async throws -> KubernetesObject {
        if let object = try await access.find(.jobs, baseline.job, namespace: baseline.namespace) {
            return try Self.own(object, baseline)
        }
        do {
            return try await access.create(.jobs, try manifest(baseline, context), namespace: baseline.namespace)
        } catch let failure as KubernetesFailure where failure.reason == .alreadyExists {
            // Ours, of an attempt whose answer was lost; or another's.
            return try Self.own(
                try await access.get(.jobs, baseline.job, namespace: baseline.namespace), baseline)
        } catch let failure as KubernetesFailure {
            throw failure.isCertain ? ChangeFailed(failure.cause) : CouldNotLook(failure.cause) as any Error
        }
    }

    static func own(_ object: KubernetesObject, _ baseline: Baseline) throws -> KubernetesObject {
        if let conflict = conflict(object, baseline) { throw ChangeFailed(conflict) }
        return object
    }

    /// `nil` where this step started the Job, and as it would start it now.
    static func conflict(_ object: KubernetesObject, _ baseline: Baseline) -> Cause? {
        guard object.annotations[JobMark.key] == baseline.mark else {
            return Cause(
                .conflict, "There is a Job \(baseline.job) already, and this step did not start it: delete it.")
        }
        guard object.annotations[JobMark.spec] == baseline.spec else {
            return Cause(.conflict, "Job \(baseline.job) was started by this step as another one than it is now.")
        }
        return nil
    }

    private func manifest(_ baseline: Baseline, _ context: Context) throws -> JSONValue {
        let labels: JSONValue = [
            JobMark.run: .text(JobMark.labelValue(context.label.run)),
            JobMark.step: .text(JobMark.labelValue(context.label.step)),
            "app.kubernetes.io/managed-by": "millwright",
        ]
        guard case .object(var spec) = spec, case .object(var template)? = spec["template"] else {
            throw ChangeFailed(.unexpected, "The Job could not be written.")
        }
        template["metadata"] = ["labels": labels]
        spec["template"] = .object(template)
        return [
            "apiVersion": "batch/v1", "kind": "Job",
            "metadata": [
                "name": .text(baseline.job), "namespace": .text(baseline.namespace), "labels": labels,
                "annotations": [JobMark.key: .text(baseline.mark), JobMark.spec: .text(baseline.spec)],
            ],
            "spec": .object(spec),
        ]
    }

    /// What the Job is, whoever runs it: its digest tells whether a Job of the same name is the same.
    var spec: JSONValue {
        var container: [String: JSONValue] = [
            "name": "program", "image": .text(image),
            "terminationMessagePolicy": "FallbackToLogsOnError",
        ]
        if !command.isEmpty { container["command"] = .list(command.map { .text($0) }) }
        if !arguments.isEmpty { container["args"] = .list(arguments.map { .text($0) }) }
        if !environment.isEmpty || !secrets.isEmpty { container["env"] = .list(variables) }
        var amounts: [String: JSONValue] = [:]
        if let cpu { amounts["cpu"] = .text(cpu) }
        if let memory { amounts["memory"] = .text(memory) }
        if !amounts.isEmpty {
            container["resources"] = [
                "requests": .object(amounts), "limits": .object(amounts.filter { $0.key == "memory" }),
            ]
        }
        var pod: [String: JSONValue] = ["restartPolicy": "Never", "containers": [.object(container)]]
        if let serviceAccount { pod["serviceAccountName"] = .text(serviceAccount) }
        return [
            "backoffLimit": 0, "completions": 1, "parallelism": 1,
            "activeDeadlineSeconds": .number(deadline.inSeconds.rounded(.up)),
            // Long enough for a run that was left to be taken over: until then its end is to be seen.
            "ttlSecondsAfterFinished": .number(KubernetesActionLimits.jobMemory.inSeconds),
            "template": ["spec": .object(pod)],
        ]
    }

    private var variables: [JSONValue] {
        environment.sorted { $0.key < $1.key }.map { ["name": .text($0.key), "value": .text($0.value)] }
            + secrets.map { one in
                [
                    "name": .text(one.variable),
                    "valueFrom": ["secretKeyRef": ["name": .text(one.secret), "key": .text(one.key)]],
                ]
            }
    }
}
