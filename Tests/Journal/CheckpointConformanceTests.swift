import Host
import Journal
import Maintenance
import TestSupport
import Testing

/// What the chain over runs and retention may rely on, whatever the store.
@Suite struct CheckpointConformanceTests {
    private static func ended(_ id: String, _ second: Int64, _ verdict: Verdict = .pass) -> RunRow {
        var row = Sample.row(id, nominal: second, started: second, state: .ended)
        row.endedAt = Sample.at(second + 1)
        row.verdict = verdict
        return row
    }

    private static func next(
        after last: Checkpoint?, _ row: RunRow, _ kind: Checkpoint.Kind = .ended
    ) throws -> Checkpoint {
        try Checkpoint.next(
            after: last, kind, row, head: ChainTip(sequence: 2, digest: "d"), at: Sample.start, key: "k",
            sign: { _ in "s" })
    }

    @Test(arguments: StoreKind.allCases)
    func checkpointsComeBackInTheirOrder(kind: StoreKind) async throws {
        try await kind.with { store throws in
            var made: [Checkpoint] = []
            for number in 1...5 { made.append(try Self.next(after: made.last, Self.ended("r\(number)", 0))) }
            #expect(try await store.checkpoints(.newest).isEmpty)
            try await store.append(Batch(checkpoints: Array(made[..<3])))
            try await store.append(Batch(checkpoints: Array(made[3...])))
            #expect(try await store.checkpoints(CheckpointFilter()) == made)
            #expect(try await store.checkpoints(.newest) == [made[4]])
            #expect(try await store.checkpoints(CheckpointFilter(from: 2, limit: 2)) == Array(made[1...2]))
            #expect(try await store.checkpoints(CheckpointFilter(run: "r4")) == [made[3]])
            #expect(try await store.checkpoints(CheckpointFilter(run: "r9")).isEmpty)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aCheckpointThatDoesNotContinueIsRefusedWithItsBatch(kind: StoreKind) async throws {
        try await kind.with { store throws in
            let first = try Self.next(after: nil, Self.ended("r1", 0))
            let second = try Self.next(after: first, Self.ended("r2", 0))
            let fork = try Self.next(after: first, Self.ended("r3", 0))
            let batch = Batch(rows: [Self.ended("r2", 0)], checkpoints: [second])
            #expect(await code { try await store.append(batch) } == .checkpointConflict)
            #expect(try await store.row("r2") == nil)
            try await store.append(Batch(checkpoints: [first]))
            try await store.append(batch)
            #expect(await code { try await store.append(Batch(checkpoints: [fork])) } == .checkpointConflict)
            #expect(await code { try await store.prune(.bodies, [fork]) } == .checkpointConflict)
            #expect(try await store.checkpoints(CheckpointFilter()) == [first, second])
        }
    }

    /// Runs that end at once: each checkpoint continues the one of the batch before it.
    @Test(arguments: StoreKind.allCases)
    func checkpointsOfBatchesThatComeTogetherAreOneChain(kind: StoreKind) async throws {
        try await kind.with { store throws in
            var made: [Checkpoint] = []
            for number in 1...3 { made.append(try Self.next(after: made.last, Self.ended("r\(number)", 0))) }
            let fork = try Self.next(after: made[0], Self.ended("r4", 4))
            let answers = await store.append(
                each: [made[0], made[1], fork, made[2]].map { Batch(checkpoints: [$0]) })
            #expect(answers.map { (try? $0.get()) != nil } == [true, true, false, true])
            #expect(try await store.checkpoints(CheckpointFilter()) == made)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func retentionTakesWhatMayGoAndNothingElse(kind: StoreKind) async throws {
        try await kind.with { store throws in
            let rows = [
                Self.ended("r1", 10), Self.ended("r2", 20, .fail), Self.ended("r3", 30), Self.ended("r4", 40, .warn),
            ]
            let shared = Body(Array("shared".utf8))
            for row in rows {
                try await store.append(
                    Batch(
                        records: Sample.chain(row.id, 2), bodies: [Body(Array(row.id.utf8)), shared], rows: [row]))
            }
            try await store.append(Batch(records: Sample.chain("r5", 2), rows: [Sample.row("r5", nominal: 50)]))
            #expect(try await store.rowsWithoutCheckpoint(limit: 3).map(\.id) == ["r1", "r2", "r3"])
            var all = PruningFilter(.records, endedBefore: Sample.at(1000), limit: 10)
            #expect(try await store.prunable(all).isEmpty)
            var last: Checkpoint?
            for row in rows {
                let checkpoint = try Self.next(after: last, row)
                try await store.append(Batch(checkpoints: [checkpoint]))
                last = checkpoint
            }
            #expect(try await store.rowsWithoutCheckpoint(limit: 9).isEmpty)
            // r3 is the newest that passed, r5 is not over.
            #expect(try await store.prunable(all).map(\.id) == ["r1", "r2", "r4"])
            all.limit = 2
            #expect(try await store.prunable(all).map(\.id) == ["r1", "r2"])
            all.endedBefore = Sample.at(21)
            #expect(try await store.prunable(all).map(\.id) == ["r1"])

            let erased = try Self.next(after: last, rows[0], .erased)
            try await store.prune(.bodies, [erased])
            let pruned = try Self.next(after: erased, rows[1], .pruned)
            try await store.prune(.records, [pruned])
            #expect(try await store.records(of: "r1").count == 2)
            #expect(try await store.records(of: "r2").isEmpty)
            let left = try await store.bodies(["r1", "r2", "r3", "shared"].map { Body(Array($0.utf8)).digest })
            #expect(Set(left.values.map { String(decoding: $0, as: UTF8.self) }) == ["r3", "shared"])
            let bodies = PruningFilter(.bodies, endedBefore: Sample.at(1000), limit: 10)
            #expect(try await store.prunable(bodies).map(\.id) == ["r4"])
            #expect(try await store.row("r2") == rows[1])
            try await store.compact()
        }
    }
}
