/// POST, PUT, PATCH and DELETE of objects.
struct ResourceWrites: Sendable {
    let store: KubernetesStore
    let request: APIRequest
    let path: ResourcePath

    private var resource: APIResource { path.resource }
    /// The version in which it is kept.
    private var kept: APIResource { Conversion.kept(resource) }
    private var name: String { path.name ?? "" }
    private var namespace: String { path.namespace ?? "" }

    func create() throws -> APIAnswer {
        let (object, warnings) = try checked(try request.json())
        let made = try store.create(kept, object, in: path.namespace, options(nil))
        return answer(made, code: 201, warnings)
    }

    func update(subresource: String?) throws -> APIAnswer {
        var (object, warnings) = try checked(try request.json())
        guard object.name == name || object.name.isEmpty else {
            throw KubernetesStatus.badRequest(
                "the name of the object (\(object.name)) does not match the name on the URL (\(name))")
        }
        object[path: ["metadata", "name"]] = .string(name)
        return answer(try store.update(kept, object, in: path.namespace, options(subresource)), code: 200, warnings)
    }

    func patch(subresource: String?) throws -> APIAnswer {
        var warnings: [String] = []
        let patch = try patch(&warnings)
        if case .apply = patch {
            let (object, created) = try store.apply(kept, name, in: namespace, patch, options(subresource))
            return answer(object, code: created ? 201 : 200, warnings)
        }
        return answer(try store.patch(kept, name, in: namespace, patch, options(subresource)), code: 200, warnings)
    }

    /// The patch in the body, by its content type.
    private func patch(_ warnings: inout [String]) throws -> KubernetesPatch {
        let type = String(request.header("content-type")?.prefix { $0 != ";" } ?? "")
        func body() throws -> JSON {
            do { return try JSON(parsing: request.body) } catch let error as JSONSyntaxError {
                throw KubernetesStatus.badRequest("error decoding patch: \(error)")
            }
        }
        switch type {
        case "application/json-patch+json":
            guard let operations = try body().array else {
                throw KubernetesStatus.badRequest(
                    "error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch")
            }
            return .json(operations)
        case "application/merge-patch+json": return .merge(try body())
        case "application/strategic-merge-patch+json":
            if resource.traits.contains(.custom) { throw unsupported() }
            return .strategic(try body())
        case "application/apply-patch+yaml":
            guard let manager = request["fieldManager"], !manager.isEmpty else {
                throw KubernetesStatus.badRequest(
                    "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply "
                        + "patch"
                )
            }
            let (object, found) = try checked(try body())
            warnings = found
            return .apply(object, manager: manager, force: request.flag("force"))
        default: throw unsupported()
        }
    }

    private func unsupported() -> KubernetesStatus {
        var types = ["application/json-patch+json", "application/merge-patch+json"]
        if !resource.traits.contains(.custom) { types.append("application/strategic-merge-patch+json") }
        types.append("application/apply-patch+yaml")
        return KubernetesStatus(
            415, "UnsupportedMediaType",
            "the body of the request was in an unknown format - accepted media types include: "
                + types.joined(separator: ", "))
    }

    func delete() throws -> APIAnswer {
        let options = try deleteOptions()
        let deletion = try store.delete(kept, name, in: namespace, options)
        switch deletion {
        case .gone(let object) where !resource.traits.contains(.returnsDeleted):
            var details: JSON = [
                "name": .string(name), "kind": .string(resource.plural), "uid": .string(object.uid),
            ]
            if !resource.group.isEmpty { details["group"] = .string(resource.group) }
            return .success(details: details)
        case .gone(let object), .pending(let object): return answer(object, code: 200, [])
        }
    }

    func deleteAll() throws -> APIAnswer {
        let options = try deleteOptions()
        let labels = try LabelSelector(parsing: request["labelSelector"] ?? "")
        let fields = try FieldSelector(parsing: request["fieldSelector"] ?? "", for: resource)
        let all = store.list(resource, in: path.namespace, labels: labels, fields: fields)
        for item in all.items { _ = try? store.delete(kept, item.name, in: item.namespace, options) }
        return .json([
            "kind": .string(resource.kind + "List"), "apiVersion": .string(resource.apiVersion),
            "metadata": ["resourceVersion": .string(String(store.version))], "items": .array(all.items),
        ])
    }

    private func deleteOptions() throws -> DeleteOptions {
        let body = request.body.isEmpty ? JSON.emptyObject : try request.json()
        let asked = body["propagationPolicy"]?.string ?? request["propagationPolicy"]
        let propagation = asked.flatMap { DeleteOptions.Propagation(rawValue: $0) }
        if let asked, propagation == nil {
            throw KubernetesStatus(
                422, "Invalid",
                "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Unsupported value: \"\(asked)\": "
                    + "supported values: \"Background\", \"Foreground\", \"Orphan\"")
        }
        let orphans = body["orphanDependents"]?.bool
        return DeleteOptions(
            gracePeriod: body["gracePeriodSeconds"]?.int ?? request["gracePeriodSeconds"].flatMap { Int($0) },
            propagation: propagation ?? orphans.map { $0 ? .orphan : .background },
            uid: body["preconditions"]?["uid"]?.string,
            resourceVersion: body["preconditions"]?["resourceVersion"]?.string,
            dryRun: request.isDryRun || body["dryRun"]?[0] == "All")
    }

    // MARK: Bodies

    func options(_ subresource: String?) -> WriteOptions {
        WriteOptions(dryRun: request.isDryRun, manager: request.manager, subresource: subresource)
    }

    /// The object without what its kind does not have; with `fieldValidation=Strict`, that is refused.
    func checked(_ object: JSON) throws -> (JSON, warnings: [String]) {
        guard object.object != nil else {
            throw KubernetesStatus.badRequest("the object provided is unrecognized (must be of type \(resource.kind))")
        }
        if let kind = object["kind"]?.string, let version = object["apiVersion"]?.string,
            kind != resource.kind || version != resource.apiVersion
        {
            throw KubernetesStatus.badRequest(
                "the API version in the data (\(version)) or its kind (\(kind)) does not match the expected API "
                    + "version (\(resource.apiVersion)) or kind (\(resource.kind))")
        }
        var known = object.withoutNulls
        var unknown: [String] = []
        try Schema.check(&known, resource, unknown: &unknown)
        let warnings = unknown.map { "unknown field \"\($0)\"" }
        if !warnings.isEmpty, request["fieldValidation"] == "Strict" {
            throw KubernetesStatus.badRequest(
                "\(resource.kind) in version \"\(resource.version)\" cannot be handled as a \(resource.kind): strict "
                    + "decoding error: \(warnings.joined(separator: ", "))")
        }
        known = Conversion.stored(known, from: resource)
        return (known, request["fieldValidation"] == "Ignore" ? [] : warnings)
    }

    private func answer(_ object: JSON, code: Int, _ warnings: [String]) -> APIAnswer {
        var answer = APIAnswer.json(Conversion.served(object, as: resource), code: code)
        answer.headers += warnings.map { text in
            ("Warning", "299 - \"\(text.replacing("\"", with: "\\\""))\"")
        }
        return answer
    }
}
