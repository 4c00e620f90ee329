import Host

/// What becomes of a node that does not answer: its conditions, its pods' readiness, their eviction.
struct NodeController {
    let store: KubernetesStore
    let loop: ClusterLoop
    let events: EventRecorder
    /// How long pods stay on a node that is lost.
    private let toleration = Duration.seconds(300)

    func serve(_ name: String, isLost: Bool) {
        guard let node = store.find(.nodes, name) else { return }
        let wasReady = Conditions.status(of: "Ready", in: node) == "True"
        if isLost, wasReady {
            write(node, "Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.")
            taint(node, true)
            events.record(on: node, "NodeNotReady", "Node \(name) status is now: NodeNotReady", from: "node-controller")
            for pod in pods(of: name) {
                events.record(on: pod, warning: true, "NodeNotReady", "Node is not ready", from: "node-controller")
            }
            loop.enqueue(ObjectKey(.nodes, "", name), after: toleration)
        } else if !isLost, !wasReady {
            write(node, "True", "KubeletReady", "kubelet is posting ready status")
            taint(node, false)
            events.record(on: node, "NodeReady", "Node \(name) status is now: NodeReady", from: "kubelet", host: name)
        } else if isLost, let since = lostSince(node), loop.clock.real(toleration) <= store.clock.now() - since {
            for pod in pods(of: name) where !pod.isBeingDeleted && pod.controllerOwner?["kind"] != "DaemonSet" {
                events.record(
                    on: pod, "TaintManagerEviction", "Marking for deletion Pod \(pod.namespace)/\(pod.name)",
                    from: "taint-eviction-controller")
                _ = try? store.delete(.pods, pod.name, in: pod.namespace)
            }
        }
    }

    static func address(_ node: JSON) -> String? {
        node[dotted: "status.addresses"]?.array?.first { $0["type"] == "InternalIP" }?["address"]?.string
    }

    private func lostSince(_ node: JSON) -> Instant? {
        Conditions.find("Ready", in: node)?["lastTransitionTime"]?.string.flatMap { Instant($0) }
    }

    private func pods(of node: String) -> [JSON] {
        store.list(.pods).items.filter { $0[dotted: "spec.nodeName"]?.string == node }
    }

    private func write(_ node: JSON, _ status: String, _ reason: String, _ message: String) {
        let now = store.clock.now().timestamp
        _ = try? store.modify(.nodes, node.name, .status) { object in
            let conditions = object[dotted: "status.conditions"]?.array ?? []
            object[dotted: "status.conditions"] = .array(
                conditions.map { condition in
                    var condition = condition
                    if condition["type"] == "Ready" {
                        condition["status"] = .string(status)
                        condition["lastTransitionTime"] = .string(now)
                        condition["reason"] = .string(reason)
                        condition["message"] = .string(message)
                    }
                    if status == "True" { condition["lastHeartbeatTime"] = .string(now) }
                    return condition
                })
        }
    }

    private func taint(_ node: JSON, _ isLost: Bool) {
        let key = "node.kubernetes.io/unreachable"
        let now = store.clock.now().timestamp
        _ = try? store.modify(.nodes, node.name) { object in
            var taints = (object[dotted: "spec.taints"]?.array ?? []).filter { $0["key"]?.string != key }
            if isLost {
                for effect in ["NoSchedule", "NoExecute"] {
                    taints.append(["key": .string(key), "effect": .string(effect), "timeAdded": .string(now)])
                }
            }
            object[path: ["spec", "taints"]] = taints.isEmpty ? nil : .array(taints)
        }
    }
}
