/// Answers requests: who asks, may they, which fault strikes, and what the store says.
struct APIHandler: Sendable {
    let store: KubernetesStore
    let faults: FaultTable
    let handlers: KubeletHandlers
    let lists: ListSnapshots
    let tokens: @Sendable (String) -> KubernetesUser?
    let port: Int
    /// Where the metrics server is installed, its resources are served.
    let hasMetrics: Bool
    let bookmarkInterval: Duration

    var authorization: Authorization { Authorization(store: store) }
    var resources: [APIResource] { store.resources + (hasMetrics ? APIResource.metricsServer : []) }

    func answer(_ request: APIRequest) async -> APIAnswer {
        do {
            guard let path = ResourcePath(request.path, resources) else { return try await nonResource(request) }
            try authorize(request, path)
            return try await spoiled(request, verb: path.verb(request), resource: path.withSubresource) {
                try answer(request, path)
            }
        } catch let status as KubernetesStatus {
            return .status(status)
        } catch {
            return .status(KubernetesStatus(500, "InternalError", "Internal error occurred: \(error)"))
        }
    }

    /// 401 for a wrong token, before anything else is looked at.
    func user(headers: [(name: String, value: String)], certificate: KubernetesUser?) throws -> KubernetesUser {
        let header = headers.first { $0.name.lowercased() == "authorization" }?.value
        if let header, header.lowercased().hasPrefix("bearer ") {
            guard let user = tokens(String(header.dropFirst(7))) else {
                throw KubernetesStatus(401, "Unauthorized", "Unauthorized")
            }
            return user.signedIn
        }
        return certificate?.signedIn ?? .anonymous
    }

    func authorize(_ request: APIRequest, _ path: ResourcePath) throws {
        let asked = Authorization.Attributes(
            verb: path.verb(request), group: path.resource.group, resource: path.resource.plural,
            subresource: path.subresource ?? "",
            namespace: path.namespace ?? (path.resource == .namespaces ? path.name ?? "" : ""), name: path.name ?? "")
        guard authorization.allows(request.user, asked) else {
            throw Authorization.refusal(request.user, asked)
        }
    }

    private func nonResource(_ request: APIRequest) async throws -> APIAnswer {
        let asked = Authorization.Attributes(verb: request.method.lowercased(), path: request.path)
        guard authorization.allows(request.user, asked) else {
            throw Authorization.refusal(request.user, asked)
        }
        return try await spoiled(request, verb: request.method.lowercased(), resource: request.path) {
            Discovery(resources: resources, port: port).answer(request.path, request) ?? .pageNotFound
        }
    }

    private func answer(_ request: APIRequest, _ path: ResourcePath) throws -> APIAnswer {
        let writes = ResourceWrites(store: store, request: request, path: path)
        if path.resource.group == "metrics.k8s.io" {
            return .json(try PodUsage(store: store, handlers: handlers).answer(request, path))
        }
        if path.resource.traits.contains(.virtual) {
            guard request.method == "POST", path.name == nil else { throw Self.notAllowed }
            let review = Reviews(authorization: authorization, tokens: tokens).answer(
                path.resource, try request.json(), request.user, namespace: path.namespace)
            return .json(review, code: 201)
        }
        if let subresource = path.subresource {
            return try Subresources(store: store, handlers: handlers, request: request, path: path)
                .answer(subresource)
        }
        switch path.verb(request) {
        case "get": return try reads(request, path).get()
        case "list": return try reads(request, path).list()
        case "watch": return try watch(request, path)
        case "create": return try writes.create()
        case "update": return try writes.update(subresource: nil)
        case "patch": return try writes.patch(subresource: nil)
        case "delete": return try writes.delete()
        case "deletecollection": return try writes.deleteAll()
        default: throw Self.notAllowed
        }
    }

    static let notAllowed = KubernetesStatus(
        405, "MethodNotAllowed", "the server does not allow this method on the requested resource",
        details: .emptyObject)

    private func reads(_ request: APIRequest, _ path: ResourcePath) -> ResourceReads {
        ResourceReads(store: store, lists: lists, request: request, path: path)
    }

    private func watch(_ request: APIRequest, _ path: ResourcePath) throws -> APIAnswer {
        try ResourceWatch(store: store, reads: reads(request, path), bookmarkInterval: bookmarkInterval).answer()
    }

    /// The answer with the faults that are on put in.
    private func spoiled(
        _ request: APIRequest, verb: String, resource: String, _ answer: () throws -> APIAnswer
    ) async throws -> APIAnswer {
        // A watch meets its own faults when it runs.
        for fault in faults.strike(verb: verb, resource: resource) {
            switch fault {
            case .status(let code, let retryAfter): throw KubernetesStatus.plain(code, retryAfter: retryAfter)
            case .refuse(let status): throw status
            case .slow(let delay): try await ContinuousClock().sleep(for: delay)
            case .silent:
                return .stream { _ in try await ContinuousClock().sleep(for: .seconds(86_400)) }.withoutHead
            case .garbage:
                return APIAnswer(
                    code: 200, headers: [("Content-Type", "application/json")],
                    body: .bytes(Array("{\"kind\": \u{1}\u{2} %%% not json".utf8)))
            case .html:
                return .text(
                    "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in.</body></html>",
                    type: "text/html; charset=utf-8")
            case .half: return try answer().half
            case .drop: return APIAnswer.stream { $0.cut() }.withoutHead
            case .cutWatch, .silentWatch, .goneWatch, .endlessWatch:
                guard verb == "watch", let path = ResourcePath(request.path, resources) else { continue }
                return try ResourceWatch(
                    store: store, reads: reads(request, path), bookmarkInterval: bookmarkInterval, fault: fault
                ).answer()
            }
        }
        return try answer()
    }
}

extension APIAnswer {
    /// Not even the head of the answer is sent.
    var withoutHead: APIAnswer {
        var answer = self
        answer.code = 0
        return answer
    }

    /// The whole is announced, half of it comes.
    var half: APIAnswer {
        guard case .bytes(let bytes) = body else { return self }
        var answer = self
        answer.headers.append(("Content-Length", String(bytes.count)))
        answer.body = .stream { stream in
            try await stream.write(Array(bytes.prefix(bytes.count / 2)))
            stream.cut()
        }
        return answer
    }
}
