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
    private let endLeftChildren: @Sendable (_ run: String, _ known: [ProcessIdentity]) async throws -> Void
    /// Why the run may change nothing now.
    private let held: @Sendable (RunStart) -> Cause?
    /// Where people leave their word; without one nobody is asked.
    private let inbox: Inbox?
    private let mailbox = Mailbox<Message>()

    public init(
        host: Host, catalogue: Catalogue, store: any JournalStore, observer: RunObserver = RunObserver(),
        held: @escaping @Sendable (RunStart) -> Cause? = { _ in nil }, inbox: Inbox? = nil,
        endLeftChildren: @escaping @Sendable (String, [ProcessIdentity]) async throws -> Void = { _, _ in }
    ) {
        self.host = host
        self.catalogue = catalogue
        self.store = store
        self.observer = observer
        self.held = held
        self.inbox = inbox
        self.endLeftChildren = endLeftChildren
    }

    /// Begins a run and drives it to its end. Occurrences that were missed before it are recorded with its beginning.
    public func begin(_ id: String, _ start: RunStart, missed: MissedOccurrences? = nil) async throws -> Run {
        try await store.whileTaken(Claim(id, place: start.plan.place)) {
            let ledger = RunLedger(run: id, store: store, host: host)
            return try await drive(ledger, first: [.started(start)] + (missed.map { [.missed($0)] } ?? []), start)
        }
    }

    /// Begins a run and leaves it to the nodes of its place: the next that is free takes it over.
    ///
    /// - Parameter chain: Who has its lease may begin runs.
    public func leave(_ id: String, _ start: RunStart, under chain: String) async throws {
        var start = start
        start.isLeft = true
        let left = start
        try await store.whileTaken(Claim(id, place: start.plan.place, under: chain, isLeft: true)) {
            var ledger = RunLedger(run: id, store: store, host: host)
            _ = try await ledger.commit([Delivery(event: .started(left))])
        }
    }

    /// Takes over a run that was left, or that a dead process had: its probes say what became of the work in hand.
    public func resume(_ row: RunRow, by owner: ProcessIdentity) async throws -> Run {
        try await store.whileTaken(Claim(row.id)) {
            var ledger = RunLedger(run: row.id, store: store, host: host)
            try ledger.replay(try await store.records(of: row.id), row)
            guard let start = ledger.run.start else {
                throw JournalError(.corrupt, "The journal has no beginning of run \(row.id).", run: row.id)
            }
            // Another node may have brought it to its end meanwhile.
            if case .ended = ledger.run.phase { return ledger.run }
            try await endLeftChildren(row.id, ledger.run.children)
            return try await drive(ledger, first: [.resumed(owner)], start)
        }
    }

    /// Asks the run to stop at the next safe point.
    public func cancel(_ cause: Cause) {
        mailbox.post(.note(Delivery(event: .cancelRequested(cause))))
    }

    /// This process stops: the run is left at its next safe point, and goes on with the next that takes it over.
    public func letGo() { mailbox.post(.letGo) }

    private func drive(_ ledger: RunLedger, first: [RunEvent], _ start: RunStart) async throws -> Run {
        let catalogue = catalogue.adding(start.plan.programs ?? [])
        let targets = TargetRegistry(start.plan.targets, catalogue: catalogue, host: host)
        let performer = Performer(
            host: host, catalogue: catalogue, store: store, targets: targets, start: start, run: ledger.run.id,
            observer: observer, held: held, inbox: inbox, mailbox: mailbox)
        do {
            let run = try await loop(ledger, first, performer)
            inbox?.empty(for: run.id)
            await targets.close()
            return run
        } catch {
            await targets.close()
            throw error
        }
    }

    /// Not cancelled itself: it records what came of everything that it let begin.
    private func loop(_ ledger: RunLedger, _ first: [RunEvent], _ performer: Performer) async throws -> Run {
        var ledger = ledger
        return try await withThrowingDiscardingTaskGroup { group in
            // When the journal fails nothing can be recorded any more: everything in hand is cancelled, and the next
            // start probes it. Who waits for a record is told.
            defer {
                for case .note(let note) in mailbox.close() { note.recorded?(.failure(.runTornDown)) }
                group.cancelAll()
            }
            var deliveries = first.map { Delivery(event: $0) }
            var (working, resting) = (0, 0)
            var isLettingGo = false
            while true {
                let commands = try await commit(deliveries, to: &ledger)
                if case .ended = ledger.run.phase { return ledger.run }
                // What is not begun now is begun by whoever goes on, as after a crash.
                for command in commands where !isLettingGo {
                    if command.isRest { resting += 1 } else { working += 1 }
                    let machine = ledger.machine
                    group.addTask { [mailbox] in
                        let answer = await performer.perform(command, machine)
                        mailbox.post(command.isRest ? .rested(answer) : .answer(answer))
                    }
                }
                deliveries = []
                while deliveries.isEmpty {
                    if isLettingGo, working == 0 { throw CouldNotLook(.cancelled, Self.isLeft) }
                    guard working + resting > 0 else {
                        throw JournalError(
                            .corrupt, "Run \(ledger.run.id) stands still: nothing is in hand and it has not ended.",
                            run: ledger.run.id)
                    }
                    for message in await mailbox.take() {
                        switch message {
                        case .note(let note) where !ledger.machine.isNews(note.event): break
                        case .note(let note): deliveries.append(note)
                        case .letGo: isLettingGo = true
                        case .answer(let answer):
                            working -= 1
                            if let answer { deliveries.append(answer) }
                        case .rested(let answer):
                            resting -= 1
                            if let answer { deliveries.append(answer) }
                        }
                    }
                }
            }
        }
    }

    private static let isLeft =
        "Millwright was asked to stop: it was left at a safe point, and goes on when that runs again."

    private func commit(
        _ deliveries: [Delivery], to ledger: inout RunLedger
    ) async throws(JournalError) -> [RunCommand] {
        do throws(JournalError) {
            let commands = try await ledger.commit(deliveries)
            for delivery in deliveries { delivery.recorded?(.success(())) }
            observer.changed(ledger.run)
            return commands
        } catch {
            for delivery in deliveries { delivery.recorded?(.failure(error)) }
            throw error
        }
    }
}
