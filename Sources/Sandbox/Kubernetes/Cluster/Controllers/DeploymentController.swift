import Host

/// Rolls a Deployment's pods to its template, as kube-controller-manager does: ReplicaSets by template, revisions,
/// surge and unavailability, history, conditions.
final class DeploymentController {
    let store: KubernetesStore
    let loop: ClusterLoop
    let events: EventRecorder
    /// When, by the cluster's time, each rollout last moved.
    var moved: [String: Duration] = [:]

    init(store: KubernetesStore, loop: ClusterLoop, events: EventRecorder) {
        self.store = store
        self.loop = loop
        self.events = events
    }

    func serve(_ deployment: JSON) {
        var rollout = Rollout(deployment, Workload.controlled(by: deployment, "ReplicaSet", in: store))
        guard !deployment.isBeingDeleted else {
            moved[deployment.uid] = nil
            return
        }
        let isPaused = deployment[dotted: "spec.paused"]?.bool == true
        markPause(deployment, isPaused)
        if !isPaused, rollout.newest == nil || rollout.needsRevision { makeNewest(&rollout) }
        if isPaused || rollout.isScaling {
            scaleProportionally(rollout)
        } else if deployment[dotted: "spec.strategy.type"]?.string == "Recreate" {
            recreate(rollout)
        } else {
            rollForward(rollout)
        }
        guard let current = store.find(.deployments, deployment.name, in: deployment.namespace) else { return }
        rollout = Rollout(current, Workload.controlled(by: current, "ReplicaSet", in: store))
        if rollout.isComplete { cleanUp(rollout) }
        writeStatus(rollout, isPaused: isPaused)
    }

    // MARK: Steps

    /// One step of a rolling update; the changes that it makes bring the next one.
    private func rollForward(_ rollout: Rollout) {
        guard let newest = rollout.newest else { return }
        let wanted = rollout.newestReplicas
        if wanted != newest.replicas {
            scale(newest, to: wanted, rollout)
            return
        }
        for (set, replicas) in rollout.shrunken() { scale(set, to: replicas, rollout) }
    }

    private func recreate(_ rollout: Rollout) {
        let old = rollout.old.filter { $0.replicas > 0 }
        for set in old { scale(set, to: 0, rollout) }
        let left = rollout.old.flatMap { Workload.controlled(by: $0, "Pod", in: store) }
            .filter { !Workload.isDone($0) }
        guard old.isEmpty, left.isEmpty, let newest = rollout.newest, newest.replicas != rollout.replicas else {
            return
        }
        scale(newest, to: rollout.replicas, rollout)
    }

    private func scaleProportionally(_ rollout: Rollout) {
        for (set, replicas) in rollout.proportional() { scale(set, to: replicas, rollout, force: true) }
    }

    private func scale(_ set: JSON, to replicas: Int, _ rollout: Rollout, force: Bool = false) {
        guard set.replicas != replicas || force else { return }
        let changed = try? store.modify(.replicaSets, set.name, in: set.namespace) { object in
            object[path: ["spec", "replicas"]] = .int(replicas)
            var annotations = object.annotations
            annotations["deployment.kubernetes.io/desired-replicas"] = String(rollout.replicas)
            annotations["deployment.kubernetes.io/max-replicas"] = String(rollout.replicas + rollout.maxSurge)
            object[path: ["metadata", "annotations"]] = JSON(annotations)
        }
        guard changed != nil, set.replicas != replicas else { return }
        let direction = replicas > set.replicas ? "up" : "down"
        tell(
            rollout.deployment, "ScalingReplicaSet",
            "Scaled \(direction) replica set \(set.name) from \(set.replicas) to \(replicas)")
    }

    private func cleanUp(_ rollout: Rollout) {
        let limit = rollout.deployment[dotted: "spec.revisionHistoryLimit"]?.int ?? 10
        let idle = rollout.old.filter { $0.replicas == 0 && ($0[dotted: "status.replicas"]?.int ?? 0) == 0 }
            .sorted { Rollout.revision(of: $0) < Rollout.revision(of: $1) }
        for set in idle.prefix(max(0, idle.count - limit)) {
            _ = try? store.delete(.replicaSets, set.name, in: set.namespace)
        }
    }

    // MARK: The newest ReplicaSet

    private func makeNewest(_ rollout: inout Rollout) {
        let deployment = rollout.deployment
        let revision = String(rollout.nextRevision)
        if let found = rollout.newest {
            _ = try? store.modify(.replicaSets, found.name, in: found.namespace) { set in
                var annotations = set.annotations
                if let before = annotations[Rollout.revisionKey], before != revision {
                    let history = annotations["deployment.kubernetes.io/revision-history"].map { $0 + "," } ?? ""
                    annotations["deployment.kubernetes.io/revision-history"] = history + before
                }
                annotations[Rollout.revisionKey] = revision
                set[path: ["metadata", "annotations"]] = JSON(annotations)
            }
            setProgress(deployment, "FoundNewReplicaSet", "Found new replica set \"\(found.name)\"")
        } else {
            let set = rollout.makeReplicaSet(revision: revision)
            guard (try? store.create(.replicaSets, set, in: deployment.namespace)) != nil else { return }
            setProgress(deployment, "NewReplicaSetCreated", "Created new replica set \"\(set.name)\"")
        }
        // As a status, which does not count as another generation.
        _ = try? store.modify(.deployments, deployment.name, in: deployment.namespace, .status) { object in
            var annotations = object.annotations
            annotations[Rollout.revisionKey] = revision
            object[path: ["metadata", "annotations"]] = JSON(annotations)
        }
        if let current = store.find(.deployments, deployment.name, in: deployment.namespace) {
            rollout = Rollout(current, Workload.controlled(by: current, "ReplicaSet", in: store))
        }
    }

    private func tell(_ deployment: JSON, _ reason: String, _ message: String) {
        events.record(on: deployment, reason, message, from: "deployment-controller")
    }

    // MARK: Conditions outside a status

    func setProgress(_ deployment: JSON, _ reason: String, _ message: String, status: String = "True") {
        moved[deployment.uid] = loop.clock.elapsed
        let wall = store.clock.now()
        _ = try? store.modify(.deployments, deployment.name, in: deployment.namespace, .status) { object in
            DeploymentConditions.set("Progressing", status, reason, message, in: &object, at: wall)
        }
    }

    private func markPause(_ deployment: JSON, _ isPaused: Bool) {
        let reason = Conditions.find("Progressing", in: deployment)?["reason"]?.string
        if isPaused, reason != "DeploymentPaused" {
            // A deadline that has passed is still told while it is paused, as the real one does.
            guard reason != "ProgressDeadlineExceeded" else { return }
            setProgress(deployment, "DeploymentPaused", "Deployment is paused", status: "Unknown")
        } else if !isPaused, reason == "DeploymentPaused" {
            setProgress(deployment, "DeploymentResumed", "Deployment is resumed", status: "Unknown")
        }
    }
}

extension JSON {
    var replicas: Int { self[dotted: "spec.replicas"]?.int ?? 1 }
}
