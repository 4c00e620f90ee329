public import Host

/// Occurrences that have no run, and why, so that none is missed silently: mostly one, and after a long gap the older ones
/// of it together.
public struct MissedRow: Codable, Hashable, Sendable {
    /// The first of them, which no run may have.
    public let occurrence: Occurrence
    /// The nominal instant of the last of them.
    public let last: Instant
    public let count: Int
    /// There were more than were counted.
    public let isAtLeast: Bool
    /// A code of the dispatcher's, such as `down` or `held`.
    public let cause: String
    /// What happened, for people.
    public let sentence: String
    /// When it was decided that it has no run.
    public let decidedAt: Instant

    public init(
        occurrence: Occurrence, last: Instant? = nil, count: Int = 1, isAtLeast: Bool = false, cause: String,
        sentence: String, decidedAt: Instant
    ) {
        self.occurrence = occurrence
        self.last = last ?? occurrence.nominal
        self.count = count
        self.isAtLeast = isAtLeast
        self.cause = cause
        self.sentence = sentence
        self.decidedAt = decidedAt
    }
}

/// Which missed occurrences a listing shows; at most `limit`, the latest nominal instant first.
public struct MissedFilter: Hashable, Sendable {
    public var service: String?
    public var environment: String?
    public var procedure: String?
    /// Only those whose nominal instant is this one or later.
    public var nominalFrom: Instant?
    /// Only those whose nominal instant is before this one.
    public var nominalBefore: Instant?
    public var limit: Int

    public init(
        service: String? = nil, environment: String? = nil, procedure: String? = nil, nominalFrom: Instant? = nil,
        nominalBefore: Instant? = nil, limit: Int = JournalLimits.rows
    ) {
        self.service = service
        self.environment = environment
        self.procedure = procedure
        self.nominalFrom = nominalFrom
        self.nominalBefore = nominalBefore
        self.limit = limit
    }

    /// Whether the row belongs into the listing; its place and the limit are the store's.
    func admits(_ row: MissedRow) -> Bool {
        let occurrence = row.occurrence
        return (service.map { $0 == occurrence.service } ?? true)
            && (environment.map { $0 == occurrence.environment } ?? true)
            && (procedure.map { $0 == occurrence.procedure } ?? true)
            && (nominalFrom.map { occurrence.nominal >= $0 } ?? true)
            && (nominalBefore.map { occurrence.nominal < $0 } ?? true)
    }
}
