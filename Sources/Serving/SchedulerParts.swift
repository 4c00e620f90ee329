public import Dispatching
public import Maintenance

/// What the scheduler needs of the rest of the program.
public struct SchedulerParts: Sendable {
    /// Brings the run of an occurrence to its end, taking it over where a dead process left it. Throws `RunNotBegun` or
    /// `RunLockedOut` where there is none for certain; after any other error it is asked again.
    public var run: @Sendable (Dispatching.Occurrence, _ observeOnly: Bool) async throws -> Void
    /// Keeps what the run of an occurrence works on for it, before anything is begun: a dead process left it.
    public var reserve: @Sendable (Dispatching.Occurrence) async throws -> Void
    /// Asks the run of an occurrence to stop at the next safe point.
    public var cancel: @Sendable (Dispatching.Occurrence) async -> Void
    /// This process stops: what it does for the occurrence ends at the next safe point, and its run goes on with the next.
    public var stop: @Sendable (Dispatching.Occurrence) -> Void
    /// The procedures that follow the end of another.
    public var followers: @Sendable (ProcedureKey) -> [ProcedureKey]
    /// The plans and holds in force, for a dispatcher that begins and knows these procedures from before.
    public var inForce: @Sendable (_ known: Set<ProcedureKey>) -> [DispatchEvent]
    /// Tells the operator what the dispatcher has to say.
    public var say: @Sendable (DispatchNotice) -> Void
    /// The notices that rows of missed occurrences make.
    public var owed: @Sendable ([Dispatching.MissedRow]) -> [OwedNotice]
    /// Tells people. The step that is handed over is durable when it returns true; else no more is to be done.
    public var tell: @Sendable (OwedNotice, _ note: @Sendable (OwedNotice.Note) async -> Bool) async -> Void
    /// What an operator reads: started, reloaded, could not write.
    public var log: @Sendable (String) -> Void
    /// Now and then, after an answer of the dispatcher's.
    public var publish: @Sendable (DispatchMetrics) async -> Void
    /// Whenever the scheduler heard something: it does not hang.
    public var alive: @Sendable () -> Void

    public init(
        run: @escaping @Sendable (Dispatching.Occurrence, _ observeOnly: Bool) async throws -> Void,
        reserve: @escaping @Sendable (Dispatching.Occurrence) async throws -> Void,
        cancel: @escaping @Sendable (Dispatching.Occurrence) async -> Void,
        stop: @escaping @Sendable (Dispatching.Occurrence) -> Void,
        followers: @escaping @Sendable (ProcedureKey) -> [ProcedureKey],
        inForce: @escaping @Sendable (Set<ProcedureKey>) -> [DispatchEvent],
        say: @escaping @Sendable (DispatchNotice) -> Void,
        owed: @escaping @Sendable ([Dispatching.MissedRow]) -> [OwedNotice],
        tell: @escaping @Sendable (OwedNotice, @Sendable (OwedNotice.Note) async -> Bool) async -> Void,
        log: @escaping @Sendable (String) -> Void,
        publish: @escaping @Sendable (DispatchMetrics) async -> Void, alive: @escaping @Sendable () -> Void
    ) {
        self.run = run
        self.reserve = reserve
        self.cancel = cancel
        self.stop = stop
        self.followers = followers
        self.inForce = inForce
        self.say = say
        self.owed = owed
        self.tell = tell
        self.log = log
        self.publish = publish
        self.alive = alive
    }
}

/// The run certainly does not exist.
public struct RunNotBegun: Error {
    public let cause: Cause

    public init(_ cause: Cause) { self.cause = cause }
}

/// The run certainly does not exist: another one works on what it would change.
public struct RunLockedOut: Error {}
