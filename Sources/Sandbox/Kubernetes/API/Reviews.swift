/// Questions about rights and tokens: answered, never kept.
struct Reviews: Sendable {
    let authorization: Authorization
    let tokens: @Sendable (String) -> KubernetesUser?

    func answer(_ resource: APIResource, _ object: JSON, _ user: KubernetesUser, namespace: String?) -> JSON {
        var review = object
        review["kind"] = .string(resource.kind)
        review["apiVersion"] = .string(resource.apiVersion)
        review["metadata"] = review["metadata"] ?? .emptyObject
        switch resource.kind {
        case "SelfSubjectAccessReview": review["status"] = access(user, object["spec"] ?? .emptyObject)
        case "SubjectAccessReview", "LocalSubjectAccessReview":
            let groups = object["spec"]?["groups"]?.array?.compactMap(\.string) ?? []
            let other = KubernetesUser(object["spec"]?["user"]?.string ?? "", groups: groups)
            review["status"] = access(other, object["spec"] ?? .emptyObject)
        case "SelfSubjectRulesReview":
            let asked = object["spec"]?["namespace"]?.string ?? ""
            review["spec"] = .emptyObject
            let rules = authorization.rules(of: user, in: asked)
            review["status"] = [
                "resourceRules": .array(rules.filter { $0["resources"] != nil }),
                "nonResourceRules": .array(rules.filter { $0["nonResourceURLs"] != nil }), "incomplete": false,
            ]
        case "TokenReview":
            let found = tokens(object["spec"]?["token"]?.string ?? "")
            review["status"] =
                found.map { ["authenticated": true, "user": $0.signedIn.json] }
                ?? ["user": .emptyObject, "error": "invalid bearer token"]
        default: review["status"] = ["userInfo": user.json]
        }
        if let spec = review["spec"]?["resourceAttributes"]?["group"], spec == "" {
            review[path: ["spec", "resourceAttributes", "group"]] = nil
        }
        return review
    }

    private func access(_ user: KubernetesUser, _ spec: JSON) -> JSON {
        var asked = Authorization.Attributes(verb: "")
        if let attributes = spec["resourceAttributes"] {
            asked.verb = attributes["verb"]?.string ?? ""
            asked.group = attributes["group"]?.string ?? ""
            asked.resource = attributes["resource"]?.string ?? ""
            asked.subresource = attributes["subresource"]?.string ?? ""
            asked.namespace = attributes["namespace"]?.string ?? ""
            asked.name = attributes["name"]?.string ?? ""
        } else {
            asked.verb = spec["nonResourceAttributes"]?["verb"]?.string ?? ""
            asked.path = spec["nonResourceAttributes"]?["path"]?.string ?? ""
        }
        return ["allowed": .bool(authorization.allows(user, asked))]
    }
}
