public import Dispatching
public import Host
public import Journal
import Maintenance

/// The thin shell around the dispatcher: makes its decisions durable, and then does them.
public struct Scheduler: Sendable {
    /// The chain of its decisions, as the journal calls it: who has its lease dispatches.
    public static let stream = DispatchLedger.stream

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
        case note(PendingNote)
        case stop
        /// A wait is over.
        case waited
    }

    /// How far somebody was told, and who waits for it to be durable.
    private struct PendingNote: Sendable {
        let note: OwedNotice.Note
        let answer: @Sendable (_ isDurable: Bool) -> Void
    }

    /// What came since the last commit.
    private struct Heard {
        var events: [DispatchEvent] = []
        var notes: [PendingNote] = []

        mutating func answer(_ isDurable: Bool) {
            for pending in notes { pending.answer(isDurable) }
            notes = []
        }
    }

    /// What lasts as long as the journal can be written.
    private struct Session {
        var ledger: DispatchLedger
        var dispatcher: Dispatcher
        var published: Duration?
        /// What is due next, as the dispatcher said last.
        var wake: Instant?

        /// As far as the dispatcher's clock has come, which may be a little ahead of the steady clock.
        var reached = Duration.zero

        /// Both clocks; shortly before what is due next, as they will be then. They do not go back.
        mutating func reading(_ host: Host) -> ClockReading {
            let (wall, steady) = (host.now(), host.steady())
            let ahead = wake.map { $0 - wall } ?? .zero
            let early = max(ahead > ServingLimits.ahead ? .zero : ahead, reached - steady, .zero)
            reached = steady + early
            return ClockReading(wall: wall + early, steady: reached)
        }
    }

    /// Dispatches until it is stopped, or its task is cancelled.
    public func serve(ready: @Sendable () -> Void) async throws {
        try await withTaskCancellationHandler {
            try await withThrowingDiscardingTaskGroup { group in
                group.addTask { [alarm, mailbox] in await alarm.run { mailbox.post(.event(.tick)) } }
                let hand = Hand()
                defer { refuse(mailbox.close()) }
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
            for occurrence in hand.all { parts.stop(occurrence) }
            wait(ServingLimits.askAgain, in: &group)
            refuse(await mailbox.take())
            parts.alive()
        }
    }

    /// Nothing is recorded any more.
    private func refuse(_ messages: [Message]) {
        for case .note(let pending) in messages { pending.answer(false) }
    }

    private func wait(_ time: Duration, in group: inout ThrowingDiscardingTaskGroup<any Error>) {
        group.addTask { [host, mailbox] in
            try? await host.sleep(time)
            mailbox.post(.waited)
        }
    }

    /// Takes all that waits, onto what was heard before; false once it was stopped.
    private func take(_ heard: inout Heard, until isOver: (Message) -> Bool) async -> Bool {
        var (isDone, isStopped) = (false, false)
        while !isDone, !isStopped {
            for message in await mailbox.take() {
                isDone = isDone || isOver(message)
                switch message {
                case .event(let event): heard.events.append(event)
                case .note(let note): heard.notes.append(note)
                case .stop: isStopped = true
                case .waited: break
                }
            }
            parts.alive()
        }
        return !isStopped
    }

    private func dispatch(
        in group: inout ThrowingDiscardingTaskGroup<any Error>, _ hand: Hand, _ ready: @Sendable () -> Void
    ) async throws {
        var attempt = 0
        var isReady = false
        var heard = Heard()
        defer { heard.answer(false) }
        while true {
            do {
                var ledger = DispatchLedger(store: store, host: host)
                try await ledger.open(timings)
                ledger.note(inHand: hand.all)
                try await takeOver(ledger.record, in: &group, hand)
                let known = ledger.record.procedures.filter { !$0.value.isRemoved }.keys
                var session = Session(ledger: ledger, dispatcher: Dispatcher(ledger.record, policy: policy))
                heard.events = parts.inForce(Set(known)) + heard.events
                // Before new ones come, which are told by themselves: none is told twice.
                tell(session.ledger.owed.inOrder, in: &group, hand)
                try await handle(&heard, &session, in: &group, hand)
                if attempt > 0 { parts.log("The journal can be written again.") }
                attempt = 0
                if !isReady { ready() }
                isReady = true
                while true {
                    guard await take(&heard, until: { _ in true }) else { return }
                    try await handle(&heard, &session, in: &group, hand)
                }
            } catch let error as JournalError {
                // What was decided and not recorded is decided anew from what the journal knows.
                attempt += 1
                parts.log("\(error.sentence) Nothing is begun until the journal can be written.")
                wait(min(ServingLimits.retry * (1 << min(attempt, 10)), ServingLimits.longestRetry), in: &group)
                let isOver: (Message) -> Bool = { if case .waited = $0 { true } else { false } }
                guard await take(&heard, until: isOver) else { return }
                heard.events.removeAll(where: \.isKnownAnyway)
            }
        }
    }

    /// What a dead process left: runs of occurrences, also those that are over and were not told of, and runs by hand. An
    /// occurrence without a run the dispatcher begins again.
    private func takeOver(
        _ record: DispatchRecord, in group: inout ThrowingDiscardingTaskGroup<any Error>, _ hand: Hand
    ) async throws {
        let running = try await store.rows(RunFilter(states: [.running], limit: JournalLimits.listing))
        let left = (record.begunWithRun + running.map(Dispatching.Occurrence.init)).filter { hand.insert($0) }
        for occurrence in left { try await parts.reserve(occurrence) }
        for occurrence in left {
            group.addTask { [self] in await carry(occurrence, observeOnly: policy.observeOnly, hand) }
        }
    }

    private func handle(
        _ heard: inout Heard, _ session: inout Session,
        in group: inout ThrowingDiscardingTaskGroup<any Error>, _ hand: Hand
    ) async throws {
        let now = session.reading(host)
        var commands: [DispatchCommand] = []
        for event in heard.events { commands += session.dispatcher.handle(event, at: now) }
        let entries = commands.compactMap { if case .record(let entry) = $0 { entry } else { nil } }
        let owed = commands.flatMap { command -> [OwedNotice] in
            if case .notice(.missed(let rows)) = command { parts.owed(rows) } else { [] }
        }
        do {
            try await session.ledger.commit(entries, owed: owed, heard.notes.map(\.note), at: host.now())
        } catch {
            heard.answer(false)
            throw error
        }
        heard.answer(true)
        heard.events = []
        for command in commands {
            if case .wake(let at) = command { session.wake = at }
            perform(command, at: now.steady, in: &group, hand)
        }
        tell(owed, in: &group, hand)
        if session.published.map({ now.steady - $0 >= ServingLimits.publish }) ?? true {
            session.published = now.steady
            let metrics = session.dispatcher.metrics
            group.addTask { [parts] in await parts.publish(metrics) }
        }
    }

    /// What was decided and made durable before its time begins at its time.
    private func perform(
        _ command: DispatchCommand, at time: Duration, in group: inout ThrowingDiscardingTaskGroup<any Error>,
        _ hand: Hand
    ) {
        switch command {
        case .record: break
        case .begin(let occurrence, let observeOnly):
            guard hand.insert(occurrence) else { return }
            group.addTask { [self] in
                // Without a run the next start begins it again.
                guard (try? await host.sleep(max(.zero, time - host.steady()))) != nil, !hand.isStopping else {
                    hand.remove(occurrence)
                    mailbox.post(.event(.tick))
                    return
                }
                await carry(occurrence, observeOnly: observeOnly, hand)
            }
        case .cancel(let occurrence): group.addTask { [parts] in await parts.cancel(occurrence) }
        case .notice(let notice): parts.say(notice)
        case .wake(let at): alarm.set(at.map { $0 - ServingLimits.ahead })
        }
    }

    /// Tells people what they are owed, one after the other; what is being told already is left to whoever does it.
    private func tell(
        _ owed: [OwedNotice], in group: inout ThrowingDiscardingTaskGroup<any Error>, _ hand: Hand
    ) {
        let mine = owed.filter { hand.insert(notice: $0.id) }
        guard !mine.isEmpty else { return }
        group.addTask { [self] in
            for notice in mine {
                await parts.tell(notice) { await isDurable($0, hand) }
                hand.remove(notice: notice.id)
            }
        }
    }

    /// Has the step recorded, again and again until it is; false where the scheduler stops first.
    private func isDurable(_ note: OwedNotice.Note, _ hand: Hand) async -> Bool {
        var wait = ServingLimits.retry
        while true {
            let isDurable = await withCheckedContinuation { continuation in
                let pending = PendingNote(note: note) { continuation.resume(returning: $0) }
                if !mailbox.post(.note(pending)) { pending.answer(false) }
            }
            if isDurable { return true }
            guard !hand.isStopping, (try? await host.sleep(wait)) != nil, !hand.isStopping else { return false }
            wait = min(wait * 2, ServingLimits.longestRetry)
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
            } catch is RunLockedOut {
                hand.remove(occurrence)
                mailbox.post(.event(.lockedOut(occurrence)))
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
        case .tick, .plans, .holds, .seen: true
        case .zones, .pause, .resume, .triggered, .beginFailed, .lockedOut, .ended: false
        }
    }
}

extension Dispatching.Occurrence {
    init(_ row: RunRow) {
        self.init(
            ProcedureKey(service: row.service, environment: row.environment, procedure: row.procedure), row.nominal)
    }
}
