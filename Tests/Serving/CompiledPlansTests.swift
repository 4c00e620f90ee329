import Dispatching
import FoundationEssentials
import Host
import Maintenance
import Plans
import Schedules
import Testing

@testable import Serving

/// What is kept for the next start, and what is not believed.
@Suite struct CompiledPlansTests {
    private static let estate = """
        channels: { chat: { fake: chat } }
        freezes:
          year-end: { from: 2026-12-20, until: 2027-01-03, reason: accounts }
          month-end: { begins: last day of the month 00:00, lasts: 1d, reason: accounts }
        """
    private static let everything = """
        service: all
        timezone: America/New_York
        environments:
          staging: { targets: { it: { fake: one } } }
          production: { targets: { it: { fake: two } } }
        windows:
          night: { opens: "Sunday 02:00", lasts: 2h, cutoff: 15m }
        procedures:
          words: { schedule: first Sunday of the quarter 02:00, steps: [{ check: fake.look }] }
          pattern:
            schedule: "30 2 * * *"
            clock-change: { gap: after, overlap: both }
            catch-up: { mode: all, at-most: 3, spread: 2m, within: 6h }
            overlap: replace
            jitter: 5m
            expected: 10m
            priority: 7
            steps: [{ check: fake.look }]
          rule: { schedule: "rrule: FREQ=MONTHLY;BYDAY=2TU;BYHOUR=20", steps: [{ check: fake.look }] }
          open: { in: night, steps: [{ check: fake.look }] }
          later: { schedule: after words, steps: [{ check: fake.look }] }
          off: { schedule: daily 02:00, disabled: until later, steps: [{ check: fake.look }] }

        """

    /// One start after another, with the clock well after the last change of a file.
    private struct Starts {
        let bench: FolderBench
        let compiled: String

        init(_ bench: FolderBench) {
            self.bench = bench
            compiled = bench.folder.appending(path: "plans.compiled").path
        }

        var host: Host {
            var host = bench.host
            let now = host.now
            host.now = { now() + .seconds(60) }
            return host
        }

        /// The plans of a start, and the files that it read.
        func start() throws -> (plans: [ServedPlan], reads: [String], problems: [String]) {
            bench.reads.with { $0 = [] }
            var folder = PlanFolder(
                bench.folder.path, host: host, catalogue: FolderBench.catalogue, compiled: compiled)
            let found = try folder.look()
            folder.keepCompiled()
            return (found.changed, bench.reads.value, found.problems)
        }
    }

    private func inFolder(_ body: (FolderBench, Starts) async throws -> Void) async throws {
        try await FolderBench.inFolder { bench in
            try bench.write("estate.yaml", Self.estate)
            try bench.write("all.yaml", Self.everything)
            try bench.write("b.yaml", FolderBench.plan("b"))
            try await body(bench, Starts(bench))
        }
    }

    @Test func anUnchangedPlanIsTheSameUnread() async throws {
        try await inFolder { _, starts in
            let first = try starts.start()
            #expect(first.problems == [] && first.reads.contains("all.yaml") && first.reads.contains("b.yaml"))
            let second = try starts.start()
            #expect(second.reads == [])
            #expect(second.plans.map(\.service) == ["all", "b"])
            #expect(second.plans.flatMap(\.procedures) == first.plans.flatMap(\.procedures))
            #expect(second.plans.first?.procedures.count == 12)
            let key = ProcedureKey(service: "all", environment: "staging", procedure: "words")
            #expect(second.plans.first?.followers(of: key).map(\.procedure) == ["later"])
            // Read whole when it is asked for.
            let plan = try #require(second.plans.first?.plan())
            #expect(plan.dispatched(FolderBench.catalogue) == first.plans.first?.procedures)
            #expect(plan.digest == first.plans.first?.plan()?.digest)
        }
    }

