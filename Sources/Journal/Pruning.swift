public import Host

/// What retention may take of ended runs.
public enum PrunedPart: Hashable, Sendable {
    /// What lies beside their records, but for what other runs use as well.
    case bodies
    /// Their records and what lies beside them. Rows, points and checkpoints stay.
    case records
}

/// Which runs retention may prune now; at most `limit`, those that ended first before the others.
public struct PruningFilter: Hashable, Sendable {
    public var part: PrunedPart
    /// Only runs that ended before this instant.
    public var endedBefore: Instant
    public var limit: Int

    public init(_ part: PrunedPart, endedBefore: Instant, limit: Int) {
        self.part = part
        self.endedBefore = endedBefore
        self.limit = limit
    }

    /// The checkpoints after which a run has nothing of the part left.
    public var done: Set<Checkpoint.Kind> { part == .records ? [.pruned] : [.erased, .pruned] }
}
