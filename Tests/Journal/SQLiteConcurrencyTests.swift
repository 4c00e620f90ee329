import Foundation
import Host
import Journal
import SQLiteJournal
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
}
