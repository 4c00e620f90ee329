import Evidence
import Host
import Journal
import Maintenance
import SQLiteJournal
import Testing

/// The chain over runs: what is dropped, altered or forged is found, whatever the store.
@Suite struct CheckpointTests {
    /// Computed from the definition: the form of released chains never changes.
    @Test func theChainOfOneRunIsTheOneOfTheDefinition() async throws {
        let (journal, _) = try await Sample.journal(["r1"])
        let first = try #require(try await journal.checkpoints(.newest).first)
        #expect(first.number == 1)
        #expect(first.previous.isEmpty)
        #expect(first.head.sequence == 3)
        #expect(first.rowDigest == Sample.row("r1").digest)
        #expect(first.digest.count == 64)
    }

    @Test func everyEndHasItsCheckpoint() async throws {
        let (journal, store) = try await Sample.journal((1...20).map { "r\($0)" })
        #expect(try await store.checkpoints(CheckpointFilter()).map(\.number) == Array(1...20))
        // An end that is written again is none again, and a run that is not over has none.
        try await journal.append(Batch(rows: [Sample.row("r1")]))
        try await journal.append(Sample.run("r21", state: .running))
        #expect(try await store.checkpoints(.newest).first?.number == 20)
        #expect(try await problems(of: journal).isEmpty)
    }

    /// Many runs end at once, in one process and in several that share the store: the chain stays one.
    @Test func endsAtTheSameTimeMakeOneChain() async throws {
        let store = MemoryJournal()
        let key = try Sample.key()
        let one = try await CheckpointedJournal(store, key: key, host: Sample.host)
        let other = try await CheckpointedJournal(store, key: key, host: Sample.host)
        try await withThrowingDiscardingTaskGroup { group in
            for number in 1...200 {
                group.addTask { try await (number % 5 == 0 ? other : one).append(Sample.run("r\(number)")) }
            }
        }
        #expect(try await store.checkpoints(CheckpointFilter(limit: 1000)).count == 200)
        #expect(try await problems(of: store).isEmpty)
    }

    @Test func runsOfAnOlderVersionGetTheirsAtTheStart() async throws {
        let store = MemoryJournal()
        for id in ["r1", "r2"] { try await store.append(Sample.run(id)) }
        #expect(try await problems(of: store).map(\.subject) == ["run r2", "run r1"])
        _ = try await CheckpointedJournal(store, key: try Sample.key(), host: Sample.host)
        #expect(try await problems(of: store).isEmpty)
    }

    @Test func aDroppedRunIsFound() async throws {
        let (journal, _) = try await Sample.journal(["r1", "r2", "r3"])
        let found = try await problems(of: Edited(journal) { $0.drop("r2") })
        #expect(found.map(\.subject) == ["run r2"])
        #expect(found.first?.sentence.contains("it was dropped") == true)
    }

    @Test func aDroppedRunWithItsCheckpointIsFound() async throws {
        let (journal, _) = try await Sample.journal(["r1", "r2", "r3"])
        let found = try await problems(
            of: Edited(journal) {
                $0.drop("r2")
                $0.checkpoints.remove(at: 1)
            })
        #expect(found.map(\.subject) == ["checkpoint 3, of run r3"])
        let first = try await problems(
            of: Edited(journal) {
                $0.drop("r1")
                $0.checkpoints.remove(at: 0)
            })
        #expect(first.first?.sentence.contains("not the first") == true)
    }

    /// A chain made anew without the key, and one made with another.
    @Test func aForgedChainIsFound() async throws {
        let (journal, _) = try await Sample.journal(["r1", "r2"])
        let copied = try await problems(
            of: Edited(journal) { edited in
                let last = edited.checkpoints[1]
                edited.checkpoints[1] = Checkpoint(
                    number: 2, kind: .ended, run: "r2", head: ChainTip(sequence: 1, digest: "x"),
                    rowDigest: last.rowDigest, at: last.at, previous: last.previous, key: last.key,
                    signature: last.signature)
            })
        #expect(copied.contains { $0.subject == "checkpoint 2, of run r2" })

        var host = Sample.host
        host.random = { 7 }
        let stranger = MemoryJournal()
        let other = try await CheckpointedJournal(stranger, key: try SigningKey(from: host), host: host)
        try await other.append(Sample.run("r1"))
        let forged = try await problems(of: other)
        #expect(forged.count == 1)
        #expect(forged.first?.sentence.contains(try SigningKey(from: host).publicKey.fingerprint) == true)
    }

