/// Who looks after STEAMTRAP, and what they may do.
extension SteamTrapCluster {
    /// May look, and nothing else, once `grantUsualRights` was called or a manifest applied.
    public static let lookUser = KubernetesUser("millwright-look")
    /// May look, and do what the weekly maintenance does.
    public static let changeUser = KubernetesUser("millwright-change")

    /// The rights by hand, for where no manifest of the program's own is applied.
    public func grantUsualRights() throws {
        try grant(Self.looking, to: Self.lookUser, as: "millwright-look")
        try grant(Self.looking + Self.changing, to: Self.changeUser, as: "millwright-change")
    }

    /// A Role in the namespace with these rules, bound to the user.
    public func grant(_ rules: [JSON], to user: KubernetesUser, as role: String) throws {
        let made: JSON = ["metadata": ["name": .string(role)], "rules": .array(rules)]
        try store.create(.roles, made, in: Self.namespace)
        try store.create(.roleBindings, Self.binding(role, "Role", user), in: Self.namespace)
    }

    /// The kubelets' statistics: through the whole cluster's nodes, hence only where asked for.
    public func grantStatistics(to user: KubernetesUser) throws {
        let role = user.name + "-statistics"
        let rules: [JSON] = [
            Self.rule([""], ["nodes"], ["get", "list"]),
            Self.rule([""], ["nodes/proxy", "nodes/stats", "nodes/metrics"], ["get"]),
        ]
        try store.create(.clusterRoles, ["metadata": ["name": .string(role)], "rules": .array(rules)])
        try store.create(.clusterRoleBindings, Self.binding(role, "ClusterRole", user))
    }

    /// Takes a Role and its binding away again.
    public func revoke(role: String) throws {
        try store.delete(.roleBindings, role, in: Self.namespace)
        try store.delete(.roles, role, in: Self.namespace)
    }

    private static func binding(_ role: String, _ kind: String, _ user: KubernetesUser) -> JSON {
        let api: JSON = "rbac.authorization.k8s.io"
        return [
            "metadata": ["name": .string(role)],
            "roleRef": ["apiGroup": api, "kind": .string(kind), "name": .string(role)],
            "subjects": [["apiGroup": api, "kind": "User", "name": .string(user.name)]],
        ]
    }

    private static func rule(_ groups: [String], _ resources: [String], _ verbs: [String]) -> JSON {
        [
            "apiGroups": .array(groups.map(JSON.string)), "resources": .array(resources.map(JSON.string)),
            "verbs": .array(verbs.map(JSON.string)),
        ]
    }

    private static let look = ["get", "list", "watch"]
    private static let looking: [JSON] = [
        rule([""], ["pods", "events", "persistentvolumeclaims", "services"], look), rule([""], ["pods/log"], ["get"]),
        rule(["discovery.k8s.io"], ["endpointslices"], look), rule(["metrics.k8s.io"], ["pods"], look),
        rule(["apps"], ["deployments", "replicasets", "statefulsets", "daemonsets"], look),
        rule(["batch"], ["jobs", "cronjobs"], look),
    ]
    private static let changing: [JSON] = [
        rule(["apps"], ["deployments"], ["patch"]), rule(["batch"], ["jobs"], ["create", "delete"]),
        rule([""], ["events"], ["create"]),
        rule([""], ["pods/exec"], ["get", "create"]),
    ]
}
