import ClientKubernetes
import Host
import Maintenance

/// The workloads of a namespace and their pods, as one look saw them.
struct NamespaceView: Sendable {
    var namespace: String
    var pods: [Pod]
    var workloads: [Workload]
    /// The deployment of each ReplicaSet, by their uids.
    var deployments: [String: String] = [:]
    /// When each deployment's newest ReplicaSet was made.
    var newestReplicaSet: [String: Instant] = [:]
    /// Nodes that are not ready, with what their condition says; `nil` where nobody was to look.
    var unreadyNodes: [String: String]?
    var nodesCause: Cause?

    init(namespace: String, pods: [JSONValue], workloads: [(WorkloadKind, JSONValue)], replicaSets: [JSONValue]) {
        self.namespace = namespace
        self.pods = pods.map { Pod($0) }
        self.workloads = workloads.map { Workload($0.1, kind: $0.0) }
        for set in replicaSets {
            let workload = Workload(set, kind: .replicaSet)
            guard let owner = Pod.Owner(set), owner.kind == "Deployment" else {
                // One that is nobody's keeps pods running by itself.
                if workload.desired > 0 { self.workloads.append(workload) }
                continue
            }
            deployments[workload.uid] = owner.uid
            guard let created = set.instant("metadata", "creationTimestamp") else { continue }
            newestReplicaSet[owner.uid] = max(newestReplicaSet[owner.uid] ?? created, created)
        }
    }

    /// The uid of the workload that a pod belongs to; `nil` for one of a Job, and for one of nobody.
    func workload(of pod: Pod) -> String? {
        guard let owner = pod.owner else { return nil }
        return deployments[owner.uid] ?? owner.uid
    }

    /// Pods are listed first: a pod's ReplicaSet and its deployment were there before it.
    static func look(
        _ access: KubernetesAccess, namespace: String, pods selector: LabelSelector?, nodes: Bool
    ) async throws -> NamespaceView {
        let pods = try await access.list(.pods, labels: selector?.text, namespace: namespace)
        async let replicaSets = access.list(.replicaSets, namespace: namespace)
        async let deployments = access.list(.deployments, namespace: namespace)
        async let statefulSets = access.list(.statefulSets, namespace: namespace)
        async let daemonSets = access.list(.daemonSets, namespace: namespace)
        let workloads =
            try await deployments.objects.map { (WorkloadKind.deployment, $0.json) }
            + statefulSets.objects.map { (WorkloadKind.statefulSet, $0.json) }
            + daemonSets.objects.map { (WorkloadKind.daemonSet, $0.json) }
        var view = NamespaceView(
            namespace: namespace, pods: pods.objects.map(\.json), workloads: workloads,
            replicaSets: try await replicaSets.objects.map(\.json))
        if nodes { try await view.lookAtNodes(access) }
        return view
    }

    mutating func lookAtNodes(_ access: KubernetesAccess) async throws {
        do {
            unreadyNodes = Self.unready(try await access.list(.nodes).objects.map(\.json))
        } catch let error as CouldNotLook {
            nodesCause = error.cause
        }
    }

    static func unready(_ nodes: [JSONValue]) -> [String: String] {
        var result: [String: String] = [:]
        for node in nodes {
            guard let name = node.text("metadata", "name") else { continue }
            let ready = node.items("status", "conditions").compactMap { Pod.Condition($0) }.first { $0.type == "Ready" }
            guard ready?.isTrue != true else { continue }
            let message = ready.map { $0.message.isEmpty ? $0.reason : $0.message } ?? "it has no Ready condition"
            result[name] = shown(message)
        }
        return result
    }

    /// Looks again at workloads whose controller has not looked at their newest specification yet.
    mutating func settle(_ access: KubernetesAccess, in context: Context) async throws {
        for _ in 0..<KubernetesActionLimits.settlingLooks where workloads.contains(where: \.isLagging) {
            guard context.remaining > KubernetesActionLimits.tick * 3 else { return }
            try await context.host.sleep(KubernetesActionLimits.tick)
            for index in workloads.indices where workloads[index].isLagging {
                let workload = workloads[index]
                if let object = try await access.find(workload.kind.api, workload.name, namespace: namespace) {
                    workloads[index] = Workload(object.json, kind: workload.kind)
                }
            }
        }
    }
}

extension WorkloadKind {
    var api: KubernetesResource {
        switch self {
        case .deployment: .deployments
        case .statefulSet: .statefulSets
        case .daemonSet: .daemonSets
        case .replicaSet: .replicaSets
        }
    }
}
