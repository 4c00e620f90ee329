import Maintenance
import Yams

/// A value of a kubeconfig and where it stands, for messages.
struct KubeconfigNode {
    let node: Node
    let file: String

    /// Reads a file's text; throws `CouldNotLook` that says file, line, column and what is wrong.
    static func read(_ bytes: [UInt8], file: String) throws -> KubeconfigNode? {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CouldNotLook(.malformed, "kubeconfig \(file): it is not UTF-8 text.")
        }
        do {
            // The nodes hold their anchors weakly; they are not asked for.
            let parser = try Parser(yaml: text, resolver: .basic, constructor: .default, encoding: .utf8)
            guard let root = try parser.singleRoot() else { return nil }
            if case .scalar(let scalar) = root, scalar.string.isEmpty { return nil }
            return KubeconfigNode(node: root, file: file)
        } catch let error as YamlError {
            throw CouldNotLook(.malformed, "kubeconfig \(place(of: error, in: file))")
        } catch {
            throw CouldNotLook(.malformed, "kubeconfig \(file): it is not YAML that can be read.")
        }
    }

    /// `FILE:LINE:COLUMN`
    var place: String { node.mark.map { "\(file):\(max(1, $0.line)):\(max(1, $0.column))" } ?? file }

    var isMap: Bool { node.mapping != nil }

    func mistake(_ sentence: String) -> CouldNotLook {
        CouldNotLook(.malformed, "kubeconfig \(place): \(sentence)")
    }

    /// The value under a key; `nil` where there is none, or nothing stands there.
    func value(_ key: String) throws -> KubeconfigNode? {
        guard case .mapping(let mapping) = node else { throw mistake("this must be a map, to hold `\(key)`.") }
        for pair in mapping {
            guard case .scalar(let name) = pair.key, name.string == key else { continue }
            if case .scalar(let scalar) = pair.value, scalar.style == .plain,
                ["", "~", "null"].contains(scalar.string)
            {
                return nil
            }
            return KubeconfigNode(node: pair.value, file: file)
        }
        return nil
    }

    func text(_ key: String) throws -> String? {
        guard let value = try value(key) else { return nil }
        guard case .scalar(let scalar) = value.node else { throw value.mistake("`\(key)` must be a text.") }
        return scalar.string.isEmpty ? nil : scalar.string
    }

    func required(_ key: String, of what: String) throws -> String {
        guard let text = try text(key) else { throw mistake("\(what) has no `\(key)`.") }
        return text
    }

    func flag(_ key: String) throws -> Bool {
        guard let value = try value(key), let text = try text(key) else { return false }
        switch text.lowercased() {
        case "true": return true
        case "false": return false
        default: throw value.mistake("`\(key)` must be true or false.")
        }
    }

    func list(_ key: String) throws -> [KubeconfigNode] {
        guard let value = try value(key) else { return [] }
        guard case .sequence(let items) = value.node else { throw value.mistake("`\(key)` must be a list.") }
        return items.map { KubeconfigNode(node: $0, file: file) }
    }

    func texts(_ key: String) throws -> [String] {
        try list(key).map { item in
            guard case .scalar(let scalar) = item.node else { throw item.mistake("`\(key)` must be a list of texts.") }
            return scalar.string
        }
    }

    private static func place(of error: YamlError, in file: String) -> String {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return "\(file):\(mark.line):\(mark.column): it is not YAML that can be read: \(problem)."
        case .duplicatedKeysInMapping(let keys, let context):
            let key = keys.first.map { "`\($0.prefix(60))`" } ?? "a key"
            return "\(file):\(context.mark.line):\(context.mark.column): \(key) stands twice in this map."
        default: return "\(file): it is not YAML that can be read."
        }
    }
}
