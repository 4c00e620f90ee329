/// All actions, target kinds and channel kinds that a program knows, as values.
public struct Catalogue: Sendable {
    public let actions: [String: ActionDefinition]
    public let kinds: [String: TargetKindDefinition]
    public let channels: [String: ChannelKindDefinition]

    public init(
        actions: [ActionDefinition], kinds: [TargetKindDefinition], channels: [ChannelKindDefinition] = []
    ) {
        self.actions = Dictionary(actions.map { ($0.name, $0) }) { first, _ in first }
        self.kinds = Dictionary(kinds.map { ($0.name, $0) }) { first, _ in first }
        self.channels = Dictionary(channels.map { ($0.name, $0) }) { first, _ in first }
    }

    /// By name, for listings.
    public var sortedActions: [ActionDefinition] { actions.values.sorted { $0.name < $1.name } }
    public var sortedKinds: [TargetKindDefinition] { kinds.values.sorted { $0.name < $1.name } }
    public var sortedChannels: [ChannelKindDefinition] { channels.values.sorted { $0.name < $1.name } }
}
