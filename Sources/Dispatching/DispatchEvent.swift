public import Host
public import Schedules

/// Both clocks, read together.
public struct ClockReading: Hashable, Sendable {
    public let wall: Instant
    /// Goes on while the machine sleeps, and is never set.
    public let steady: Duration

    public init(wall: Instant, steady: Duration) {
        self.wall = wall
        self.steady = steady
    }
}

/// What nothing is begun for.
public enum Hold: Hashable, Sendable {
    case everything
    case service(String)
    /// By the name of its lock.
    case target(String)
}

/// What a procedure hangs on that no clock tells, as it was seen last.
public enum Seen: Hashable, Sendable {
    /// The times that a fact has: each has one occurrence, however often it is told.
    case fact([Instant])
    /// Nobody saw the fact, or not lately: why, and what would tell; for people.
    case nothing(String)
    /// When the agreed work was last done; `nil` where nobody knows of it.
    case done(Instant?)
}

/// What the dispatcher is told.
public enum DispatchEvent: Sendable {
    /// Time has passed.
    case tick
    /// Plans that are new or changed, and procedures that are in none any more.
    case plans(changed: [ProcedurePlan], removed: [ProcedureKey])
    /// Zones whose rules changed; each is known by its name.
    case zones([Zone])
    case pause(ProcedureKey)
    case resume(ProcedureKey)
    /// All holds that are in force, instead of those before.
    case holds(Set<Hold>)
    /// An event asks for an occurrence. One identity counts once, however often it is told.
    case triggered(ProcedureKey, identity: String, at: Instant)
    /// What the procedure hangs on, as it is known now; as often as wanted.
    case seen(ProcedureKey, Seen)
    /// The occurrence has no run, for certain: it could not be begun.
    case beginFailed(Occurrence)
    /// It has none, for certain: another run works on what it would change. It is begun again a little later.
    case lockedOut(Occurrence)
    case ended(Occurrence)
}
