import Maintenance

/// A channel's settings with the mail addresses of the estate's people in the place of their names.
struct Recipients {
    private(set) var settings: PlanNode
    /// The parameter that names people; `nil` where the kind has none.
    let key: String?
    /// The names that nobody bears.
    private(set) var mistakes: [Diagnostic] = []

    private let estate: Estate

    init(_ settings: PlanNode, _ kind: ChannelKindDefinition, _ estate: Estate) {
        self.settings = settings
        self.estate = estate
        key = kind.recipientParameter
        guard let key, var entries = settings.entries, let index = entries.firstIndex(where: { $0.key == key }) else {
            return
        }
        entries[index].value = addresses(of: entries[index].value)
        self.settings.content = .map(entries)
    }

    /// Who is named twice, or is in two groups, is written to once.
    private mutating func addresses(of node: PlanNode) -> PlanNode {
        let items: [PlanNode] = if case .list(let items) = node.content { items } else { [node] }
        var found: [PlanNode] = []
        var seen: Set<PlanNode.Content> = []
        for item in items.flatMap({ addresses($0) }) where seen.insert(item.content).inserted { found.append(item) }
        return PlanNode(content: .list(found), position: node.position)
    }

    /// What is no name is an address, or a reference to one: the kind reads it.
    private mutating func addresses(_ item: PlanNode) -> [PlanNode] {
        guard let name = item.text, Names.mistake(in: name) == nil else { return [item] }
        guard estate.people[name] != nil || estate.groups[name] != nil else {
            let known = Array(estate.people.keys) + Array(estate.groups.keys)
            mistakes.append(
                Diagnostic(
                    "`\(name)` is no mail address, and " + unknown(name, "person or group", among: known),
                    at: item.position))
            return []
        }
        // A member whom the estate does not know is reported with the group.
        return estate.people(of: name).compactMap { estate.people[$0] }.map {
            PlanNode(content: .text($0.mail), position: item.position)
        }
    }
}
