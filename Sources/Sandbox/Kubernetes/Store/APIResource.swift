/// A kind of object as one version of the API serves it.
public struct APIResource: Hashable, Sendable {
    public var group: String
    public var version: String
    public var plural: String
    public var singular: String
    public var kind: String
    public var namespaced: Bool
    public var shortNames: [String] = []
    public var categories: [String] = []
    public var traits: Traits = []

    /// What the API does for a kind beyond keeping it.
    public struct Traits: OptionSet, Hashable, Sendable {
        public let rawValue: Int
        public init(rawValue: Int) { self.rawValue = rawValue }
        /// `status` is a subresource: writes to the object leave it alone, and the other way round.
        public static let status = Traits(rawValue: 1)
        public static let scale = Traits(rawValue: 2)
        /// `metadata.generation` counts the changes of what is asked for.
        public static let generation = Traits(rawValue: 4)
        /// DELETE answers with the object, not with a Status.
        public static let returnsDeleted = Traits(rawValue: 8)
        public static let custom = Traits(rawValue: 16)
        /// Only asked, never kept (reviews, metrics).
        public static let virtual = Traits(rawValue: 32)
    }

    public init(
        _ group: String, _ version: String, _ plural: String, _ kind: String, namespaced: Bool = true,
        short: [String] = [], all: Bool = false, _ traits: Traits = [], singular: String? = nil
    ) {
        self.group = group
        self.version = version
        self.plural = plural
        self.singular = singular ?? kind.lowercased()
        self.kind = kind
        self.namespaced = namespaced
        self.shortNames = short
        self.categories = all ? ["all"] : []
        self.traits = traits
    }

    /// `apps/v1`, or `v1`.
    public var apiVersion: String { group.isEmpty ? version : group + "/" + version }
    /// `deployments.apps`, or `pods`: how messages name it, and under what it is kept whatever the version.
    public var qualified: String { group.isEmpty ? plural : plural + "." + group }
    /// `Deployment.apps`, or `Pod`.
    var qualifiedKind: String { group.isEmpty ? kind : kind + "." + group }

    /// The same kind in another version.
    func at(_ version: String) -> APIResource {
        var other = self
        other.version = version
        return other
    }
}

/// Which object: versions of the same resource share it.
public struct ObjectKey: Hashable, Sendable, Comparable {
    /// `deployments.apps`, `pods`.
    public let resource: String
    public let namespace: String
    public let name: String

    public init(_ resource: APIResource, _ namespace: String, _ name: String) {
        self.resource = resource.qualified
        self.namespace = resource.namespaced ? namespace : ""
        self.name = name
    }

    public static func < (left: ObjectKey, right: ObjectKey) -> Bool {
        (left.resource, left.namespace, left.name) < (right.resource, right.namespace, right.name)
    }
}
