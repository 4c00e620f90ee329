public import ClientKubernetes
public import Maintenance

/// Restarts workloads one after the other, each proven by the pods of its own generation.
public struct RolloutRestart: UndoableChange {
    public typealias Kind = KubernetesKind
    public typealias Baseline = RolloutBaseline

    var workloads: [WorkloadPattern] = []
    var deployments: [String] = []
    var namespace: String?
    var deadline: Duration = .seconds(600)
    var patience: Duration = .seconds(5)
    var settle: Duration = .seconds(5)

    public init() {}

    public static let declaration = Declaration(
        name: "kubernetes.rollout-restart",
        summary: "Restarts workloads one after the other, and sees each one's new pods ready and the old ones gone.",
        measurements: [
            MeasurementDeclaration("workloads", "Workloads that were restarted."),
            MeasurementDeclaration("pods", "New pods that are ready."),
            MeasurementDeclaration("restarts", "Restarts of containers of the new pods."),
            MeasurementDeclaration(
                "lowest_ready", "The fewest pods of a workload that were ready at a time.", aggregate: .last),
            MeasurementDeclaration("memory_before", .bytes, "Memory that the old pods used, where it is measured."),
            MeasurementDeclaration("memory_after", .bytes, "Memory that the new pods use, where it is measured."),
        ],
        timeout: .seconds(1200),
        applies: """
            Deployments, StatefulSets and DaemonSets of every Kubernetes from 1.19 on. Refused where it would do \
            nothing or leave two templates running: paused deployments, the strategy OnDelete, a partition, a rollout \
            that is under way. Disruptive where a pod has no other beside it: one replica, maxUnavailable 100%, the \
            strategy Recreate, StatefulSets, DaemonSets without surge.
            """,
        example: "{ deployments: [steam-trap-inspector, worker] }", limits: ["workloads"])

    public static let parameters: [Parameter<RolloutRestart>] = [
        .optional(
            "workloads", \.workloads, default: [],
            "Workloads to restart, in this order: deployment/worker, statefulset/redis, daemonset/agent."),
        .optional("deployments", \.deployments, default: [], "Deployments to restart, in this order, after them."),
        .optional("namespace", \.namespace, default: nil, "The namespace, where it is not the target's."),
        .optional(
            "deadline", \.deadline, default: .seconds(600), "Time for one workload, after which its restart failed."),
        .optional(
            "patience", \.patience, default: .seconds(5),
            "Time that a new pod may be without a node, an image or its configuration. A pod for which an autoscaler "
                + "makes room has until the deadline."),
        .optional(
            "settle", \.settle, default: .seconds(5), "Time for which the new pods must stay ready before it counts."),
    ]

    /// What is restarted, in its order, each once.
    var named: [WorkloadPattern] {
        var seen: Set<WorkloadPattern> = []
        let all =
            workloads.map { WorkloadPattern(kind: $0.kind ?? .deployment, name: $0.name) }
            + deployments.map { WorkloadPattern(kind: .deployment, name: $0) }
        return all.filter { seen.insert($0).inserted }
    }

    public func validate() throws(ValueError) {
        guard !workloads.isEmpty || !deployments.isEmpty else {
            throw ValueError("no workload is named", path: ["workloads"])
        }
        for (index, pattern) in workloads.enumerated() {
            let path = ["workloads", String(index)]
            if !pattern.isExact { throw ValueError("a restart names its workloads, one by one", path: path) }
            if pattern.kind == .replicaSet {
                throw ValueError("a ReplicaSet does not replace its pods; name its deployment", path: path)
            }
        }
        for (index, name) in deployments.enumerated() {
            let path = ["deployments", String(index)]
            do throws(ValueError) {
                let pattern = try WorkloadPattern.read(.text(name))
                guard pattern.kind == nil, pattern.isExact else { throw ValueError("the name of a deployment alone") }
            } catch { throw ValueError(error.message, path: path) }
        }
        guard named.count <= KubernetesActionLimits.workloads else {
            throw ValueError("at most \(KubernetesActionLimits.workloads) workloads", path: ["workloads"])
        }
        guard deadline > .zero else { throw ValueError("longer than nothing", path: ["deadline"]) }
    }

    public var impact: Impact { .online }

    public var rights: [Right] {
        var rights: [Right] = []
        for kind in WorkloadKind.allCases {
            let names = named.filter { $0.kind == kind }.map(\.name)
            guard !names.isEmpty else { continue }
            for purpose in [Purpose.look, .change] {
                rights.append(
                    .kubernetes(
                        purpose, ["get"], [kind.resource], in: namespace, named: names,
                        reason: "to see what is restarted, and how far it is"))
            }
            rights += [
                .kubernetes(
                    .change, ["list", "watch"], [kind.resource], in: namespace, reason: "to follow the rollout"),
                .kubernetes(
                    .change, ["patch"], [kind.resource], in: namespace, named: names,
                    reason: "to mark the template, which replaces the pods"),
            ]
        }
        let seen = ["pods", "replicasets.apps", "services", "endpointslices.discovery.k8s.io"]
        rights += [
            .kubernetes(.look, ["list"], seen + ["events"], in: namespace, reason: "to see the old and new pods"),
            .kubernetes(
                .look, ["list"], ["pods.metrics.k8s.io"], in: namespace,
                reason: "to note the memory before and after; without it, it is left out"),
            .kubernetes(
                .change, ["list", "watch"], ["pods", "events", "endpointslices.discovery.k8s.io"], in: namespace,
                reason: "to name a pod that does not start within seconds"),
        ]
        return rights
    }
}
