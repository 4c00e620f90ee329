/// Empties a namespace that is going, then lets it go.
struct NamespaceController {
    let store: KubernetesStore
    let loop: ClusterLoop

    func serve(_ namespace: JSON) {
        guard namespace.isBeingDeleted else { return }
        var isEmpty = true
        for resource in store.resources where resource.namespaced && !resource.traits.contains(.virtual) {
            for object in store.list(resource, in: namespace.name).items {
                if !object.isBeingDeleted {
                    _ = try? store.delete(
                        resource, object.name, in: namespace.name, DeleteOptions(propagation: .background))
                }
                isEmpty = isEmpty && store.find(resource, object.name, in: namespace.name) == nil
            }
        }
        guard isEmpty else {
            loop.enqueue(ObjectKey(.namespaces, "", namespace.name), after: .milliseconds(200))
            return
        }
        _ = try? store.modify(.namespaces, namespace.name) { $0[path: ["spec", "finalizers"]] = nil }
    }
}

/// Gives claims their volumes, and lets bound ones grow.
struct VolumeController {
    let store: KubernetesStore
    let loop: ClusterLoop

    func serve(_ claim: JSON) {
        guard !claim.isBeingDeleted else {
            release(claim)
            return
        }
        let asked = claim[dotted: "spec.resources.requests.storage"] ?? "1Gi"
        guard claim[dotted: "status.phase"]?.string == "Bound" else {
            bind(claim, asked)
            return
        }
        guard let wanted = Quantity.value(asked), let has = Quantity.value(claim[dotted: "status.capacity.storage"]),
            wanted > has
        else { return }
        if let volume = claim[dotted: "spec.volumeName"]?.string {
            _ = try? store.modify(.persistentVolumes, volume) { $0[dotted: "spec.capacity.storage"] = asked }
        }
        writeBound(claim, asked)
    }

    /// Without a class that exists, nobody makes a volume.
    private func bind(_ claim: JSON, _ asked: JSON) {
        guard let name = claim[dotted: "spec.storageClassName"]?.string, store.find(.storageClasses, name) != nil
        else { return }
        let volume = "pvc-\(claim.uid)"
        let made: JSON = [
            "metadata": ["name": .string(volume), "finalizers": ["kubernetes.io/pv-protection"]],
            "spec": [
                "capacity": ["storage": asked], "accessModes": claim[dotted: "spec.accessModes"] ?? ["ReadWriteOnce"],
                "storageClassName": .string(name), "persistentVolumeReclaimPolicy": "Delete",
                "volumeMode": "Filesystem", "csi": ["driver": "csi.example.com", "volumeHandle": .string(volume)],
                "claimRef": [
                    "apiVersion": "v1", "kind": "PersistentVolumeClaim", "name": .string(claim.name),
                    "namespace": .string(claim.namespace), "uid": .string(claim.uid),
                ],
            ],
        ]
        _ = try? store.create(.persistentVolumes, made)
        _ = try? store.modify(.persistentVolumes, volume, .status) { $0["status"] = ["phase": "Bound"] }
        _ = try? store.modify(.persistentVolumeClaims, claim.name, in: claim.namespace) { object in
            object[path: ["spec", "volumeName"]] = .string(volume)
        }
        writeBound(claim, asked)
    }

    private func writeBound(_ claim: JSON, _ capacity: JSON) {
        _ = try? store.modify(.persistentVolumeClaims, claim.name, in: claim.namespace, .status) { object in
            object["status"] = [
                "phase": "Bound", "accessModes": claim[dotted: "spec.accessModes"] ?? ["ReadWriteOnce"],
                "capacity": ["storage": capacity],
            ]
        }
    }

    /// A claim goes when no pod uses it.
    private func release(_ claim: JSON) {
        let isUsed = store.list(.pods, in: claim.namespace).items.contains { pod in
            !Workload.isDone(pod)
                && (pod[dotted: "spec.volumes"]?.array ?? []).contains {
                    $0[dotted: "persistentVolumeClaim.claimName"]?.string == claim.name
                }
        }
        guard !isUsed else {
            loop.enqueue(ObjectKey(.persistentVolumeClaims, claim.namespace, claim.name), after: .seconds(1))
            return
        }
        if let volume = claim[dotted: "spec.volumeName"]?.string {
            _ = try? store.modify(.persistentVolumes, volume) { $0[path: ["metadata", "finalizers"]] = nil }
            _ = try? store.delete(.persistentVolumes, volume)
        }
        _ = try? store.modify(.persistentVolumeClaims, claim.name, in: claim.namespace) { object in
            let rest = object.finalizers.filter { $0 != "kubernetes.io/pvc-protection" }
            object[path: ["metadata", "finalizers"]] = rest.isEmpty ? nil : .array(rest.map(JSON.string))
        }
    }
}

/// Counts what a PodDisruptionBudget allows.
struct DisruptionController {
    let store: KubernetesStore

    func serve(_ budget: JSON) {
        let selector = LabelSelector(budget[dotted: "spec.selector"])
        let pods = store.list(.pods, in: budget.namespace, labels: selector).items.filter { !Workload.isDone($0) }
        let healthy = pods.filter { Workload.isReady($0) && !$0.isBeingDeleted }.count
        let desired =
            if let most = budget[dotted: "spec.maxUnavailable"] {
                pods.count - Workload.share(most, of: pods.count, default: "1", roundUp: true)
            } else {
                Workload.share(budget[dotted: "spec.minAvailable"], of: pods.count, default: "1", roundUp: true)
            }
        let allowed = max(0, healthy - max(0, desired))
        var status = budget["status"] ?? .emptyObject
        status["currentHealthy"] = .int(healthy)
        status["desiredHealthy"] = .int(max(0, desired))
        status["disruptionsAllowed"] = .int(allowed)
        status["expectedPods"] = .int(pods.count)
        status["observedGeneration"] = .int(budget.generation)
        let condition: JSON = [
            "type": "DisruptionAllowed", "status": allowed > 0 ? "True" : "False",
            "reason": allowed > 0 ? "SufficientPods" : "InsufficientPods", "message": "",
            "observedGeneration": .int(budget.generation),
        ]
        status["conditions"] = .array(
            Conditions.merge(
                [condition], into: budget[dotted: "status.conditions"]?.array ?? [], at: store.clock.now()
            ).map { made in
                var made = made
                made["lastProbeTime"] = nil
                return made
            })
        Workload.write(status, of: budget, .podDisruptionBudgets, in: store)
    }
}
