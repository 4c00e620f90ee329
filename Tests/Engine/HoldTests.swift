import Engine
import Foundation
import Host
import Journal
import Maintenance
import Plans
import Testing

/// The stop button: nothing is changed where it holds, and what is under way ends.
@Suite struct HoldTests {
    private let bench = Bench()
    private let cause = Cause(.held, "ada holds everything: incident.")

    private func run(_ steps: [RunStep], held: @escaping @Sendable (FakeTarget) -> Cause?) async throws -> Run {
        let target = bench.target
        return try await FakeKind.$target.withValue(target) {
            try await RunDriver(
                host: bench.host, catalogue: bench.catalogue, store: MemoryJournal(), held: { _ in held(target) }
            ).begin("r1", bench.start(steps))
        }
    }

    @Test func nothingIsBegunWhileItHolds() async throws {
        bench.target.with { $0.values["a"] = 1 }
        let cause = cause
        let run = try await run([Bench.check("a", "a"), Bench.change("work", units: 2), Bench.change("more")]) { _ in
            cause
        }
        #expect(bench.target.with { $0.begun }.isEmpty)
        // Looking goes on.
        #expect(run.step("a")?.verdict == .pass)
        #expect(run.step("work")?.verdict == .unknown)
        #expect(run.step("work")?.cause?.code == .held)
        #expect(run.step("more")?.phase == .skipped)
        #expect(run.verdict == .unknown)
    }

    @Test func unitsAfterItAreLeft() async throws {
        let cause = cause
        let run = try await run([Bench.change("work", units: 3)]) { $0.with { $0.order.count >= 1 } ? cause : nil }
        #expect(bench.target.with { $0.order } == ["u0"])
        #expect(run.step("work")?.units.first?.phase == .done)
        #expect(run.step("work")?.verdict == .unknown)
    }

    /// Ended long before its own time is up, and looked at: it is not in place.
    @Test func whatIsUnderWayIsEnded() async throws {
        bench.target.with { $0.slow = ["u0"] }
        let cause = cause
        let slow = RunStep(
            id: "work", action: "fake.change", isChange: true, parameters: .map([.init("units", .text("2"))]),
            targets: ["on": "t"], timeoutMicroseconds: 600_000_000)
        let begun = ContinuousClock.now
        let run = try await run([slow]) { $0.with { $0.begun.isEmpty } ? nil : cause }
        #expect(ContinuousClock.now - begun < .seconds(300))
        #expect(bench.target.with { $0.begun } == ["u0"])
        #expect(run.step("work")?.units.first?.phase == .unknown(cause))
    }

    /// Taking back is a change as well.
    @Test func nothingIsTakenBackWhileItHolds() async throws {
        bench.target.with { $0.failures["u1"] = [ChangeFailed(.rejected, "No.")] }
        let cause = cause
        let run = try await run([Bench.change("work", units: 2, onFailure: .undo)]) {
            $0.with { $0.begun.contains("u1") } ? cause : nil
        }
        #expect(bench.target.with { $0.undone }.isEmpty)
        #expect(run.verdict == .fail || run.verdict == .unknown)
        #expect(run.step("work")?.units.first?.phase == .unknown(cause))
    }

    @Test func holdsAreKeptInAFileThatFailsClosed() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "millwright-holds-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = HoldFile(path: folder.appending(path: "holds.json").path, on: .system)
        let start = bench.start([Bench.change("work")])
        #expect(try file.holds().isEmpty)
        #expect(file.cause(for: start) == nil)

        func hold(_ scope: HoldScope) -> Hold {
            Hold(scope: scope, reason: "incident", by: "ada", at: Instant(secondsSinceEpoch: 0))
        }
        for (scope, covers) in [
            (HoldScope.all, true), (.service("s"), true), (.service("other"), false), (.target("t"), true),
            (.target("fake one"), true), (.target("other"), false),
        ] {
            try file.write([hold(scope)])
            #expect((file.cause(for: start)?.code == .held) == covers, "\(scope)")
        }
        try file.write([])
        #expect(file.cause(for: start) == nil)
        try Data("{".utf8).write(to: URL(filePath: file.path))
        #expect(file.cause(for: start)?.code == .held)
    }
}
