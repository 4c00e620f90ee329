public import Host
public import Maintenance

/// A run in the index: what a listing shows, and what keeps an occurrence from running twice.
public struct RunRow: Codable, Hashable, Sendable {
    public let id: String
    public let service: String
    public let environment: String
    public let procedure: String
    /// The planned instant; of a run by hand the moment it was asked for.
    public let nominal: Instant
    public let startedAt: Instant
    public var endedAt: Instant?
    public var state: RunState
    public var verdict: Verdict?
    /// The process that works on it; `nil` when none does.
    public var owner: ProcessIdentity?

    public init(
        id: String, service: String, environment: String, procedure: String, nominal: Instant, startedAt: Instant,
        endedAt: Instant? = nil, state: RunState, verdict: Verdict? = nil, owner: ProcessIdentity? = nil
    ) {
        self.id = id
        self.service = service
        self.environment = environment
        self.procedure = procedure
        self.nominal = nominal
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.state = state
        self.verdict = verdict
        self.owner = owner
    }

    public var occurrence: Occurrence {
        Occurrence(service: service, environment: environment, procedure: procedure, nominal: nominal)
    }
}

/// One planned instant of a procedure: unique in a store.
public struct Occurrence: Codable, Hashable, Sendable, CustomStringConvertible {
    public let service: String
    public let environment: String
    public let procedure: String
    public let nominal: Instant

    public init(service: String, environment: String, procedure: String, nominal: Instant) {
        self.service = service
        self.environment = environment
        self.procedure = procedure
        self.nominal = nominal
    }

    public var description: String { "\(service)/\(environment)/\(procedure) at \(nominal)" }
}

public enum RunState: String, Codable, Hashable, Sendable, CaseIterable {
    /// A process works on it, or died while it did.
    case running
    /// Nobody works on it: it waits for a window, an approval or an answer.
    case waiting
    /// It has its verdict and takes no more records.
    case ended
}

/// Which runs a listing shows; at most `limit`, newest first.
public struct RunFilter: Hashable, Sendable {
    public var service: String?
    public var environment: String?
    public var procedure: String?
    public var states: Set<RunState>
    /// Only runs that started at this instant or after it.
    public var startedFrom: Instant?
    /// Only runs that started before this instant.
    public var startedBefore: Instant?
    public var limit: Int

    public init(
        service: String? = nil, environment: String? = nil, procedure: String? = nil,
        states: Set<RunState> = Set(RunState.allCases), startedFrom: Instant? = nil, startedBefore: Instant? = nil,
        limit: Int = JournalLimits.rows
    ) {
        self.service = service
        self.environment = environment
        self.procedure = procedure
        self.states = states
        self.startedFrom = startedFrom
        self.startedBefore = startedBefore
        self.limit = limit
    }

    /// Whether the row belongs into the listing; its place and the limit are the store's.
    public func admits(_ row: RunRow) -> Bool {
        (service.map { $0 == row.service } ?? true) && (environment.map { $0 == row.environment } ?? true)
            && (procedure.map { $0 == row.procedure } ?? true) && states.contains(row.state)
            && (startedFrom.map { row.startedAt >= $0 } ?? true) && (startedBefore.map { row.startedAt < $0 } ?? true)
    }
}
