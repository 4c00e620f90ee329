import ClientObjectStore
import Foundation
import Host
import Maintenance
import Sandbox
import Testing

@testable import ActionsLogs

/// Logs into a bucket: cut at an instant, whole, and proven by reading them back.
struct LogsArchiveTests {
    private func proof(_ state: ChangeState) -> Proof? {
        if case .applied(let proof) = state { proof } else { nil }
    }

    private func value(_ name: String, _ proof: Proof?) -> Double? {
        proof?.measurements.first { $0.name == name }?.value
    }

    @Test func aPeriodIsArchivedWholeAndTheNextBeginsWhereItEnded() async throws {
        try await Bench.with { bench in
            bench.logs.pods = [
                Bench.pod("worker-0", (0..<500).map { (Int64(5000 - $0), "line \($0) ü") }),
                Bench.pod("worker-1", [(50, "x")]),
            ]
            let preview = try await bench.preview()
            #expect(preview.units.map(\.id) == ["worker-0/main", "worker-1/main"])
            #expect(preview.findings.isEmpty)
            let unit = preview.units[0]
            let state = try await bench.archive(unit)
            let proof = proof(state)
            #expect(value("lines", proof) == 501 && value("objects", proof) == 1)
            #expect(proof?.findings == [])
            let lines = try bench.text(of: unit).split(separator: "\n")
            #expect(lines.count == 501 && lines.last?.hasSuffix("line 499 ü") == true)
            #expect(lines[1] == "\(Bench.ago(5000)) line 0 ü")
            // Once more is nothing: the key is the same, and what is there is right.
            try await bench.apply(unit, try await bench.prepare(unit))

            let next = try await bench.preview().units.first { $0.id == unit.id }
            #expect(next?.attributes["from"] == unit.attributes["cut"] || next == nil)
            // The other container was not archived, and begins where it did.
            let other = try await bench.preview().units.first { $0.id == "worker-1/main" }
            #expect(other?.attributes["from"] != unit.attributes["cut"])
        }
    }

    @Test func linesAtTheCutGoToTheNextPeriodAndNoneIsLost() async throws {
        try await Bench.with(["since": .text("1h")]) { bench in
            let future = (0..<5).map { second in
                (Int64(-second), "line \(second)")
            }
            bench.logs.pods = [Bench.pod("worker-0", [(4000, "before"), (3000, "in it")] + future)]
            let unit = try #require(try await bench.preview().units.first)
            _ = try await bench.archive(unit)
            let cut = try #require(unit.attributes["cut"])
            for line in try bench.text(of: unit).split(separator: "\n") {
                #expect(line.prefix(19) < cut.prefix(19))
            }
            #expect(try !bench.text(of: unit).contains("before"))
            #expect(try bench.text(of: unit).contains("in it"))
        }
    }

    @Test func whatIsPartlyCoveredIsArchivedAndSaid() async throws {
        try await Bench.with { bench in
            var rotated = Bench.pod("worker-0", [(50, "late")], started: 900_000)
            rotated.containers[0].lines.removeFirst()
            bench.logs.pods = [rotated]
            let unit = try #require(try await bench.preview().units.first)
            let proof = proof(try await bench.archive(unit))
            #expect(proof?.findings.map(\.severity) == [.unknown])
            #expect(proof?.findings.first?.cause.code == .partlyCovered)
            #expect(value("partly_covered", proof) == 1)
            #expect(try bench.text(of: unit).contains("late"))
        }
    }

    @Test func emptyLogsAndNoPodsAreSaid() async throws {
        try await Bench.with(["since": .text("1h")]) { bench in
            var preview = try await bench.preview()
            #expect(preview.units.isEmpty && preview.findings.map(\.severity) == [.unknown])
            bench.logs.pods = [Bench.pod("worker-0", [])]
            preview = try await bench.preview()
            let proof = proof(try await bench.archive(preview.units[0]))
            #expect(proof?.findings.map(\.severity) == [.warn] && value("lines", proof) == 0)
            var waiting = Bench.pod("worker-1", [])
            waiting.containers[0].status = #""restartCount":0,"state":{"waiting":{"reason":"ContainerCreating"}}"#
            bench.logs.pods = [waiting]
            preview = try await bench.preview()
            #expect(preview.units.isEmpty && preview.findings.map(\.severity) == [.warn])
            #expect(preview.measurements.first { $0.name == "gone" }?.value == 1)
        }
    }

