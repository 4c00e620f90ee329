public import Dispatching
public import Host
public import Journal
public import Maintenance

/// What the scheduler needs of the rest of the program.
public struct SchedulerParts: Sendable {
    /// Brings the run of an occurrence to its end, taking it over where a dead process left it. Throws `RunNotBegun` where
    /// there is none for certain; after any other error it is asked again.
    public var run: @Sendable (Dispatching.Occurrence, _ observeOnly: Bool) async throws -> Void
    /// Asks the run of an occurrence to stop at the next safe point.
    public var cancel: @Sendable (Dispatching.Occurrence) -> Void
    /// The procedures that follow the end of another.
    public var followers: @Sendable (ProcedureKey) -> [ProcedureKey]
    /// The plans and holds in force, for a dispatcher that begins and knows these procedures from before.
    public var inForce: @Sendable (_ known: Set<ProcedureKey>) -> [DispatchEvent]
    /// Tells people.
    public var tell: @Sendable (DispatchNotice) async -> Void
    /// What an operator reads: started, reloaded, could not write.
    public var log: @Sendable (String) -> Void
    /// Now and then, after an answer of the dispatcher's.
    public var publish: @Sendable (DispatchMetrics) async -> Void
    /// Whenever the scheduler heard something: it does not hang.
    public var alive: @Sendable () -> Void

