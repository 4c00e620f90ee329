import Host
import Maintenance
import Sandbox
import Testing

@testable import Notices

/// A watchdog hears of runs that ended well, and of others only where it has a place for them.
@Suite struct HeartbeatTests {
    private func beat(
        _ server: StandInServer, _ event: NoticeEvent, _ more: [String: PlanValue] = [:]
    ) async throws -> DeliveryReceipt {
        let channel = try Sample.channel(
            "heartbeat", more.merging(["url": .text(server.url("/ping/0123456789abcdef"))]) { first, _ in first })
        return try await channel.deliver(Sample.notice(event), id: Sample.id, in: Sample.context())
    }

    @Test(arguments: [NoticeEvent.pass, .warn]) func aGoodEndIsHeard(_ event: NoticeEvent) async throws {
        let server = try StandInServer()
        server.otherwise { _ in Answer(body: "OK") }
        #expect(try await beat(server, event).text == "200 OK")
        let request = try #require(server.requests.first)
        #expect(request.method == "GET" && request.path == "/ping/0123456789abcdef")
        #expect(request.headers["millwright-run"] == "20261122-020000-7f3a9c")
    }

    @Test func aPostSaysWhatItWas() async throws {
        let server = try StandInServer()
        server.otherwise { _ in Answer() }
        _ = try await beat(server, .pass, ["method": .text("post")])
        let body = String(decoding: server.requests.first?.body ?? [], as: UTF8.self)
        #expect(body == "shop daily 20261122-020000-7f3a9c: pass\n")
    }

    /// Also where somebody asks for it: a failure that reached the good URL would quieten the alarm.
    @Test(arguments: [NoticeEvent.fail, .unknown, .test]) func aBadEndNeverReachesTheGoodURL(_ event: NoticeEvent)
        async throws
    {
        let server = try StandInServer()
        server.otherwise { _ in Answer() }
        #expect(try await Sample.failure { try await beat(server, event) } != nil)
        #expect(server.requests.isEmpty)
        _ = try await beat(server, event, ["failure-url": .text(server.url("/ping/0123456789abcdef/fail"))])
        #expect(server.requests.map(\.path) == ["/ping/0123456789abcdef/fail"])
    }

    @Test func itsKindSaysWhatTheEngineNeeds() throws {
        let kind = try #require(NoticeChannels.all.first { $0.name == "heartbeat" })
        #expect(kind.use == .heartbeat && kind.isIdempotent && kind.failureParameter == "failure-url")
        for other in NoticeChannels.all where other.name != "heartbeat" {
            #expect(other.use == .notices && !other.isIdempotent)
        }
        let channel = try Sample.channel("heartbeat", ["url": .text("https://hc.example.com/0123456789abcdef")])
        #expect(channel.identity == "https://hc.example.com:443")
    }
}
