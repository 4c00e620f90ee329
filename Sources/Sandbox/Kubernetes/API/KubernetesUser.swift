/// Who asks.
public struct KubernetesUser: Hashable, Sendable {
    public var name: String
    public var groups: [String]

    public init(_ name: String, groups: [String] = []) {
        self.name = name
        self.groups = groups
    }

    static let anonymous = KubernetesUser("system:anonymous", groups: ["system:unauthenticated"])

    /// May do everything, as whoever is in `system:masters`.
    public static let admin = KubernetesUser("admin", groups: ["system:masters"])

    /// As a pod's token says it.
    public static func serviceAccount(_ name: String, in namespace: String) -> KubernetesUser {
        KubernetesUser(
            "system:serviceaccount:\(namespace):\(name)",
            groups: ["system:serviceaccounts", "system:serviceaccounts:\(namespace)"])
    }

    /// With the group of everybody who signed in.
    var signedIn: KubernetesUser {
        KubernetesUser(
            name, groups: groups.contains("system:authenticated") ? groups : groups + ["system:authenticated"])
    }

    var json: JSON { ["username": .string(name), "groups": .array(groups.map(JSON.string))] }
}
