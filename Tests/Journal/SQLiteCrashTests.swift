import Foundation
import Host
import Journal
import SQLiteJournal
import TestSupport
import Testing

/// What a killed process, a power cut and a full disk leave behind.
@Suite struct SQLiteCrashTests {
    /// The files as a kill would leave them: copied while the journal is open.
    private func image(of path: String, to copy: String) throws {
        for suffix in ["", "-wal", "-shm", ".lock"] { try write(try contents(path + suffix), to: copy + suffix) }
    }

    @Test func afterAKillEverythingThatWasAppendedIsThere() async throws {
        try await withFolder { folder throws in
            let path = folder + "/journal.sqlite"
            let chain = Sample.chain("r1", 30)
            try await withWriter(path) { journal throws in
                for record in chain { try await journal.append(Batch(records: [record])) }
                try image(of: path, to: folder + "/killed.sqlite")
            }
            // First a reader, beside nobody: it reads the log that nobody folded in.
            #expect(try await withReader(folder + "/killed.sqlite") { try await $0.records(of: "r1") } == chain)
            #expect(try await withWriter(folder + "/killed.sqlite") { try await $0.records(of: "r1") } == chain)
        }
    }

    /// The log cut off or damaged at many places: what comes back is a beginning of what was written, batch by batch.
    @Test(arguments: ["cut", "zeroed", "flipped"])
    func aTornLogLosesOnlyItsEnd(damage: String) async throws {
        try await withFolder { folder throws in
            let path = folder + "/journal.sqlite"
            let chain = Sample.chain("r1", 24)
            try await withWriter(path) { journal throws in
                try await journal.append(Batch(records: Array(chain[..<2])))
            }
            try await withWriter(path) { journal throws in
                for start in stride(from: 2, to: chain.count, by: 2) {
                    try await journal.append(Batch(records: Array(chain[start..<start + 2])))
                }
                try image(of: path, to: folder + "/torn.sqlite")
            }
            let log = try contents(folder + "/torn.sqlite-wal")
            let main = try contents(folder + "/torn.sqlite")
            var before = 0
            var counts: Set<Int> = []
            for place in stride(from: 0, through: log.count, by: 1777) {
                var torn = log
                switch damage {
                case "cut": torn.removeLast(log.count - place)
                case "zeroed": torn.replaceSubrange(place..., with: [UInt8](repeating: 0, count: log.count - place))
                default: if place < log.count { torn[place] ^= 0xFF }
                }
                let copy = folder + "/copy-\(place).sqlite"
                try write(main, to: copy)
                try write(torn, to: copy + "-wal")
                let records = try await withWriter(copy) { journal throws in
                    let records = try await journal.records(of: "r1")
                    let next = Record.next(
                        after: records.last, run: "r1", at: Sample.start, kind: "resumed", body: [123, 125])
                    try await journal.append(Batch(records: [next]))
                    return records
                }
                #expect(records == Array(chain[..<records.count]))
                #expect(records.count >= 2 && records.count.isMultiple(of: 2))
                #expect(records.count >= before)
                before = records.count
                counts.insert(records.count)
            }
            #expect(counts.count > 6)
        }
    }

    @Test func aKillWhileTheJournalIsMadeLeavesOneThatCanBeMade() async throws {
        try await withFolder { folder throws in
            // After the empty file was made; and after its first page was written, before the tables were.
            let path = folder + "/journal.sqlite"
            try write([], to: path)
            try await withWriter(path) { try await $0.append(Batch(rows: [Sample.row("r1")])) }
            #expect(try await withWriter(path) { try await $0.row("r1") } != nil)
        }
    }

    @Test(.enabled(if: SmallDisk.canBeMade, "needs the right to mount"))
    func aFullDiskLosesNothingAndPasses() async throws {
        try await withFolder { folder throws in
            let disk = try SmallDisk(at: folder, size: "600k")
            defer { disk.remove() }
            let path = folder + "/journal.sqlite"
            try await withWriter(path) { journal throws in
                var stored: [Record] = []
                var error: JournalError?
                while error == nil, stored.count < 1000 {
                    let next = Sample.chain("r1", stored.count + 1, bytes: 4000)[stored.count]
                    error = await failure { try await journal.append(Batch(records: [next])) }
                    if error == nil { stored.append(next) }
                }
                #expect(error?.code == .full)
                #expect(error?.exitCode == 74)
                #expect(stored.count > 10)
                #expect(try await journal.records(of: "r1") == stored)
                #expect(
                    await code { try await journal.append(Batch(bodies: [Body(Array(repeating: 7, count: 9000))])) }
                        == .full)

                try disk.grow(to: "4m")
                let next = Sample.chain("r1", stored.count + 1, bytes: 4000)[stored.count]
                try await journal.append(Batch(records: [next]))
                stored.append(next)
                #expect(try await journal.records(of: "r1") == stored)
            }
            try await withWriter(path) { journal throws in
                try Record.verifyChain(try await journal.records(of: "r1"))
                #expect(try await journal.records(of: "r1").count > 10)
            }
        }
    }

    @Test(.enabled(if: SmallDisk.canBeMade, "needs the right to mount"))
    func aDiskThatIsFullAtTheStartIsNamed() async throws {
        try await withFolder { folder throws in
            let disk = try SmallDisk(at: folder, size: "4k")
            defer { disk.remove() }
            try write([UInt8](repeating: 1, count: 4096), to: folder + "/ballast")
            #expect(await code { try await withWriter(folder + "/journal.sqlite") { _ in } } == .full)
            try disk.grow(to: "4m")
            try await withWriter(folder + "/journal.sqlite") { try await $0.append(Batch(rows: [Sample.row("r1")])) }
        }
    }

    /// The same without root: the pages that the file may have are bounded.
    @Test func aFullFileLosesNothingAndPasses() async throws {
        try await withFolder { folder throws in
            let path = folder + "/journal.sqlite"
            try await withWriter(path) { journal throws in
                try await journal.limitPages(to: 40)
                var stored = 0
                let chain = Sample.chain("r1", 100, bytes: 4000)
                var error: JournalError?
                while error == nil, stored < chain.count {
                    error = await failure { try await journal.append(Batch(records: [chain[stored]])) }
                    if error == nil { stored += 1 }
                }
                #expect(error?.code == .full)
                #expect(try await journal.records(of: "r1") == Array(chain[..<stored]))
                try await journal.limitPages(to: 100_000)
                try await journal.append(Batch(records: [chain[stored]]))
                #expect(try await journal.records(of: "r1") == Array(chain[...stored]))
            }
        }
    }
}
