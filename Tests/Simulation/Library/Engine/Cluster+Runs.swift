import Dispatching
import Engine
import Host
import Journal
import Maintenance

/// The run driver, without its waiting: events are made durable together, and only then count.
extension Cluster {
    func start(_ occurrence: Dispatching.Occurrence, _ node: Node) {
        let start = RunMenu.start(
            occurrence, at: wall(node), owner: node.process, observeOnly: policy.observeOnly, seed: seed, &random)
        let hand = RunInHand(store.newID(), occurrence, start)
        note("START \(hand.id) of \(occurrence) on \(node.process.name)")
        guard acquire(hand.id, node) != nil else { return }
        node.hands[occurrence] = hand
        post(.started(start), hand, node)
    }

    func resume(_ chain: Chain, _ node: Node) {
        let hand = RunInHand(chain.id, chain.occurrence, chain.start)
        note("RESUME \(hand.id) on \(node.process.name)")
        var commands: [RunCommand] = []
        for entry in chain.entries { commands = handle(entry.event, &hand.machine, at: entry.at) }
        require(
            hand.machine.state.isSame(as: chain.machine.state), .replaysAlike,
            "\(chain.id) read by \(node.process.name)")
        hand.length = chain.entries.count
        node.hands[chain.occurrence] = hand
        if planted == .replayHandsOut {
            handOut([(chain.entries.count, commands)], hand, node)
        }
        if seed % 64 == 0 { checkText(chain) }
        post(.resumed(node.process.identity), hand, node)
    }

    /// An event for the run: it waits until what is being written is durable.
    func post(_ event: RunEvent, _ hand: RunInHand, _ node: Node) {
        hand.mailbox.append(event)
        commit(hand, node)
    }

    func cancel(_ occurrence: Dispatching.Occurrence) {
        for node in nodes {
            guard let hand = node.hands[occurrence] else { continue }
            post(.cancelRequested(Cause(.cancelled, "Somebody asked it to stop.")), hand, node)
        }
    }

    private func commit(_ hand: RunInHand, _ node: Node) {
        guard hand.append == nil, !hand.mailbox.isEmpty, violation == nil else { return }
        guard let fence = fence(of: hand.id, node) else {
            return interrupt(hand, node, wait: .milliseconds(500))
        }
        var next = hand.machine
        var entries: [Chain.Entry] = []
        for event in hand.mailbox where next.isNews(event) {
            let at = wall(node)
            entries.append(Chain.Entry(event: event, at: at, commands: handle(event, &next, at: at)))
        }
        hand.mailbox = []
        guard !entries.isEmpty else { return }
        // What is torn has parts.
        let torn = entries.count > 1 ? isStruck(.tornAppend) : nil
        let fault =
            torn ?? isStruck(.crashBeforeAppend, .crashAfterAppend, .appendFails, .appendUnheard, .slowAppend)
        let append = Append(
            node.process, hand, base: hand.length, entries, next, fence, fault,
            begins: hand.length == 0 ? self.fence(of: Store.dispatcher, node) : nil)
        let id = newID()
        appends[id] = append
        hand.append = id
        if planted == .performsBeforeDurable { handOut(numbered(append), hand, node) }
        let takes: Duration =
            fault == .slowAppend
            ? .seconds(10 + random.below(60)) : node.reachesStore ? milliseconds(1..<15) : .seconds(5)
        agenda.note(.append(id), at: now + takes)
    }

    private func numbered(_ append: Append) -> [(Int, [RunCommand])] {
        append.entries.enumerated().map { (append.base + $0 + 1, $1.commands) }
    }

    /// The batch reaches the store, whatever became of who sent it.
    func arrive(_ id: Int) {
        guard let append = appends[id] else { return }
        let node = nodes[append.process.node]
        let isAlive = node.isUp && node.incarnation == append.process.incarnation
        switch append.fault {
        case .crashBeforeAppend?, .tornAppend?:
            if append.fault == .tornAppend, planted == .tornAppendKept, append.entries.count > 1 {
                keep(append, append.entries.suffix(append.entries.count / 2))
            }
            if isAlive { crash(node) }
        case .appendFails?: append.result = .unreadable
        case _ where !node.reachesStore: append.result = .unreadable
        case _ where store.isFull: append.result = .full
        default:
            append.result = refusal(append)
            if append.result == nil { keep(append, append.entries[...]) }
            if append.fault == .appendUnheard { append.result = .unreadable }
            if append.fault == .crashAfterAppend, isAlive { crash(node) }
        }
        agenda.note(.reply(id), at: now + .milliseconds(1))
    }

