import ActionsHosts
import FoundationEssentials
import Glibc
import Host
import Maintenance
import Sandbox
import Testing

struct DiskUsageTests {
    private func mounts(_ points: String...) -> [PlanValue.Entry] { [.init("mounts", .list(points.map { .text($0) }))] }

    /// This machine with another table of mounts.
    private func host(mounting table: String) -> Host {
        var host = Host.system
        host.readFile = { path, limit in
            path == "/proc/self/mountinfo" ? Array(table.utf8) : try Host.system.readFile(path, limit)
        }
        return host
    }

    @Test func theMachineItself() async throws {
        let observation = try await Step("disk.usage", []).observe()
        let root = try #require(observation.details.first { $0["mount"] == .text("/") })
        let used = try #require(observation.measurements.first { $0.name == "used_percent" })
        #expect(used.unit == .percent && used.value > 0 && used.value < 100)
        #expect((root["used_percent"]?.asNumber ?? 101) <= used.value)
        #expect(observation.measurements.map(\.name).sorted() == ["free", "inodes_percent", "used_percent"])
        #expect(observation.findings.isEmpty)
        #expect(
            observation.details.allSatisfy { ![.text("proc"), .text("tmpfs"), .text("cgroup2")].contains($0["type"]) })
    }

    @Test func asDfComputesIt() async throws {
        let observation = try await Step("disk.usage", mounts("/")).observe()
        let text = try await Program.run("df", ["--output=pcent,ipcent", "/"])
        let numbers = text.split(whereSeparator: { !$0.isNumber }).compactMap { Double($0) }
        for (name, number) in zip(["used_percent", "inodes_percent"], numbers) {
            let value = try #require(observation.measurements.first { $0.name == name }?.value)
            // df rounds up; others write meanwhile.
            #expect(abs(value.rounded(.up) - number) <= 1, "\(name)")
        }
        #expect(numbers.count == 2)
    }

    @Test func aFileSystemThatFills() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/millwright-disk-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        // Root may mount; elsewhere the memory file system that every Linux has takes its place.
        let isMounted = mount("tmpfs", folder, "tmpfs", 0, "size=1m") == 0
        defer { if isMounted { umount2(folder, Int32(MNT_DETACH)) } }
        let point = isMounted ? folder : "/dev/shm"
        let before = try await Step("disk.usage", mounts(point)).observe()
        let file = point + "/millwright-\(UUID().uuidString)"
        try Data(repeating: 1, count: 900 * 1024).write(to: URL(fileURLWithPath: file))
        defer { try? FileManager.default.removeItem(atPath: file) }
        let after = try await Step("disk.usage", mounts(point + "/")).observe()
        func value(_ observation: Observation, _ name: String) throws -> Double {
            try #require(observation.measurements.first { $0.name == name }?.value)
        }
        #expect(try value(after, "used_percent") > value(before, "used_percent"))
        if isMounted {
            #expect(try value(before, "used_percent") == 0)
            #expect(try abs(value(after, "used_percent") - 100 * 900 / 1024) < 0.5)
            #expect(try value(after, "free") == Double(124 * 1024))
            #expect(after.summary.contains(folder))
        }
    }

    @Test func whatCannotBeLookedAtIsUnknown() async throws {
        let observation = try await Step("disk.usage", mounts("/", "/nowhere", "/etc", "/proc")).observe()
        #expect(observation.findings.map(\.subject) == ["/nowhere", "/etc", "/proc"])
        #expect(observation.findings.map(\.severity) == [.unknown, .unknown, .unknown])
        #expect(observation.findings.map(\.cause.code) == [.notFound, .notFound, .noData])
        #expect(observation.details.count == 4 && observation.summary.contains("3 of 4"))
        #expect(observation.measurements.contains { $0.name == "used_percent" })
    }

    @Test func nothingSeenIsNothingMeasured() async throws {
        let observation = try await Step("disk.usage", mounts("/nowhere")).observe()
        #expect(observation.measurements.isEmpty)
        #expect(observation.missing.keys.sorted() == ["free", "inodes_percent", "used_percent"])
        #expect(observation.findings.map(\.severity) == [.unknown])
        let empty = host(mounting: "22 27 0:21 / /proc rw - proc proc rw\n")
        let error = await #expect(throws: CouldNotLook.self) { try await Step("disk.usage", [], host: empty).observe() }
        #expect(error?.cause.code == .noData)
        var blind = Host.system
        blind.readFile = { path, _ in throw FileError(path: path, reason: "no") }
        await #expect(throws: CouldNotLook.self) { try await Step("disk.usage", [], host: blind).observe() }
    }

    @Test func aMountThatIsGoneBetweenTheTwoLooks() async throws {
        let gone = host(
            mounting: "27 1 254:0 / / rw - ext4 /dev/vda rw\n28 27 254:1 / /gone/away rw - ext4 /dev/vdb rw\n")
        let observation = try await Step("disk.usage", [], host: gone).observe()
        #expect(observation.findings.map(\.subject) == ["/gone/away"])
        #expect(observation.findings.first?.cause.code == .notFound)
        #expect(observation.measurements.contains { $0.name == "used_percent" })
    }

    @Test func thresholdsOfTheGuide() throws {
        let step = try Step("disk.usage", [])
        #expect(step.configured.thresholds == Thresholds(warn: "used_percent >= 70%", fail: "used_percent >= 85%"))
        for text in [step.configured.thresholds.warn, step.configured.thresholds.fail] {
            let units = Dictionary(uniqueKeysWithValues: step.configured.measurements.map { ($0.name, $0.unit) })
            #expect(try Condition(try #require(text)).mistakes { units[$0] }.isEmpty)
        }
        #expect(Step.mistakes("disk.usage", mounts("data")) == ["mounts: 0: a mount point is an absolute path"])
    }
}
