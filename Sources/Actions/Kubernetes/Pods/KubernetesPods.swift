public import ClientKubernetes
import Host
public import Maintenance

/// Whether the pods that the workloads of a namespace should have are there and ready.
public struct KubernetesPods: Check {
    public typealias Kind = KubernetesKind

    var namespace: String?
    var workloads: [WorkloadPattern] = []
    var except: [WorkloadPattern] = []
    var selector: LabelSelector?
    var expected: Int?
    var rolloutWithin: Duration = .seconds(600)
    var restartedWithin: Duration = .seconds(600)
    var nodes = true

    public init() {}

    public static let declaration = Declaration(
        name: "kubernetes.pods",
        summary: "Counts the ready pods of the workloads, and names each pod and rollout that is not well.",
        measurements: [
            MeasurementDeclaration("ready", "Pods that are ready, on ready nodes, and not being deleted."),
            MeasurementDeclaration("expected", "Pods that should be ready."),
            MeasurementDeclaration("desired", "Pods that the workloads are scaled to."),
            MeasurementDeclaration(
                "lacking",
                "Ready pods missing to the expected number; what a workload has beyond its own does not count."),
            MeasurementDeclaration("workloads", "Workloads that were looked at."),
            MeasurementDeclaration("pods", "Pods of these workloads, whatever their state, without failed ones."),
            MeasurementDeclaration("not_ready", "Pods that are not ready."),
            MeasurementDeclaration("restarts", "Restarts of the pods' containers since they were made."),
            MeasurementDeclaration("crash_looping", "Pods with a container that ends again and again."),
            MeasurementDeclaration("pending", "Pods that are not started."),
            MeasurementDeclaration("terminating", "Pods that are being deleted."),
            MeasurementDeclaration("unscheduled", "Pods for which no node is found."),
            MeasurementDeclaration("evicted", "Evicted pods that are still listed."),
        ],
        thresholds: Thresholds(warn: "lacking > 0", fail: "lacking > 2"),
        timeout: .seconds(60),
        applies: """
            Deployments, StatefulSets, DaemonSets, and ReplicaSets that belong to none of them, of every Kubernetes \
            from 1.19 on. Pods of Jobs are not counted: they come and go. A workload without a single ready pod is a \
            failure, whatever the thresholds say.
            """,
        example: "{ expected: 17 }", looksByItself: true)

    public static let parameters: [Parameter<KubernetesPods>] = [
        .optional("namespace", \.namespace, default: nil, "The namespace, where it is not the target's."),
        .optional(
            "workloads", \.workloads, default: [],
            "Workloads to look at, by name or pattern; without it all of the namespace."),
        .optional("except", \.except, default: [], "Workloads to leave out."),
        .optional("selector", \.selector, default: nil, "Only workloads whose pods have these labels."),
        .optional(
            "expected", \.expected, default: nil,
            "How many pods should be ready; without it as many as the workloads are scaled to."),
        .optional(
            "rollout-within", \.rolloutWithin, default: .seconds(600),
            "Time without progress after which a half-done rollout is a warning."),
        .optional(
            "restarted-within", \.restartedWithin, default: .seconds(600),
            "A ready pod whose container ended with an error within this time is a warning."),
        .optional(
            "nodes", \.nodes, default: true,
            "Whether to look at the nodes too: a pod that says ready on a node that does not answer is not counted."),
    ]

    public func validate() throws(ValueError) {
        if let expected, expected < 1 { throw ValueError("at least 1", path: ["expected"]) }
    }

    public var rights: [Right] {
        var rights = [
            Right.kubernetes(.look, ["list"], ["pods"], in: namespace, reason: "to see the pods"),
            .kubernetes(
                .look, ["get", "list"],
                ["deployments.apps", "statefulsets.apps", "daemonsets.apps", "replicasets.apps"],
                in: namespace, reason: "to see which pods should run, and which workload each is of"),
        ]
        if nodes {
            rights.append(
                .kubernetes(.look, ["list"], ["nodes"], everywhere: true, reason: "to see which nodes are ready"))
        }
        return rights
    }

    public func observe(_ access: KubernetesAccess, in context: Context) async throws -> Observation {
        var view = try await NamespaceView.look(
            access, namespace: namespace ?? access.namespace, pods: selector, nodes: nodes)
        try await view.settle(access, in: context)
        return try PodsJudgement.observe(view, self, at: context.host.now())
    }
}
