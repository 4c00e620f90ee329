import Host

/// Decides when runs begin: an event in, commands out. No clock, no I/O, no waiting: both clocks come with the event, and
/// every effect is somebody else's.
///
/// The records of an answer are made durable together, before anything else of it is done. Where that fails, this value is
/// dropped and made anew from the journal's record: it is ahead of the journal. It is never copied to be safe, for it may
/// hold 100,000 procedures.
public struct Dispatcher: Sendable {
    let policy: DispatchPolicy
    var procedures: [ProcedureState] = []
    var index: [ProcedureKey: Int] = [:]
    /// Of the few that hang on facts and agreements.
    var relatives: [Int: RelativeState] = [:]
    var holds: Set<Hold>
    /// The locks of the runs in hand.
    var busy: Set<String> = []
    /// Procedures whose runs in hand are disruptive.
    var disruptive: [Int] = []
    /// Procedures whose first waiting occurrence could begin, were it not for a lock or a limit.
    var contenders: [Int] = []
    var isContended = false
    /// Procedures to look at before the answer is given.
    var marked: [Int] = []
    var heap = DueHeap()
    var last: ClockReading?
    /// What the shell was told last.
    var wake: Instant?
    var hasWake = false
    /// Why occurrences that are late now are late.
    var gap = MissCause.asleep
    var standings = StandingCounts()
    var commands: [DispatchCommand] = []
    var news: [MissedRow] = []
    package var planted: PlantedBug?

    /// Takes over what the journal knows; a procedure does nothing before its plan arrives.
    public init(_ record: DispatchRecord, policy: DispatchPolicy = DispatchPolicy(), holds: Set<Hold> = []) {
        self.init(record, policy: policy, holds: holds, planted: nil)
    }

    package init(_ record: DispatchRecord, policy: DispatchPolicy, holds: Set<Hold>, planted: PlantedBug?) {
        self.policy = policy
        self.holds = holds
        self.planted = planted
        makeRoom(for: record.procedures.count)
        for (key, known) in record.procedures.sorted(by: { $0.key < $1.key }) { recover(key, known) }
    }

    /// Takes in what happened and says what is to be done now.
    public mutating func handle(_ event: DispatchEvent, at now: ClockReading) -> [DispatchCommand] {
        observe(now)
        while let first = heap.first, first.due <= now.wall {
            heap.removeFirst()
            if procedures[first.procedure].timer == first.due {
                procedures[first.procedure].timer = nil
                mark(first.procedure)
            }
        }
        switch event {
        case .tick: break
        case .holds(let holds): hold(holds)
        case .ended(let occurrence): end(occurrence)
        case .beginFailed(let occurrence): retry(occurrence, because: .beginFailed, at: now.wall)
        case .lockedOut(let occurrence): retry(occurrence, because: .locked, at: now.wall)
        case .plans(let changed, let removed):
            // What is due by the old plans is decided first.
            if planted != .skipsOnEdit { lookAtMarked(at: now.wall) }
            if procedures.isEmpty { makeRoom(for: changed.count) }
            for plan in changed { take(plan, at: now.wall) }
            for key in removed { remove(key, at: now.wall) }
        case .zones(let zones):
            lookAtMarked(at: now.wall)
            gap = .zone
            for zone in zones { take(zone) }
        case .pause(let key):
            lookAtMarked(at: now.wall)
            pause(key)
        case .resume(let key): resume(key, at: now.wall)
        case .triggered(let key, let identity, let at):
            lookAtMarked(at: now.wall)
            trigger(key, identity, of: at, at: now.wall)
        case .seen(let key, let seen): see(key, seen)
        }
        lookAtMarked(at: now.wall)
        while isContended || !marked.isEmpty {
            beginReady(at: now.wall)
            lookAtMarked(at: now.wall)
        }
        return answer()
    }

    /// At a start all come at once: tables that are doubled on the way would leave as much again behind.
    private mutating func makeRoom(for count: Int) {
        procedures.reserveCapacity(count)
        index.reserveCapacity(count)
    }

    /// Notices that the wall clock was set, which the steady clock tells.
    private mutating func observe(_ now: ClockReading) {
        defer { last = now }
        gap = .asleep
        guard let last else { return }
        let jump = (now.wall - last.wall) - (now.steady - last.steady)
        guard jump > DispatchLimits.clockJump || jump < .zero - DispatchLimits.clockJump else { return }
        if jump > .zero { gap = .clock }
        var ahead = 0
        for p in procedures.indices {
            if planted == .followsClockBack, jump < .zero { procedures[p].move(to: now.wall, back: true) }
            if planted == .forgetsOverClockJump, jump > .zero { procedures[p].move(to: now.wall) }
            if jump < .zero, procedures[p].cursor > now.wall { ahead += 1 }
            guard !procedures[p].waiting.isEmpty else { continue }
            // What waits keeps the time that it has left.
            for w in procedures[p].waiting.indices {
                procedures[p].waiting[w].notBefore = procedures[p].waiting[w].notBefore + jump
                // That of an event is an instant, whatever clocks do.
                if !isEvent(p) { procedures[p].waiting[w].deadline = procedures[p].waiting[w].deadline + jump }
            }
            mark(p)
        }
        commands.append(.notice(.clockSet(by: jump, ahead: ahead)))
    }

    mutating func mark(_ p: Int) {
        guard !procedures[p].isMarked else { return }
        procedures[p].isMarked = true
        marked.append(p)
    }

    mutating func lookAtMarked(at now: Instant) {
        while let p = marked.popLast() {
            procedures[p].isMarked = false
            look(p, at: now)
        }
    }

    private mutating func answer() -> [DispatchCommand] {
        if !news.isEmpty { commands.append(.notice(.missed(news))) }
        news.removeAll()
        while let first = heap.first, procedures[first.procedure].timer != first.due { heap.removeFirst() }
        if !hasWake || heap.first?.due != wake {
            hasWake = true
            wake = heap.first?.due
            commands.append(.wake(at: wake))
        }
        defer { commands = [] }
        return commands
    }
}
