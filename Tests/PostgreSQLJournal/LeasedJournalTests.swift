import Host
import Journal
import Maintenance
import Sandbox
import Synchronization
import TestSupport
import Testing

/// What a node does with its leases, whatever the store.
@Suite struct LeasedJournalTests {
    private struct Node {
        let journal: LeasedJournal
        let keeper: LeaseKeeper

        init(_ name: String, _ leases: any Leases, _ store: any JournalStore, for time: Duration = .seconds(30)) {
            keeper = LeaseKeeper(leases, node: name, on: .system) { _ in time }
            journal = LeasedJournal(store, keeper: keeper)
        }
    }

    @Test(arguments: LeaseKind.allCases)
    func aRunIsInOneHandFromItsBeginningToItsEnd(kind: LeaseKind) async throws {
        try await kind.with { leases, store throws in
            let (a, b) = (Node("a", leases, store), Node("b", leases, store))
            let chain = Sample.chain("r1", 3)
            #expect(await failure { try await a.journal.append(Batch(records: [chain[0]])) }?.code == .stale)
            try await a.journal.whileTaken(Claim("r1")) {
                try await a.journal.append(Batch(records: [chain[0]], rows: [Sample.row("r1")]))
                #expect(try await leases.leases().map(\.name) == ["r1"])
                #expect(await failure { try await b.journal.whileTaken(Claim("r1")) {} }?.code == .heldByAnother)
                #expect(await failure { try await b.journal.append(Batch(records: [chain[1]])) }?.code == .stale)
                try await a.journal.append(Batch(records: [chain[1]]))
                // Part of the same work: who takes it within is not who lets it go.
                try await a.journal.whileTaken(Claim("r1")) {}
                try await a.journal.append(Batch(records: [chain[2]], rows: [Sample.row("r1", state: .ended)]))
            }
            #expect(try await leases.leases().isEmpty)
            // It has ended, and nobody goes on with it unless it takes it first.
            #expect(await failure { try await a.journal.append(Batch(rows: [Sample.row("r1")])) }?.code == .stale)
            try await b.journal.whileTaken(Claim("r1")) {}
            #expect(try await leases.leases().isEmpty)
        }
    }

    /// Who dispatches begins runs only as long as it does.
    @Test(arguments: LeaseKind.allCases)
    func aRunThatIsBegunUnderAnotherChainNeedsThatOneAsWell(kind: LeaseKind) async throws {
        try await kind.with { leases, store throws in
            let (a, b) = (Node("a", leases, store), Node("b", leases, store))
            let claim = Claim("r1", place: "default", under: "dispatcher", isLeft: true)
            let begun = Batch(records: Sample.chain("r1", 1), rows: [Sample.row("r1")])
            #expect(
                await failure { try await a.journal.whileTaken(claim) { try await a.journal.append(begun) } }?.code
                    == .stale)
            try await a.journal.whileTaken(Claim("dispatcher")) {
                // Another took it over, and this node has not heard of it.
                let fence = try #require(a.keeper.fence(of: "dispatcher"))
                try await leases.release([fence])
                _ = try await leases.acquire("dispatcher", place: nil, by: "b", for: .seconds(30))
                #expect(
                    await failure { try await a.journal.whileTaken(claim) { try await a.journal.append(begun) } }?.code
                        == .stale)
            }
            #expect(try await store.row("r1") == nil)
            try await b.journal.whileTaken(Claim("dispatcher")) {
                try await b.journal.whileTaken(claim) { try await b.journal.append(begun) }
            }
            // Left, and not given back.
            #expect(try await a.keeper.takeOver(at: ["default"], limit: 9) == ["r1"])
            try await a.journal.whileTaken(Claim("r1")) { try await a.journal.append(Batch(rows: [Sample.row("r1")])) }
        }
    }

    @Test(arguments: LeaseKind.allCases)
    func whatIsTakenIsKeptWhileTheWorkGoesOn(kind: LeaseKind) async throws {
        try await kind.with { leases, store throws in
            let node = Node("a", leases, store, for: .seconds(3))
            try await node.journal.keeping {
                try await node.journal.whileTaken(Claim("dispatcher")) {
                    let first = try await leases.leases()
                    while try await leases.leases().first?.expiresAt == first.first?.expiresAt {
                        try? await Task.sleep(for: .milliseconds(2))
                    }
                    #expect(try await leases.leases().map(\.fence) == first.map(\.fence))
                    #expect(node.keeper.fence(of: "dispatcher") == first.first?.fence)
                }
            }
        }
    }

    /// The store does not answer any more: the work ends by the node's own clock, before another node may begin. What is
    /// done under another lease goes on.
    @Test(arguments: [Answering.never, .withErrors, .thatItIsGone])
    func workEndsWhenItsLeaseIsNotRenewed(answering: Answering) async throws {
        let leases = MemoryLeases(host: .system)
        let keeper = LeaseKeeper(
            Unreachable(leases: leases, answering: answering), node: "a", on: .system
        ) { $0 == "r1" ? .milliseconds(200) : .seconds(600) }
        let journal = LeasedJournal(MemoryJournal(leases: leases), keeper: keeper)
        let end = Mutex<[Lease]?>(nil)
        let other = await failure {
            try await journal.keeping {
                try await journal.whileTaken(Claim("r2")) {
                    let error = await failure {
                        try await journal.whileTaken(Claim("r1")) {
                            while !Task.isCancelled { try? await Task.sleep(for: .milliseconds(2)) }
                            let held = try await leases.leases()
                            end.withLock { $0 = held }
                        }
                    }
                    if answering != .thatItIsGone {
                        #expect(error?.code == .stale)
                        #expect(error?.run == "r1")
                    } else {
                        while !Task.isCancelled { try? await Task.sleep(for: .milliseconds(2)) }
                    }
                }
            }
        }
        #expect(other?.run == (answering == .thatItIsGone ? "r2" : nil))
        #expect(end.withLock { $0 } != nil)
        #expect(keeper.fence(of: "r1") == nil)
    }
}

enum Answering: Sendable { case never, withErrors, thatItIsGone }

/// Leases that can be had, and not be renewed.
private struct Unreachable: Leases {
    let leases: MemoryLeases
    let answering: Answering

    func acquire(
        _ name: String, place: String?, by node: String, for time: Duration
    ) async throws(JournalError) -> LeaseAnswer {
        try await leases.acquire(name, place: place, by: node, for: time)
    }

    func renew(_ fences: [Fence], for time: Duration) async throws(JournalError) -> Set<Fence> {
        switch answering {
        case .never: while !Task.isCancelled { try? await Task.sleep(for: .milliseconds(2)) }
        case .withErrors: throw JournalError(.unreachable, "Nobody is there.")
        case .thatItIsGone: break
        }
        return []
    }

    func release(_ fences: [Fence]) async throws(JournalError) {}
    func leases() async throws(JournalError) -> [Lease] { try await leases.leases() }

    func leave(_ fences: [Fence]) async throws(JournalError) {}

    func takeOver(
        at places: Set<String>, limit: Int, by node: String, for time: Duration
    ) async throws(JournalError) -> [Lease] { [] }
    func awaitChange(within time: Duration) async { await leases.awaitChange(within: time) }
}
