import Foundation
import Host
import Journal
import SQLiteJournal
import TestSupport
import Testing

/// One writer, any number of readers, in this process and others.
@Suite struct SQLiteConcurrencyTests {
    @Test func aSecondWriterIsToldWhoHoldsIt() async throws {
        try await withFolder { folder throws in
            let path = folder + "/journal.sqlite"
            try await withWriter(path) { first throws in
                let error = await failure { try await withWriter(path) { _ in } }
                #expect(error?.code == .heldByAnother)
                #expect(error?.exitCode == 75)
                #expect(error?.pid == getpid())
                try await first.append(Batch(records: Sample.chain("r1", 1)))
            }
            #expect(try await withWriter(path) { try await $0.records(of: "r1").count } == 1)
        }
    }

    @Test func anotherProcessHoldsItAsLongAsItLives() async throws {
        try await withFolder { folder throws in
            let path = folder + "/journal.sqlite"
            let holder = Process()
            holder.executableURL = URL(fileURLWithPath: "/bin/sh")
            holder.arguments = ["-c", "exec 9<>\"$0\"; flock 9; echo $$ >&9; echo held; read line", path + ".lock"]
            let (input, output) = (Pipe(), Pipe())
            holder.standardInput = input
            holder.standardOutput = output
            try holder.run()
            #expect(output.fileHandleForReading.readData(ofLength: 5) == Data("held\n".utf8))

            let error = await failure { try await withWriter(path) { _ in } }
            #expect(error?.code == .heldByAnother)
            #expect(error?.pid == holder.processIdentifier)
            kill(holder.processIdentifier, SIGKILL)
            holder.waitUntilExit()
            try await withWriter(path) { try await $0.append(Batch(rows: [Sample.row("r1")])) }
        }
    }

    @Test func readersSeeWholeBatchesWhileAWriterWrites() async throws {
        try await withFolder { folder throws in
            let path = folder + "/journal.sqlite"
            try await withWriter(path) { writer throws in
                let chain = Sample.chain("r1", 200, bytes: 3000)
                try await writer.append(Batch(records: Array(chain[..<2]), rows: [Sample.row("r1")]))
                try await withThrowingTaskGroup(of: Int.self) { group in
                    for _ in 0..<2 {
                        group.addTask {
                            try await withReader(path) { reader throws in
                                var seen = 0
                                while seen < chain.count {
                                    try Task.checkCancellation()
                                    let records = try await reader.records(of: "r1")
                                    try Record.verifyChain(records)
                                    #expect(records.count >= seen && records.count.isMultiple(of: 2))
                                    seen = records.count
                                }
                                #expect(try await reader.row("r1") != nil)
                                return seen
                            }
                        }
                    }
                    for start in stride(from: 2, to: chain.count, by: 2) {
                        try await writer.append(Batch(records: Array(chain[start..<start + 2])))
                    }
                    for try await seen in group { #expect(seen == chain.count) }
                }
            }
        }
    }

    @Test func aReaderCannotWrite() async throws {
        try await withFolder { folder throws in
            let path = folder + "/journal.sqlite"
            try await withWriter(path) { try await $0.append(Batch(records: Sample.chain("r1", 1))) }
            try await withReader(path) { reader throws in
                let batch = Batch(records: Sample.chain("r2", 1))
                #expect(await code { try await reader.append(batch) } == .unreadable)
                #expect(try await reader.records(of: "r1").count == 1)
            }
        }
    }

    @Test func manyRunsAreWrittenAtOnce() async throws {
        try await withFolder { folder throws in
            try await withWriter(folder + "/journal.sqlite") { journal throws in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<40 {
                        group.addTask {
                            for record in Sample.chain("r\(number)", 5) {
                                try await journal.append(Batch(records: [record]))
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                for number in 0..<40 { try Record.verifyChain(try await journal.records(of: "r\(number)")) }
                #expect(try await journal.records(of: "r39").count == 5)
            }
        }
    }

    /// What waits while another batch is brought to the disk shares the next commit.
    @Test func waitingBatchesAreCommittedTogether() async throws {
        try await withFolder { folder throws in
            let path = folder + "/journal.sqlite"
            try await withWriter(path) { journal throws in
                let before = try commits(in: path + "-wal")
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<100 {
                        group.addTask { try await journal.append(Batch(records: Sample.chain("r\(number)", 1))) }
                    }
                    try await group.waitForAll()
                }
                #expect(try commits(in: path + "-wal") - before < 100)
                for number in 0..<100 { #expect(try await journal.records(of: "r\(number)").count == 1) }
            }
        }
    }

    @Test func aRefusedBatchIsRefusedAlone() async throws {
        try await withFolder { folder throws in
            try await withWriter(folder + "/journal.sqlite") { journal throws in
                let refused = await withTaskGroup(of: JournalError.Code?.self) { group in
                    for number in 0..<100 {
                        // Every tenth does not continue what is there.
                        let records = Array(Sample.chain("r\(number)", 2).suffix(number.isMultiple(of: 10) ? 1 : 2))
                        group.addTask { await code { try await journal.append(Batch(records: records)) } }
                    }
                    return await group.reduce(into: []) { $0.append($1) }
                }
                #expect(refused.count { $0 == .conflict } == 10)
                #expect(refused.count { $0 == nil } == 90)
                for number in 0..<100 {
                    let count = try await journal.records(of: "r\(number)").count
                    #expect(count == (number.isMultiple(of: 10) ? 0 : 2))
                }
            }
        }
    }

    /// Of a write-ahead log: the frames that say how large the file is after them.
    private func commits(in log: String) throws -> Int {
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: log)))
        func number(at place: Int) -> Int { bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) } }
        let frame = 24 + number(at: 8)
        return stride(from: 32, to: bytes.count - 23, by: frame).count { number(at: $0 + 4) > 0 }
    }
}
