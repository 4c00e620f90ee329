public import Dispatching
public import Engine
public import Host
public import Journal
public import Maintenance
public import Plans
import Schedules
import Synchronization

/// Begins the runs of occurrences, takes over those that a dead process left, and can ask each to stop.
public final class ScheduledRuns: Sendable {
    /// Who the journal says asked for a run.
    public static let requester = "schedule"

    private let host: Host
    private let catalogue: Catalogue
    private let store: any JournalStore
    private let owner: ProcessIdentity
    private let driver: @Sendable () -> RunDriver
    private let plan: @Sendable (_ service: String) -> Plan?
    private let ended: @Sendable (Run) async -> Void
    private let work = Mutex(Work())
    private let places = RunPlaces()

    private struct Work {
        var drivers: [Dispatching.Occurrence: RunDriver] = [:]
        /// Asked to stop before their drivers were there.
        var cancelled: [Dispatching.Occurrence: Cause] = [:]
    }

    public init(
        host: Host, catalogue: Catalogue, store: any JournalStore, owner: ProcessIdentity,
        driver: @escaping @Sendable () -> RunDriver, plan: @escaping @Sendable (String) -> Plan?,
        ended: @escaping @Sendable (Run) async -> Void
    ) {
        self.host = host
        self.catalogue = catalogue
        self.store = store
        self.owner = owner
        self.driver = driver
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
        let driver = driver()
        let cause = work.withLock { work in
            work.drivers[occurrence] = driver
            return work.cancelled.removeValue(forKey: occurrence)
        }
        if let cause { driver.cancel(cause) }
        defer { _ = work.withLock { $0.drivers.removeValue(forKey: occurrence) } }
        do { try await carry(occurrence, observeOnly, driver) } catch let error as RunNotBegun {
            places.release(occurrence)
            throw error
        }
        // After any other error it may go on, and what it works on stays its own.
        places.release(occurrence)
    }

    private func carry(
        _ occurrence: Dispatching.Occurrence, _ observeOnly: Bool, _ driver: RunDriver
    ) async throws {
        if let row = try await store.row(of: Journal.Occurrence(occurrence)) {
            // One process writes to a journal: what another began, it left.
            if row.state != .ended { await ended(try await driver.resume(row, by: owner)) }
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
        do { await ended(try await driver.begin(RunID.make(at: host.now(), host), start)) } catch let error
            as JournalError
            where error.code == .occurrenceTaken && error.run == nil
        {
            // It was recorded as missed.
            throw RunNotBegun(Cause(error))
        }
    }

    /// Asks the run to stop at the next safe point, also one that is only just being begun.
    public func cancel(_ occurrence: Dispatching.Occurrence, _ cause: Cause) {
        let driver = work.withLock { work in
            if work.drivers[occurrence] == nil { work.cancelled[occurrence] = cause }
            return work.drivers[occurrence]
        }
        driver?.cancel(cause)
    }

    private func start(_ occurrence: Dispatching.Occurrence, _ observeOnly: Bool) throws(CouldNotLook) -> RunStart {
        let key = occurrence.procedure
        guard let plan = plan(key.service) else {
            throw CouldNotLook(.notFound, "The plan of \(key.service) is not in force any more.")
        }
        let runnable: RunPlan
        do throws(PlanErrors) {
            runnable = try plan.runnable(procedure: key.procedure, environment: key.environment, catalogue: catalogue)
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
