public import Host
public import Journal
public import Maintenance
import Plans
import Synchronization

/// Who looks on while a run goes: for the screen only, nothing depends on them.
public struct RunObserver: Sendable {
    /// After each durable event.
    public var changed: @Sendable (Run) -> Void
    /// Latest-only progress of a step's work in hand.
    public var progress: @Sendable (_ step: String, Progress) -> Void

    public init(
        changed: @escaping @Sendable (Run) -> Void = { _ in },
        progress: @escaping @Sendable (String, Progress) -> Void = { _, _ in }
    ) {
        self.changed = changed
        self.progress = progress
    }
}

/// The thin shell around the run machine: performs its commands, makes what comes back durable, and feeds it in.
public struct RunDriver: Sendable {
    private let host: Host
    private let catalogue: Catalogue
    private let store: any JournalStore
    private let observer: RunObserver
    /// Ends the processes that a dead run left behind, before anything else is done; throws where some remain.
    private let endLeftChildren: @Sendable (_ run: String, _ known: [ChildProcess]) async throws -> Void
    private let mailbox = Mailbox<Delivery>()

    public init(
        host: Host, catalogue: Catalogue, store: any JournalStore, observer: RunObserver = RunObserver(),
        endLeftChildren: @escaping @Sendable (String, [ChildProcess]) async throws -> Void = { _, _ in }
    ) {
        self.host = host
        self.catalogue = catalogue
        self.store = store
        self.observer = observer
        self.endLeftChildren = endLeftChildren
    }

    /// Begins a run and drives it to its end.
    public func begin(_ id: String, _ start: RunStart) async throws -> Run {
        let ledger = RunLedger(run: id, store: store, host: host)
        return try await drive(ledger, first: .started(start), start)
    }

    /// Takes over a run that a dead process left: its probes say what became of the work in hand.
    public func resume(_ row: RunRow, by owner: Owner) async throws -> Run {
        var ledger = RunLedger(run: row.id, store: store, host: host)
        try ledger.replay(try await store.records(of: row.id), row)
        guard let start = ledger.run.start else {
            throw JournalError(.corrupt, "The journal has no beginning of run \(row.id).", run: row.id)
        }
        try await endLeftChildren(row.id, ledger.run.children)
        return try await drive(ledger, first: .resumed(owner), start)
    }

    /// Asks the run to stop at the next safe point.
    public func cancel(_ cause: Cause) {
        mailbox.post(Delivery(event: .cancelRequested(cause)))
    }

    private func drive(_ ledger: RunLedger, first: RunEvent, _ start: RunStart) async throws -> Run {
        let targets = TargetRegistry(start.plan.targets, catalogue: catalogue, host: host)
        let performer = Performer(
            host: host, catalogue: catalogue, store: store, targets: targets, start: start, run: ledger.run.id,
            observer: observer, mailbox: mailbox)
        do {
            let run = try await loop(ledger, first, performer)
            await targets.close()
            return run
        } catch {
            await targets.close()
            throw error
        }
    }

    /// Not cancelled itself: it records what came of everything that it let begin.
    private func loop(_ ledger: RunLedger, _ first: RunEvent, _ performer: Performer) async throws -> Run {
        var ledger = ledger
        return try await withThrowingTaskGroup(of: Void.self) { group in
            // When the journal fails nothing can be recorded any more: everything in hand is cancelled, and the next
            // start probes it.
            defer { group.cancelAll() }
            var deliveries = [Delivery(event: first)]
            while true {
                let commands: [RunCommand]
                do throws(JournalError) { commands = try await ledger.commit(deliveries) } catch {
                    for delivery in deliveries { delivery.recorded?(.failure(error)) }
                    throw error
                }
                for delivery in deliveries { delivery.recorded?(.success(())) }
                observer.changed(ledger.run)
                if case .ended = ledger.run.phase { return ledger.run }
                for command in commands {
                    let machine = ledger.machine
                    group.addTask { [mailbox] in
                        if let delivery = await performer.perform(command, machine) { mailbox.post(delivery) }
                    }
                }
                deliveries = await mailbox.take()
            }
        }
    }
}
