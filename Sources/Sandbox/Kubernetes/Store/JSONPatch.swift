/// RFC 6902, with the real server's leniency: `replace` of a key that is not there adds it.
enum JSONPatch {
    static func apply(_ operations: [JSON], to document: JSON) throws -> JSON {
        var result = document
        for operation in operations { try apply(operation, to: &result) }
        return result
    }

    /// The API's answer to a patch that does not fit: it does not say why.
    static let refused = KubernetesStatus(
        422, "Invalid", "the server rejected our request due to an error in our request", details: .emptyObject)

    private static func apply(_ operation: JSON, to document: inout JSON) throws {
        guard let path = try operation["path"]?.string.map(pointer) else { throw refused }
        switch operation["op"]?.string {
        case "add": try add(operation["value"] ?? .null, at: path[...], to: &document)
        case "remove": _ = try remove(path[...], from: &document)
        case "replace":
            if path.isEmpty {
                document = operation["value"] ?? .null
            } else {
                try replace(operation["value"] ?? .null, at: path[...], in: &document)
            }
        case "test":
            let found = try? value(at: path[...], in: document)
            guard (found ?? .null) == operation["value"] ?? .null else { throw refused }
        case "copy", "move":
            guard let from = try operation["from"]?.string.map(pointer) else { throw refused }
            let moved = try value(at: from[...], in: document)
            if operation["op"] == "move" { _ = try remove(from[...], from: &document) }
            try add(moved, at: path[...], to: &document)
        default: throw refused
        }
    }

    private static func pointer(_ text: String) throws -> [String] {
        if text.isEmpty { return [] }
        guard text.first == "/" else { throw refused }
        return text.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map { token in
            String(token).replacing("~1", with: "/").replacing("~0", with: "~")
        }
    }

    private static func value(at path: ArraySlice<String>, in document: JSON) throws -> JSON {
        var current = document
        for token in path {
            switch current {
            case .object(let fields):
                guard let next = fields[token] else { throw refused }
                current = next
            case .array(let items):
                guard let index = Int(token), items.indices.contains(index) else { throw refused }
                current = items[index]
            default: throw refused
            }
        }
        return current
    }

    private static func descend(
        _ path: ArraySlice<String>, in document: inout JSON, _ body: (inout JSON, String) throws -> Void
    ) throws {
        guard let token = path.first else { throw refused }
        if path.count == 1 { return try body(&document, token) }
        switch document {
        case .object(let fields):
            guard var inner = fields[token] else { throw refused }
            try descend(path.dropFirst(), in: &inner, body)
            document[token] = inner
        case .array(var items):
            guard let index = Int(token), items.indices.contains(index) else { throw refused }
            try descend(path.dropFirst(), in: &items[index], body)
            document = .array(items)
        default: throw refused
        }
    }

    private static func add(_ value: JSON, at path: ArraySlice<String>, to document: inout JSON) throws {
        if path.isEmpty {
            document = value
            return
        }
        try descend(path, in: &document) { parent, token in
            switch parent {
            case .object: parent[token] = value
            case .array(var items):
                let index = token == "-" ? items.count : Int(token) ?? -1
                guard (0...items.count).contains(index) else { throw refused }
                items.insert(value, at: index)
                parent = .array(items)
            default: throw refused
            }
        }
    }

    private static func replace(_ value: JSON, at path: ArraySlice<String>, in document: inout JSON) throws {
        try descend(path, in: &document) { parent, token in
            switch parent {
            case .object: parent[token] = value
            case .array(var items):
                guard let index = Int(token), items.indices.contains(index) else { throw refused }
                items[index] = value
                parent = .array(items)
            default: throw refused
            }
        }
    }

    private static func remove(_ path: ArraySlice<String>, from document: inout JSON) throws {
        try descend(path, in: &document) { parent, token in
            switch parent {
            case .object(let fields):
                guard fields[token] != nil else { throw refused }
                parent[token] = nil
            case .array(var items):
                guard let index = Int(token), items.indices.contains(index) else { throw refused }
                items.remove(at: index)
                parent = .array(items)
            default: throw refused
            }
        }
    }
}

/// RFC 7386.
enum MergePatch {
    static func apply(_ patch: JSON, to document: JSON) -> JSON {
        guard case .object(let changes) = patch else { return patch }
        var result = document.object == nil ? JSON.emptyObject : document
        for (key, change) in changes {
            result[key] = change.isNull ? nil : apply(change, to: result[key] ?? .null)
        }
        return result
    }
}
