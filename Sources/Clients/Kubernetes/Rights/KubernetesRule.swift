public import Maintenance

/// What a role must allow, in one line that can be written and read back: `get,list deployments.apps`,
/// `patch deployments.apps named worker in shop`, `list nodes everywhere`.
public struct KubernetesRule: Hashable, Sendable, CustomStringConvertible, LosslessStringConvertible {
    public let verbs: [String]
    /// With their group, and a subresource behind a slash: `deployments.apps`, `pods/log`.
    public let resources: [String]
    /// The objects that it is limited to; empty is all.
    public let names: [String]
    /// The namespace where it is another than the target's.
    public let namespace: String?
    /// True for what belongs to no namespace, such as nodes.
    public let isClusterWide: Bool

    public init(
        _ verbs: [String], _ resources: [String], names: [String] = [], namespace: String? = nil,
        isClusterWide: Bool = false
    ) {
        self.verbs = verbs
        self.resources = resources
        self.names = names
        self.namespace = namespace
        self.isClusterWide = isClusterWide
    }

    public var description: String {
        var words = [verbs.joined(separator: ","), resources.joined(separator: ",")]
        if !names.isEmpty { words += ["named", names.joined(separator: ",")] }
        if isClusterWide { words.append("everywhere") } else if let namespace { words += ["in", namespace] }
        return words.joined(separator: " ")
    }

    public init?(_ description: String) {
        var words = description.split(separator: " ").map(String.init)[...]
        func list(_ word: String?) -> [String] { (word ?? "").split(separator: ",").map(String.init) }
        verbs = list(words.popFirst())
        resources = list(words.popFirst())
        var names: [String] = []
        var namespace: String?
        var isClusterWide = false
        while let word = words.popFirst() {
            switch word {
            case "named": names = list(words.popFirst())
            case "in": namespace = words.popFirst()
            case "everywhere": isClusterWide = true
            default: return nil
            }
        }
        guard !verbs.isEmpty, !resources.isEmpty else { return nil }
        self.names = names
        self.namespace = namespace
        self.isClusterWide = isClusterWide
    }
}

extension Right {
    /// A right on a cluster. Kubernetes cannot limit `list`, `watch` and `create` to names.
    public static func kubernetes(_ purpose: Purpose, _ rule: KubernetesRule, reason: String) -> Right {
        Right(KubernetesKind.name, purpose, rule.description, reason: reason)
    }
}
