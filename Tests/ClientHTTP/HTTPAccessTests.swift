import Host
import Maintenance
import NIOHTTP1
import Sandbox
import Testing

@testable import ClientHTTP

struct HTTPAccessTests {
    @Test func anAnswerWithItsEvidence() async throws {
        let server = try StandInServer()
        server.on("/v1/health", Answer(status: 203, headers: [("X-A", "b")], body: "fine", delay: .milliseconds(20)))
        let endpoint = Endpoint(server.url("/v1?key=hunter22"))
        let answer = try await endpoint.get("health")
        #expect(answer.status == 203)
        #expect(answer.header("x-a") == "b")
        #expect(String(decoding: answer.body, as: UTF8.self) == "fine")
        #expect(answer.firstByte >= .milliseconds(20) && answer.total >= answer.firstByte)
        #expect(server.requests.map(\.target) == ["/v1/health?key=hunter22"])
        let evidence = endpoint.evidence.drain()
        #expect(evidence.map(\.statement) == ["GET /v1/health?key=…"])
        #expect(evidence.map(\.source) == ["http://127.0.0.1:\(server.port)/v1"])
        #expect(evidence.map(\.excerpt) == ["HTTP 203\n\nfine"])
    }

    @Test func credentialsAreSentAndNotNoted() async throws {
        let server = try StandInServer()
        server.otherwise { _ in Answer(body: "ok") }
        let bearer = Endpoint(server.url()) { $0.bearer = Secret("hunter22") }
        let basic = Endpoint(server.url()) {
            $0.user = "u"
            $0.password = Secret("p:w")
            $0.secretHeaders = ["X-Key": Secret("k1")]
            $0.headers = ["Accept": "text/plain"]
        }
        _ = try await bearer.get()
        _ = try await basic.get()
        let requests = server.requests
        #expect(requests.map { $0.headers["authorization"] } == ["Bearer hunter22", "Basic dTpwOnc="])
        #expect(requests[1].headers["x-key"] == "k1" && requests[1].headers["accept"] == "text/plain")
        #expect(!"\(bearer.evidence.drain())".contains("hunter22"))
    }

    @Test func redirectsAreReportedAndNotFollowed() async throws {
        let server = try StandInServer()
        server.on("/loop", .redirect(to: "https://user:pass@a.example/loop?token=hunter22#x"))
        server.on("/nowhere", Answer(status: 301))
        let endpoint = Endpoint(server.url())
        let answer = try await endpoint.get("loop")
        #expect(answer.status == 302 && answer.redirectTarget == "https://a.example/loop")
        #expect(try await endpoint.get("nowhere").redirectTarget == "nowhere")
        #expect(server.requests.count == 2)
    }

    @Test func aLookOnlyReads() async throws {
        let server = try StandInServer()
        server.otherwise { _ in Answer(body: "ok") }
        let endpoint = Endpoint(server.url())
        await #expect(throws: CouldNotLook.self) {
            try await endpoint.use { try await $0.send("DELETE", "x", limit: 10, oversize: .refuse) }
        }
        #expect(server.requests.isEmpty)
        let answer = try await endpoint.use(for: .change) {
            try await $0.send("POST", "x", limit: 10, oversize: .refuse)
        }
        #expect(answer.status == 200 && server.requests.map(\.method) == ["POST"])
        let head = try await endpoint.use { try await $0.send("HEAD", "x", limit: 1, oversize: .refuse) }
        #expect(head.status == 200 && head.body.isEmpty)
    }

    @Test func bodiesBeyondTheLimit() async throws {
        let server = try StandInServer()
        server.on("/endless", Answer(body: .endless([UInt8](repeating: 97, count: 50_000))))
        server.on("/gigabyte", Answer(body: .short([UInt8](repeating: 97, count: 50_000), length: 1 << 30)))
        server.on("/exact", Answer(body: .bytes([UInt8](repeating: 97, count: 1000))))
        let endpoint = Endpoint(server.url())
        #expect(try await endpoint.cause("endless")?.code == .tooLarge)
        #expect(try await endpoint.cause("gigabyte")?.code == .tooLarge)
        #expect(try await endpoint.get("exact", limit: 1000).bodyIsCut == false)
        let cut = try await endpoint.get("endless", limit: 1234, oversize: .cut)
        #expect(cut.bodyIsCut && cut.body.count == 1234)
        #expect(try await endpoint.get("exact", limit: 999, oversize: .cut).body.count == 999)
        // Nothing of a broken transfer may be taken for a whole one: the same server still answers well.
        #expect(try await endpoint.get("exact").body.count == 1000)
    }

    @Test func theLimitIsAMebibyteByItself() async throws {
        let server = try StandInServer()
        server.on("/large", Answer(body: .bytes([UInt8](repeating: 97, count: (1 << 20) + 1))))
        server.on("/fits", Answer(body: .bytes([UInt8](repeating: 97, count: 1 << 20))))
        #expect(try await Endpoint(server.url()).cause("large")?.code == .tooLarge)
        #expect(try await Endpoint(server.url()).get("fits").body.count == 1 << 20)
    }

    @Test func oneConnectionServesSeveralSteps() async throws {
        let server = try StandInServer()
        server.otherwise { _ in Answer(body: "ok") }
        let endpoint = Endpoint(server.url())
        let client = endpoint.kind.open(on: .system)
        for _ in 0..<5 {
            _ = try await endpoint.kind.access(client, for: .look, in: endpoint.context()).get("")
        }
        // An idle connection is kept for two seconds, which a busy machine may let pass.
        #expect(server.accepted < 5)
        await endpoint.kind.close(client)
        await endpoint.kind.close(client)
        let error = await #expect(throws: CouldNotLook.self) {
            try await endpoint.kind.access(client, for: .look, in: endpoint.context()).get("")
        }
        #expect(error?.cause.code == .connectionLost)
    }
}
