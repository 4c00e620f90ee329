/// Server-side apply onto an object that exists.
enum ServerSideApply {
    private struct Conflict {
        let entry: JSON
        let path: FieldSet.Path
    }

    static func merge(
        _ wanted: JSON, into live: JSON, manager: String, force: Bool, _ options: WriteOptions, _ resource: APIResource,
        at clock: KubernetesClock
    ) throws -> JSON {
        let wish = FieldSet.leaves(of: wanted, resource, subresource: options.subresource)
        let own = Managed.entry(manager, "Apply", options, resource, at: clock)
        let entries = Managed.entries(live)
        let mine = entries.first { Managed.identity($0) == Managed.identity(own) }
        let others = entries.filter { Managed.identity($0) != Managed.identity(own) }
        let now = leavesOfAll(live, resource)
        let conflicts = others.flatMap { other in
            FieldSet(other["fieldsV1"] ?? .emptyObject).paths
                .filter { path in
                    path.last != "." && wish[path].map { !$0.isNull && $0 != now[path] } ?? false
                }
                .map { Conflict(entry: other, path: $0) }
        }
        guard conflicts.isEmpty || force else { throw refusal(conflicts) }
        var result = merged(wanted, live, [], resource)
        let given = FieldSet(mine?["fieldsV1"] ?? .emptyObject).paths.subtracting(wish.keys)
        let kept = others.reduce(into: Set<FieldSet.Path>()) { kept, other in
            kept.formUnion(FieldSet(other["fieldsV1"] ?? .emptyObject).paths)
        }
        // Whole items go first, found by their keys; a key goes only with its item.
        let leaving = given.subtracting(kept)
        for path in leaving where path.last == "." && isUnowned(path, kept, wish) {
            FieldSet.remove(path[...], from: &result)
        }
        for path in leaving where path.last != "." && !FieldSet.isKey(path) {
            FieldSet.remove(path[...], from: &result)
        }
        let taken = Set(conflicts.map(\.path))
        var left = others.compactMap { other in
            var set = FieldSet(other["fieldsV1"] ?? .emptyObject)
            set.paths.subtract(taken)
            return Managed.withFields(set, in: other)
        }
        if let made = Managed.withFields(FieldSet(Set(wish.keys)), in: unchangedTime(own, mine, wish)) {
            left.insert(made, at: 0)
        }
        Managed.write(left, to: &result)
        for field in ["resourceVersion", "uid"] where wanted["metadata"]?[field] == nil {
            result[path: ["metadata", field]] = live["metadata"]?[field]
        }
        return result
    }

    private static func leavesOfAll(_ live: JSON, _ resource: APIResource) -> [FieldSet.Path: JSON] {
        FieldSet.leaves(of: live, resource, subresource: nil)
            .merging(FieldSet.leaves(of: live, resource, subresource: "status")) { first, _ in first }
    }

    /// An item goes only when nobody owns anything in it.
    private static func isUnowned(
        _ path: FieldSet.Path, _ kept: Set<FieldSet.Path>, _ wish: [FieldSet.Path: JSON]
    ) -> Bool {
        let item = path.dropLast()
        return !kept.contains { $0.starts(with: item) } && !wish.keys.contains { $0.starts(with: item) }
    }

    private static func unchangedTime(_ own: JSON, _ mine: JSON?, _ wish: [FieldSet.Path: JSON]) -> JSON {
        guard let mine, FieldSet(mine["fieldsV1"] ?? .emptyObject).paths == Set(wish.keys) else { return own }
        return mine
    }

    private static func merged(_ wanted: JSON, _ live: JSON, _ names: [String], _ resource: APIResource) -> JSON {
        switch (wanted, live) {
        case (.object(let fields), .object) where !MergeKeys.isAtomicObject(names):
            var result = live
            for (key, value) in fields {
                result[key] = merged(value, live[key] ?? .null, names + [key], resource)
            }
            return result
        case (.array(let items), .array(let present)):
            switch MergeKeys.apply(names, resource) {
            case .atomic: return wanted
            case .set: return .array(present + items.filter { !present.contains($0) })
            case .keyed(let keys):
                var result = present
                for item in items {
                    let identity = FieldSet.identity(item, keys)
                    if let index = result.firstIndex(where: { FieldSet.identity($0, keys) == identity }) {
                        result[index] = merged(item, result[index], names, resource)
                    } else {
                        result.append(item)
                    }
                }
                return .array(result)
            }
        default: return wanted
        }
    }

    private static func refusal(_ conflicts: [Conflict]) -> KubernetesStatus {
        let sorted = conflicts.sorted { FieldSet.text($0.path) < FieldSet.text($1.path) }
        let message: String
        if sorted.count == 1 {
            message =
                "Apply failed with 1 conflict: conflict with \(name(sorted[0].entry)): \(FieldSet.text(sorted[0].path))"
        } else {
            let byName = Dictionary(grouping: sorted) { name($0.entry) }.sorted { $0.key < $1.key }
            let parts = byName.map { name, conflicts in
                "conflicts with \(name):\n" + conflicts.map { "- " + FieldSet.text($0.path) }.joined(separator: "\n")
            }
            message = "Apply failed with \(sorted.count) conflicts: " + parts.joined(separator: "\n")
        }
        let causes = sorted.map { conflict -> JSON in
            [
                "reason": "FieldManagerConflict", "message": .string("conflict with \(name(conflict.entry))"),
                "field": .string(FieldSet.text(conflict.path)),
            ]
        }
        return KubernetesStatus(409, "Conflict", message, details: ["causes": .array(causes)])
    }

    private static func name(_ entry: JSON) -> String {
        var text = "\"\(entry["manager"]?.string ?? "")\""
        if let subresource = entry["subresource"]?.string { text += " with subresource \"\(subresource)\"" }
        if entry["operation"] == "Update" {
            text += " using \(entry["apiVersion"]?.string ?? "")"
            if let time = entry["time"]?.string { text += " at \(time)" }
        }
        return text
    }
}
