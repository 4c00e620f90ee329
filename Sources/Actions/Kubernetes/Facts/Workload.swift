import Maintenance

/// The kinds of object that keep pods running.
enum WorkloadKind: String, Codable, Sendable, CaseIterable {
    case deployment = "Deployment"
    case statefulSet = "StatefulSet"
    case daemonSet = "DaemonSet"
    case replicaSet = "ReplicaSet"

    /// As kubectl takes it: `deployment`.
    var word: String { rawValue.lowercased() }

    /// `deployments.apps`.
    var resource: String { word + "s.apps" }

    private var shortNames: [String] {
        switch self {
        case .deployment: ["deploy"]
        case .statefulSet: ["sts"]
        case .daemonSet: ["ds"]
        case .replicaSet: ["rs"]
        }
    }

    init?(word: String) {
        let word = word.lowercased()
        let found = Self.allCases.first {
            [$0.word, $0.word + "s", $0.resource].contains(word) || $0.shortNames.contains(word)
        }
        guard let found else { return nil }
        self = found
    }

    /// The label by which the pods of one template are told from those of another.
    var hashLabel: String {
        self == .deployment || self == .replicaSet ? "pod-template-hash" : "controller-revision-hash"
    }
}

/// What the object of a workload says, read once.
struct Workload: Sendable {
    let kind: WorkloadKind
    let name: String
    let uid: String
    let resourceVersion: String
    let generation: Int
    /// The generation that the numbers below are of.
    let observed: Int
    let desired: Int
    let replicas: Int
    let updated: Int
    let ready: Int
    /// `nil` where the server is too old to say.
    let available: Int?
    let isPaused: Bool
    /// `RollingUpdate`, `Recreate` or `OnDelete`.
    let strategy: String
    let partition: Int
    let maxUnavailable: JSONValue?
    let maxSurge: JSONValue?
    let currentRevision: String?
    let updateRevision: String?
    let conditions: [Pod.Condition]
    let selector: LabelSelector
    let template: JSONValue
    let annotations: [String: String]

    init(_ object: JSONValue, kind: WorkloadKind) {
        self.kind = kind
        name = object.text("metadata", "name") ?? "?"
        uid = object.text("metadata", "uid") ?? ""
        resourceVersion = object.text("metadata", "resourceVersion") ?? ""
        generation = object.integer("metadata", "generation") ?? 0
        annotations = object.texts("metadata", "annotations")
        observed = object.integer("status", "observedGeneration") ?? 0
        let isDaemon = kind == .daemonSet
        func count(_ name: String, daemon: String) -> Int? { object.integer("status", isDaemon ? daemon : name) }
        desired =
            isDaemon
            ? object.integer("status", "desiredNumberScheduled") ?? 0 : object.integer("spec", "replicas") ?? 1
        replicas = count("replicas", daemon: "currentNumberScheduled") ?? 0
        updated = count("updatedReplicas", daemon: "updatedNumberScheduled") ?? 0
        ready = count("readyReplicas", daemon: "numberReady") ?? 0
        available =
            kind == .statefulSet
            ? object.integer("status", "availableReplicas") : count("availableReplicas", daemon: "numberAvailable") ?? 0
        isPaused = object.flag("spec", "paused")
        let update = object.at("spec", kind == .deployment ? "strategy" : "updateStrategy")
        strategy = update?.text("type") ?? "RollingUpdate"
        partition = update?.integer("rollingUpdate", "partition") ?? 0
        maxUnavailable = update?.at("rollingUpdate", "maxUnavailable")
        maxSurge = update?.at("rollingUpdate", "maxSurge")
        currentRevision = object.text("status", "currentRevision")
        updateRevision = object.text("status", "updateRevision")
        conditions = object.items("status", "conditions").compactMap { Pod.Condition($0) }
        selector = LabelSelector(object.at("spec", "selector"))
        template = object.at("spec", "template") ?? .object([:])
    }

    /// `deployment/worker`.
    var id: String { "\(kind.word)/\(name)" }

    var templateLabels: [String: String] { template.texts("metadata", "labels") }
    var templateAnnotations: [String: String] { template.texts("metadata", "annotations") }

    /// Its numbers are of an older specification: its controller has not looked yet.
    var isLagging: Bool { observed < generation }

    func condition(_ type: String) -> Pod.Condition? { conditions.first { $0.type == type } }

    /// How many pods `25%` or `2` of the desired ones are.
    func share(_ value: JSONValue?, default text: String, roundingUp: Bool) -> Int {
        let value = value ?? .text(text)
        if case .number(let number) = value { return Int(exactly: number) ?? desired }
        guard let text = value.asText else { return 0 }
        guard text.hasSuffix("%"), let percent = Int(text.dropLast()) else { return Int(text) ?? 0 }
        let hundredths = min(max(percent, 0), 1000) * desired
        return roundingUp ? (hundredths + 99) / 100 : hundredths / 100
    }
}
