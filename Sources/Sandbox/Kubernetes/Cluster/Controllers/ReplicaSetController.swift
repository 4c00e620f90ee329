/// Keeps as many pods as a ReplicaSet asks for.
struct ReplicaSetController {
    let store: KubernetesStore
    let loop: ClusterLoop
    let events: EventRecorder

    func serve(_ set: JSON) {
        let pods = Workload.controlled(by: set, "Pod", in: store)
        let active = pods.filter(Workload.isActive)
        if !set.isBeingDeleted { balance(set, active) }
        let current = Workload.controlled(by: set, "Pod", in: store).filter(Workload.isActive)
        writeStatus(set, current)
        // A Deployment that recreates waits for the last of the old pods.
        if pods.isEmpty, set.replicas == 0, let owner = set.controllerOwner?["name"]?.string {
            loop.enqueue(ObjectKey(.deployments, set.namespace, owner))
        }
    }

    private func balance(_ set: JSON, _ active: [JSON]) {
        let wanted = set[dotted: "spec.replicas"]?.int ?? 1
        for _ in 0..<max(0, wanted - active.count) {
            var pod = Workload.pod(from: set[dotted: "spec.template"] ?? .emptyObject, owner: set)
            pod[path: ["metadata", "generateName"]] = .string(set.name + "-")
            do {
                let made = try store.create(.pods, pod, in: set.namespace)
                tell(set, "SuccessfulCreate", "Created pod: \(made.name)")
            } catch {
                let why = (error as? KubernetesStatus)?.message ?? "\(error)"
                tell(set, "FailedCreate", "Error creating: \(why)", warning: true)
                return
            }
        }
        guard active.count > wanted else { return }
        for pod in active.sorted(by: goesFirst).prefix(active.count - wanted) {
            guard (try? store.delete(.pods, pod.name, in: pod.namespace)) != nil else { continue }
            tell(set, "SuccessfulDelete", "Deleted pod: \(pod.name)")
        }
    }

    /// The least useful pods go first: without a node, not running, not ready, cheap to delete, young.
    private func goesFirst(_ left: JSON, _ right: JSON) -> Bool {
        func rank(_ pod: JSON) -> (Int, Int, Int, Int) {
            let hasNode = pod[dotted: "spec.nodeName"]?.string == nil ? 0 : 1
            let phase = pod[dotted: "status.phase"]?.string == "Running" ? 1 : 0
            let cost = Int(pod.annotations["controller.kubernetes.io/pod-deletion-cost"] ?? "") ?? 0
            return (hasNode, phase, Workload.isReady(pod) ? 1 : 0, cost)
        }
        if rank(left) != rank(right) { return rank(left) < rank(right) }
        func born(_ pod: JSON) -> String { pod[dotted: "metadata.creationTimestamp"]?.string ?? "" }
        return (born(right), right.name) < (born(left), left.name)
    }

    private func writeStatus(_ set: JSON, _ pods: [JSON]) {
        let seconds = set[dotted: "spec.minReadySeconds"]?.int ?? 0
        let now = store.clock.now()
        let ready = pods.filter(Workload.isReady)
        let available = ready.filter { Workload.isAvailable($0, minReadySeconds: seconds, now: now) }
        if seconds > 0, available.count < ready.count {
            loop.enqueue(ObjectKey(.replicaSets, set.namespace, set.name), after: .seconds(1))
        }
        let labels = set[dotted: "spec.template.metadata.labels"]?.strings ?? [:]
        let labelled = pods.filter { pod in labels.allSatisfy { pod.labels[$0.key] == $0.value } }
        var status = set["status"] ?? .emptyObject
        for (field, count) in [
            ("fullyLabeledReplicas", labelled.count), ("readyReplicas", ready.count),
            ("availableReplicas", available.count),
        ] {
            status[field] = count == 0 ? nil : .int(count)
        }
        status["replicas"] = .int(pods.count)
        status["observedGeneration"] = .int(set.generation)
        Workload.write(status, of: set, .replicaSets, in: store)
    }

    private func tell(_ set: JSON, _ reason: String, _ message: String, warning: Bool = false) {
        events.record(on: set, warning: warning, reason, message, from: "replicaset-controller")
    }
}
