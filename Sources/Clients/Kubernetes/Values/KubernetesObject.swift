public import Host
public import Maintenance

/// An object as the API gave it.
public struct KubernetesObject: Sendable, Hashable {
    public let json: JSONValue

    public init(_ json: JSONValue) { self.json = json }

    public var name: String { metadata("name")?.asText ?? "" }
    /// Empty where the object belongs to no namespace.
    public var namespace: String { metadata("namespace")?.asText ?? "" }
    /// Tells an object from a later one of the same name.
    public var uid: String { metadata("uid")?.asText ?? "" }
    /// Opaque: it may be compared for being the same, and handed back.
    public var resourceVersion: String { metadata("resourceVersion")?.asText ?? "" }
    /// Counts the changes of what is wanted; `nil` where the kind counts none.
    public var generation: Int? { metadata("generation")?.asWhole }
    public var labels: [String: String] { metadata("labels")?.asTexts ?? [:] }
    public var annotations: [String: String] { metadata("annotations")?.asTexts ?? [:] }
    public var created: Instant? { metadata("creationTimestamp")?.asInstant }
    /// When its deletion was asked for: from then on it is on its way out.
    public var deleted: Instant? { metadata("deletionTimestamp")?.asInstant }
    public var owners: [KubernetesOwner] { (metadata("ownerReferences")?.asList ?? []).map(KubernetesOwner.init) }
    /// The owner that manages it: a pod's ReplicaSet.
    public var controller: KubernetesOwner? { owners.first { $0.isController } }

    /// The value at a path: `object["status", "conditions", "0", "type"]`.
    public subscript(_ path: String...) -> JSONValue? {
        var value: JSONValue? = json
        for key in path { value = value?[key] }
        return value
    }

    /// The same object with no more than its metadata.
    var outline: KubernetesObject {
        var fields: [String: JSONValue] = ["metadata": json["metadata"] ?? .object([:])]
        for key in ["kind", "apiVersion"] { fields[key] = json[key] }
        return KubernetesObject(.object(fields))
    }

    private func metadata(_ key: String) -> JSONValue? { json["metadata"]?[key] }
}

/// Whom an object belongs to.
public struct KubernetesOwner: Sendable, Hashable {
    public let kind: String
    public let name: String
    public let uid: String
    /// True for the one owner that manages it.
    public let isController: Bool

    init(_ reference: JSONValue) {
        kind = reference["kind"]?.asText ?? ""
        name = reference["name"]?.asText ?? ""
        uid = reference["uid"]?.asText ?? ""
        isController = reference["controller"] == .bool(true)
    }
}

/// All objects of a list at one instant of the cluster.
public struct KubernetesList: Sendable {
    public let objects: [KubernetesObject]
    /// The instant: a watch goes on from here.
    public let resourceVersion: String

    public init(objects: [KubernetesObject], resourceVersion: String) {
        self.objects = objects
        self.resourceVersion = resourceVersion
    }
}

extension JSONValue {
    /// The items of a list; `nil` where it is none.
    public var asList: [JSONValue]? {
        if case .list(let items) = self { items } else { nil }
    }

    /// A whole number that is written as one.
    public var asWhole: Int? {
        if case .number(let value) = self { Int(exactly: value) } else { nil }
    }

    public var asFlag: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// A moment as the API writes it.
    public var asInstant: Instant? { asText.flatMap { Instant($0) } }

    /// A map of texts; what is no text is left out.
    public var asTexts: [String: String]? {
        if case .object(let fields) = self { fields.compactMapValues(\.asText) } else { nil }
    }
}
