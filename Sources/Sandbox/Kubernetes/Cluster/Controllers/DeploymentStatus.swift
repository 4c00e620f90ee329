import Host

extension DeploymentController {
    /// Counts, then the two conditions that everybody waits for.
    func writeStatus(_ rollout: Rollout, isPaused: Bool) {
        let deployment = rollout.deployment
        var object = deployment
        let counts = DeploymentCounts(rollout)
        object["status"] = counts.status(of: deployment)
        let wall = store.clock.now()
        let isAvailable = counts.available >= rollout.replicas - rollout.maxUnavailable
        DeploymentConditions.set(
            "Available", isAvailable ? "True" : "False",
            isAvailable ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
            isAvailable
                ? "Deployment has minimum availability." : "Deployment does not have minimum availability.",
            in: &object, at: wall)
        if !isPaused, let newest = rollout.newest {
            judgeProgress(&object, rollout, counts, DeploymentCounts(of: deployment), newest.name, wall)
        }
        Workload.write(object["status"] ?? .emptyObject, of: deployment, .deployments, in: store)
    }

    private func judgeProgress(
        _ object: inout JSON, _ rollout: Rollout, _ counts: DeploymentCounts, _ before: DeploymentCounts,
        _ name: String, _ wall: Instant
    ) {
        let deployment = rollout.deployment
        let reason = Conditions.find("Progressing", in: deployment)?["reason"]?.string
        let now = loop.clock.elapsed
        if counts.replicas == counts.updated, reason == "NewReplicaSetAvailable" { return }
        if rollout.isComplete {
            moved[deployment.uid] = now
            DeploymentConditions.set(
                "Progressing", "True", "NewReplicaSetAvailable",
                "ReplicaSet \"\(name)\" has successfully progressed.", in: &object, at: wall)
        } else if counts.hasMoved(since: before) {
            moved[deployment.uid] = now
            DeploymentConditions.set(
                "Progressing", "True", "ReplicaSetUpdated", "ReplicaSet \"\(name)\" is progressing.", in: &object,
                at: wall, refresh: true)
        } else if reason == "ProgressDeadlineExceeded" {
            return
        }
        guard !rollout.isComplete, let seconds = deployment[dotted: "spec.progressDeadlineSeconds"]?.int else { return }
        let since = moved[deployment.uid] ?? now
        moved[deployment.uid] = since
        let due = since + .seconds(seconds)
        if due <= now {
            DeploymentConditions.set(
                "Progressing", "False", "ProgressDeadlineExceeded",
                "ReplicaSet \"\(name)\" has timed out progressing.", in: &object, at: wall)
        } else {
            // A little later, as the real one, so that the deadline is surely over.
            loop.enqueue(
                ObjectKey(.deployments, deployment.namespace, deployment.name), after: due - now + .milliseconds(20))
        }
    }
}

/// The numbers of a Deployment's status.
struct DeploymentCounts {
    var replicas = 0
    var updated = 0
    var ready = 0
    var available = 0
    var unavailable = 0

    init(_ rollout: Rollout) {
        func sum(_ field: String) -> Int { rollout.all.map { $0["status"]?[field]?.int ?? 0 }.reduce(0, +) }
        replicas = sum("replicas")
        updated = rollout.newest?[dotted: "status.replicas"]?.int ?? 0
        ready = sum("readyReplicas")
        available = sum("availableReplicas")
        unavailable = max(0, rollout.all.map(\.replicas).reduce(0, +) - available)
    }

    /// What its status says already.
    init(of deployment: JSON) {
        let status = deployment["status"]
        replicas = status?["replicas"]?.int ?? 0
        updated = status?["updatedReplicas"]?.int ?? 0
        ready = status?["readyReplicas"]?.int ?? 0
        available = status?["availableReplicas"]?.int ?? 0
    }

    func hasMoved(since before: DeploymentCounts) -> Bool {
        updated > before.updated || replicas - updated < before.replicas - before.updated || ready > before.ready
            || available > before.available
    }

    func status(of deployment: JSON) -> JSON {
        var status = JSON.object(
            Workload.counts([
                ("replicas", replicas), ("updatedReplicas", updated), ("readyReplicas", ready),
                ("availableReplicas", available), ("unavailableReplicas", unavailable),
            ]))
        status["observedGeneration"] = .int(deployment.generation)
        status["conditions"] = deployment[dotted: "status.conditions"]
        return status
    }
}

/// A Deployment's conditions carry the time of their last word beside the time of their last turn.
enum DeploymentConditions {
    static func set(
        _ type: String, _ status: String, _ reason: String, _ message: String, in object: inout JSON, at wall: Instant,
        refresh: Bool = false
    ) {
        var conditions = object[dotted: "status.conditions"]?.array ?? []
        let index = conditions.firstIndex { $0["type"]?.string == type }
        let before = index.map { conditions[$0] }
        let isSame = before?["status"]?.string == status
        if isSame, before?["reason"]?.string == reason, !refresh, before?["message"]?.string == message { return }
        let condition: JSON = [
            "type": .string(type), "status": .string(status), "reason": .string(reason), "message": .string(message),
            "lastUpdateTime": .string(wall.timestamp),
            "lastTransitionTime": (isSame ? before?["lastTransitionTime"] : nil) ?? .string(wall.timestamp),
        ]
        if let index { conditions[index] = condition } else { conditions.append(condition) }
        object[dotted: "status.conditions"] = .array(conditions)
    }
}
