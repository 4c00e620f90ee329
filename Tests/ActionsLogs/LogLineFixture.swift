import ClientKubernetes
import Host
import Maintenance
import Testing

@testable import ActionsLogs

enum LogLineFixture {
    static func line(_ second: Int, _ bytes: [UInt8]) -> ClientKubernetes.LogLine {
        ClientKubernetes.LogLine(
            time: LogTime(secondsSinceEpoch: 1_700_000_000 + Int64(second), nanoseconds: 0), bytes: bytes[...])
    }
}

/// Keys that say whose a log is and which period.
struct ArchiveNameTests {
    @Test func aNameIsReadBack() throws {
        let name = ArchiveName(
            namespace: "shop", pod: "api-0", uid: "1a2b3c4d-9999", container: "api",
            from: try #require(.init("2026-11-15T02:00:00Z")), cut: try #require(.init("2026-11-22T02:00:00Z")))
        #expect(name.text == "shop/api-0/api/20261115T020000Z_20261122T020000Z_1a2b3c4d.log.gz")
        #expect(ArchiveName(name.text) == name)
    }

    @Test(arguments: [
        "", "shop/api-0/api/x.log.gz", "steam-trap-inspector-20261122.log.gz", "shop/api-0/api/20261122T020000Z.log.gz",
        "shop/api-0/api/20261122T020000Z_20261115T020000Z_1a.log.gz",
        "a/b/c/d/20261115T020000Z_20261122T020000Z_1.log.gz",
        "shop/api-0/api/20261115T02000_20261122T020000Z_1a2b3c4d.log.gz",
    ])
    func whatIsNoNameIsNone(_ text: String) { #expect(ArchiveName(text) == nil) }
}
