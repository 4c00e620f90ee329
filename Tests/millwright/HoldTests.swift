import Foundation
import Testing

/// The stop button: what is being changed ends soon, and nothing begins until it is released.
@Suite(.serialized) struct HoldTests {
    @Test func aHoldEndsWhatRunsAndNothingBeginsUntilItIsReleased() async throws {
        try await withFolder { folder in
            let bench = try ServeBench(folder)
            try bench.write(bench.change(seconds: 120))
            let server = try Server(in: folder)
            #expect(try await soon { bench.begun == 1 }, "\(server.said)")
            let clock = ContinuousClock()
            let begun = clock.now
            let held = try await CommandLine.run("hold", "--all", "--reason", "test", "--store", bench.store)
            #expect(held.exit == 0, "\(held.errors)")
            #expect(try await server.says("worker work"), "\(server.said)")
            #expect(clock.now - begun < .seconds(10), "it took \(clock.now - begun)")
            #expect(try await bench.json("runs").first?["verdict"] as? String != "pass")
            let listed = try await CommandLine.run("release", "--store", bench.store)
            #expect(listed.output.contains("held: everything") && listed.output.contains("test"), "\(listed.output)")
            // The one that waited when the hold came may have begun, and stopped at once.
            try await Task.sleep(for: .seconds(3))
            let before = try await bench.json("runs", "--limit", "1000").count
            try await Task.sleep(for: .seconds(2))
            #expect(bench.begun == 1, "something was changed although all is held")
            #expect(try await bench.json("runs", "--limit", "1000").count == before, "runs begin although all is held")
            let released = try await CommandLine.run("release", "--all", "--store", bench.store)
            #expect(released.exit == 0 && released.output.contains("nothing is held"), "\(released.output)")
            #expect(try await soon { bench.begun == 2 }, "\(server.said)")
            server.signal(SIGKILL)
            _ = try await server.end()
        }
    }

    @Test func aFileThatCannotBeReadHolds() async throws {
        try await withFolder { folder in
            let bench = try ServeBench(folder)
            try bench.write(bench.change(seconds: 0))
            try "{".write(
                to: folder.appending(path: "state/holds.json"), atomically: true, encoding: .utf8)
            let server = try Server(in: folder)
            #expect(try await server.says("cannot be read: everything is held"), "\(server.said)")
            #expect(try await server.says("ready"), "\(server.said)")
            try await Task.sleep(for: .seconds(2))
            #expect(bench.begun == 0)
            #expect(try await bench.json("runs").isEmpty, "runs begin although all is held")
            let listed = try await CommandLine.run("release", "--store", bench.store)
            #expect(listed.exit == 74 && listed.errors.contains("until then nothing is changed"), "\(listed.errors)")
            #expect(try await CommandLine.run("hold", "--all", "--reason", "x", "--store", bench.store).exit == 74)
            try FileManager.default.removeItem(at: folder.appending(path: "state/holds.json"))
            #expect(try await soon { bench.begun >= 1 }, "\(server.said)")
            server.signal(SIGTERM)
            #expect(try await server.end() == 0)
        }
    }

    @Test func holdsOfOneServiceLeaveTheOthers() async throws {
        try await withFolder { folder in
            let bench = try ServeBench(folder)
            try bench.write(ServeBench.look("free"))
            try bench.write(bench.change(seconds: 0), as: "worker.yaml")
            let held = try await CommandLine.run(
                "hold", "--service", "worker", "--reason", "test", "--store", bench.store)
            #expect(held.exit == 0, "\(held.errors)")
            let server = try Server(in: folder)
            #expect(try await server.says("free every", times: 2), "\(server.said)")
            #expect(bench.begun == 0)
            #expect(try await bench.json("runs", "--service", "worker").isEmpty, "runs begin although it is held")
            server.signal(SIGTERM)
            #expect(try await server.end() == 0)
        }
    }

    @Test func holdsThatComeTogetherAreAllKept() async throws {
        try await withFolder { folder in
            let bench = try ServeBench(folder)
            try await withThrowingTaskGroup { group in
                for number in 0..<8 {
                    group.addTask { [store = bench.store] in
                        let outcome = try await CommandLine.run(
                            "hold", "--service", "s\(number)", "--reason", "r", "--store", store)
                        #expect(outcome.exit == 0, "\(outcome.errors)")
                    }
                }
                try await group.waitForAll()
            }
            let listed = try await CommandLine.run("release", "--store", bench.store)
            for number in 0..<8 { #expect(listed.output.contains("the service s\(number),"), "\(listed.output)") }
        }
    }

    @Test func wrongUsageIs64() async throws {
        #expect(try await CommandLine.run("hold", "--reason", "r").exit == 64)
        #expect(try await CommandLine.run("hold", "--all", "--service", "s", "--reason", "r").exit == 64)
        #expect(try await CommandLine.run("hold", "--all").exit == 64)
        #expect(try await CommandLine.run("release", "--all", "--service", "s").exit == 64)
        try await withFolder { folder in
            let store = "sqlite:\(folder.path)/journal.sqlite"
            let none = try await CommandLine.run("release", "--all", "--store", store)
            #expect(none.exit == 64 && none.errors.contains("There is no hold on everything"), "\(none.errors)")
        }
    }
}
