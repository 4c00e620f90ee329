import Maintenance

/// A value with its place.
struct Located<Value: Sendable>: Sendable {
    let value: Value
    let position: Position
}

extension Located: Equatable where Value: Equatable {}
extension Located: Hashable where Value: Hashable {}

/// A map read against its table: unknown keys and missing ones are reported once, here.
struct Fields {
    let node: PlanNode
    private let table: KeyTable

    /// `nil` where the node is no map.
    init?(_ node: PlanNode, _ table: KeyTable, _ log: inout MistakeLog) {
        guard let entries = node.entries else {
            let keys = table.keys.map { "`\($0.name)`" }.joined(separator: ", ")
            log.report(
                "\(node.kindName) where \(table.summary) is expected, which is a map with \(keys)", at: node.position)
            return nil
        }
        self.node = node
        self.table = table
        for entry in entries where !table.keys.contains(where: { $0.name == entry.key }) {
            log.report(table.mistake(in: entry.key), at: entry.position)
        }
        for key in table.keys where key.isRequired && node[key.name] == nil {
            log.report("\(table.summary) needs `\(key.name)`: \(key.summary)", at: node.position)
        }
    }

    /// What stands under a key. A key without a value is a mistake: it is either forgotten or superfluous.
    func take(_ key: String, _ log: inout MistakeLog) -> PlanNode? {
        log.noteRead(key, of: table.name)
        guard let entry = node[key] else { return nil }
        if case .null = entry.value.content {
            log.report("`\(key)` has no value; write one, or leave the key out", at: entry.position)
            return nil
        }
        return entry.value
    }

    func text(_ key: String, _ log: inout MistakeLog) -> Located<String>? {
        guard let node = take(key, &log), let text = node.read(String.self, &log) else { return nil }
        return Located(value: text, position: node.position)
    }

    func name(_ key: String, _ log: inout MistakeLog) -> Located<String>? {
        guard let text = text(key, &log) else { return nil }
        if let mistake = Names.mistake(in: text.value) {
            log.report(mistake, at: text.position)
            return nil
        }
        return text
    }

    func read<Value: ParameterValue>(_ key: String, as type: Value.Type, _ log: inout MistakeLog) -> Located<Value>? {
        guard let node = take(key, &log), let value = node.read(type, &log) else { return nil }
        return Located(value: value, position: node.position)
    }

    /// The entries of a map whose keys are names of the plan's own.
    func named(_ key: String, _ log: inout MistakeLog) -> [PlanNode.Entry] {
        guard let node = take(key, &log) else { return [] }
        guard let entries = node.entries else {
            log.report("\(node.kindName) where a map from names is expected", at: node.position)
            return []
        }
        for entry in entries {
            if let mistake = Names.mistake(in: entry.key) { log.report(mistake, at: entry.position) }
        }
        return entries
    }

    func list(_ key: String, _ log: inout MistakeLog) -> [PlanNode] {
        guard let node = take(key, &log) else { return [] }
        guard case .list(let items) = node.content else {
            log.report("\(node.kindName) where a list is expected; begin each item with `- `", at: node.position)
            return []
        }
        if items.isEmpty { log.report("`\(key)` is empty", at: node.position) }
        return items
    }
}

extension PlanNode {
    /// Reads a typed value; mistakes are reported where they stand.
    func read<Value: ParameterValue>(_ type: Value.Type, _ log: inout MistakeLog) -> Value? {
        do {
            return try type.read(value)
        } catch {
            log.report(error.message, at: position(at: error.path))
            return nil
        }
    }
}

/// Names that a plan gives: they stand in conditions, file names, logs and metrics.
enum Names {
    static func mistake(in name: String) -> String? {
        let isName =
            name.first.map { $0.isASCII && ($0.isLetter || $0.isNumber) } ?? false
            && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
            && name.count <= PlanLimits.nameLength
        if isName { return nil }
        return
            "`\(name.prefix(80))` is not a name; use letters, digits, `-`, `_` and `.`, a letter or digit first, at most "
            + "\(PlanLimits.nameLength) characters"
    }

    /// A step's id stands before a point in conditions and references, so it has none, and begins with a letter.
    static func mistake(inStepID id: String) -> String? {
        if let mistake = mistake(in: id) { return mistake }
        if id.first?.isLetter == true, !id.contains(".") { return nil }
        return "`\(id)` is not a step's id; use letters, digits, `-` and `_`, a letter first"
    }
}
