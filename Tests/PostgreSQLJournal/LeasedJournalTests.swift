import Host
import Journal
import Maintenance
import Sandbox
import Synchronization
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
            try await a.journal.append(Batch(records: [chain[0]], rows: [Sample.row("r1")]))
            #expect(try await leases.leases().map(\.name) == ["r1"])
            #expect(await failure { try await b.journal.take("r1") }?.code == .heldByAnother)
            #expect(await failure { try await b.journal.append(Batch(records: [chain[1]])) }?.code == .stale)
            try await a.journal.append(Batch(records: [chain[1]]))
            try await a.journal.append(Batch(records: [chain[2]], rows: [Sample.row("r1", state: .ended)]))
            #expect(try await leases.leases().isEmpty)
            // It has ended, and nobody goes on with it unless it takes it first.
            #expect(await failure { try await a.journal.append(Batch(rows: [Sample.row("r1")])) }?.code == .stale)
            // What the store refuses to begin leaves no lease behind.
            #expect(await failure { try await b.journal.append(Batch(records: [chain[0]])) } != nil)
            #expect(try await leases.leases().isEmpty)
            try await b.journal.take("r1")
            try await b.journal.take("r1")
            await b.keeper.releaseAll()
            #expect(try await leases.leases().isEmpty)
        }
    }

    @Test(arguments: LeaseKind.allCases)
    func whatIsTakenIsKeptWhileTheWorkGoesOn(kind: LeaseKind) async throws {
        try await kind.with { leases, store throws in
            let node = Node("a", leases, store, for: .seconds(3))
            try await node.journal.take("dispatcher")
            let first = try await leases.leases()
            try await node.journal.whileTaken {
                while try await leases.leases().first?.expiresAt == first.first?.expiresAt {
                    try? await Task.sleep(for: .milliseconds(2))
                }
                #expect(try await leases.leases().map(\.fence) == first.map(\.fence))
                #expect(node.keeper.fence(of: "dispatcher") == first.first?.fence)
            }
        }
    }

    /// The store does not answer any more: the work ends by the node's own clock, before another node may begin.
    @Test(arguments: [Answering.never, .withErrors, .thatItIsGone])
    func workEndsWhenItsLeaseIsNotRenewed(answering: Answering) async throws {
        let leases = MemoryLeases(host: .system)
        let node = Node(
            "a", Unreachable(leases: leases, answering: answering), MemoryJournal(leases: leases),
            for: .milliseconds(200))
        try await node.journal.take("r1")
        let end = Mutex<[Lease]?>(nil)
        let error = await failure {
            try await node.journal.whileTaken {
                while !Task.isCancelled { try? await Task.sleep(for: .milliseconds(2)) }
                let held = try await leases.leases()
                end.withLock { $0 = held }
            }
        }
        #expect(error?.code == .stale)
        #expect(error?.run == "r1")
        #expect(end.withLock { $0 } != nil)
        #expect(node.keeper.fence(of: "r1") == nil)
    }
}

enum Answering: Sendable { case never, withErrors, thatItIsGone }

/// Leases that can be had, and not be renewed.
private struct Unreachable: Leases {
    let leases: MemoryLeases
    let answering: Answering

    func acquire(_ name: String, by node: String, for time: Duration) async throws(JournalError) -> LeaseAnswer {
        try await leases.acquire(name, by: node, for: time)
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

    func takeOver(limit: Int, by node: String, for time: Duration) async throws(JournalError) -> [Lease] { [] }
    func awaitChange(within time: Duration) async {}
}