    public init(
        run: @escaping @Sendable (Dispatching.Occurrence, _ observeOnly: Bool) async throws -> Void,
        cancel: @escaping @Sendable (Dispatching.Occurrence) -> Void,
        followers: @escaping @Sendable (ProcedureKey) -> [ProcedureKey],
        inForce: @escaping @Sendable (Set<ProcedureKey>) -> [DispatchEvent],
        tell: @escaping @Sendable (DispatchNotice) async -> Void, log: @escaping @Sendable (String) -> Void,
        publish: @escaping @Sendable (DispatchMetrics) async -> Void, alive: @escaping @Sendable () -> Void
    ) {
        self.run = run
        self.cancel = cancel
        self.followers = followers
        self.inForce = inForce
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

/// The thin shell around the dispatcher: makes its decisions durable, and then does them.
public struct Scheduler: Sendable {
    private let host: Host
    private let store: any JournalStore
    private let policy: DispatchPolicy
    private let timings: TimingReader
    private let parts: SchedulerParts
    private let mailbox = Mailbox<Message>()
    private let alarm: Alarm

    public init(
        host: Host, store: any JournalStore, policy: DispatchPolicy, timings: TimingReader, parts: SchedulerParts
    ) {
        self.host = host
        self.store = store
        self.policy = policy
        self.timings = timings
        self.parts = parts
        alarm = Alarm(on: host, longest: DispatchLimits.longestSleep)
    }

    /// Tells the dispatcher of plans, holds and events. Before `serve`, they are what it begins with.
    public func post(_ event: DispatchEvent) { mailbox.post(.event(event)) }

    /// Asks for the end: nothing is begun any more, and the runs in hand stop at their next safe point.
    public func stop() { mailbox.post(.stop) }

    private enum Message: Sendable {
        case event(DispatchEvent)
        case stop
        /// A wait is over.
        case waited
    }

    /// What lasts as long as the journal can be written.
    private struct Session {
        var ledger: DispatchLedger
        var dispatcher: Dispatcher
        var published: Duration?
    }

    /// Dispatches until it is stopped, or its task is cancelled.
    public func serve(ready: @Sendable () -> Void) async throws {
        try await withTaskCancellationHandler {
            try await withThrowingDiscardingTaskGroup { group in
                group.addTask { [alarm, mailbox] in await alarm.run { mailbox.post(.event(.tick)) } }
                let hand = Hand()
                try await dispatch(in: &group, hand, ready)
                await finish(in: &group, hand)
                group.cancelAll()
            }
        } onCancel: {
            stop()
        }
    }

    /// Lets what is in hand reach a safe point. Each is asked again and again: a run that is only just being begun does not
    /// hear the first time. After a while its work is ended, and the next start looks what became of it.
    private func finish(in group: inout ThrowingDiscardingTaskGroup<any Error>, _ hand: Hand) async {
        hand.stop()
        let end = host.steady() + ServingLimits.graceful
        while !hand.all.isEmpty {
            guard host.steady() < end else {
                return parts.log("\(hand.all.count) runs did not reach a safe point in time: their work is ended now.")
            }
            for occurrence in hand.all { parts.cancel(occurrence) }
            wait(ServingLimits.askAgain, in: &group)
            _ = await mailbox.take()
            parts.alive()
        }
    }

    private func wait(_ time: Duration, in group: inout ThrowingDiscardingTaskGroup<any Error>) {
        group.addTask { [host, mailbox] in
            try? await host.sleep(time)
            mailbox.post(.waited)
        }
    }

    /// Takes all that waits, the events onto the others; false once it was stopped.
    private func take(_ events: inout [DispatchEvent], until isOver: (Message) -> Bool) async -> Bool {
        var isDone = false
        while !isDone {
            for message in await mailbox.take() {
                isDone = isDone || isOver(message)
                switch message {
                case .event(let event): events.append(event)
                case .stop: return false
                case .waited: break
                }
            }
            parts.alive()
        }
        return true
    }

    private func dispatch(
        in group: inout ThrowingDiscardingTaskGroup<any Error>, _ hand: Hand, _ ready: @Sendable () -> Void
    ) async throws {
        var attempt = 0
        var isReady = false
        var unheard: [DispatchEvent] = []
        while true {
            do {
                var ledger = DispatchLedger(store: store, host: host)
                try await ledger.open(timings)
                try await takeOver(ledger.record, in: &group, hand)
                let known = ledger.record.procedures.filter { !$0.value.isRemoved }.keys
                var session = Session(ledger: ledger, dispatcher: Dispatcher(ledger.record, policy: policy))
                try await handle(parts.inForce(Set(known)) + unheard, &session, in: &group, hand)
                unheard = []
                if attempt > 0 { parts.log("The journal can be written again.") }
                attempt = 0
                if !isReady { ready() }
                isReady = true
                while true {
                    guard await take(&unheard, until: { _ in true }) else { return }
                    try await handle(unheard, &session, in: &group, hand)
                    unheard = []
                }
            } catch let error as JournalError {
                // What was decided and not recorded is decided anew from what the journal knows.
                attempt += 1
                parts.log("\(error.sentence) Nothing is begun until the journal can be written.")
                wait(min(ServingLimits.retry * (1 << min(attempt, 10)), ServingLimits.longestRetry), in: &group)
                let isOver: (Message) -> Bool = { if case .waited = $0 { true } else { false } }
                guard await take(&unheard, until: isOver) else { return }
                unheard.removeAll(where: \.isKnownAnyway)
            }
        }
    }

    /// What a dead process left: runs of occurrences, also those that are over and were not told of, and runs by hand. An
    /// occurrence without a run the dispatcher begins again.
    private func takeOver(
        _ record: DispatchRecord, in group: inout ThrowingDiscardingTaskGroup<any Error>, _ hand: Hand
    ) async throws {
        let running = try await store.rows(RunFilter(states: [.running], limit: JournalLimits.listing))
        for occurrence in record.begunWithRun + running.map(Dispatching.Occurrence.init)
        where hand.insert(occurrence) {
            group.addTask { [self] in await carry(occurrence, observeOnly: policy.observeOnly, hand) }
        }
    }

    private func handle(
        _ events: [DispatchEvent], _ session: inout Session,
        in group: inout ThrowingDiscardingTaskGroup<any Error>, _ hand: Hand
    ) async throws {
        let now = ClockReading(wall: host.now(), steady: host.steady())
        var commands: [DispatchCommand] = []
        for event in events { commands += session.dispatcher.handle(event, at: now) }
        let entries = commands.compactMap { if case .record(let entry) = $0 { entry } else { nil } }
        try await session.ledger.commit(entries, at: now.wall)
        for command in commands { perform(command, in: &group, hand) }
        if session.published.map({ now.steady - $0 >= ServingLimits.publish }) ?? true {
            session.published = now.steady
            await parts.publish(session.dispatcher.metrics)
        }
    }

    private func perform(
        _ command: DispatchCommand, in group: inout ThrowingDiscardingTaskGroup<any Error>, _ hand: Hand
    ) {
        switch command {
        case .record: break
        case .begin(let occurrence, let observeOnly):
            guard hand.insert(occurrence) else { return }
            group.addTask { [self] in await carry(occurrence, observeOnly: observeOnly, hand) }
        case .cancel(let occurrence): parts.cancel(occurrence)
        case .notice(let notice): group.addTask { [parts] in await parts.tell(notice) }
        case .wake(let at): alarm.set(at)
        }
    }

    /// Sees the occurrence's run to its end and tells the dispatcher. Where the journal fails in between, nobody knows
    /// whether there is a run: it is asked again until that is known, or until the scheduler stops.
    private func carry(_ occurrence: Dispatching.Occurrence, observeOnly: Bool, _ hand: Hand) async {
        var wait = ServingLimits.retry
        while true {
            do {
                try await parts.run(occurrence, observeOnly)
                // Before its end is known: after a crash between the two they are told of once more, and count once.
                for key in parts.followers(occurrence.procedure) {
                    mailbox.post(.event(.triggered(key, identity: "\(occurrence)", at: host.now())))
                }
                hand.remove(occurrence)
                mailbox.post(.event(.ended(occurrence)))
                return
            } catch let error as RunNotBegun {
                parts.log("\(occurrence) could not be begun: \(error.cause.sentence)")
                hand.remove(occurrence)
                mailbox.post(.event(.beginFailed(occurrence)))
                return
            } catch {
                parts.log("The run of \(occurrence) is interrupted: \(Cause(error).sentence)")
            }
            guard !hand.isStopping, (try? await host.sleep(wait)) != nil, !hand.isStopping else { break }
            wait = min(wait * 2, ServingLimits.longestRetry)
        }
        // The next start takes it over.
        hand.remove(occurrence)
        mailbox.post(.event(.tick))
    }
}

extension DispatchEvent {
    /// What is in force is told to a dispatcher that begins anyway, and it looks at the time by itself.
    fileprivate var isKnownAnyway: Bool {
        switch self {
        case .tick, .plans, .holds: true
        case .zones, .pause, .resume, .triggered, .beginFailed, .ended: false
        }
    }
}

extension Dispatching.Occurrence {
    fileprivate init(_ row: RunRow) {
        self.init(
            ProcedureKey(service: row.service, environment: row.environment, procedure: row.procedure), row.nominal)
    }
}
