import Host
import Journal
import Maintenance
import Synchronization
import TestSupport
import Testing

/// A journal goes from one store into another and stays what it is.
@Suite struct TransferTests {
    private func filled(_ store: any JournalStore) async throws {
        let shared = Body(Array("rows: 42".utf8))
        for number in 0..<3 {
            let id = "r\(number)"
            let note = Array(#"{"attachment":"\#(shared.digest)"}"#.utf8)
            let first = Record.next(after: nil, run: id, at: Sample.at(Int64(number)), kind: "noted", body: note)
            let second = Record.next(after: first, run: id, at: Sample.at(9), kind: "ended", body: [123, 125])
            var row = Sample.row(id, nominal: Int64(number), state: .ended)
            row.verdict = .pass
            row.endedAt = Sample.at(10)
            try await store.append(
                Batch(
                    records: [first, second], bodies: [shared], rows: [row],
                    points: [HistoryPoint(key: "k", name: "n", at: Sample.at(1), value: Double(number) / 3)]))
        }
        try await store.append(
            Batch(
                records: Sample.chain("dispatcher", 4),
                missed: [
                    MissedRow(
                        occurrence: Sample.row("", nominal: 77).occurrence, cause: "down", sentence: "Nobody.",
                        decidedAt: Sample.start)
                ],
                checkpoints: [
                    Checkpoint(
                        number: 1, kind: .ended, run: "r0", head: ChainTip(sequence: 2, digest: "d"), rowDigest: "e",
                        at: Sample.start, previous: "", key: "k", signature: "s")
                ]))
    }

    private func exported(_ store: any JournalStore) async throws -> [[UInt8]] {
        let lines = Mutex<[[UInt8]]>([])
        var export = JournalExport(of: store) { line in lines.withLock { $0.append(Array(line.dropLast())) } }
        try await export.write(streams: ["dispatcher"], at: Sample.start)
        return lines.withLock { $0 }
    }

    @discardableResult
    private func imported(_ lines: [[UInt8]], into store: any JournalStore) async throws -> Int {
        var added = 0
        for pass in [JournalImport.Pass.look, .write] {
            var taken = JournalImport(into: store, pass)
            for line in lines { try await taken.take(line) }
            try taken.close()
            added = taken.added
        }
        return added
    }

    @Test(arguments: StoreKind.allCases, StoreKind.allCases)
    func itComesThroughUnchanged(from: StoreKind, to: StoreKind) async throws {
        try await from.with { source throws in
            try await filled(source)
            let lines = try await exported(source)
            try await to.with { target throws in
                #expect(try await imported(lines, into: target) == 3)
                #expect(try await exported(target) == lines)
                // Again, as after an import that was cut short: nothing is doubled.
                try await imported(lines, into: target)
                #expect(try await exported(target) == lines)
            }
        }
    }

    @Test func anyAlteredLineIsRefusedBeforeAnythingIsWritten() async throws {
        let source = MemoryJournal()
        try await filled(source)
        let lines = try await exported(source)
        for number in lines.indices {
            for damage in ["flipped", "gone", "twice", "cut"] {
                var bad = lines
                switch damage {
                case "flipped": bad[number][bad[number].count / 2] ^= 1
                case "gone": bad.remove(at: number)
                case "twice": bad.insert(bad[number], at: number)
                default: bad.removeSubrange(number...)
                }
                let target = MemoryJournal()
                #expect(await failure { try await imported(bad, into: target) } != nil, "line \(number) \(damage)")
                #expect(try await target.rows(RunFilter()).isEmpty)
                #expect(try await target.records(of: "dispatcher").isEmpty)
            }
        }
    }

    @Test func aStoreWithOtherRecordsIsRefused() async throws {
        let source = MemoryJournal()
        try await filled(source)
        let lines = try await exported(source)
        let target = MemoryJournal()
        try await target.append(Batch(records: Sample.chain("r1", 1), rows: [Sample.row("r1", nominal: 1)]))
        #expect(await failure { try await imported(lines, into: target) }?.code == .conflict)
        #expect(try await target.row("r0") == nil)
        let other = MemoryJournal()
        try await other.append(
            Batch(checkpoints: [
                Checkpoint(
                    number: 1, kind: .ended, run: "x", head: .none, rowDigest: "", at: Sample.start, previous: "",
                    key: "", signature: "")
            ]))
        #expect(await failure { try await imported(lines, into: other) }?.code == .conflict)
    }
}
