import Evidence
import Host
import Journal
import Maintenance
import Synchronization
import TestSupport
import Testing

/// The mark outside of the journal follows the chain, soon and not for each end.
struct MarkTests {
    /// What was marked, in order.
    private final class Marks: Sendable {
        private let numbers = Mutex<[Int]>([])
        private let (news, told) = AsyncStream.makeStream(of: Void.self)

        var all: [Int] { numbers.withLock { $0 } }

        func add(_ checkpoint: Checkpoint) {
            numbers.withLock { $0.append(Int(checkpoint.number)) }
            told.yield()
        }

        func next() async { for await _ in news { return } }
    }

    private func journal(_ clock: FakeClock) async throws -> (CheckpointedJournal, Marks) {
        let marks = Marks()
        let journal = try await CheckpointedJournal(
            MemoryJournal(), key: try Sample.key(), host: clock.host
        ) { marks.add($0) }
        return (journal, marks)
    }

    @Test func itFollowsOnceASecondWhileTheJournalIsKept() async throws {
        let clock = FakeClock()
        let (journal, marks) = try await journal(clock)
        try await journal.keeping {
            try await journal.append(Sample.run("r1"))
            await marks.next()
            #expect(marks.all == [1])
            // Within the second nothing is marked, and then only the newest.
            while clock.sleeping == 0 { await Task.yield() }
            for id in ["r2", "r3", "r4"] { try await journal.append(Sample.run(id)) }
            #expect(marks.all == [1])
            clock.advance(.seconds(1))
            await marks.next()
            #expect(marks.all == [1, 4])
            try await journal.append(Sample.run("r5"))
        }
        // What is new when the keeping ends is marked then.
        #expect(marks.all == [1, 4, 5])
        await journal.close()
        #expect(marks.all == [1, 4, 5])
    }

    @Test func closingMarksWhatNobodyKept() async throws {
        let (journal, marks) = try await journal(FakeClock())
        for id in ["r1", "r2"] { try await journal.append(Sample.run(id)) }
        #expect(marks.all.isEmpty)
        await journal.close()
        #expect(marks.all == [2])
    }
}