    @Test func anUnreadableLogIsNotArchived() async throws {
        try await Bench.with { bench in
            bench.logs.pods = [Bench.pod("worker-0", [(50, "x")])]
            let unit = try #require(try await bench.preview().units.first)
            let baseline = try await bench.prepare(unit)
            for answer in [
                ScriptedLogs.failure(403, "Forbidden", "User \"x\" cannot get resource"),
                ScriptedLogs.failure(500, "InternalError", "dial tcp: i/o timeout"),
                Answer(body: .short(Array("\(Bench.ago(50)) x".utf8), length: 5000)),
            ] {
                var pod = Bench.pod("worker-0", [])
                pod.containers[0].answer = answer
                bench.logs.pods = [pod]
                let failure = await thrown { try await bench.apply(unit, baseline) }
                #expect(failure?.isFailure == false)
                #expect(try await bench.probe(unit, baseline) == .pending)
            }
            // Another pod of the same name is another pod.
            var other = Bench.pod("worker-0", [(50, "x")])
            other.uid = "another"
            bench.logs.pods = [other]
            #expect(await thrown { try await bench.apply(unit, baseline) }?.cause.code == .notFound)
        }
    }

    @Test func anObjectThatWasChangedAfterItsUploadIsSeenAndRepaired() async throws {
        try await Bench.with { bench in
            bench.logs.pods = [Bench.pod("worker-0", (0..<100).map { (Int64(5000 - $0), "line \($0)") })]
            let unit = try #require(try await bench.preview().units.first)
            _ = try await bench.archive(unit)
            let baseline = try await bench.prepare(unit)
            let path = bench.server.folder(of: bench.bucket) + "/" + (unit.attributes["key"] ?? "")
            var bytes = try #require(FileManager.default.contents(atPath: path))
            bytes[bytes.count / 2] ^= 1
            try bytes.write(to: URL(fileURLWithPath: path))
            // rclone keeps metadata in memory and may forget them with the change: then the object is no longer ours.
            switch try await bench.probe(unit, baseline) {
            case .partial:
                try await bench.change.repair?(unit, baseline, bench.targets, bench.context(unit))
                #expect(proof(try await bench.probe(unit, baseline)) != nil)
            case .unknown(let cause): #expect(cause.code == .rejected)
            case let other: Issue.record("a flipped bit was not seen: \(other)")
            }
            // A shorter one too.
            try bytes.dropLast(10).write(to: URL(fileURLWithPath: path))
            #expect(proof(try await bench.probe(unit, baseline)) == nil)
        }
    }

    @Test func anObjectOfOthersIsLeftAlone() async throws {
        try await Bench.with { bench in
            bench.logs.pods = [Bench.pod("worker-0", [(50, "x")])]
            let unit = try #require(try await bench.preview().units.first)
            let key = try #require(unit.attributes["key"])
            try bench.server.place(Array("theirs".utf8), at: key, in: bench.bucket)
            let baseline = try await bench.prepare(unit)
            guard case .unknown = try await bench.probe(unit, baseline) else {
                Issue.record("it was taken for ours")
                return
            }
            #expect(await thrown { try await bench.apply(unit, baseline) }?.isFailure == true)
            #expect(bench.server.bytes(of: key, in: bench.bucket) == Array("theirs".utf8))
        }
    }

