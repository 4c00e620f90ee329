import Foundation
import Testing

/// Evidence, the journal's check, and journals that are damaged or put back, as an operator meets them.
@Suite struct EvidenceCommandTests {
    private struct Bench {
        let folder: URL
        var store: String { "sqlite:\(journal)" }
        var journal: String { folder.path + "/state/journal.sqlite" }

        init(_ folder: URL) throws {
            self.folder = folder
            try ExitCodeTests.disk.write(to: folder.appending(path: "plan.yaml"), atomically: true, encoding: .utf8)
        }

        func run() async throws -> CommandLine.Outcome {
            try await CommandLine.run(
                "run", folder.path + "/plan.yaml", "daily", "--store", store, "--format", "json")
        }

        func id(_ outcome: CommandLine.Outcome) throws -> String {
            let document = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
            return try #require(document?["run"] as? String, "\(outcome.errors)")
        }
    }

    @Test func aRunIsExportedAndVerifiedWithoutTheJournal() async throws {
        try await withFolder { folder in
            let bench = try Bench(folder)
            let id = try bench.id(try await bench.run())
            let file = folder.path + "/bundle.tar"
            let export = try await CommandLine.run("evidence", "export", id, "--store", bench.store, "--out", file)
            #expect(export.exit == 0, "\(export.errors)")
            let key = try await CommandLine.run("evidence", "key", "--store", bench.store)
            let fingerprint = try #require(key.output.split(separator: "\n").last.map(String.init))
            let pem = folder.appending(path: "key.pem")
            try key.output.write(to: pem, atomically: true, encoding: .utf8)
            #expect(try mode(bench.folder.path + "/state/evidence.key") == 0o600)
            #expect(try await CommandLine.run("journal", "check", "--store", bench.store).exit == 0)

            try FileManager.default.removeItem(atPath: folder.path + "/state")
            for pinned in [[], ["--key", fingerprint], ["--key", pem.path]] {
                let whole = try await CommandLine.run(["evidence", "verify", file] + pinned)
                #expect(whole.exit == 0, "\(whole.output)\(whole.errors)")
                #expect(whole.output.contains(fingerprint))
            }
            let other = "sha256:" + String(repeating: "0", count: 64)
            #expect(try await CommandLine.run("evidence", "verify", file, "--key", other).exit == 2)
            var bytes = try Data(contentsOf: URL(filePath: file))
            let place = try #require(bytes.firstRange(of: Data("# ".utf8)))
            bytes[place.lowerBound] = UInt8(ascii: "%")
            try bytes.write(to: URL(filePath: file))
            let broken = try await CommandLine.run("evidence", "verify", file)
            #expect(broken.exit == 2)
            #expect(broken.output.contains("broken at member report."), "\(broken.output)")
        }
    }

    @Test func aJournalThatWasPutBackIsHeld() async throws {
        try await withFolder { folder in
            let bench = try Bench(folder)
            #expect(try await bench.run().exit == 0)
            let backup = try Data(contentsOf: URL(filePath: bench.journal))
            #expect(try await bench.run().exit == 0)
            try backup.write(to: URL(filePath: bench.journal))
            for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: bench.journal + suffix) }

            let check = try await CommandLine.run("journal", "check", "--store", bench.store)
            #expect(check.exit == 2)
            #expect(check.output.contains("newest checkpoint is 1"), "\(check.output)")
            let held = try await bench.run()
            #expect(held.errors.contains("Everything is held"), "\(held.errors)")
            let holds = try await CommandLine.run("release", "--store", bench.store)
            #expect(holds.output.contains("put back from a backup"), "\(holds.output)")
            // Said once; held until it is released.
            #expect(try await !bench.run().errors.contains("Everything is held"))
            #expect(try await CommandLine.run("release", "--all", "--store", bench.store).exit == 0)
            #expect(try await CommandLine.run("journal", "check", "--store", bench.store).exit == 0)
        }
    }

    @Test func aDamagedJournalIsSetAsideAndTheNewOneIsHeld() async throws {
        try await withFolder { folder in
            let bench = try Bench(folder)
            #expect(try await bench.run().exit == 0)
            var bytes = try Data(contentsOf: URL(filePath: bench.journal))
            bytes.replaceSubrange(4096..<12288, with: Data(repeating: 0, count: 8192))
            try bytes.write(to: URL(filePath: bench.journal))
            #expect(try await CommandLine.run("journal", "check", "--store", bench.store).exit == 2)
            let refused = try await bench.run()
            #expect(refused.exit == 74)
            #expect(refused.errors.contains("set aside"), "\(refused.errors)")
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/state")
            #expect(names.contains { $0.contains(".corrupt-") })
            let holds = try await CommandLine.run("release", "--store", bench.store)
            #expect(holds.output.contains("the journal was damaged"), "\(holds.output)")
        }
    }

    @Test func aServerGoesOnWithANewJournalThatIsHeld() async throws {
        try await withFolder { folder in
            let bench = try ServeBench(folder)
            try bench.write(ServeBench.look())
            try Data(repeating: 7, count: 8192).write(to: folder.appending(path: "state/journal.sqlite"))
            try Data().write(to: folder.appending(path: "state/journal.sqlite.lock"))
            let server = try Server(in: folder)
            #expect(try await server.says("ready"), "\(server.said)")
            #expect(server.said.contains("set aside"))
            #expect(server.said.contains("Everything is held"))
            server.signal(SIGTERM)
            #expect(try await server.end() == 0)
            #expect(try await CommandLine.run("journal", "check", "--store", bench.store).exit == 0)
        }
    }

    @Test func retentionAsksForAnAgeAndKeepsTheNewestPassedRun() async throws {
        try await withFolder { folder in
            let bench = try Bench(folder)
            #expect(try await bench.run().exit == 0)
            func prune(_ arguments: String...) async throws -> CommandLine.Outcome {
                try await CommandLine.run(["journal", "prune", "--store", bench.store] + arguments)
            }
            #expect(try await prune().exit == 64)
            #expect(try await prune("--older-than", "1h").exit == 64)
            let dry = try await prune("--older-than", "1d", "--dry-run")
            #expect(dry.output.contains("nothing is to be pruned"), "\(dry.errors)")
            #expect(try await prune("--evidence-older-than", "30d").output.contains("pruned 0 runs"))
        }
    }

    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }
}
