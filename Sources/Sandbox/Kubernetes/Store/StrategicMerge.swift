/// Strategic merge patch: a merge patch that knows by what the items of a list are told apart, with its directives
/// `$patch`, `$retainKeys`, `$setElementOrder/…` and `$deleteFromPrimitiveList/…`.
enum StrategicMerge {
    static func apply(_ patch: JSON, to document: JSON, _ resource: APIResource) throws -> JSON {
        guard patch.object != nil else { throw JSONPatch.refused }
        return try object(patch, document, [], resource) ?? .emptyObject
    }

    /// nil: the object is to go.
    private static func object(_ patch: JSON, _ live: JSON, _ path: [String], _ resource: APIResource) throws -> JSON? {
        var changes = patch.object ?? [:]
        if let directive = changes.removeValue(forKey: "$patch")?.string {
            switch directive {
            case "replace": return .object(changes)
            case "delete": return nil
            case "merge": break
            default: throw KubernetesStatus.badRequest("unknown $patch type: \(directive)")
            }
        }
        var result = live.object == nil ? JSON.emptyObject : live
        if let kept = changes.removeValue(forKey: "$retainKeys")?.array?.compactMap(\.string) {
            result = .object((result.object ?? [:]).filter { kept.contains($0.key) })
        }
        var orders: [String: [JSON]] = [:]
        for (key, value) in changes where key.hasPrefix("$") {
            changes[key] = nil
            let parts = key.split(separator: "/", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw KubernetesStatus.badRequest("unknown directive \(key)") }
            if parts[0] == "$setElementOrder" { orders[parts[1]] = value.array ?? [] }
            if parts[0] == "$deleteFromPrimitiveList" {
                let gone = Set(value.array ?? [])
                result[parts[1]] = result[parts[1]]?.array.map { .array($0.filter { !gone.contains($0) }) }
            }
        }
        for (key, change) in changes {
            let here = path + [key]
            switch change {
            case .null: result[key] = nil
            case .object: result[key] = try object(change, result[key] ?? .null, here, resource)
            case .array(let items): result[key] = try list(items, result[key]?.array ?? [], here, resource)
            default: result[key] = change
            }
        }
        for (key, order) in orders {
            guard let items = result[key]?.array else { continue }
            result[key] = .array(sorted(items, by: order, MergeKeys.strategic(path + [key], resource)))
        }
        return result
    }

    private static func list(_ patch: [JSON], _ live: [JSON], _ path: [String], _ resource: APIResource) throws
        -> JSON
    {
        switch MergeKeys.strategic(path, resource) {
        case .atomic: return .array(patch)
        case .set:
            return .array(live + patch.filter { !live.contains($0) })
        case .keyed(let keys):
            return .array(try keyed(patch, live, by: keys[0], path, resource))
        }
    }

    private static func keyed(
        _ patch: [JSON], _ live: [JSON], by key: String, _ path: [String], _ resource: APIResource
    ) throws -> [JSON] {
        var result = live
        var patch = patch
        if patch.contains(where: { $0["$patch"] == "replace" }) {
            patch.removeAll { $0["$patch"] == "replace" }
            return patch
        }
        for item in patch {
            guard let name = item[key] else {
                throw KubernetesStatus.badRequest("map: \(item.text) does not contain declared merge key: \(key)")
            }
            let index = result.firstIndex { $0[key] == name }
            if item["$patch"] == "delete" {
                if let index { result.remove(at: index) }
            } else if let index {
                if let merged = try object(item, result[index], path, resource) { result[index] = merged }
            } else if let made = try object(item, .emptyObject, path, resource) {
                result.append(made)
            }
        }
        return result
    }

    /// In the order asked for; what it does not name keeps its place behind its neighbour.
    private static func sorted(_ items: [JSON], by order: [JSON], _ list: MergeKeys.List) -> [JSON] {
        func place(_ item: JSON) -> Int? {
            if case .keyed(let keys) = list {
                order.firstIndex { $0[keys[0]] == item[keys[0]] }
            } else {
                order.firstIndex(of: item)
            }
        }
        var last = -1
        let placed = items.enumerated().map { index, item -> (Int, Int, JSON) in
            if let wanted = place(item) { last = wanted }
            return (place(item) ?? last, index, item)
        }
        return placed.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map(\.2)
    }
}
