/// Which fields of an object somebody owns: paths of the elements of `fieldsV1` (`f:spec`, `k:{"name":"main"}`, `.`).
struct FieldSet: Equatable {
    typealias Path = [String]

    var paths: Set<Path> = []

    /// Read from a `fieldsV1`.
    init(_ fields: JSON) { collect(fields, []) }

    init(_ paths: Set<Path> = []) { self.paths = paths }

    private mutating func collect(_ fields: JSON, _ path: Path) {
        guard let inner = fields.object, !inner.isEmpty else {
            if !path.isEmpty { paths.insert(path) }
            return
        }
        for (element, rest) in inner {
            if element == "." { paths.insert(path + ["."]) } else { collect(rest, path + [element]) }
        }
    }

    /// As `fieldsV1`.
    var json: JSON {
        var result = JSON.emptyObject
        for path in paths.sorted(by: { $0.count < $1.count }) where result[path: path] == nil {
            result[path: path] = .emptyObject
        }
        return result
    }

    /// The leaves of an object with their values; what the API itself sets belongs to nobody.
    static func leaves(of object: JSON, _ resource: APIResource, subresource: String?) -> [Path: JSON] {
        var bare = object
        for field in ["apiVersion", "kind"] { bare[field] = nil }
        for field in [
            "name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "managedFields",
            "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds", "generateName",
        ] {
            bare[path: ["metadata", field]] = nil
        }
        if bare["metadata"] == .emptyObject { bare["metadata"] = nil }
        if subresource == "status" {
            bare = ["status": bare["status"] ?? .null]
        } else if resource.traits.contains(.status) {
            bare["status"] = nil
        }
        var found: [Path: JSON] = [:]
        walk(bare, [], [], resource, &found)
        return found
    }

    private static func walk(
        _ value: JSON, _ path: Path, _ names: [String], _ resource: APIResource, _ found: inout [Path: JSON]
    ) {
        switch value {
        case .object(let fields) where !fields.isEmpty && !MergeKeys.isAtomicObject(names):
            for (key, inner) in fields { walk(inner, path + ["f:" + key], names + [key], resource, &found) }
        case .array(let items):
            switch MergeKeys.apply(names, resource) {
            case .atomic: found[path] = value
            case .set: for item in items { found[path + ["v:" + item.text]] = item }
            case .keyed(let keys):
                for item in items {
                    let element = path + ["k:" + identity(item, keys).text]
                    found[element + ["."]] = .null
                    walk(item, element, names, resource, &found)
                }
            }
        default: if !path.isEmpty { found[path] = value }
        }
    }

    /// The fields that tell an item of a list apart; a port's protocol is TCP where it says nothing.
    static func identity(_ item: JSON, _ keys: [String]) -> JSON {
        var identity = JSON.emptyObject
        for key in keys { identity[key] = item[key] ?? (key == "protocol" ? "TCP" : nil) }
        return identity
    }

    /// `.spec.template.spec.containers[name="main"].image`
    static func text(_ path: Path) -> String {
        path.map { element in
            if element.hasPrefix("f:") { return "." + element.dropFirst(2) }
            if element.hasPrefix("v:") { return "[=\(element.dropFirst(2))]" }
            guard element.hasPrefix("k:"), let keys = try? JSON(parsing: String(element.dropFirst(2))).object else {
                return ""
            }
            return "[" + keys.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.text)" }.joined(separator: ",")
                + "]"
        }.joined()
    }

    /// The field is one of those that tell its item apart.
    static func isKey(_ path: Path) -> Bool {
        guard let field = path.last, let item = path.dropLast().last, item.hasPrefix("k:"),
            let keys = try? JSON(parsing: String(item.dropFirst(2)))
        else { return false }
        return keys[String(field.dropFirst(2))] != nil
    }

    /// Takes away what is at a path.
    static func remove(_ path: ArraySlice<String>, from value: inout JSON) {
        guard let element = path.first else { return }
        let rest = path.dropFirst()
        if element.hasPrefix("f:") {
            let key = String(element.dropFirst(2))
            guard var inner = value[key] else { return }
            if rest.isEmpty {
                value[key] = nil
            } else {
                remove(rest, from: &inner)
                value[key] = inner == .emptyObject || inner == .array([]) ? nil : inner
            }
        } else if var items = value.array {
            guard let index = items.firstIndex(where: { matches($0, element) }) else { return }
            if rest.isEmpty || rest.first == "." {
                items.remove(at: index)
            } else {
                remove(rest, from: &items[index])
            }
            value = .array(items)
        }
    }

    private static func matches(_ item: JSON, _ element: String) -> Bool {
        guard let wanted = try? JSON(parsing: String(element.dropFirst(2))) else { return false }
        if element.hasPrefix("v:") { return item == wanted }
        return (wanted.object ?? [:]).allSatisfy { key, value in
            identity(item, [key])[key] == value
        }
    }
}
