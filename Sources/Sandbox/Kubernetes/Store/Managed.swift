/// `metadata.managedFields`: who set what.
enum Managed {
    /// Notes the fields that this write changes as its manager's.
    static func note(
        _ object: inout JSON, before: JSON?, _ options: WriteOptions, _ resource: APIResource, at clock: KubernetesClock
    ) {
        guard let manager = options.manager else { return }
        var entries = entries(before ?? .null)
        let old = before.map { FieldSet.leaves(of: $0, resource, subresource: options.subresource) } ?? [:]
        let new = FieldSet.leaves(of: object, resource, subresource: options.subresource)
        let changed = Set(new.filter { $0.value != old[$0.key] || old[$0.key] == nil }.keys)
        let gone = Set(old.keys).subtracting(new.keys)
        guard !changed.isEmpty || !gone.isEmpty else {
            write(entries, to: &object)
            return
        }
        let own = entry(manager, "Update", options, resource, at: clock)
        let isOwn = { (other: JSON) in identity(other) == identity(own) }
        var mine = FieldSet(entries.first(where: isOwn)?["fieldsV1"] ?? .emptyObject)
        mine.paths = mine.paths.union(changed).subtracting(gone)
        entries = entries.filter { !isOwn($0) }.compactMap { other in
            var set = FieldSet(other["fieldsV1"] ?? .emptyObject)
            set.paths = set.paths.subtracting(gone).subtracting(changed.filter { $0.last != "." })
            return withFields(set, in: other)
        }
        if let made = withFields(mine, in: own) { entries.append(made) }
        write(entries, to: &object)
    }

    /// The first apply of a new object: everything in it is the manager's.
    static func setApplied(
        _ object: inout JSON, _ wanted: JSON, manager: String, _ options: WriteOptions, _ resource: APIResource,
        at clock: KubernetesClock
    ) {
        let leaves = FieldSet.leaves(of: wanted, resource, subresource: options.subresource)
        let own = entry(manager, "Apply", options, resource, at: clock)
        if let made = withFields(FieldSet(Set(leaves.keys)), in: own) { write([made], to: &object) }
    }

    static func entries(_ object: JSON) -> [JSON] { object["metadata"]?["managedFields"]?.array ?? [] }

    static func write(_ entries: [JSON], to object: inout JSON) {
        object[path: ["metadata", "managedFields"]] = entries.isEmpty ? nil : .array(entries)
    }

    static func withFields(_ set: FieldSet, in entry: JSON) -> JSON? {
        guard !set.paths.isEmpty else { return nil }
        var entry = entry
        entry["fieldsV1"] = set.json
        return entry
    }

    static func entry(
        _ manager: String, _ operation: String, _ options: WriteOptions, _ resource: APIResource,
        at clock: KubernetesClock
    ) -> JSON {
        var entry: JSON = [
            "manager": .string(manager), "operation": .string(operation), "apiVersion": .string(resource.apiVersion),
            "time": clock.timestamp(), "fieldsType": "FieldsV1",
        ]
        if let subresource = options.subresource { entry["subresource"] = .string(subresource) }
        return entry
    }

    /// What tells the entries apart.
    static func identity(_ entry: JSON) -> [JSON?] {
        ["manager", "operation", "apiVersion", "subresource"].map { entry[$0] }
    }

    static func withoutTimes(_ object: JSON) -> [JSON] {
        entries(object).map { entry in
            var entry = entry
            entry["time"] = nil
            return entry
        }
    }
}
