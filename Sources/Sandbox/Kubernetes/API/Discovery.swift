/// What the API says of itself.
struct Discovery: Sendable {
    let resources: [APIResource]
    let port: Int

    static let version = "v1.34.1"

    func answer(_ path: String, _ request: APIRequest) -> APIAnswer? {
        let parts = path.split(separator: "/").map(String.init)
        switch parts.first {
        case "version" where parts.count == 1: return .json(Self.versionInfo)
        case "healthz", "livez", "readyz": return health(parts, isVerbose: request["verbose"] != nil)
        case "api":
            if parts.count == 1 { return .json(versions) }
            return parts.count == 2 && parts[1] == "v1" ? .json(list(group: "", version: "v1")) : nil
        case "apis":
            if parts.count == 1 { return .json(groups) }
            let known = resources.filter { $0.group == parts[1] }
            guard !known.isEmpty else { return nil }
            if parts.count == 2 { return .json(group(parts[1])) }
            guard parts.count == 3, known.contains(where: { $0.version == parts[2] }) else { return nil }
            return .json(list(group: parts[1], version: parts[2]))
        case "openapi" where parts == ["openapi", "v2"]: return OpenAPI.document(request, resources)
        case "openapi" where parts == ["openapi", "v3"]: return .json(["paths": [:]])
        default: return nil
        }
    }

    private static let versionInfo: JSON = [
        "major": "1", "minor": "34", "emulationMajor": "1", "emulationMinor": "34", "minCompatibilityMajor": "1",
        "minCompatibilityMinor": "33", "gitVersion": .string(version), "gitCommit": "", "gitTreeState": "",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "go1.24.6", "compiler": "gc", "platform": "linux/amd64",
    ]

    private func health(_ parts: [String], isVerbose: Bool) -> APIAnswer? {
        guard parts.count <= 2 else { return nil }
        let checks = ["ping", "log", "etcd", "poststarthook/rbac/bootstrap-roles", "shutdown"]
        if parts.count == 2 { return checks.contains(parts[1]) ? .text("ok") : nil }
        guard isVerbose else { return .text("ok") }
        return .text(checks.map { "[+]\($0) ok\n" }.joined() + "\(parts[0]) check passed\n")
    }

    private var versions: JSON {
        [
            "kind": "APIVersions", "versions": ["v1"],
            "serverAddressByClientCIDRs": [
                ["clientCIDR": "0.0.0.0/0", "serverAddress": .string("127.0.0.1:\(port)")]
            ],
        ]
    }

    private var groups: JSON {
        var names: [String] = []
        for resource in resources where !resource.group.isEmpty && !names.contains(resource.group) {
            names.append(resource.group)
        }
        return ["kind": "APIGroupList", "apiVersion": "v1", "groups": .array(names.map { entry($0) })]
    }

    private func group(_ name: String) -> JSON {
        var group = entry(name)
        group["kind"] = "APIGroup"
        group["apiVersion"] = "v1"
        return group
    }

    private func entry(_ name: String) -> JSON {
        var seen: [String] = []
        for resource in resources where resource.group == name && !seen.contains(resource.version) {
            seen.append(resource.version)
        }
        let versions = seen.map { version -> JSON in
            ["groupVersion": .string("\(name)/\(version)"), "version": .string(version)]
        }
        return ["name": .string(name), "versions": .array(versions), "preferredVersion": versions.first ?? .null]
    }

    private func list(group: String, version: String) -> JSON {
        let served = resources.filter { $0.group == group && $0.version == version }
        let entries = served.flatMap { resource in
            [own(resource)] + Subresource.all(resource).map { $0.entry(resource) }
        }
        var list: JSON = [
            "kind": "APIResourceList", "groupVersion": .string(group.isEmpty ? version : group + "/" + version),
            "resources": .array(entries),
        ]
        if !group.isEmpty { list["apiVersion"] = "v1" }
        return list
    }

    private func own(_ resource: APIResource) -> JSON {
        var verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
        if resource.traits.contains(.virtual) {
            verbs = resource.group == "metrics.k8s.io" ? ["get", "list"] : ["create"]
        }
        if resource == .namespaces { verbs.removeAll { $0 == "deletecollection" } }
        var entry: JSON = [
            "name": .string(resource.plural), "singularName": .string(resource.singular),
            "namespaced": .bool(resource.namespaced), "kind": .string(resource.kind),
            "verbs": .array(verbs.map(JSON.string)),
        ]
        if !resource.shortNames.isEmpty { entry["shortNames"] = .array(resource.shortNames.map(JSON.string)) }
        if !resource.categories.isEmpty { entry["categories"] = .array(resource.categories.map(JSON.string)) }
        if !resource.traits.contains(.virtual) { entry["storageVersionHash"] = "c3RhbmQtaW4=" }
        return entry
    }
}

/// What hangs below a kind's objects.
struct Subresource: Sendable {
    var name: String
    var kind: String?
    var group = ""
    var version = ""
    var verbs: [String]

    static func all(_ resource: APIResource) -> [Subresource] {
        var found: [Subresource] = []
        let write = ["get", "patch", "update"]
        if resource.traits.contains(.status) { found.append(Subresource(name: "status", verbs: write)) }
        if resource.traits.contains(.scale) {
            found.append(Subresource(name: "scale", kind: "Scale", group: "autoscaling", version: "v1", verbs: write))
        }
        switch resource.qualified {
        case "pods" where !resource.traits.contains(.virtual):
            found += [
                Subresource(name: "log", verbs: ["get"]),
                Subresource(name: "exec", kind: "PodExecOptions", verbs: ["create", "get"]),
                Subresource(name: "binding", kind: "Binding", verbs: ["create"]),
                Subresource(name: "eviction", kind: "Eviction", group: "policy", version: "v1", verbs: ["create"]),
            ]
        case "nodes" where !resource.traits.contains(.virtual):
            found.append(Subresource(name: "proxy", kind: "NodeProxyOptions", verbs: ["get"]))
        case "namespaces": found.append(Subresource(name: "finalize", verbs: ["update"]))
        default: break
        }
        return found
    }

    func entry(_ resource: APIResource) -> JSON {
        var entry: JSON = [
            "name": .string(resource.plural + "/" + name), "singularName": "",
            "namespaced": .bool(resource.namespaced), "kind": .string(kind ?? resource.kind),
            "verbs": .array(verbs.map(JSON.string)),
        ]
        if !version.isEmpty {
            entry["group"] = .string(group)
            entry["version"] = .string(version)
        }
        return entry
    }
}
