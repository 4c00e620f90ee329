public import ClientHTTP
public import Maintenance

extension KubernetesAccess {
    /// The object of that name; `CouldNotLook(.notFound)` where there is none.
    public func get(
        _ resource: KubernetesResource, _ name: String, subresource: String? = nil, namespace: String? = nil
    ) async throws -> KubernetesObject {
        do {
            return try await object(resource, name, subresource, namespace)
        } catch let failure as KubernetesFailure {
            throw CouldNotLook(failure.cause)
        }
    }

    /// The object of that name, or `nil` where the API says that there is none; an API that is not served is no `nil`.
    public func find(
        _ resource: KubernetesResource, _ name: String, subresource: String? = nil, namespace: String? = nil
    ) async throws -> KubernetesObject? {
        do {
            return try await object(resource, name, subresource, namespace)
        } catch let failure as KubernetesFailure {
            if failure.isMissingObject { return nil }
            throw CouldNotLook(failure.cause)
        }
    }

    /// Whether the user may do this, as the API itself says.
    public func isAllowed(
        _ verb: String, _ resource: KubernetesResource, subresource: String? = nil, name: String? = nil,
        namespace: String? = nil
    ) async throws -> Bool {
        var attributes: [String: JSONValue] = [
            "verb": .text(verb), "group": .text(resource.group), "resource": .text(resource.plural),
        ]
        if resource.namespaced { attributes["namespace"] = .text(namespace ?? self.namespace) }
        if let subresource { attributes["subresource"] = .text(subresource) }
        if let name { attributes["name"] = .text(name) }
        let kind = KubernetesResource.accessReviews
        let request = try KubernetesRequest("create", "POST", kind, namespace: "").carrying(
            .object([
                "apiVersion": .text(kind.apiVersion), "kind": .text(kind.kind),
                "spec": ["resourceAttributes": .object(attributes)],
            ]))
        let answer: HTTPAnswer
        do { answer = try await ask(request) } catch let failure as KubernetesFailure {
            throw CouldNotLook(failure.cause)
        }
        let review = try document(answer.body, request)
        guard review["kind"]?.asText == kind.kind, let allowed = review["status"]?["allowed"]?.asFlag else {
            throw CouldNotLook(.malformed, "\(identity) answered an access review without saying what is allowed.")
        }
        let place = resource.namespaced ? " in \(namespace ?? self.namespace)" : ""
        let right = "\(verb) \(resource.qualifiedName)\(subresource.map { "/" + $0 } ?? "")"
        note("\(request.statement): \(right)\(place)", "allowed: \(allowed) sha256 \(sha256Hex(answer.body))")
        return allowed
    }

    /// What stands at a path of the API, such as `/api/v1/nodes/NAME/proxy/stats/summary`; only read.
    public func raw(_ path: String) async throws -> HTTPAnswer {
        let mark = path.firstIndex(of: "?")
        var request = KubernetesRequest(get: String(path[..<(mark ?? path.endIndex)]))
        if let mark { request.path += String(path[mark...]) }
        request.accept = "application/json, */*"
        do {
            let answer = try await ask(request)
            note(request.statement, "\(answer.status) \(answer.body.count) bytes sha256 \(sha256Hex(answer.body))")
            return answer
        } catch let failure as KubernetesFailure {
            throw CouldNotLook(failure.cause)
        }
    }

    /// As `raw`, read as JSON.
    public func rawDocument(_ path: String) async throws -> JSONValue {
        let answer = try await raw(path)
        return try document(answer.body, KubernetesRequest(get: String(path.prefix { $0 != "?" })))
    }

    private func object(
        _ resource: KubernetesResource, _ name: String, _ subresource: String?, _ namespace: String?
    ) async throws -> KubernetesObject {
        let request = try KubernetesRequest(
            "get", "GET", resource, namespace: namespace ?? self.namespace, name: name, subresource: subresource)
        let answer = try await ask(request)
        let json = try document(answer.body, request)
        let object = KubernetesObject(json)
        guard object.name == name, subresource != nil || json["kind"]?.asText == resource.kind else {
            throw CouldNotLook(.malformed, "\(identity) answered \(request.words) with another object.")
        }
        noteObject(request, json, answer)
        return object
    }
}
