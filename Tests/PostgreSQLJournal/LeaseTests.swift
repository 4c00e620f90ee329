import Host
import Journal
import Maintenance
import PostgreSQLJournal
import Sandbox
import Synchronization
import TestSupport
import Testing

/// The two that must behave alike. A short time is one after which the test goes on.
enum LeaseKind: String, CaseIterable, Sendable {
    case memory, postgresql

    func with(_ work: (any Leases, any JournalStore) async throws -> Void) async throws {
        switch self {
        case .memory:
            let leases = MemoryLeases(host: .system)
            try await work(leases, MemoryJournal(leases: leases))
        case .postgresql:
            try await withDatabase { database throws in try await database.withJournal { try await work($0, $0) } }
        }
    }
}

@Suite struct LeaseTests {
    private func granted(_ answer: LeaseAnswer) throws -> Lease {
        guard case .granted(let lease) = answer else { throw NotGranted() }
        return lease
    }

    private struct NotGranted: Error {}

    /// Asks until the lease of the other node has run out.
    private func awaited(_ leases: any Leases, _ name: String, by node: String) async throws -> Lease {
        while true {
            switch try await leases.acquire(name, place: nil, by: node, for: .seconds(30)) {
            case .granted(let lease): return lease
            case .held(_, let left): await leases.awaitChange(within: left)
            }
        }
    }

    @Test(arguments: LeaseKind.allCases)
    func oneNodeHasALease(kind: LeaseKind) async throws {
        try await kind.with { leases, _ throws in
            let first = try granted(try await leases.acquire("r1", place: nil, by: "a", for: .seconds(30)))
            guard
                case .held(let other, let left) = try await leases.acquire("r1", place: nil, by: "b", for: .seconds(30))
            else {
                Issue.record("b has it as well")
                return
            }
            #expect(other == first)
            #expect(left > .seconds(20) && left <= .seconds(30))
            #expect(try await leases.leases() == [first])
            // Who did not hear the answer asks again, and what was given before is worth nothing.
            let again = try granted(try await leases.acquire("r1", place: nil, by: "a", for: .seconds(30)))
            #expect(again.token > first.token)
            #expect(try await leases.renew([first.fence, again.fence], for: .seconds(30)) == [again.fence])
            try await leases.release([first.fence])
            #expect(try await leases.leases().map(\.token) == [again.token])
            try await leases.release([again.fence])
            #expect(try await leases.leases().isEmpty)
            let next = try granted(try await leases.acquire("r1", place: nil, by: "b", for: .seconds(30)))
            #expect(next.token > again.token)
        }
    }

    @Test(arguments: LeaseKind.allCases)
    func aLeaseThatRanOutIsNotRenewedAndIsGivenToAnother(kind: LeaseKind) async throws {
        try await kind.with { leases, _ throws in
            let old = try granted(try await leases.acquire("r1", place: nil, by: "a", for: .milliseconds(30)))
            let new = try await awaited(leases, "r1", by: "b")
            #expect(new.token > old.token)
            #expect(try await leases.renew([old.fence], for: .seconds(30)).isEmpty)
            try await leases.release([old.fence])
            #expect(try await leases.leases().map(\.node) == ["b"])
        }
    }

    @Test(arguments: LeaseKind.allCases)
    func aStaleNodeRecordsNothing(kind: LeaseKind) async throws {
        try await kind.with { leases, store throws in
            let chain = Sample.chain("r1", 3)
            let old = try granted(try await leases.acquire("r1", place: nil, by: "a", for: .milliseconds(400)))
            var batch = Batch(records: [chain[0]])
            batch.fences = [old.fence]
            try await store.append(batch)
            let new = try await awaited(leases, "r1", by: "b")
            batch.records = [chain[1]]
            let error = await failure { try await store.append(batch) }
            #expect(error?.code == .stale)
            #expect(try await store.records(of: "r1").count == 1)
            batch.fences = [new.fence]
            try await store.append(batch)
            // The same token of another node is none.
            batch.records = [chain[2]]
            batch.fences = [Fence(name: "r1", node: "a", token: new.token)]
            #expect(await failure { try await store.append(batch) }?.code == .stale)
            // One that ran out and that nobody took is over all the same.
            let short = try granted(try await leases.acquire("r2", place: nil, by: "a", for: .milliseconds(1)))
            while try await leases.leases().contains(short) { try? await Task.sleep(for: .milliseconds(2)) }
            batch.fences = [new.fence, short.fence]
            #expect(await failure { try await store.append(batch) }?.code == .stale)
            #expect(try await store.records(of: "r1").count == 2)
        }
    }

