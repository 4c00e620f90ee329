import FoundationEssentials
import Host
import Testing

@Suite struct SystemHostTests {
    @Test func clocksGoForward() async throws {
        let host = Host.system
        let (wall, steady) = (host.now(), host.steady())
        try await host.sleep(.milliseconds(2))
        #expect(host.steady() - steady >= .milliseconds(2))
        #expect(host.now() > wall)
        #expect(wall > Instant(secondsSinceEpoch: 1_750_000_000))
    }

    @Test func aSleepEndsWithItsTask() async {
        let task = Task { try await Host.system.sleep(.seconds(3600)) }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func randomBitsDiffer() {
        let host = Host.system
        #expect(Set((0..<16).map { _ in host.random() }).count == 16)
    }

    @Test func theEnvironmentIsRead() {
        #expect(Host.system.environment("PATH")?.isEmpty == false)
        #expect(Host.system.environment("MILLWRIGHT_NO_SUCH_VARIABLE") == nil)
    }

    @Test func aFileIsReadUpToItsLimit() throws {
        let path = "/tmp/host-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
        try Data(bytes).write(to: URL(filePath: path))
        #expect(try Host.system.readFile(path, 200_000) == bytes)
        #expect(throws: FileError.self) { try Host.system.readFile(path, 199_999) }
        // A file that never ends is cut off, too.
        #expect(throws: FileError.self) { try Host.system.readFile("/dev/zero", 1000) }
    }

    @Test func whyAFileCannotBeReadIsSaid() {
        let missing = #expect(throws: FileError.self) { try Host.system.readFile("/no/such/file", 10) }
        #expect(missing?.isMissing == true)
        #expect(missing?.description == "/no/such/file could not be read: No such file or directory")
        let folder = #expect(throws: FileError.self) { try Host.system.readFile("/tmp", 10) }
        #expect(folder?.isMissing == false)
    }
}