    @Test func whateverChangedIsReadAnew() async throws {
        try await inFolder { bench, starts in
            _ = try starts.start()
            try bench.write("b.yaml", FolderBench.plan("b", at: "10:00"))
            let edited = try starts.start()
            #expect(edited.reads.contains("b.yaml") && !edited.reads.contains("all.yaml"))
            let daily = try #require(edited.plans.last?.procedures.first)
            guard case .schedule(let schedule, _) = daily.timing else { throw CancellationError() }
            #expect(schedule.text == "daily 10:00")
            #expect(try starts.start().reads == [])
            try bench.write("estate.yaml", "channels: { mail: { fake: mail } }\n")
            #expect(try starts.start().reads.filter { $0 != "estate.yaml" }.sorted() == ["all.yaml", "b.yaml"])
            try bench.remove("estate.yaml")
            #expect(try starts.start().reads.filter { $0 != "estate.yaml" }.sorted() == ["all.yaml", "b.yaml"])
            #expect(try starts.start().reads == [])
            // It was not there, and now it is.
            try bench.write("estate.yaml", Self.estate)
            #expect(try starts.start().reads.filter { $0 != "estate.yaml" }.sorted() == ["all.yaml", "b.yaml"])
            try bench.remove("b.yaml")
            #expect(try starts.start().plans.map(\.service) == ["all"])
            try bench.write("all.yaml", Self.everything + "nonsense: 1\n")
            let broken = try starts.start()
            #expect(broken.plans.isEmpty && broken.problems.count == 1, "its plan from before is not in force either")
        }
    }

    @Test func thePlanFromBeforeIsReadFromItsOwnBytes() async throws {
        try await inFolder { bench, starts in
            _ = try starts.start()
            let kept = try #require(try starts.start().plans.last)
            try bench.write("b.yaml", "service: [")
            try bench.write("estate.yaml", "nonsense: 1")
            #expect(kept.plan()?.procedures.map(\.name) == ["daily"])
            #expect(kept.plan()?.estate?.channels.keys.sorted() == ["chat"])
        }
    }

    @Test func aFileThatChangedJustNowIsNotKept() async throws {
        try await FolderBench.inFolder { bench in
            try bench.write("b.yaml", FolderBench.plan("b"))
            func reads() throws -> Bool {
                bench.reads.with { $0 = [] }
                var folder = PlanFolder(
                    bench.folder.path, host: bench.host, catalogue: FolderBench.catalogue,
                    compiled: bench.folder.appending(path: "plans.compiled").path)
                _ = try folder.look()
                folder.keepCompiled()
                return bench.reads.value.contains("b.yaml")
            }
            #expect(try reads())
            #expect(try reads(), "another change within the same tick of the file system's clock would not be seen")
        }
    }

    @Test func aDamagedFileIsAsNone() async throws {
        try await inFolder { bench, starts in
            let first = try starts.start()
            let file = bench.folder.appending(path: "plans.compiled")
            let whole = [UInt8](try Data(contentsOf: file))
            #expect(try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int == 0o600)
            var others = [[], Array(whole.dropLast()), whole + [0], Array(whole.prefix(100))]
            for place in stride(from: 0, to: whole.count, by: 97) {
                var bytes = whole
                bytes[place] ^= 1
                others.append(bytes)
            }
            for bytes in others {
                try Data(bytes).write(to: file)
                let next = try starts.start()
                #expect(next.reads.contains("all.yaml"), "\(bytes.count)")
                #expect(next.plans.flatMap(\.procedures) == first.plans.flatMap(\.procedures))
            }
            // Whole again; and whole in another folder.
            try Data(whole).write(to: file)
            #expect(try starts.start().reads == [])
            try await FolderBench.inFolder { other in
                try other.write("b.yaml", FolderBench.plan("b"))
                try Data(whole).write(to: other.folder.appending(path: "plans.compiled"))
                #expect(try Starts(other).start().reads.contains("b.yaml"))
            }
        }
    }

    @Test func numbersAndTextsComeBack() throws {
        let numbers: [Int64] = [0, 1, -1, 63, 64, -64, -65, 1 << 40, .max, .min]
        var packer = Packer()
        packer.each(numbers) { $0.number($1) }
        packer.text("“ü”")
        packer.duration(.milliseconds(-1500))
        packer.optional(nil as String?) { $0.text($1) }
        var unpacker = Unpacker(packer.bytes)
        #expect(try unpacker.each { (unpacker) throws(Unreadable) in try unpacker.number() } == numbers)
        #expect(try unpacker.text() == "“ü”")
        #expect(try unpacker.duration() == .milliseconds(-1500))
        #expect(try unpacker.optional { (unpacker) throws(Unreadable) in try unpacker.text() } == nil)
        #expect(unpacker.isAtEnd)
        #expect(throws: Unreadable.self) { try unpacker.flag() }
        for bytes: [UInt8] in [[], [0xFF], [4, 65], [UInt8](repeating: 0xFF, count: 20)] {
            var unpacker = Unpacker(bytes)
            #expect(throws: Unreadable.self) { try unpacker.text() }
        }
    }
}
