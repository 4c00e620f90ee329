extension StoreState {
    mutating func create(_ resource: APIResource, _ object: JSON, namespace: String?, _ options: WriteOptions) throws
        -> JSON
    {
        var object = try named(object, resource, namespace: namespace)
        let name = object.name
        let key = ObjectKey(resource, object.namespace, name)
        try checkNamespace(of: key, resource)
        guard objects[key] == nil else { throw KubernetesStatus.alreadyExists(resource, name) }
        let metadata = object["metadata"] ?? .emptyObject
        guard metadata["resourceVersion"]?.string ?? "" == "" else {
            throw KubernetesStatus(
                500, "", "resourceVersion should not be set on objects to be created")
        }
        object["kind"] = .string(resource.kind)
        object["apiVersion"] = .string(resource.apiVersion)
        object[path: ["metadata", "uid"]] = .string(Self.uid())
        object[path: ["metadata", "creationTimestamp"]] = clock.timestamp()
        object[path: ["metadata", "deletionTimestamp"]] = nil
        object[path: ["metadata", "deletionGracePeriodSeconds"]] = nil
        object[path: ["metadata", "selfLink"]] = nil
        if resource.traits.contains(.generation) { object[path: ["metadata", "generation"]] = 1 }
        Defaults.resetStatus(&object, resource)
        Defaults.apply(&object, resource)
        allocate(&object, resource)
        try Validation.check(object, resource, old: nil)
        Managed.note(&object, before: nil, options, resource, at: clock)
        guard !options.dryRun else { return object }
        let stored = commit(object, resource, key)
        afterCreation(stored, resource, key)
        return stored
    }

    private func named(_ object: JSON, _ resource: APIResource, namespace: String?) throws -> JSON {
        var object = object
        guard object.object != nil else { throw KubernetesStatus.badRequest("the object provided is unrecognized") }
        if resource.namespaced {
            let asked = namespace ?? object.namespace
            guard object.namespace.isEmpty || object.namespace == asked else {
                throw KubernetesStatus.badRequest(
                    "the namespace of the provided object does not match the namespace sent on the request")
            }
            object[path: ["metadata", "namespace"]] = .string(asked.isEmpty ? "default" : asked)
        } else {
            object[path: ["metadata", "namespace"]] = nil
        }
        if object.name.isEmpty, let prefix = object["metadata"]?["generateName"]?.string, !prefix.isEmpty {
            object[path: ["metadata", "name"]] = .string(prefix + Self.suffix())
        }
        return object
    }

    private func checkNamespace(of key: ObjectKey, _ resource: APIResource) throws {
        guard resource.namespaced else { return }
        guard let home = objects[ObjectKey(.namespaces, "", key.namespace)] else {
            throw KubernetesStatus.notFound(.namespaces, key.namespace)
        }
        guard !home.isBeingDeleted else {
            throw KubernetesStatus.forbidden(
                resource, key.name,
                "unable to create new content in namespace \(key.namespace) because it is being terminated",
                causes: [
                    [
                        "reason": "NamespaceTerminating",
                        "message": .string("namespace \(key.namespace) is being terminated"),
                        "field": "metadata.namespace",
                    ]
                ])
        }
    }

    /// What the API itself adds to the new object: addresses, and what every namespace has.
    private mutating func allocate(_ object: inout JSON, _ resource: APIResource) {
        guard resource == .services, object["spec"]?["clusterIP"]?.string ?? "" == "" else { return }
        guard object["spec"]?["type"]?.string != "ExternalName" else { return }
        let address = JSON.string(address())
        object[path: ["spec", "clusterIP"]] = address
        object[path: ["spec", "clusterIPs"]] = [address]
        let type = object["spec"]?["type"]?.string
        guard type == "NodePort" || type == "LoadBalancer", var ports = object["spec"]?["ports"]?.array else { return }
        for index in ports.indices where ports[index]["nodePort"] == nil {
            ports[index]["nodePort"] = .int(30_000 + version % 2_700 + index)
        }
        object[path: ["spec", "ports"]] = .array(ports)
    }

    private mutating func afterCreation(_ object: JSON, _ resource: APIResource, _ key: ObjectKey) {
        if resource == .namespaces {
            let account: JSON = ["metadata": ["name": "default"]]
            _ = try? create(.serviceAccounts, account, namespace: object.name, .plain)
            let roots: JSON = ["metadata": ["name": "kube-root-ca.crt"], "data": ["ca.crt": ""]]
            _ = try? create(.configMaps, roots, namespace: object.name, .plain)
        }
        collectOrphan(key)
    }

    /// Writes what `change` makes of the current object, by the rules of an update.
    mutating func update(
        _ resource: APIResource, _ key: ObjectKey, _ options: WriteOptions, _ change: (JSON) throws -> JSON
    ) throws -> JSON {
        guard let old = objects[key] else { throw KubernetesStatus.notFound(resource, key.name) }
        var new = try change(old)
        try checkPreconditions(new, old, resource, key)
        new = merged(new, old, resource, options)
        Defaults.apply(&new, resource)
        if resource.traits.contains(.generation), options.subresource != "status", specChanged(old, new, resource) {
            new[path: ["metadata", "generation"]] = .int(old.generation + 1)
        }
        try Validation.check(new, resource, old: old)
        Managed.note(&new, before: old, options, resource, at: clock)
        guard !options.dryRun else { return new }
        guard !sameButForManagers(new, old) else { return old }
        if new.isBeingDeleted, new.finalizers.isEmpty, isFinished(new, resource) {
            let stored = commit(new, resource, key)
            finish(key, resource)
            return stored
        }
        return commit(new, resource, key)
    }

    private func checkPreconditions(_ new: JSON, _ old: JSON, _ resource: APIResource, _ key: ObjectKey) throws {
        let asked = new["metadata"]?["resourceVersion"]?.string ?? ""
        if !asked.isEmpty, asked != "0", asked != old["metadata"]?["resourceVersion"]?.string {
            throw KubernetesStatus.conflict(resource, key.name)
        }
        if !new.uid.isEmpty, new.uid != old.uid {
            throw KubernetesStatus.conflict(
                resource, key.name,
                "Precondition failed: UID in precondition: \(new.uid), UID in object meta: \(old.uid)")
        }
        guard new.name == key.name else {
            throw KubernetesStatus.badRequest(
                "the name of the object (\(new.name)) does not match the name on the URL (\(key.name))")
        }
    }

    /// The new object with what a write of this kind may not touch taken from the old one.
    private func merged(_ new: JSON, _ old: JSON, _ resource: APIResource, _ options: WriteOptions) -> JSON {
        var result = new
        if options.subresource == "status" {
            result = old
            result["status"] = new["status"]
            result[path: ["metadata", "managedFields"]] = new["metadata"]?["managedFields"]
            if resource == .deployments {
                result[path: ["metadata", "annotations"]] = new["metadata"]?["annotations"]
            }
            if resource == .nodes || resource == .pods {
                result[path: ["metadata", "annotations"]] = new["metadata"]?["annotations"]
                result[path: ["metadata", "labels"]] = new["metadata"]?["labels"]
            }
        } else if resource.traits.contains(.status) {
            result["status"] = old["status"]
        }
        result["kind"] = .string(resource.kind)
        result["apiVersion"] = .string(resource.apiVersion)
        for field in [
            "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "namespace",
            "resourceVersion",
        ] {
            result[path: ["metadata", field]] = old["metadata"]?[field]
        }
        for (field, value) in result["metadata"]?.object ?? [:] where value.isNull || value == .emptyObject {
            result[path: ["metadata", field]] = nil
        }
        return result
    }

    private func specChanged(_ old: JSON, _ new: JSON, _ resource: APIResource) -> Bool {
        if resource == .deployments, old["metadata"]?["annotations"] != new["metadata"]?["annotations"] { return true }
        func asked(_ object: JSON) -> [String: JSON] {
            var fields = (object.object ?? [:]).filter {
                !["metadata", "status", "kind", "apiVersion"].contains($0.key)
            }
            // To be given a node is no change of what was asked for.
            if resource == .pods { fields["spec"]?["nodeName"] = nil }
            return fields
        }
        return asked(old) != asked(new)
    }

    private func sameButForManagers(_ new: JSON, _ old: JSON) -> Bool {
        func bare(_ object: JSON) -> JSON {
            var object = object
            object[path: ["metadata", "managedFields"]] = nil
            return object
        }
        guard bare(new) == bare(old) else { return false }
        return Managed.withoutTimes(new) == Managed.withoutTimes(old)
    }

    mutating func patch(
        _ resource: APIResource, _ key: ObjectKey, _ patch: KubernetesPatch, _ options: WriteOptions
    ) throws -> (object: JSON, created: Bool) {
        if case .apply(let wanted, let manager, let force) = patch {
            return try apply(resource, key, wanted, manager: manager, force: force, options)
        }
        let object = try update(resource, key, options) { old in
            switch patch {
            case .json(let operations): try JSONPatch.apply(operations, to: old)
            case .merge(let patch): MergePatch.apply(patch, to: old)
            case .strategic(let patch):
                if resource.traits.contains(.custom) {
                    throw KubernetesStatus(
                        415, "UnsupportedMediaType",
                        "the body of the request was in an unknown format - accepted media types include: "
                            + "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml")
                } else {
                    try StrategicMerge.apply(patch, to: old, resource)
                }
            case .apply: old
            }
        }
        return (object, false)
    }

    private mutating func apply(
        _ resource: APIResource, _ key: ObjectKey, _ wanted: JSON, manager: String, force: Bool, _ options: WriteOptions
    ) throws -> (object: JSON, created: Bool) {
        var wanted = wanted
        guard wanted["metadata"]?["managedFields"] == nil else {
            throw KubernetesStatus.badRequest("metadata.managedFields must be nil")
        }
        wanted[path: ["metadata", "name"]] = .string(key.name)
        if resource.namespaced { wanted[path: ["metadata", "namespace"]] = .string(key.namespace) }
        var options = options
        options.manager = nil
        guard let live = objects[key] else {
            guard options.subresource == nil else { throw KubernetesStatus.notFound(resource, key.name) }
            var object = wanted
            Managed.setApplied(&object, wanted, manager: manager, options, resource, at: clock)
            return (try create(resource, object, namespace: key.namespace, options), true)
        }
        let merged = try ServerSideApply.merge(
            wanted, into: live, manager: manager, force: force, options, resource, at: clock)
        return (try update(resource, key, options) { _ in merged }, false)
    }
}
