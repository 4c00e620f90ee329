import Evidence
import Foundation
import Host
import Journal
import Maintenance
import SQLiteJournal
import Testing

/// A real journal's file, damaged at many places: it is either as it was, or it is reported. Never is anything else read
/// as if it were well.
@Suite struct DamageTests {
    /// All that a run's verdict and evidence rest on.
    private struct Contents: Equatable {
        var rows: [RunRow] = []
        var records: [String: [Record]] = [:]
        var bodies: [String: [UInt8]] = [:]
        var checkpoints: [Checkpoint] = []

        init(of journal: any JournalStore) async throws {
            rows = try await journal.rows(RunFilter())
            records = try await journal.records(ofEach: (1...12).map { "r\($0)" })
            bodies = try await journal.bodies((1...12).map { Sample.evidence("r\($0)").digest })
            checkpoints = try await journal.checkpoints(CheckpointFilter())
        }
    }

    private enum Sight: Equatable { case whole, setAside, problems, different }

    @Test func everyDamagedPageIsWholeOrReported() async throws {
        try await withFolder { folder in
            let path = folder + "/journal.sqlite"
            let (bytes, contents) = try await Self.journal(at: path)
            var seen: [Sight: Int] = [:]
            for damaged in Self.damages(of: bytes) {
                try Data(damaged.bytes).write(to: URL(filePath: path))
                let sight = try await Self.look(at: path, contents)
                #expect(sight != .different, "\(damaged.what)")
                seen[sight, default: 0] += 1
                for name in try FileManager.default.contentsOfDirectory(atPath: folder)
                where name.contains("corrupt") || name.hasSuffix("-wal") || name.hasSuffix("-shm") {
                    try FileManager.default.removeItem(atPath: folder + "/" + name)
                }
            }
            #expect(seen[.setAside, default: 0] > 20, "\(seen)")
            #expect(seen[.problems, default: 0] > 10, "\(seen)")
        }
    }

    /// Damage to the write-ahead log loses what was committed last, which SQLite takes for an end: the mark knows better.
    @Test func aLostEndOfTheLogIsKnownByTheMark() async throws {
        try await withFolder { folder in
            let path = folder + "/journal.sqlite"
            let journal = try await SQLiteJournal.writer(at: path, host: Sample.host)
            let checkpointed = try await CheckpointedJournal(journal, key: try Sample.key(), host: Sample.host)
            for number in 1...12 { try await checkpointed.append(Sample.run("r\(number)")) }
            let mark = JournalMark(try await journal.checkpoints(.newest).first, at: Sample.start)
            let copies = try ["", "-wal"].map { ($0, Array(try Data(contentsOf: URL(filePath: path + $0)))) }
            await journal.close()
            for share in [2, 3, 4] {
                let copy = "\(folder)/\(share).sqlite"
                for (suffix, bytes) in copies {
                    var bytes = bytes
                    if suffix == "-wal" { bytes[bytes.count / share] ^= 0x10 }
                    try Data(bytes).write(to: URL(filePath: copy + suffix))
                }
                try Data().write(to: URL(filePath: copy + ".lock"))
                let damaged = try await SQLiteJournal.writer(at: copy, host: Sample.host)
                let suspicion = try await JournalMark.suspicion(of: damaged, mark)
                await damaged.close()
                #expect(suspicion?.contains("12 was written") == true, "\(share): \(suspicion ?? "nothing")")
            }
        }
    }

    private static func journal(at path: String) async throws -> ([UInt8], Contents) {
        let journal = try await SQLiteJournal.writer(at: path, host: Sample.host)
        let checkpointed = try await CheckpointedJournal(journal, key: try Sample.key(), host: Sample.host)
        for number in 1...12 {
            var batch = Sample.run("r\(number)")
            batch.bodies.append(Body(Array(repeating: UInt8(number), count: 5000)))
            try await checkpointed.append(batch)
        }
        let contents = try await Contents(of: journal)
        await journal.close()
        return (Array(try Data(contentsOf: URL(filePath: path))), contents)
    }

    /// Each page zeroed, and bytes flipped all over it.
    private static func damages(of bytes: [UInt8]) -> [(what: String, bytes: [UInt8])] {
        var damages: [(String, [UInt8])] = []
        for page in 0..<(bytes.count / 4096) {
            var zeroed = bytes
            zeroed.replaceSubrange((page * 4096)..<((page + 1) * 4096), with: [UInt8](repeating: 0, count: 4096))
            damages.append(("page \(page) zeroed", zeroed))
            for place in [1, 9, 1030 + page * 7, 2500 + page * 13, 4000, 4090] {
                var flipped = bytes
                flipped[page * 4096 + place % 4096] ^= UInt8(1 << (place % 8))
                damages.append(("byte \(place) of page \(page)", flipped))
            }
        }
        return damages
    }

    private static func look(at path: String, _ contents: Contents) async throws -> Sight {
        let journal: SQLiteJournal
        do {
            journal = try await SQLiteJournal.writer(at: path, host: Sample.host)
        } catch {
            // Refused with a sentence; a file whose name for itself is gone is left as it is.
            return [.corrupt, .unreadable, .newerVersion].contains(error.code) ? .setAside : .different
        }
        do {
            var problems = try await journal.integrityProblems().count
            let key = try Sample.key().publicKey.fingerprint
            problems += try await Inspection.of(journal, keys: [key], streams: []).problems.count
            let found = try await Contents(of: journal)
            await journal.close()
            return problems > 0 ? .problems : found == contents ? .whole : .different
        } catch {
            await journal.close()
            return .problems
        }
    }
}

/// A folder that lives as long as the work in it.
func withFolder(_ work: (String) async throws -> Void) async throws {
    let path = NSTemporaryDirectory() + "/evidence-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try await work(path)
}
