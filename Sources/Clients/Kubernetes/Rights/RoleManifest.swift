/// The roles that grant rules, as the YAML that `kubectl apply` takes: one for each purpose and namespace, each bound
/// to its user.
public struct RoleManifest: Sendable {
    /// Whom a role is for, and where.
    public struct Role: Hashable, Sendable {
        /// The name of role and binding.
        public let name: String
        /// `nil` for a ClusterRole.
        public let namespace: String?
        /// Who gets it: `user:NAME`, `group:NAME`, `serviceaccount:NAMESPACE:NAME`, or the name of a user.
        public let subject: String

        public init(name: String, namespace: String?, subject: String) {
            self.name = name
            self.namespace = namespace
            self.subject = subject
        }
    }

    private struct Scope: Hashable {
        let group: String
        let verbs: [String]
        let names: [String]
    }

    private var order: [Role] = []
    private var rules: [Role: [Scope: Set<String>]] = [:]

    public init() {}

    public mutating func add(_ rule: KubernetesRule, to role: Role) {
        if rules[role] == nil { order.append(role) }
        for resource in rule.resources {
            let parts = resource.split(separator: "/", maxSplits: 1).map(String.init)
            let name = parts[0].split(separator: ".", maxSplits: 1).map(String.init)
            let scope = Scope(
                group: name.count > 1 ? name[1] : "", verbs: rule.verbs.sorted(), names: rule.names.sorted())
            let plural = parts.count > 1 ? "\(name[0])/\(parts[1])" : name[0]
            rules[role, default: [:]][scope, default: []].insert(plural)
        }
    }

    /// One document a role, one a binding.
    public var text: String {
        order.map { role in
            let kind = role.namespace == nil ? "ClusterRole" : "Role"
            let metadata = role.namespace.map { "\n  namespace: \(Self.quoted($0))" } ?? ""
            var lines = [
                "---", "apiVersion: rbac.authorization.k8s.io/v1", "kind: \(kind)",
                "metadata:\n  name: \(Self.quoted(role.name))\(metadata)", "rules:",
            ]
            lines += self.lines(of: role)
            lines += [
                "---", "apiVersion: rbac.authorization.k8s.io/v1", "kind: \(kind)Binding",
                "metadata:\n  name: \(Self.quoted(role.name))\(metadata)",
                "roleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: \(kind)\n  name: \(Self.quoted(role.name))",
                "subjects:\n\(Self.subject(role.subject))",
            ]
            return lines.joined(separator: "\n")
        }.joined(separator: "\n")
    }

    private func lines(of role: Role) -> [String] {
        let scopes = (rules[role] ?? [:]).map { (scope: $0.key, resources: $0.value.sorted()) }
        return scopes.sorted { Self.key($0) < Self.key($1) }.flatMap { scope, resources in
            var lines = [
                "  - apiGroups: [\(Self.quoted(scope.group))]", "    resources: \(Self.list(resources))",
                "    verbs: \(Self.list(scope.verbs))",
            ]
            if !scope.names.isEmpty { lines.append("    resourceNames: \(Self.list(scope.names))") }
            return lines
        }
    }

    private static func key(_ entry: (scope: Scope, resources: [String])) -> String {
        [entry.scope.group, entry.resources.joined(), entry.scope.names.joined(), entry.scope.verbs.joined()]
            .joined(separator: "\u{0}")
    }

    private static func subject(_ text: String) -> String {
        let parts = text.split(separator: ":", maxSplits: 2).map(String.init)
        if parts.count == 3, parts[0] == "serviceaccount" {
            return "  - kind: ServiceAccount\n    name: \(quoted(parts[2]))\n    namespace: \(quoted(parts[1]))"
        }
        let isGroup = parts.count > 1 && parts[0] == "group"
        let name = isGroup || parts.first == "user" ? parts.dropFirst().joined(separator: ":") : text
        return "  - kind: \(isGroup ? "Group" : "User")\n    name: \(quoted(name))\n"
            + "    apiGroup: rbac.authorization.k8s.io"
    }

    private static func list(_ items: [String]) -> String { "[\(items.map { quoted($0) }.joined(separator: ", "))]" }

    /// JSON's strings are YAML's.
    private static func quoted(_ text: String) -> String {
        let escaped = text.flatMap { $0 == "\"" || $0 == "\\" ? ["\\", $0] : [$0] }
        return "\"\(String(escaped))\""
    }
}