    @Test func anUploadThatIsCutCountsAsNothing() async throws {
        let server = try await ObjectStoreServer.shared()
        try await server.withBucket { bucket in
            let proxy = try FaultProxy(to: server.port)
            let logs = try ScriptedLogs()
            // More than one part, of text that hardly compresses.
            var pod = Bench.pod("worker-0", [])
            let noise = try Noise.text(bytes: 12 << 20)
            pod.containers[0].answer = Answer(
                body: .bytes(Array("\(Bench.ago(90_000)) first\n\(Bench.ago(50)) \(noise)\n".utf8)))
            logs.pods = [pod]
            let bench = try Bench(logs, server, bucket, port: proxy.port)
            let outcome = await thrown {
                let unit = try #require(try await bench.preview().units.first)
                let baseline = try await bench.prepare(unit)
                // Answers to a handful of parts, then the connection is cut, time after time.
                try proxy.set(FaultProxy.Behaviour(after: (bytes: 1500, event: .cut)))
                proxy.dropConnections()
                let failure = await thrown { try await bench.apply(unit, baseline, patience: .seconds(30)) }
                #expect(failure != nil)
                try proxy.set(.forward)
                let state = try await bench.probe(unit, baseline)
                // The client tries again, and may get all of it through; then all of it must be there.
                if proof(state) != nil { #expect(try bench.text(of: unit).utf8.count > 16 << 20) }
                try await bench.change.repair?(unit, baseline, bench.targets, bench.context(unit))
                #expect(value("lines", proof(try await bench.probe(unit, baseline))) == 2)
                #expect(try bench.text(of: unit).utf8.count > 16 << 20)
            }
            await bench.targets.close()
            #expect(outcome == nil, "\(outcome?.cause.sentence ?? "")")
        }
    }

    @Test func aLineOfAHundredMegabytesIsArchivedWhole() async throws {
        try await Bench.with { bench in
            var pod = Bench.pod("worker-0", [])
            let answer =
                Array("\(Bench.ago(90_000)) first\n\(Bench.ago(50)) ".utf8)
                + [UInt8](repeating: UInt8(ascii: "a"), count: 100_000_000) + [0xff, 10]
                + Array("\(Bench.ago(40)) last\n".utf8)
            pod.containers[0].answer = Answer(body: .bytes(answer))
            bench.logs.pods = [pod]
            let unit = try #require(try await bench.preview().units.first)
            let state = try await bench.archive(unit)
            #expect(value("lines", proof(state)) == 3)
            #expect(value("bytes", proof(state)) == Double(answer.count))
        }
    }

    @Test func theScratchFolderIsBoundedAndLeftEmpty() async throws {
        let folder = try Scratch.folder()
        try await Bench.with(["scratch": .text(folder), "scratch-limit": .text("100 KiB")]) { bench in
            let noise = [(Int64(50), try Noise.text(bytes: 200 << 10))]
            bench.logs.pods = [Bench.pod("worker-0", noise)]
            let unit = try #require(try await bench.preview().units.first)
            let baseline = try await bench.prepare(unit)
            let failure = await thrown { try await bench.apply(unit, baseline) }
            #expect(failure?.cause.code == .tooLarge, "\(failure?.cause.sentence ?? "it was stored")")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
        }
    }

    @Test func memoryDoesNotGrowWithTheLog() async throws {
        let file = try GzipFile(try ScratchFile.make(in: "/tmp", limit: 1 << 30, random: 1))
        let line = [UInt8](repeating: UInt8(ascii: "a"), count: 1000)
        let lines = (0..<64).map { second in
            LogLineFixture.line(second, line)
        }
        for _ in 0..<2000 { try await file.write(lines, until: Host.system.steady() + .seconds(60), on: .system) }
        #expect(file.text.bytes > 120 << 20)
        #expect(file.mostHeld < 1 << 20)
        let made = try await file.finish(until: Host.system.steady() + .seconds(60), on: .system)
        let bytes = try #require(FileManager.default.contents(atPath: file.scratch.path))
        #expect(sha256Hex(bytes) == made.sha256 && Int64(bytes.count) == made.size)
        let count = try GunzipCount()
        count.add(Array(bytes))
        #expect(count.result.lines == 128_000 && count.result.bytes == file.text.bytes && count.result.isWhole)
    }
}

/// Text that hardly compresses, made quickly.
enum Noise {
    static func text(bytes: Int) throws -> String {
        let source = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/dev/urandom"))
        return (try source.read(upToCount: bytes) ?? Data()).base64EncodedString()
    }
}
