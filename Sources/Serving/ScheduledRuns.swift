public import Dispatching
import Engine
public import Host
public import Journal
public import Maintenance
public import Plans
import Schedules

/// Has the runs of occurrences begun, and those that a dead process left taken over; two never change one thing at once.
public final class ScheduledRuns: Sendable {
    /// Who the journal says asked for a run.
    public static let requester = "schedule"

    private let host: Host
    private let catalogue: Catalogue
    private let store: any JournalStore
    private let owner: ProcessIdentity
    private let work: any RunWork
    private let plan: @Sendable (_ service: String) -> Plan?
    private let ended: @Sendable (ProcedureKey) -> Void
    private let places = RunPlaces()

    /// - Parameter work: Who brings them to their end: this process, or the nodes that share the journal.
    public init(
        _ work: any RunWork, host: Host, catalogue: Catalogue, store: any JournalStore, owner: ProcessIdentity,
        plan: @escaping @Sendable (String) -> Plan?, ended: @escaping @Sendable (ProcedureKey) -> Void
    ) {
        self.host = host
        self.catalogue = catalogue
        self.store = store
        self.owner = owner
        self.work = work
        self.plan = plan
        self.ended = ended
    }

    /// What a dead process's run works on stays its own until it is over.
    public func reserve(_ occurrence: Dispatching.Occurrence) async throws {
        guard let row = try await store.row(of: Journal.Occurrence(occurrence)), row.state != .ended,
            let first = try await store.records(of: row.id).first,
            case .started(let start) = try decodeJSON(RunEvent.self, first.body)
        else { return }
        places.keep(start.changedPlaces, for: occurrence)
    }

    /// Brings the occurrence's run to its end; throws `RunNotBegun` or `RunLockedOut` where it certainly has none.
    public func run(_ occurrence: Dispatching.Occurrence, observeOnly: Bool) async throws {
        do { try await carry(occurrence, observeOnly) } catch let error as RunNotBegun {
            places.release(occurrence)
            throw error
        }
        // After any other error it may go on, and what it works on stays its own.
        places.release(occurrence)
        ended(occurrence.procedure)
    }

    private func carry(_ occurrence: Dispatching.Occurrence, _ observeOnly: Bool) async throws {
        if let row = try await store.row(of: Journal.Occurrence(occurrence)) {
            // What another process began and did not end, it left.
            if row.state != .ended { try await work.finish(row, of: occurrence) }
            return
        }
        var start: RunStart
        do throws(CouldNotLook) { start = try self.start(occurrence, observeOnly) } catch {
            throw RunNotBegun(error.cause)
        }
        guard places.take(start.changedPlaces, for: occurrence) == nil else { throw RunLockedOut() }
        if let plan = plan(occurrence.procedure.service) {
            let past = try await RunPast.read(start.plan, of: plan, from: store, at: host.now())
            start.recoversFrom = past.recoversFrom
        }
        do { try await work.begin(RunID.make(at: host.now(), host), start, of: occurrence) } catch let error
            as JournalError
            where error.code == .occurrenceTaken && error.run == nil
        {
            // It was recorded as missed.
            throw RunNotBegun(Cause(error))
        }
    }

    /// Asks the run to stop at the next safe point, also one that is only just being begun.
    public func cancel(_ occurrence: Dispatching.Occurrence, _ cause: Cause) async {
        await work.cancel(occurrence, cause)
    }

    /// This process stops: what it does for the run ends at the next safe point, and the run goes on with the next.
    public func stop(_ occurrence: Dispatching.Occurrence) { work.stop(occurrence) }

    private func start(_ occurrence: Dispatching.Occurrence, _ observeOnly: Bool) throws(CouldNotLook) -> RunStart {
        let key = occurrence.procedure
        guard let plan = plan(key.service) else {
            throw CouldNotLook(.notFound, "The plan of \(key.service) is not in force any more.")
        }
        let runnable: RunPlan
        do throws(PlanErrors) {
            runnable = try plan.runnable(
                procedure: key.procedure, environment: key.environment, occurrence: occurrence.nominal,
                catalogue: catalogue)
        } catch {
            throw CouldNotLook(.malformed, error.description)
        }
        let now = host.now()
        let hours = plan.workingHours(of: runnable)
        guard let open = RunHours(hours, at: now) else {
            guard case .closed(let reason, _) = hours.state(at: now) else {
                throw CouldNotLook(.windowEnded, "It cannot begin now: its window closes soon.")
            }
            throw CouldNotLook(.windowEnded, "It cannot begin now: \(reason).")
        }
        return RunStart.make(
            runnable, catalogue: catalogue, host: host, nominal: occurrence.nominal, owner: owner,
            requestedBy: Self.requester, opening: open.opening, laterOpenings: open.later, observeOnly: observeOnly)
    }
}

extension Journal.Occurrence {
    init(_ occurrence: Dispatching.Occurrence) {
        let key = occurrence.procedure
        self.init(
            service: key.service, environment: key.environment, procedure: key.procedure, nominal: occurrence.nominal)
    }
}
