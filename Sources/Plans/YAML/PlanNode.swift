import Maintenance

/// A value of a document with its place: what everything in this module reads from. Scalars are text.
struct PlanNode: Hashable, Sendable {
    enum Content: Hashable, Sendable {
        case text(String)
        case list([PlanNode])
        case map([Entry])
        case null
    }

    struct Entry: Hashable, Sendable {
        let key: String
        let position: Position
        var value: PlanNode
    }

    var content: Content
    let position: Position

    var text: String? {
        if case .text(let text) = content { text } else { nil }
    }

    var entries: [Entry]? {
        if case .map(let entries) = content { entries } else { nil }
    }

    subscript(_ key: String) -> Entry? { entries?.first { $0.key == key } }

    /// The same value without places.
    var value: PlanValue {
        switch content {
        case .null: .null
        case .text(let text): .text(text)
        case .list(let items): .list(items.map(\.value))
        case .map(let entries): .map(entries.map { PlanValue.Entry($0.key, $0.value.value) })
        }
    }

    /// "a list", for messages.
    var kindName: String { value.kindName }

    /// The place that a path of keys and indices leads to; of the nearest parent where it ends early. With `ofKey`, the
    /// place of the last key instead of its value's.
    func position(at path: [String], ofKey: Bool = false) -> Position {
        guard let first = path.first else { return position }
        let rest = Array(path.dropFirst())
        switch content {
        case .map:
            guard let entry = self[first] else { return position }
            return ofKey && rest.isEmpty ? entry.position : entry.value.position(at: rest, ofKey: ofKey)
        case .list(let items):
            guard let index = Int(first), items.indices.contains(index) else { return position }
            return items[index].position(at: rest, ofKey: ofKey)
        case .text, .null: return position
        }
    }

    /// The same tree with each text passed through `transform`, which may put another node in its place.
    func mapText(_ transform: (String, Position) -> PlanNode.Content) -> PlanNode {
        var copy = self
        switch content {
        case .null: break
        case .text(let text): copy.content = transform(text, position)
        case .list(let items): copy.content = .list(items.map { $0.mapText(transform) })
        case .map(let entries):
            copy.content = .map(
                entries.map { Entry(key: $0.key, position: $0.position, value: $0.value.mapText(transform)) })
        }
        return copy
    }

    /// Every text in it, with the keys that lead to it.
    func forEachText(path: [String] = [], _ visit: (_ path: [String], _ text: String, _ position: Position) -> Void) {
        switch content {
        case .null: break
        case .text(let text): visit(path, text, position)
        case .list(let items):
            for (index, item) in items.enumerated() { item.forEachText(path: path + [String(index)], visit) }
        case .map(let entries):
            for entry in entries { entry.value.forEachText(path: path + [entry.key], visit) }
        }
    }
}

extension PlanNode.Content {
    /// A value without a place takes the place of what it stands for.
    init(_ value: PlanValue, at position: Position) {
        switch value {
        case .null: self = .null
        case .text(let text): self = .text(text)
        case .list(let items):
            self = .list(items.map { PlanNode(content: .init($0, at: position), position: position) })
        case .map(let entries):
            self = .map(
                entries.map {
                    PlanNode.Entry(
                        key: $0.key, position: position,
                        value: PlanNode(content: .init($0.value, at: position), position: position))
                })
        }
    }
}
