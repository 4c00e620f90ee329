/// All actions, target kinds and channel kinds that a program knows, as values.
public struct Catalogue: Sendable {
    public let actions: [String: ActionDefinition]
    public let kinds: [String: TargetKindDefinition]
    public let channels: [String: ChannelKindDefinition]
    /// How programs become actions; `nil` where none can.
    public let programs: ActionPrograms?

    public init(
        actions: [ActionDefinition], kinds: [TargetKindDefinition], channels: [ChannelKindDefinition] = [],
        programs: ActionPrograms? = nil
    ) {
        self.programs = programs
        self.actions = Dictionary(actions.map { ($0.name, $0) }) { first, _ in first }
        self.kinds = Dictionary(kinds.map { ($0.name, $0) }) { first, _ in first }
        self.channels = Dictionary(channels.map { ($0.name, $0) }) { first, _ in first }
    }

    /// By name, for listings.
    public var sortedActions: [ActionDefinition] { actions.values.sorted { $0.name < $1.name } }
    public var sortedKinds: [TargetKindDefinition] { kinds.values.sorted { $0.name < $1.name } }
    public var sortedChannels: [ChannelKindDefinition] { channels.values.sorted { $0.name < $1.name } }

    /// The same with the programs that a plan declares as actions. A name that is built in stays so: the plan's reader
    /// refuses it.
    public func adding(_ described: [ActionProgram]) -> Catalogue {
        guard let programs, !described.isEmpty else { return self }
        let more = described.compactMap { try? programs.define($0) }
        return Catalogue(
            actions: sortedActions + more, kinds: sortedKinds, channels: sortedChannels, programs: programs)
    }
}
