import Host
import Maintenance

/// What a pod's object says, read once: every judgement of pods is made from it.
struct Pod: Sendable {
    let name: String
    let uid: String
    let node: String?
    let phase: String
    let reason: String
    let message: String
    let created: Instant?
    /// The instant by which a pod that is being deleted should be gone.
    let goneBy: Instant?
    let grace: Int
    let finalizers: [String]
    let owner: Owner?
    let labels: [String: String]
    let annotations: [String: String]
    let containers: [Container]
    let ready: Condition?
    let scheduled: Condition?
    /// The newest change of any of its conditions.
    let lastChange: Instant?
    /// Readiness gates that are not met.
    let closedGates: [String]
    /// The claims that it mounts, by the name of the volume.
    let claims: [String: String]

    /// The controller that made it.
    struct Owner: Hashable, Sendable {
        let kind: String
        let name: String
        let uid: String

        init?(_ object: JSONValue) {
            let owners = object.items("metadata", "ownerReferences")
            guard let owner = owners.first(where: { $0.flag("controller") }), let uid = owner.text("uid") else {
                return nil
            }
            kind = owner.text("kind") ?? ""
            name = owner.text("name") ?? ""
            self.uid = uid
        }
    }

    struct Condition: Sendable {
        let type: String
        let isTrue: Bool
        let status: String
        let reason: String
        let message: String
        let since: Instant?
        let updated: Instant?

        init?(_ condition: JSONValue) {
            guard let type = condition.text("type") else { return nil }
            self.type = type
            status = condition.text("status") ?? "Unknown"
            isTrue = status == "True"
            reason = condition.text("reason") ?? ""
            message = condition.text("message") ?? ""
            since = condition.instant("lastTransitionTime")
            updated = condition.instant("lastUpdateTime")
        }
    }

    init(_ object: JSONValue) {
        name = object.text("metadata", "name") ?? "?"
        uid = object.text("metadata", "uid") ?? ""
        node = object.text("spec", "nodeName")
        phase = object.text("status", "phase") ?? "Unknown"
        reason = object.text("status", "reason") ?? ""
        message = object.text("status", "message") ?? ""
        created = object.instant("metadata", "creationTimestamp")
        goneBy = object.instant("metadata", "deletionTimestamp")
        grace = object.integer("metadata", "deletionGracePeriodSeconds") ?? 30
        finalizers = object.items("metadata", "finalizers").compactMap(\.asText)
        owner = Owner(object)
        labels = object.texts("metadata", "labels")
        annotations = object.texts("metadata", "annotations")
        containers =
            object.items("status", "initContainerStatuses").map { Container($0, isInit: true) }
            + object.items("status", "containerStatuses").map { Container($0, isInit: false) }
        let conditions = object.items("status", "conditions").compactMap { Condition($0) }
        ready = conditions.first { $0.type == "Ready" }
        scheduled = conditions.first { $0.type == "PodScheduled" }
        lastChange = conditions.compactMap(\.since).max()
        let open = Set(conditions.filter(\.isTrue).map(\.type))
        closedGates = object.items("spec", "readinessGates").compactMap { $0.text("conditionType") }
            .filter { !open.contains($0) }
        claims = Dictionary(
            object.items("spec", "volumes").compactMap { volume in
                guard let name = volume.text("name") else { return nil }
                if let claim = volume.text("persistentVolumeClaim", "claimName") { return (name, claim) }
                // A volume of its own, whose claim is named after both.
                let pod = object.text("metadata", "name") ?? ""
                return volume.at("ephemeral") == nil ? nil : (name, "\(pod)-\(name)")
            }
        ) { first, _ in first }
    }

    /// As its kubelet knows it: what the API has of a pod out of a node's own file is a mirror with a uid of its own.
    var kubeletUID: String { annotations["kubernetes.io/config.mirror"] ?? uid }

    var isTerminating: Bool { goneBy != nil }
    var isOver: Bool { phase == "Succeeded" || phase == "Failed" }
    var restarts: Int { containers.reduce(0) { $0 + $1.restarts } }

    /// Serves: it runs, its own condition says ready, and nobody is taking it away.
    var isReady: Bool { phase == "Running" && ready?.isTrue == true && !isTerminating }
}
