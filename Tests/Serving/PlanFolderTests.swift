import Dispatching
import Engine
import FoundationEssentials
import Host
import Plans
import Testing

@testable import Serving

@Suite struct PlanFolderTests {
    @Test func newChangedAndRemoved() async throws {
        try await FolderBench.inFolder { bench in
            try bench.write("a.yaml", FolderBench.plan("a"))
            var folder = bench.plans
            #expect(try folder.look().changed.map(\.service) == ["a"])
            #expect(try folder.lookTwice().isEmpty)
            try bench.write("b.yml", FolderBench.plan("b"))
            #expect(try folder.lookTwice().changed.map(\.service) == ["b"])
            try bench.write("a.yaml", FolderBench.plan("a", ["daily", "weekly"]))
            let changed = try folder.lookTwice()
            #expect(changed.changed.map { $0.procedures.count } == [2] && changed.removed.isEmpty)
            try bench.remove("b.yml")
            #expect(try folder.look().isEmpty, "a file that is being replaced is gone for a moment")
            #expect(try folder.look().removed.map(\.service) == ["b"])
            #expect(try folder.look().isEmpty)
        }
    }

    @Test func aFileThatIsBeingWrittenIsLeftAlone() async throws {
        try await FolderBench.inFolder { bench in
            try bench.write("a.yaml", FolderBench.plan("a", ["daily", "weekly"]))
            var folder = bench.plans
            _ = try folder.look()
            // Half of it is a plan as well, without one of the procedures.
            try bench.write("a.yaml", FolderBench.plan("a", ["daily"]))
            #expect(try folder.look().isEmpty)
            try bench.write("a.yaml", FolderBench.plan("a", ["daily", "weekly", "monthly"]))
            #expect(try folder.look().isEmpty)
            #expect(try folder.look().changed.map { $0.procedures.count } == [3])
        }
    }

    @Test func aBrokenFileKeepsThePlanAndSaysSoOnce() async throws {
        try await FolderBench.inFolder { bench in
            try bench.write("a.yaml", FolderBench.plan("a"))
            try bench.write("new.yaml", "service: [")
            var folder = bench.plans
            let first = try folder.look()
            try #require(first.changed.map(\.service) == ["a"] && first.problems.count == 1)
            #expect(first.problems[0].contains("It is not in force."))
            try bench.write("a.yaml", FolderBench.plan("a") + "nonsense: 1\n")
            let broken = try folder.lookTwice()
            #expect(broken.changed.isEmpty && broken.removed.isEmpty)
            #expect(broken.problems.count == 1 && broken.problems[0].contains("The plan from before stays in force."))
            #expect(broken.problems[0].contains("`nonsense`"))
            #expect(try folder.lookTwice().isEmpty, "it is said once")
            #expect(folder.problems.count == 2)
            try bench.write("a.yaml", FolderBench.plan("a", at: "10:00"))
            #expect(try folder.lookTwice().changed.map(\.service) == ["a"])
            #expect(folder.problems.count == 1)
        }
    }

    @Test func aChangedEstateReloadsAll() async throws {
        try await FolderBench.inFolder { bench in
            try bench.write("estate.yaml", "people: { ann: { mail: ann@example.com } }\n")
            for name in ["a", "b", "c"] { try bench.write("\(name).yaml", FolderBench.plan(name)) }
            var folder = bench.plans
            _ = try folder.look()
            try bench.write("estate.yaml", "people: { bob: { mail: bob@example.com } }\n")
            #expect(try folder.lookTwice().changed.map(\.service) == ["a", "b", "c"])
            try bench.remove("estate.yaml")
            #expect(try folder.lookTwice().changed.count == 3)
        }
    }

    @Test func aChangedCalendarReloadsAll() async throws {
        try await FolderBench.inFolder { bench in
            func calendar(_ day: String) -> String {
                "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:\(day)\r\nSUMMARY:off\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
            }
            try bench.write("off.ics", calendar("20260501"))
            try bench.write("estate.yaml", "calendars: { off: { file: off.ics } }\n")
            try bench.write("a.yaml", FolderBench.plan("a"))
            var folder = bench.plans
            let before = try folder.look()
            #expect(before.changed.count == 1, "\(before.problems)")
            try bench.write("off.ics", calendar("20260502"))
            let after = try folder.lookTwice()
            #expect(after.changed.count == 1)
            #expect(after.changed.first?.plan()?.calendars["off"] != before.changed.first?.plan()?.calendars["off"])
        }
    }

    @Test func twoFilesOfOneServiceAreRefused() async throws {
        try await FolderBench.inFolder { bench in
            try bench.write("a.yaml", FolderBench.plan("same"))
            try bench.write("b.yaml", FolderBench.plan("same", at: "10:00"))
            var folder = bench.plans
            let first = try folder.look()
            #expect(first.changed.map(\.file).map { URL(filePath: $0).lastPathComponent } == ["a.yaml"])
            #expect(first.problems.count == 1 && first.problems[0].hasPrefix("b.yaml: the service `same`"))
            #expect(try folder.lookTwice().isEmpty)
            // The first goes, and the other's time has come.
            try bench.remove("a.yaml")
            let second = try folder.lookTwice()
            #expect(second.removed.isEmpty)
            #expect(second.changed.map { URL(filePath: $0.file).lastPathComponent } == ["b.yaml"])
            #expect(folder.problems.isEmpty)
        }
    }

    @Test func anotherServiceInTheFileEndsTheFirst() async throws {
        try await FolderBench.inFolder { bench in
            try bench.write("a.yaml", FolderBench.plan("old"))
            try bench.write("b.yaml", FolderBench.plan("other"))
            var folder = bench.plans
            _ = try folder.look()
            try bench.write("a.yaml", FolderBench.plan("new"))
            let renamed = try folder.lookTwice()
            #expect(renamed.removed.map(\.service) == ["old"] && renamed.changed.map(\.service) == ["new"])
            // Two files change places at once.
            try bench.write("a.yaml", FolderBench.plan("other"))
            try bench.write("b.yaml", FolderBench.plan("new"))
            let swapped = try folder.lookTwice()
            #expect(swapped.removed.isEmpty && swapped.problems.isEmpty)
            #expect(Set(swapped.changed.map(\.service)) == ["new", "other"])
        }
    }

    @Test func aThousandUnchangedPlansAreNotRead() async throws {
        try await FolderBench.inFolder { bench in
            for number in 0..<1000 { try bench.write("p\(number).yaml", FolderBench.plan("s\(number)")) }
            var folder = bench.plans
            #expect(try folder.look().changed.count == 1000)
            bench.reads.with { $0 = [] }
            for _ in 0..<3 { #expect(try folder.look().isEmpty) }
            #expect(bench.reads.value == [])
            try bench.write("p7.yaml", FolderBench.plan("s7", at: "10:00"))
            #expect(try folder.lookTwice().changed.map(\.service) == ["s7"])
            #expect(bench.reads.value.filter { $0 != "estate.yaml" } == ["p7.yaml"])
        }
    }

    @Test func noFolderIsAnError() async throws {
        var folder = PlanFolder("/no/such/folder", host: .system, catalogue: FolderBench.catalogue)
        #expect(throws: FileError.self) { try folder.look() }
    }
}