    /// Why the store does not take it.
    private func refusal(_ append: Append) -> JournalError.Code? {
        if planted == .tokenStays {
            guard store.leases.leases[append.fence.name]?.token == append.fence.token else { return .stale }
        } else if planted != .storeIgnoresFences, !store.leases.has(append.fence, at: now) {
            return .stale
        }
        let hand = append.run
        // A run begins under the lease of its dispatcher.
        if append.base == 0, !(append.begins.map { store.leases.has($0, at: now) } ?? false), planted != .beginsUnfenced
        {
            return .stale
        }
        if store.missed.contains(hand.occurrence) { return .occurrenceTaken }
        if let run = store.runs[hand.occurrence], run != hand.id, planted != .occurrenceTwice {
            return .occurrenceTaken
        }
        let length = store.chains[hand.id]?.entries.count ?? 0
        return length == append.base || planted == .unheardAppendedAgain ? nil : .conflict
    }

    private func keep(_ append: Append, _ entries: ArraySlice<Chain.Entry>) {
        let hand = append.run
        let chain = store.chains[hand.id] ?? Chain(hand.id, hand.occurrence, hand.start)
        if store.chains[hand.id] == nil {
            require(store.runs[hand.occurrence] == nil, .oneFate, "\(hand.occurrence) has two runs")
            require(
                store.record.begun.contains(hand.occurrence), .locksExclusive,
                "\(hand.occurrence) begins, and the dispatcher keeps nothing for it")
            store.chains[hand.id] = chain
            store.runs[hand.occurrence] = hand.id
        }
        let holder = store.leases.leases[hand.id]
        require(
            holder?.node == append.process.name, .fenced,
            "\(append.process.name) wrote to \(hand.id) of \(holder?.node ?? "nobody")")
        for entry in planted == .batchReversed ? Array(entries.reversed()) : Array(entries) { record(entry, in: chain) }
        require(
            chain.machine.state.isSame(as: append.next.state), .replaysAlike, "\(hand.id) as it was written together")
        if chain.isOver { ended += 1 }
    }

    private func record(_ entry: Chain.Entry, in chain: Chain) {
        events += 1
        note("\(chain.id) #\(chain.entries.count + 1) \(brief(entry.event))")
        require(!chain.isOver, .endIsFinal, "\(chain.id): \(entry.event.kind) after its end")
        let before = chain.machine.state
        let commands = handle(entry.event, &chain.machine, at: entry.at)
        chain.entries.append(entry)
        for command in entry.commands { note("    \(brief(command))") }
        require(commands == entry.commands, .replaysAlike, "\(chain.id) #\(chain.entries.count): other commands")
        check(entry, in: chain, from: before)
    }

    /// The store's answer.
    func answered(_ id: Int, _ append: Append, on node: Node) {
        appends[id] = nil
        let hand = append.run
        guard hand.append == id, node.hands[hand.occurrence] === hand else { return }
        hand.append = nil
        if let code = append.result, planted != .failedAppendCounts {
            if code == .unreadable, planted == .unheardAppendedAgain {
                hand.mailbox = append.entries.map(\.event) + hand.mailbox
                return commit(hand, node)
            }
            note("REFUSED \(hand.id) on \(node.process.name): \(code.rawValue)")
            return interrupt(hand, node, wait: .milliseconds(500))
        }
        hand.machine = append.next
        hand.length = append.base + append.entries.count
        if case .ended = hand.machine.state.phase { return release(hand, node) }
        if planted != .performsBeforeDurable { handOut(numbered(append), hand, node) }
        commit(hand, node)
    }

    private func handOut(_ commands: [(sequence: Int, commands: [RunCommand])], _ hand: RunInHand, _ node: Node) {
        guard let chain = store.chains[hand.id] else {
            return require(commands.allSatisfy(\.commands.isEmpty), .emittedOnce, "\(hand.id) has no record")
        }
        for (sequence, commands) in commands where !commands.isEmpty {
            require(
                sequence <= chain.entries.count && chain.handedOut.insert(sequence).inserted, .emittedOnce,
                "\(hand.id) #\(sequence)")
            for command in commands { perform(command, hand, node) }
        }
    }

    /// Nothing more of the run can be recorded by this process for now: what is in hand is cancelled, and the run is
    /// asked for again.
    func interrupt(_ hand: RunInHand, _ node: Node, wait: Duration) {
        guard node.hands[hand.occurrence] === hand else { return }
        note("INTERRUPT \(hand.id) on \(node.process.name)")
        abandon(hand, isDead: false)
        node.hands[hand.occurrence] = nil
        if planted == .interruptedForgotten { return }
        agenda.note(.carry(node.process, hand.occurrence, wait: wait * 2), at: now + wait)
    }

    private func release(_ hand: RunInHand, _ node: Node) {
        node.hands[hand.occurrence] = nil
        if let held = node.leases.removeValue(forKey: hand.id), node.reachesStore { store.leases.release(held.fence) }
        finish(hand.occurrence, node)
    }
}

extension Process {
    var identity: ProcessIdentity {
        ProcessIdentity(pid: Int32(node + 1), startTime: UInt64(incarnation), bootID: "boot")
    }
}
