/// One pod on each node that takes pods.
struct DaemonSetController {
    private static let revisionLabel = "controller-revision-hash"

    let store: KubernetesStore
    let loop: ClusterLoop
    let events: EventRecorder

    func serve(_ set: JSON) {
        let hash = Workload.hash(set[dotted: "spec.template"] ?? .emptyObject)
        let selector = set[dotted: "spec.template.spec.nodeSelector"]?.strings ?? [:]
        let nodes = store.list(.nodes).items.filter { node in
            selector.allSatisfy { node.labels[$0.key] == $0.value }
        }
        if !set.isBeingDeleted { step(set, nodes, hash) }
        writeStatus(set, nodes.count, Workload.controlled(by: set, "Pod", in: store), hash)
    }

    private func step(_ set: JSON, _ nodes: [JSON], _ hash: String) {
        let pods = Workload.controlled(by: set, "Pod", in: store)
        let byNode = Dictionary(pods.map { ($0[dotted: "spec.nodeName"]?.string ?? "", $0) }) { first, _ in first }
        for node in nodes where byNode[node.name] == nil {
            var pod = Workload.pod(
                from: set[dotted: "spec.template"] ?? .emptyObject, owner: set, labels: [Self.revisionLabel: hash])
            pod[path: ["metadata", "generateName"]] = .string(set.name + "-")
            pod[path: ["spec", "nodeName"]] = .string(node.name)
            guard let made = try? store.create(.pods, pod, in: set.namespace) else { continue }
            events.record(on: set, "SuccessfulCreate", "Created pod: \(made.name)", from: "daemonset-controller")
        }
        let names = Set(nodes.map(\.name))
        for pod in pods where !pod.isBeingDeleted && !names.contains(pod[dotted: "spec.nodeName"]?.string ?? "") {
            _ = try? store.delete(.pods, pod.name, in: pod.namespace)
        }
        guard set[dotted: "spec.updateStrategy.type"]?.string != "OnDelete" else { return }
        let limit = Workload.share(
            set[dotted: "spec.updateStrategy.rollingUpdate.maxUnavailable"], of: nodes.count, default: "1",
            roundUp: true)
        var budget = limit - pods.filter { $0.isBeingDeleted || !Workload.isReady($0) }.count
        for pod in pods where budget > 0 && !pod.isBeingDeleted && pod.labels[Self.revisionLabel] != hash {
            budget -= 1
            guard (try? store.delete(.pods, pod.name, in: pod.namespace)) != nil else { continue }
            events.record(on: set, "SuccessfulDelete", "Deleted pod: \(pod.name)", from: "daemonset-controller")
        }
    }

    private func writeStatus(_ set: JSON, _ nodes: Int, _ pods: [JSON], _ hash: String) {
        let ready = pods.filter(Workload.isReady).count
        var status = JSON.object(
            Workload.counts([
                ("updatedNumberScheduled", pods.filter { $0.labels[Self.revisionLabel] == hash }.count),
                ("numberAvailable", ready), ("numberUnavailable", max(0, nodes - ready)),
            ]))
        status["currentNumberScheduled"] = .int(min(pods.count, nodes))
        status["desiredNumberScheduled"] = .int(nodes)
        status["numberMisscheduled"] = 0
        status["numberReady"] = .int(ready)
        status["observedGeneration"] = .int(set.generation)
        Workload.write(status, of: set, .daemonSets, in: store)
    }
}
