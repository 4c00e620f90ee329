/// The arithmetic of a Deployment's rollout: which ReplicaSet is the newest, and how many replicas each should have.
struct Rollout {
    static let revisionKey = "deployment.kubernetes.io/revision"

    let deployment: JSON
    let newest: JSON?
    /// Every other one, the oldest first.
    let old: [JSON]

    init(_ deployment: JSON, _ sets: [JSON]) {
        self.deployment = deployment
        let sorted = sets.filter { !$0.isBeingDeleted }.sorted { left, right in
            func born(_ set: JSON) -> (String, Int) {
                (set[dotted: "metadata.creationTimestamp"]?.string ?? "", Self.revision(of: set))
            }
            return born(left) < born(right)
        }
        let template = Self.bare(deployment[dotted: "spec.template"])
        newest = sorted.first { Self.bare($0[dotted: "spec.template"]) == template }
        let uid = newest?.uid
        old = sorted.filter { $0.uid != uid }
    }

    var replicas: Int { deployment.replicas }
    var all: [JSON] { old + (newest.map { [$0] } ?? []) }

    var maxSurge: Int {
        guard deployment[dotted: "spec.strategy.type"]?.string != "Recreate" else { return 0 }
        return Workload.share(strategy("maxSurge"), of: replicas, default: "25%", roundUp: true)
    }

    var maxUnavailable: Int {
        guard deployment[dotted: "spec.strategy.type"]?.string != "Recreate" else { return 0 }
        let share = Workload.share(strategy("maxUnavailable"), of: replicas, default: "25%", roundUp: false)
        // Otherwise nothing could ever move.
        return share == 0 && maxSurge == 0 ? 1 : min(share, replicas)
    }

    // MARK: Revisions

    static func revision(of set: JSON) -> Int { Int(set.annotations[revisionKey] ?? "") ?? 0 }

    var nextRevision: Int { (old.map(Self.revision).max() ?? 0) + 1 }

    /// An old ReplicaSet has become the newest again, or the Deployment does not say its revision yet.
    var needsRevision: Bool {
        guard let newest else { return true }
        let revision = max(Self.revision(of: newest), nextRevision)
        return Self.revision(of: newest) < nextRevision || deployment.annotations[Self.revisionKey] != String(revision)
    }

    func makeReplicaSet(revision: String) -> JSON {
        let template = deployment[dotted: "spec.template"] ?? .emptyObject
        let hash = Workload.hash(template)
        var labelled = template
        labelled[path: ["metadata", "labels"]] = JSON(
            template.labels.merging(["pod-template-hash": hash]) { $1 })
        var selector = deployment[dotted: "spec.selector"] ?? .emptyObject
        selector[path: ["matchLabels", "pod-template-hash"]] = .string(hash)
        var annotations = deployment.annotations
        annotations["kubectl.kubernetes.io/last-applied-configuration"] = nil
        annotations[Self.revisionKey] = revision
        annotations["deployment.kubernetes.io/desired-replicas"] = String(replicas)
        annotations["deployment.kubernetes.io/max-replicas"] = String(replicas + maxSurge)
        var spec: JSON = ["replicas": 0, "selector": selector, "template": labelled]
        spec["minReadySeconds"] = deployment[dotted: "spec.minReadySeconds"]
        return [
            "metadata": [
                "name": .string("\(deployment.name)-\(hash)"), "labels": JSON(labelled.labels),
                "annotations": JSON(annotations), "ownerReferences": [Workload.reference(to: deployment)],
            ],
            "spec": spec,
        ]
    }

    // MARK: How many

    /// What the newest should have now: as many as the surge allows.
    var newestReplicas: Int {
        guard let newest else { return 0 }
        if newest.replicas >= replicas { return replicas }
        let room = replicas + maxSurge - all.map(\.replicas).reduce(0, +)
        return room <= 0 ? newest.replicas : newest.replicas + min(room, replicas - newest.replicas)
    }

    /// The old ones that can shrink now, unhealthy replicas first, so that enough stay available.
    func shrunken() -> [(set: JSON, replicas: Int)] {
        guard let newest, old.contains(where: { $0.replicas > 0 }) else { return [] }
        let minimum = replicas - maxUnavailable
        let unavailable = newest.replicas - newest.available
        let total = all.map(\.replicas).reduce(0, +)
        var budget = total - minimum - unavailable
        guard budget > 0 else { return [] }
        var left = Dictionary(uniqueKeysWithValues: old.map { ($0.uid, $0.replicas) })
        for set in old where budget > 0 {
            let unhealthy = min(budget, set.replicas - min(set.available, set.replicas))
            left[set.uid, default: 0] -= unhealthy
            budget -= unhealthy
        }
        var spare = all.map(\.available).reduce(0, +) - minimum
        for set in old where spare > 0 {
            let step = min(left[set.uid] ?? 0, spare)
            left[set.uid, default: 0] -= step
            spare -= step
        }
        return old.compactMap { set in
            let replicas = left[set.uid] ?? set.replicas
            return replicas == set.replicas ? nil : (set, replicas)
        }
    }

    /// The Deployment was scaled since its ReplicaSets were.
    var isScaling: Bool {
        all.contains { set in
            guard set.replicas > 0,
                let desired = Int(set.annotations["deployment.kubernetes.io/desired-replicas"] ?? "")
            else { return false }
            return desired != replicas
        }
    }

    /// Spread over the ReplicaSets by their sizes, while paused or when scaled in mid-rollout.
    func proportional() -> [(set: JSON, replicas: Int)] {
        let active = all.filter { $0.replicas > 0 }
        let target = active.isEmpty ? newest.map { [$0] } ?? old.suffix(1) : active
        guard target.count > 1 else { return target.map { ($0, replicas) } }
        let allowed = replicas == 0 ? 0 : replicas + maxSurge
        let total = active.map(\.replicas).reduce(0, +)
        var rest = allowed - total
        var result = active.map { set -> (set: JSON, replicas: Int) in
            let before = Int(set.annotations["deployment.kubernetes.io/max-replicas"] ?? "") ?? total
            let share = before == 0 ? 0 : (Double(set.replicas * allowed) / Double(before)).rounded()
            let step = rest > 0 ? min(rest, Int(share) - set.replicas) : max(rest, Int(share) - set.replicas)
            rest -= step
            return (set, max(0, set.replicas + step))
        }
        // What rounding left goes to the newest of them.
        if rest != 0, let last = result.indices.last {
            result[last].replicas = max(0, result[last].replicas + rest)
        }
        return result
    }

    /// Every pod is of the newest template, and available.
    var isComplete: Bool {
        guard let newest else { return false }
        let count = all.map { $0[dotted: "status.replicas"]?.int ?? 0 }.reduce(0, +)
        let updated = newest[dotted: "status.replicas"]?.int ?? 0
        return updated == replicas && count == replicas && all.map(\.available).reduce(0, +) == replicas
    }

    private func strategy(_ field: String) -> JSON? { deployment[dotted: "spec.strategy.rollingUpdate"]?[field] }

    private static func bare(_ template: JSON?) -> JSON? {
        guard var template else { return nil }
        template[path: ["metadata", "labels", "pod-template-hash"]] = nil
        template[path: ["metadata", "creationTimestamp"]] = nil
        if template["metadata"]?["annotations"] == .emptyObject { template[path: ["metadata", "annotations"]] = nil }
        return template
    }
}

extension JSON {
    fileprivate var available: Int { self[dotted: "status.availableReplicas"]?.int ?? 0 }
}
