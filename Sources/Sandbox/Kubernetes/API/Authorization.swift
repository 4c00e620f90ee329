/// Role-based access control, evaluated from the stored roles and bindings.
struct Authorization: Sendable {
    let store: KubernetesStore

    /// One question: may this be done?
    struct Attributes: Sendable {
        var verb: String
        var group = ""
        var resource = ""
        var subresource = ""
        var namespace = ""
        var name = ""
        /// For what is no resource.
        var path: String?
    }

    func allows(_ user: KubernetesUser, _ asked: Attributes) -> Bool {
        if user.groups.contains("system:masters") { return true }
        return rules(of: user, in: asked.namespace).contains { Self.matches($0, asked) }
    }

    /// Every rule that holds for the user, cluster-wide and in the namespace.
    func rules(of user: KubernetesUser, in namespace: String) -> [JSON] {
        if user.groups.contains("system:masters") {
            return [
                ["verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]], ["verbs": ["*"], "nonResourceURLs": ["*"]],
            ]
        }
        var bindings = store.list(.clusterRoleBindings).items
        if !namespace.isEmpty { bindings += store.list(.roleBindings, in: namespace).items }
        return bindings.filter { binding in
            (binding["subjects"]?.array ?? []).contains { names($0, user, in: binding.namespace) }
        }.flatMap(rules(boundBy:))
    }

    private func rules(boundBy binding: JSON) -> [JSON] {
        let name = binding["roleRef"]?["name"]?.string ?? ""
        let role =
            binding["roleRef"]?["kind"] == "Role"
            ? store.find(.roles, name, in: binding.namespace) : store.find(.clusterRoles, name)
        return role?["rules"]?.array ?? []
    }

    private func names(_ subject: JSON, _ user: KubernetesUser, in namespace: String) -> Bool {
        let name = subject["name"]?.string ?? ""
        switch subject["kind"]?.string {
        case "User": return name == user.name
        case "Group": return user.groups.contains(name)
        case "ServiceAccount":
            let home = subject["namespace"]?.string ?? namespace
            return user.name == "system:serviceaccount:\(home):\(name)"
        default: return false
        }
    }

    static func matches(_ rule: JSON, _ asked: Attributes) -> Bool {
        func has(_ field: String, _ value: String) -> Bool {
            let listed = rule[field]?.array?.compactMap(\.string) ?? []
            return listed.contains("*") || listed.contains(value)
        }
        guard has("verbs", asked.verb) else { return false }
        if let path = asked.path {
            return (rule["nonResourceURLs"]?.array ?? []).compactMap(\.string).contains { pattern in
                pattern == path || (pattern.hasSuffix("*") && path.hasPrefix(pattern.dropLast()))
            }
        }
        guard has("apiGroups", asked.group) else { return false }
        let full = asked.subresource.isEmpty ? asked.resource : asked.resource + "/" + asked.subresource
        let resources = rule["resources"]?.array?.compactMap(\.string) ?? []
        let isMeant =
            resources.contains("*") || resources.contains(full)
            || (!asked.subresource.isEmpty && resources.contains("*/" + asked.subresource))
        guard isMeant else { return false }
        let names = rule["resourceNames"]?.array?.compactMap(\.string) ?? []
        return names.isEmpty || (!asked.name.isEmpty && names.contains(asked.name))
    }

    /// 403 in the real server's words.
    static func refusal(_ user: KubernetesUser, _ asked: Attributes) -> KubernetesStatus {
        if let path = asked.path {
            return KubernetesStatus(
                403, "Forbidden", "forbidden: User \"\(user.name)\" cannot \(asked.verb) path \"\(path)\"",
                details: .emptyObject)
        }
        let full = asked.subresource.isEmpty ? asked.resource : asked.resource + "/" + asked.subresource
        let qualified = asked.group.isEmpty ? asked.resource : asked.resource + "." + asked.group
        let named = asked.name.isEmpty ? qualified : "\(qualified) \"\(asked.name)\""
        let place =
            asked.namespace.isEmpty ? "at the cluster scope" : "in the namespace \"\(asked.namespace)\""
        var details: JSON = ["kind": .string(asked.resource)]
        if !asked.name.isEmpty { details["name"] = .string(asked.name) }
        if !asked.group.isEmpty { details["group"] = .string(asked.group) }
        return KubernetesStatus(
            403, "Forbidden",
            "\(named) is forbidden: User \"\(user.name)\" cannot \(asked.verb) resource \"\(full)\" in API group "
                + "\"\(asked.group)\" \(place)",
            details: details)
    }
}
