import FoundationEssentials
import Host
import Testing

@testable import Plans

/// One file of Tests/Fixtures/plans: a plan, perhaps an estate, and what is expected of them, set apart by lines of ten
/// dashes. With MILLWRIGHT_RECORD set, the expectation is written anew, and the test fails all the same.
struct PlanFixture: Sendable, CustomTestStringConvertible {
    static let divider = "----------"
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/plans")

    let name: String
    let plan: String
    let estate: String?
    let expected: String

    var testDescription: String { name }

    init(_ name: String) throws {
        self.name = name
        let text = try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8)
        var parts = [""]
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix(Self.divider) {
                parts.append("")
            } else {
                parts[parts.count - 1] += line + "\n"
            }
        }
        plan = parts[0]
        estate = parts.count > 2 ? parts[1] : nil
        // The last line break of the file is none of the expectation's.
        expected = parts.count > 1 ? String(parts[parts.count - 1].dropLast()) : ""
    }

    static func named(_ suffix: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasSuffix(suffix) }.sorted()
    }

    func record(_ actual: String) throws {
        var text = plan + Self.divider
        if let estate { text += " estate.yaml\n" + estate + Self.divider }
        text += "\n" + actual
        try Data(text.utf8).write(to: Self.folder.appending(path: name))
    }

    static var isRecording: Bool { ProcessInfo.processInfo.environment["MILLWRIGHT_RECORD"] != nil }

    /// A calendar file that fixtures may name.
    private static let bank = """
        BEGIN:VCALENDAR
        BEGIN:VEVENT
        UID:1
        DTSTART;VALUE=DATE:20261225
        SUMMARY:Christmas Day
        END:VEVENT
        END:VCALENDAR
        """

    var host: Host {
        Host.files(["plans/plan.yaml": plan, "plans/estate.yaml": estate, "plans/bank.ics": Self.bank])
    }

    func load() throws(PlanErrors) -> Plan {
        try PlanLoader.load(path: "plans/plan.yaml", host: host, catalogue: FakeCatalogue.whole)
    }
}

extension Host {
    /// The machine, with files of the test's own beside its time zones.
    static func files(_ files: [String: String?], environment: [String: String] = [:]) -> Host {
        bytes(files.compactMapValues { $0.map { Array($0.utf8) } }, environment: environment)
    }

    static func bytes(_ files: [String: [UInt8]], environment: [String: String] = [:]) -> Host {
        var host = Host.system
        let system = host.readFile
        host.environment = { environment[$0] }
        host.readFile = { path, limit in
            if let bytes = files[path] {
                guard bytes.count <= limit else {
                    throw FileError(path: path, reason: "it is larger than \(limit) bytes")
                }
                return bytes
            }
            if path.hasPrefix("/usr/share/zoneinfo") { return try system(path, limit) }
            throw FileError(path: path, reason: "No such file or directory", isMissing: true)
        }
        return host
    }
}
