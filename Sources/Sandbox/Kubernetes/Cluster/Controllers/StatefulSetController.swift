/// Pods with names that stay, made and replaced one after the other.
struct StatefulSetController {
    private static let revisionLabel = "controller-revision-hash"

    let store: KubernetesStore
    let loop: ClusterLoop
    let events: EventRecorder

    func serve(_ set: JSON) {
        let revision = "\(set.name)-\(Workload.hash(set[dotted: "spec.template"] ?? .emptyObject))"
        if !set.isBeingDeleted {
            keepRevision(set, revision)
            step(set, Workload.controlled(by: set, "Pod", in: store), revision)
        }
        writeStatus(set, Workload.controlled(by: set, "Pod", in: store), revision)
    }

    /// One step: make what is missing in order, take away what is too much, then replace from the last.
    private func step(_ set: JSON, _ pods: [JSON], _ revision: String) {
        let wanted = set.replicas
        let isParallel = set[dotted: "spec.podManagementPolicy"] == "Parallel"
        let byOrdinal = Dictionary(pods.map { (ordinal($0, set), $0) }) { first, _ in first }
        for number in 0..<wanted {
            guard let pod = byOrdinal[number] else {
                make(set, number, revision)
                if isParallel { continue }
                return
            }
            if Workload.isDone(pod), !pod.isBeingDeleted {
                _ = try? store.delete(.pods, pod.name, in: pod.namespace)
            }
            if !isParallel, !Workload.isReady(pod) || pod.isBeingDeleted { return }
        }
        let extra = pods.filter { ordinal($0, set) >= wanted }.sorted { ordinal($0, set) > ordinal($1, set) }
        for pod in isParallel ? extra : Array(extra.prefix(1)) where !pod.isBeingDeleted {
            remove(set, pod)
        }
        guard extra.isEmpty, set[dotted: "spec.updateStrategy.type"]?.string != "OnDelete" else { return }
        let partition = set[dotted: "spec.updateStrategy.rollingUpdate.partition"]?.int ?? 0
        for number in stride(from: wanted - 1, through: partition, by: -1) {
            guard let pod = byOrdinal[number] else { return }
            if pod.labels[Self.revisionLabel] != revision {
                if !pod.isBeingDeleted { remove(set, pod) }
                return
            }
            if !Workload.isReady(pod) { return }
        }
    }

    private func ordinal(_ pod: JSON, _ set: JSON) -> Int { Int(pod.name.dropFirst(set.name.count + 1)) ?? .max }

    private func make(_ set: JSON, _ number: Int, _ revision: String) {
        let name = "\(set.name)-\(number)"
        var pod = Workload.pod(
            from: set[dotted: "spec.template"] ?? .emptyObject, owner: set,
            labels: [
                "statefulset.kubernetes.io/pod-name": name, "apps.kubernetes.io/pod-index": String(number),
                Self.revisionLabel: revision,
            ])
        pod[path: ["metadata", "name"]] = .string(name)
        pod[path: ["spec", "hostname"]] = .string(name)
        var volumes = pod[dotted: "spec.volumes"]?.array ?? []
        for claim in set[dotted: "spec.volumeClaimTemplates"]?.array ?? [] {
            let claimName = "\(claim.name)-\(name)"
            if store.find(.persistentVolumeClaims, claimName, in: set.namespace) == nil {
                let made: JSON = [
                    "metadata": ["name": .string(claimName), "labels": JSON(pod.labels)],
                    "spec": claim["spec"] ?? .emptyObject,
                ]
                _ = try? store.create(.persistentVolumeClaims, made, in: set.namespace)
            }
            volumes.append(["name": .string(claim.name), "persistentVolumeClaim": ["claimName": .string(claimName)]])
        }
        if !volumes.isEmpty { pod[path: ["spec", "volumes"]] = .array(volumes) }
        guard (try? store.create(.pods, pod, in: set.namespace)) != nil else { return }
        let message = "create Pod \(name) in StatefulSet \(set.name) successful"
        events.record(on: set, "SuccessfulCreate", message, from: "statefulset-controller")
    }

    private func remove(_ set: JSON, _ pod: JSON) {
        guard (try? store.delete(.pods, pod.name, in: pod.namespace)) != nil else { return }
        let message = "delete Pod \(pod.name) in StatefulSet \(set.name) successful"
        events.record(on: set, "SuccessfulDelete", message, from: "statefulset-controller")
    }

    private func keepRevision(_ set: JSON, _ name: String) {
        guard store.find(.controllerRevisions, name, in: set.namespace) == nil else { return }
        let numbers = store.dependents(of: set.uid).filter { $0.kind == "ControllerRevision" }
            .compactMap { $0["revision"]?.int }
        let revision: JSON = [
            "metadata": [
                "name": .string(name), "labels": JSON(set[dotted: "spec.template.metadata.labels"]?.strings ?? [:]),
                "ownerReferences": [Workload.reference(to: set)],
            ],
            "data": ["spec": ["template": set[dotted: "spec.template"] ?? .emptyObject]],
            "revision": .int((numbers.max() ?? 0) + 1),
        ]
        _ = try? store.create(.controllerRevisions, revision, in: set.namespace)
    }

    private func writeStatus(_ set: JSON, _ pods: [JSON], _ revision: String) {
        let old = set["status"]
        let ready = pods.filter(Workload.isReady).count
        let updated = pods.filter { $0.labels[Self.revisionLabel] == revision }.count
        let isRolled = updated == pods.count && updated == set.replicas && ready == set.replicas
        let current = isRolled ? revision : old?["currentRevision"]?.string ?? revision
        var status = JSON.object(
            Workload.counts([
                ("readyReplicas", ready), ("updatedReplicas", updated),
                ("currentReplicas", pods.filter { $0.labels[Self.revisionLabel] == current }.count),
            ]))
        status["replicas"] = .int(pods.count)
        status["availableReplicas"] = .int(ready)
        status["observedGeneration"] = .int(set.generation)
        status["currentRevision"] = .string(current)
        status["updateRevision"] = .string(revision)
        status["collisionCount"] = 0
        Workload.write(status, of: set, .statefulSets, in: store)
    }
}
