import Foundation
import Host
import Journal
import Maintenance
import SQLiteJournal
import TestSupport
import Testing

/// What becomes of the file: who may read it, which files are refused, what is set aside.
@Suite struct SQLiteFileTests {
    @Test func whatWasRecordedIsThereAfterReopening() async throws {
        try await withFolder { folder throws in
            let path = folder + "/a/b/journal.sqlite"
            let chain = Sample.chain("r1", 3)
            let body = Body([0, 255, 10])
            try await withWriter(path) { journal throws in
                try await journal.append(
                    Batch(
                        records: Array(chain[..<2]), bodies: [body, body], rows: [Sample.row("r1")],
                        points: [HistoryPoint(key: "k", name: "n", at: Sample.start, value: 1)]))
            }
            try await withWriter(path) { journal throws in
                try await journal.append(Batch(records: [chain[2]], bodies: [body]))
                #expect(try await journal.records(of: "r1") == chain)
                #expect(try await journal.body(body.digest) == body.bytes)
                #expect(try await journal.row("r1") == Sample.row("r1"))
                #expect(try await journal.points(key: "k", name: "n", limit: 9).map(\.value) == [1])
            }
        }
    }

    @Test func onlyItsOwnerMayReadIt() async throws {
        try await withFolder { folder throws in
            let path = folder + "/state/millwright/journal.sqlite"
            try await withWriter(path) { journal throws in
                try await journal.append(Batch(rows: [Sample.row("r1")]))
                for suffix in ["", "-wal", "-shm", ".lock"] { #expect(try mode(path + suffix) == 0o600) }
                #expect(try mode(folder + "/state") == 0o700)
                #expect(try mode(folder + "/state/millwright") == 0o700)
            }
            // A file that others could read is closed to them; a folder that was there is the user's own affair.
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755], ofItemAtPath: folder + "/state/millwright")
            try await withWriter(path) { _ in }
            #expect(try mode(path) == 0o600)
            #expect(try mode(folder + "/state/millwright") == 0o755)
        }
    }

    @Test func aNewerJournalIsRefusedAndLeftAsItWas() async throws {
        try await withFolder { folder throws in
            let path = folder + "/journal.sqlite"
            try await withWriter(path) { try await $0.append(Batch(records: Sample.chain("r1", 2))) }
            var bytes = try contents(path)
            bytes[63] = 99  // user_version, big-endian at 60
            try write(bytes, to: path)

            let writing = await failure { try await withWriter(path) { _ in } }
            #expect(writing?.code == .newerVersion)
            #expect(writing?.sentence.contains("version 99") == true)
            #expect(await code { try await withReader(path) { _ in } } == .newerVersion)
            #expect(try contents(path) == bytes)
            #expect(try names(in: folder).filter { $0.contains("corrupt") }.isEmpty)
        }
    }

    /// Damage of several kinds, each found at the next start: nothing is deleted, and the start after it works.
    @Test(arguments: ["zeroed beginning", "garbage", "cut off", "zeroed page", "lost main file"])
    func aDamagedJournalIsSetAside(damage: String) async throws {
        try await withFolder { folder throws in
            let path = folder + "/journal.sqlite"
            try await withWriter(path) { journal throws in
                for number in 0..<20 {
                    try await journal.append(
                        Batch(
                            records: Sample.chain("r\(number)", 5, bytes: 2000),
                            rows: [Sample.row("r\(number)", nominal: Int64(number))]))
                }
                if damage == "lost main file" {
                    try write(try contents(path + "-wal"), to: folder + "/kept")
                }
            }
            var bytes = try contents(path)
            let whole = bytes.count
            switch damage {
            case "zeroed beginning": bytes.replaceSubrange(..<4096, with: [UInt8](repeating: 0, count: 4096))
            case "garbage": bytes = (0..<whole).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            case "cut off": bytes.removeLast(whole / 2)
            case "zeroed page": bytes.replaceSubrange(8192..<12288, with: [UInt8](repeating: 0, count: 4096))
            default:
                bytes = try contents(folder + "/kept")
                try FileManager.default.removeItem(atPath: path)
                try FileManager.default.moveItem(atPath: folder + "/kept", toPath: path + "-wal")
            }
            if damage != "lost main file" { try write(bytes, to: path) }

            let error = await failure { try await withWriter(path) { _ in } }
            #expect(error?.code == .corrupt)
            #expect(error?.exitCode == 74)
            let aside = try #require(try names(in: folder).first { $0.contains(".corrupt-") && !$0.hasSuffix("-shm") })
            #expect(error?.sentence.contains(path) == true)
            #expect(try contents(folder + "/" + aside) == bytes)
            #expect(!FileManager.default.fileExists(atPath: path))

            try await withWriter(path) { journal throws in
                #expect(try await journal.rows(RunFilter()).isEmpty)
                try await journal.append(Batch(records: Sample.chain("new", 1)))
            }
            #expect(try contents(folder + "/" + aside) == bytes)
        }
    }

    @Test func twoDamagedJournalsOfOneSecondKeepTwoNames() async throws {
        try await withFolder { folder throws in
            let path = folder + "/journal.sqlite"
            var host = Host.system
            host.now = { Sample.start }
            for content in ["first", "second"] {
                try await withWriter(path) { _ in }
                try write(Array(content.utf8), to: path)
                let stopped = host
                #expect(await code { _ = try await SQLiteJournal.writer(at: path, host: stopped) } == .corrupt)
            }
            #expect(try contents(path + ".corrupt-20261122T020000Z") == Array("first".utf8))
            #expect(try contents(path + ".corrupt-20261122T020000Z-2") == Array("second".utf8))
        }
    }

    @Test func aReaderTouchesNoDamagedJournal() async throws {
        try await withFolder { folder throws in
            let path = folder + "/journal.sqlite"
            try await withWriter(path) { _ in }
            try write(Array("garbage".utf8), to: path)
            #expect(await code { try await withReader(path) { _ in } } == .corrupt)
            #expect(try contents(path) == Array("garbage".utf8))
        }
    }

    /// A file that never was a journal belongs to somebody else: it keeps its name and its content.
    @Test func aFileOfSomebodyElseIsRefused() async throws {
        try await withFolder { folder throws in
            let path = folder + "/plan.yaml"
            try write(Array("service: x\n".utf8), to: path)
            #expect(await code { try await withWriter(path) { _ in } } == .unreadable)
            #expect(try contents(path) == Array("service: x\n".utf8))

            // Another program's database: the same file with another application_id at 68.
            let database = folder + "/other.sqlite"
            try await withWriter(database) { _ in }
            var bytes = try contents(database)
            bytes.replaceSubrange(68..<72, with: [0, 0, 0, 7])
            try write(bytes, to: database)
            #expect(await code { try await withWriter(database) { _ in } } == .unreadable)
            #expect(await code { try await withReader(database) { _ in } } == .unreadable)
            #expect(try contents(database) == bytes)
        }
    }

    @Test func whereNoneIsAReaderSaysSo() async throws {
        try await withFolder { folder throws in
            let path = folder + "/journal.sqlite"
            #expect(await code { try await withReader(path) { _ in } } == .notFound)
            #expect(try names(in: folder).isEmpty)
            try write([], to: path)
            #expect(await code { try await withReader(path) { _ in } } == .notFound)
            try await withWriter(path) { _ in }
            #expect(try await withReader(path) { try await $0.rows(RunFilter()) }.isEmpty)
        }
    }

    @Test func namesThatSQLiteGivesAMeaningAreFiles() async throws {
        try await withFolder { folder throws in
            for name in [":memory:", "file:x?mode=memory", "a b'\"%.sqlite"] {
                let path = folder + "/" + name
                try await withWriter(path) { try await $0.append(Batch(rows: [Sample.row("r1")])) }
                #expect(try contents(path).count > 4096)
            }
        }
    }

    @Test func aFolderThatCannotBeMadeIsNamed() async throws {
        try await withFolder { folder throws in
            try write([1], to: folder + "/file")
            let error = await failure { try await withWriter(folder + "/file/journal.sqlite") { _ in } }
            #expect(error?.code == .unreadable)
            #expect(error?.sentence.contains("/file/journal.sqlite") == true)
        }
    }
}
