public import ClientKubernetes
import Host
public import Maintenance

/// Starts a Job from a CronJob's template, as `kubectl create job --from` does, once, and awaits its end.
public struct JobFromCronJob: UndoableChange {
    public typealias Kind = KubernetesKind

    var cronJob = ""
    var namespace: String?
    var wait = true
    var deadline: Duration = .seconds(7200)
    var patience: Duration = .seconds(60)
    var suspended = false

    public init() {}

    public static let declaration = Declaration(
        name: "kubernetes.job-from-cronjob",
        summary: "Starts a Job from a CronJob's template, never twice, and sees it succeed.",
        measurements: [
            MeasurementDeclaration("jobs", "Jobs that succeeded, or were started where nobody waits."),
            MeasurementDeclaration("duration", .seconds, "From the Job's start to its end."),
            MeasurementDeclaration("failed_pods", "Pods that failed before one succeeded."),
        ],
        timeout: .seconds(7500),
        applies: """
            CronJobs of batch/v1, Kubernetes 1.21 and later. The Job belongs to the CronJob and goes with it; a \
            finished one is kept for 30 days where the template does not say. `deadline` is given to the Job itself, \
            so that the cluster ends it even where nobody watches. A Job that failed is not started again by the \
            same step.
            """,
        example: "{ cronjob: ml-model-retraining }", limits: ["jobs"])

    public static let parameters: [Parameter<JobFromCronJob>] = [
        .required("cronjob", \.cronJob, "The CronJob whose template is used."),
        .optional("namespace", \.namespace, default: nil, "The namespace, where it is not the target's."),
        .optional("wait", \.wait, default: true, "Whether to await the end; without it, started is enough."),
        .optional(
            "deadline", \.deadline, default: .seconds(7200),
            "Time for the Job; then the cluster ends it, and it failed."),
        .optional(
            "patience", \.patience, default: .seconds(60),
            "Time that its pod may be without a node, an image or its configuration."),
        .optional(
            "suspended", \.suspended, default: false,
            "Whether a suspended CronJob is started too: somebody suspended it for a reason."),
    ]

    public func validate() throws(ValueError) {
        let pattern: WorkloadPattern
        do throws(ValueError) { pattern = try WorkloadPattern.read(.text(cronJob)) } catch {
            throw ValueError("`\(cronJob)` is not the name of a CronJob", path: ["cronjob"])
        }
        guard pattern.kind == nil, pattern.isExact else {
            throw ValueError("`\(cronJob)` is not the name of a CronJob", path: ["cronjob"])
        }
        guard deadline >= .seconds(1) else { throw ValueError("at least 1s", path: ["deadline"]) }
    }

    public var impact: Impact { .online }

    public var rights: [Right] {
        [
            .kubernetes(
                .look, ["get"], ["cronjobs.batch"], in: namespace, named: [cronJob], reason: "to see the template"),
            .kubernetes(
                .look, ["get", "list"], ["jobs.batch"], in: namespace, reason: "to see whether one runs already"),
            .kubernetes(
                .look, ["list"], ["pods", "events"], in: namespace,
                reason: "to say why its pod fails, and whether a Job that is gone has run"),
            .kubernetes(.look, ["get"], ["pods/log"], in: namespace, reason: "to show the end of a failed pod's log"),
            .kubernetes(
                .change, ["get"], ["cronjobs.batch"], in: namespace, named: [cronJob], reason: "to use the template"),
            .kubernetes(
                .change, ["create", "get", "list", "watch", "delete"], ["jobs.batch"], in: namespace,
                reason: "to start the Job, follow it, and take it back while it runs"),
            .kubernetes(.change, ["list", "watch"], ["pods"], in: namespace, reason: "to name what keeps its pod"),
            .kubernetes(.change, ["get"], ["pods/log"], in: namespace, reason: "to show the end of a failed pod's log"),
            .kubernetes(
                .change, ["create"], ["events"], in: namespace, reason: "to leave word that a Job was taken back"),
        ]
    }

    /// What is known before the Job is started.
    public struct Baseline: Codable, Sendable {
        let namespace: String
        /// The uid of the CronJob.
        let cronJob: String
        let job: String
        let mark: String
        let at: Instant
    }

    public func preview(_ access: KubernetesAccess, in context: Context) async throws -> Preview {
        let namespace = namespace ?? access.namespace
        guard let object = try await access.find(.cronJobs, cronJob, namespace: namespace) else {
            let cause = Cause(.notFound, "There is no CronJob \(cronJob) in \(namespace).")
            return Preview(
                summary: "no CronJob \(cronJob)", units: [],
                findings: [Finding(cronJob, .fail, cause, advice: "Check the name and the namespace.")])
        }
        var findings: [Finding] = []
        if object.json.flag("spec", "suspend") {
            let cause = Cause("suspended", "CronJob \(cronJob) is suspended: somebody does not want it to run.")
            findings.append(
                Finding(
                    cronJob, suspended ? .warn : .fail, cause,
                    advice: "Resume it, or set `suspended: true` to start it all the same."))
        }
        if let active = try await Self.active(access, namespace, cronJob: object.uid).first {
            findings.append(Finding(cronJob, .fail, Self.busy(cronJob, active)))
        }
        let unit = WorkUnit(
            id: cronJob, title: "Job of \(cronJob)", expected: wait ? min(deadline, .seconds(600)) : .seconds(5),
            attributes: ["namespace": namespace])
        return Preview(
            summary: "1 Job of CronJob \(cronJob)", units: [unit], findings: findings,
            statements: ["kubectl --namespace \(namespace) create job --from=cronjob/\(cronJob)"])
    }

    static func busy(_ cronJob: String, _ job: JobFacts) -> Cause {
        Cause(.busy, "Job \(job.name) of CronJob \(cronJob) runs already, and one at a time is enough.")
    }

    /// The Jobs of a CronJob that are not over, the first one first.
    static func active(
        _ access: KubernetesAccess, _ namespace: String, cronJob uid: String
    ) async throws -> [JobFacts] {
        try await access.list(.jobs, namespace: namespace).objects.map { JobFacts($0.json) }
            .filter { $0.owners.contains(uid) && !$0.isOver && $0.deleted == nil }
            .sorted { $0.isBefore($1) }
    }

    public func prepare(_ unit: WorkUnit, _ access: KubernetesAccess, in context: Context) async throws -> Baseline {
        let namespace = unit.attributes["namespace"] ?? namespace ?? access.namespace
        let object = try await access.get(.cronJobs, cronJob, namespace: namespace)
        let mark = "\(context.label.run)/\(context.label.step)/\(cronJob)"
        return Baseline(
            namespace: namespace, cronJob: object.uid, job: JobMark.name(of: cronJob, mark: mark), mark: mark,
            at: context.host.now())
    }
}
