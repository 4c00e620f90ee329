/// What a client asks of the API, read from its method and path.
struct APIRequest: Sendable {
    var method: String
    /// Without the query.
    var path: String
    var query: [(name: String, value: String)]
    /// Names in lower case.
    var headers: [(name: String, value: String)]
    var body: [UInt8]
    var user: KubernetesUser

    init(
        method: String, target: String, headers: [(name: String, value: String)], body: [UInt8], user: KubernetesUser
    ) {
        self.method = method
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = String(parts.first ?? "/")
        query = (parts.count > 1 ? parts[1] : "").split(separator: "&").map { pair in
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (Self.decode(sides[0]), sides.count > 1 ? Self.decode(sides[1]) : "")
        }
        self.headers = headers.map { ($0.name.lowercased(), $0.value) }
        self.body = body
        self.user = user
    }

    subscript(_ name: String) -> String? { query.first { $0.name == name }?.value }

    func flag(_ name: String) -> Bool { ["true", "1"].contains(self[name] ?? "") }

    func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    var isDryRun: Bool { self["dryRun"] == "All" }
    var isWatch: Bool { flag("watch") }

    /// As the real server names a writer that does not name itself.
    var manager: String {
        if let named = self["fieldManager"], !named.isEmpty { return named }
        return String((header("user-agent") ?? "unknown").prefix { $0 != "/" && $0 != " " })
    }

    /// JSON, or 400 as the real server's decoder words it.
    func json() throws -> JSON {
        let type = header("content-type")?.prefix { $0 != ";" } ?? "application/json"
        guard !type.contains("protobuf"), !type.contains("cbor") else {
            throw KubernetesStatus(
                415, "UnsupportedMediaType",
                "the body of the request was in an unknown format - accepted media types include: application/json, "
                    + "application/yaml")
        }
        do { return try JSON(parsing: body) } catch let error as JSONSyntaxError {
            throw KubernetesStatus.badRequest("the object provided is unrecognized: \(error)")
        }
    }

    private static func decode(_ text: Substring) -> String {
        guard text.contains(where: { $0 == "%" || $0 == "+" }) else { return String(text) }
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == 0x25, rest.count >= 2, let value = UInt8(String(rest.prefix(2)) ?? "", radix: 16) {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte == 0x2b ? 0x20 : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// What the path of a request names.
struct ResourcePath: Sendable {
    var resource: APIResource
    var namespace: String?
    var name: String?
    var subresource: String?
    /// What follows a proxy's subresource.
    var rest: String = ""

    /// `get`, `list`, `watch`, … as RBAC names it.
    func verb(_ request: APIRequest) -> String {
        switch request.method {
        case "GET", "HEAD":
            if name != nil { return "get" }
            return request.isWatch ? "watch" : "list"
        case "POST": return "create"
        case "PUT": return "update"
        case "PATCH": return "patch"
        case "DELETE": return name == nil ? "deletecollection" : "delete"
        default: return request.method.lowercased()
        }
    }

    /// `pods/log`
    var withSubresource: String { resource.plural + (subresource.map { "/" + $0 } ?? "") }

    /// nil where the path is not that of a resource that is served.
    init?(_ path: String, _ resources: [APIResource]) {
        let parts = path.split(separator: "/").map(String.init)
        let isCore = parts.first == "api"
        guard isCore || parts.first == "apis" else { return nil }
        let start = isCore ? 2 : 3
        guard parts.count > start else { return nil }
        let group = isCore ? "" : parts[1]
        let version = parts[start - 1]
        var rest = Array(parts[start...])
        var namespace: String?
        // `namespaces/x/status` is the namespace's own, `namespaces/x/pods` is in it.
        if rest[0] == "namespaces", rest.count >= 3, !(isCore && ["status", "finalize"].contains(rest[2])) {
            namespace = rest[1]
            rest = Array(rest[2...])
        }
        guard
            let resource = resources.first(where: {
                $0.group == group && $0.version == version && $0.plural == rest[0]
            })
        else { return nil }
        guard namespace == nil || resource.namespaced else { return nil }
        self.resource = resource
        self.namespace = namespace
        name = rest.count > 1 ? rest[1] : nil
        subresource = rest.count > 2 ? rest[2] : nil
        if rest.count > 3 { self.rest = rest[3...].joined(separator: "/") }
        guard rest.count <= 3 || subresource == "proxy" else { return nil }
        guard name == nil || namespace != nil || !resource.namespaced else { return nil }
    }
}