    @Test func anAlteredRowAndShortenedRecordsAreFound() async throws {
        let (journal, _) = try await Sample.journal(["r1", "r2"])
        let row = try await problems(of: Edited(journal) { $0.rows["r1"] = Sample.row("r1", verdict: .warn) })
        #expect(row.first?.sentence.contains("its verdict") == true)
        let records = try await problems(of: Edited(journal) { $0.shortened = "r2" })
        #expect(records.first?.sentence.contains("ends at record 2") == true)
        let body = try await problems(of: Edited(journal) { $0.bodies[Sample.evidence("r1").digest] = [1] })
        #expect(body.first?.sentence.contains("was altered") == true)
        let gone = try await problems(of: Edited(journal) { $0.lost = [Sample.evidence("r2").digest] })
        #expect(gone.first?.sentence.contains("is gone") == true)
    }

    @Test(arguments: [true, false])
    func whatRetentionRemovedIsNoProblem(onDisk: Bool) async throws {
        try await withFolder { folder in
            let store: any JournalStore =
                onDisk
                ? try await SQLiteJournal.writer(at: folder + "/journal.sqlite", host: Sample.host) : MemoryJournal()
            try await prune(on: store)
            await store.close()
        }
    }

    private func prune(on store: any JournalStore) async throws {
        let journal = try await CheckpointedJournal(store, key: try Sample.key(), host: Sample.host)
        // What r1 saw, r3 saw too: it stays as long as one of them.
        let shared = Body(Array("the same".utf8))
        for id in ["r1", "r2", "r3"] {
            let bodies = [Sample.evidence(id)] + (id == "r2" ? [] : [shared])
            try await journal.append(Sample.run(id, bodies: bodies))
        }
        try await journal.append(Sample.run("r4", state: .running))
        let later = Sample.host.now()
        #expect(try await journal.prune(PruningFilter(.bodies, endedBefore: later, limit: 1)).map(\.id) == ["r1"])
        #expect(
            try await journal.prune(PruningFilter(.records, endedBefore: later, limit: 9)).map(\.id) == ["r1", "r2"])
        #expect(try await journal.prune(PruningFilter(.records, endedBefore: later, limit: 9)).isEmpty)
        #expect(try await store.records(of: "r1").isEmpty)
        #expect(try await store.body(Sample.evidence("r1").digest) == nil)
        #expect(try await store.body(shared.digest) != nil)
        #expect(try await store.records(of: "r4").count == 2)
        // The newest passed run of the procedure stays whole.
        #expect(try await store.body(Sample.evidence("r3").digest) != nil)
        #expect(try await store.row("r1") != nil)
        let inspection = try await inspection(of: store)
        #expect(inspection.problems.isEmpty)
        #expect(inspection.pruned == 2)
    }

    @Test func aJournalThatIsOlderThanItsMarkIsSuspicious() async throws {
        let (journal, store) = try await Sample.journal(["r1", "r2"])
        let now = Sample.start
        let newest = try await store.checkpoints(.newest).first
        let mark = JournalMark(newest, at: now)
        #expect(try await JournalMark.suspicion(of: store, mark) == nil)
        // A mark that was not written any more before a crash is older than the journal: no false alarm.
        let first = try await store.checkpoints(CheckpointFilter()).first
        #expect(try await JournalMark.suspicion(of: store, JournalMark(first, at: now)) == nil)
        #expect(try await JournalMark.suspicion(of: store, JournalMark(nil, at: now)) == nil)
        // The backup of before, the copy that went on otherwise, the journal that came without its mark.
        let (older, _) = try await Sample.journal(["r1"])
        #expect(try await JournalMark.suspicion(of: older, mark)?.contains("newest checkpoint is 1") == true)
        let (fork, _) = try await Sample.journal(["r1", "r3"])
        #expect(try await JournalMark.suspicion(of: fork, mark)?.contains("is another") == true)
        #expect(try await JournalMark.suspicion(of: journal, nil)?.contains("mark beside it is gone") == true)
        #expect(try await JournalMark.suspicion(of: MemoryJournal(), nil) == nil)
    }

    private func problems(of store: any JournalStore) async throws -> [Inspection.Problem] {
        try await inspection(of: store).problems
    }

    private func inspection(of store: any JournalStore) async throws -> Inspection {
        try await Inspection.of(store, keys: [try Sample.key().publicKey.fingerprint], streams: [])
    }
}