    @Test(arguments: LeaseKind.allCases)
    func whatDeadNodesLeftIsTakenOverOnce(kind: LeaseKind) async throws {
        try await kind.with { leases, _ throws in
            for number in 0..<40 {
                _ = try await leases.acquire("r\(number)", place: "default", by: "dead", for: .milliseconds(1))
            }
            _ = try await leases.acquire("alive", place: "default", by: "other", for: .seconds(30))
            // What is nobody's to take unasked, and what can only be done elsewhere.
            _ = try await leases.acquire("dispatcher", place: nil, by: "dead", for: .milliseconds(1))
            _ = try await leases.acquire("far", place: "elsewhere", by: "dead", for: .milliseconds(1))
            while try await leases.leases().count > 1 { try? await Task.sleep(for: .milliseconds(2)) }
            let taken = try await withThrowingTaskGroup(of: [Lease].self) { group in
                for node in ["a", "b", "c"] {
                    group.addTask {
                        var mine: [Lease] = []
                        while true {
                            let some = try await leases.takeOver(at: ["default"], limit: 3, by: node, for: .seconds(30))
                            mine += some
                            if some.isEmpty { return mine }
                        }
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(Set(taken.map(\.name)).count == 40)
            #expect(taken.count == 40)
            #expect(try await leases.takeOver(at: ["default"], limit: 0, by: "a", for: .seconds(1)).isEmpty)
        }
    }

    /// What is left can be taken at once, with the place that it had, and its former holder has it no more.
    @Test(arguments: LeaseKind.allCases)
    func whatIsLeftIsTakenAtOnce(kind: LeaseKind) async throws {
        try await kind.with { leases, _ throws in
            let first = try granted(try await leases.acquire("r1", place: "default", by: "a", for: .seconds(600)))
            #expect(try await leases.takeOver(at: ["default"], limit: 5, by: "b", for: .seconds(30)).isEmpty)
            let again = try granted(try await leases.acquire("r1", place: nil, by: "a", for: .seconds(600)))
            try await leases.leave([first.fence])
            #expect(try await leases.takeOver(at: ["default"], limit: 5, by: "b", for: .seconds(30)).isEmpty)
            try await leases.leave([again.fence])
            #expect(try await leases.leases().isEmpty)
            #expect(try await leases.renew([again.fence], for: .seconds(30)).isEmpty)
            #expect(try await leases.takeOver(at: ["elsewhere"], limit: 5, by: "b", for: .seconds(30)).isEmpty)
            let taken = try await leases.takeOver(at: ["default"], limit: 5, by: "b", for: .seconds(30))
            #expect(taken.map(\.name) == ["r1"] && taken.map(\.node) == ["b"])
            try await leases.leave([again.fence])
            #expect(try await leases.leases() == taken)
        }
    }

    @Test(arguments: LeaseKind.allCases)
    func aLeaseThatIsGivenBackWakesWhoWaits(kind: LeaseKind) async throws {
        try await kind.with { leases, store throws in
            let keeper = LeaseKeeper(leases, node: "b", on: .system) { _ in .seconds(30) }
            let journal = LeasedJournal(store, keeper: keeper)
            let lease = try granted(
                try await leases.acquire("dispatcher", place: nil, by: "a", for: .seconds(600)))
            let told = Mutex(0)
            async let waited: Fence? = journal.keeping {
                try await journal.whileTaken(
                    Claim("dispatcher"), waiting: { _ in told.withLock { $0 += 1 } }, { keeper.fence(of: "dispatcher") }
                )
            }
            while told.withLock({ $0 }) == 0 { try? await Task.sleep(for: .milliseconds(2)) }
            try await leases.release([lease.fence])
            #expect(try await waited?.node == "b")
            #expect(told.withLock { $0 } == 1)
        }
    }

    /// Two nodes claim the same occurrences: each gets its run once, and the other node is told whose it is.
    @Test func twoNodesClaimAThousandOccurrencesOnceEach() async throws {
        try await withDatabase { database throws in
            try await database.withJournal(node: "a") { first throws in
                try await database.withJournal(node: "b") { second throws in
                    let won = try await withThrowingTaskGroup(of: (Int, Int).self) { group in
                        for (node, store) in [("a", first), ("b", second)] {
                            for part in 0..<8 {
                                group.addTask { try await Self.claim(store, node, part) }
                            }
                        }
                        return try await group.reduce(into: (0, 0)) { $0 = ($0.0 + $1.0, $0.1 + $1.1) }
                    }
                    #expect(won == (1000, 1000))
                    #expect(try await first.rows(RunFilter(limit: 2000)).count == 1000)
                    #expect(
                        try await database.psql(
                            "SELECT count(*), count(DISTINCT run), count(DISTINCT nominal) FROM millwright.occurrence")
                            == "1000|1000|1000")
                }
            }
        }
    }

    /// How many were won, and how many were the other's.
    private static func claim(_ store: PostgreSQLJournal, _ node: String, _ part: Int) async throws -> (Int, Int) {
        var (won, lost) = (0, 0)
        for number in 0..<1000 where number % 8 == part {
            let id = "\(node)-\(number)"
            let record = Record.next(after: nil, run: id, at: Sample.start, kind: "started", body: [123, 125])
            let error = await failure {
                try await store.append(
                    Batch(records: [record], rows: [Sample.row(id, nominal: Int64(number))]))
            }
            switch error?.code {
            case nil: won += 1
            case .occurrenceTaken:
                #expect(error?.run != nil && error?.run?.hasSuffix("-\(number)") == true)
                lost += 1
            default: throw error ?? .closed
            }
        }
        return (won, lost)
    }
}
