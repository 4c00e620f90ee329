public import Host

/// A procedure of a service in an environment: what a plan schedules.
public struct ProcedureKey: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Shared by all copies: a key is in each table of procedures.
    private final class Names: Sendable {
        let service: String
        let environment: String
        let procedure: String

        init(_ service: String, _ environment: String, _ procedure: String) {
            self.service = service
            self.environment = environment
            self.procedure = procedure
        }
    }

    private let names: Names

    public init(service: String, environment: String, procedure: String) {
        names = Names(service, environment, procedure)
    }

    public var service: String { names.service }
    public var environment: String { names.environment }
    public var procedure: String { names.procedure }

    public var description: String { "\(service)/\(environment)/\(procedure)" }

    public static func == (left: ProcedureKey, right: ProcedureKey) -> Bool {
        left.names === right.names
            || (left.procedure == right.procedure && left.service == right.service
                && left.environment == right.environment)
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(service)
        hasher.combine(environment)
        hasher.combine(procedure)
    }

    public static func < (left: ProcedureKey, right: ProcedureKey) -> Bool {
        if left.service != right.service { return left.service < right.service }
        if left.environment != right.environment { return left.environment < right.environment }
        return left.procedure < right.procedure
    }
}

/// One planned instant of a procedure. It is unique: it gets one run, or one recorded reason why not.
public struct Occurrence: Hashable, Sendable, CustomStringConvertible {
    public let procedure: ProcedureKey
    public let nominal: Instant

    public init(_ procedure: ProcedureKey, _ nominal: Instant) {
        self.procedure = procedure
        self.nominal = nominal
    }

    public var description: String { "\(procedure) of \(nominal)" }
}

/// Why an occurrence got no run.
public enum MissCause: String, Codable, Hashable, Sendable, CaseIterable {
    /// Millwright did not run, or its journal could not be written.
    case down
    /// The machine slept, or the process got no time.
    case asleep
    /// The wall clock was put forward over it.
    case clock
    /// A change of the zone's rules moved it into the past.
    case zone
    /// Its procedure was paused or disabled.
    case paused
    /// A hold was set for as long as it could have begun.
    case held
    /// No window was open with enough time left, or a freeze held it.
    case windowClosed = "window-closed"
    /// The run before it, or one that waited, was not over.
    case overlap
    /// A later one took its place before it began.
    case replaced
    /// After a gap only the last one is made up for.
    case superseded
    /// Another run had what it needs.
    case locked
    /// As many disruptive runs as are allowed were going on.
    case limited
    /// Its run could not be begun.
    case beginFailed = "begin-failed"
    /// Its procedure left the plan.
    case removed
    /// What is done by agreement was not done within its period, or an event was told after its deadline: there is no run to
    /// begin.
    case overdue

    /// These last, and somebody knows of them or was told: one notice until the next run.
    var isStanding: Bool {
        switch self {
        case .paused, .held, .windowClosed, .overlap, .locked, .limited: true
        case .down, .asleep, .clock, .zone, .replaced, .superseded, .beginFailed, .removed, .overdue:
            false
        }
    }
}

/// Occurrences that got no run for one cause: mostly one, and after a long gap all the older ones together.
public struct MissedRow: Hashable, Sendable {
    public let procedure: ProcedureKey
    public let first: Instant
    public let last: Instant
    public let count: Int
    /// There were more than were counted.
    public let isAtLeast: Bool
    public let cause: MissCause
    /// What asked for it, where an event did.
    public let trigger: String?

    public init(
        procedure: ProcedureKey, first: Instant, last: Instant, count: Int, isAtLeast: Bool = false, cause: MissCause,
        trigger: String? = nil
    ) {
        self.procedure = procedure
        self.first = first
        self.last = last
        self.count = count
        self.isAtLeast = isAtLeast
        self.cause = cause
        self.trigger = trigger
    }
}
