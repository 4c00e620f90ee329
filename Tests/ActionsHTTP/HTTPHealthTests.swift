import ActionsHTTP
import Host
import Maintenance
import Sandbox
import Testing

struct HTTPHealthTests {
    private func health(_ url: String, _ parameters: String = "{}", patience: Duration = .seconds(20)) async throws
        -> Look.Outcome
    {
        try await Look.at(url, "http.health", parameters, patience: patience)
    }

    @Test func anEndpointThatIsWell() async throws {
        let server = try StandInServer()
        server.on("/v1/health", .json(#"{"status":"ok"}"#))
        let outcome = try await health(
            server.url("/v1"), #"{"path": "health", "body-contains": "\"ok\"", "max-latency": "30s"}"#)
        #expect(outcome.word == "well")
        let observation = try #require(outcome.observation)
        #expect(observation.measurements.map(\.name) == ["status", "latency", "body"])
        #expect(observation.measurements[0].value == 200 && observation.measurements[2].value == 15)
        #expect(observation.measurements[1].value > 0 && observation.measurements[1].unit == .milliseconds)
        #expect(observation.missing.isEmpty)
    }

    @Test(arguments: [
        (503, "{}", "fail wrong-status"), (500, "{}", "fail wrong-status"), (404, "{}", "fail wrong-status"),
        (401, "{}", "fail wrong-status"), (204, "{}", "fail wrong-status"), (204, #"{"expect": [200, 204]}"#, "well"),
        (401, #"{"expect": 401}"#, "well"), (200, #"{"expect": 401}"#, "fail wrong-status"),
    ])
    func statuses(status: Int, parameters: String, word: String) async throws {
        let server = try StandInServer()
        server.otherwise { _ in Answer(status: status, body: "x") }
        let outcome = try await health(server.url(), parameters)
        #expect(outcome.word == word)
        #expect(outcome.observation?.measurements.first?.value == Double(status))
    }

    @Test func aRedirectIsNamedAndNotFollowed() async throws {
        let server = try StandInServer()
        server.on("/", .redirect(to: "https://login.example/?next=hunter22"))
        let outcome = try await health(server.url())
        #expect(outcome.word == "fail wrong-status")
        #expect(outcome.sentence.contains("to https://login.example/,") && !outcome.sentence.contains("hunter22"))
        #expect(server.requests.count == 1)
        #expect(try await health(server.url(), #"{"expect": [302]}"#).word == "well")
    }

    @Test func unavailabilityFails() async throws {
        let (short, long) = (Duration.milliseconds(400), Duration.seconds(20))
        let server = try StandInServer()
        server.on("/silent", Answer(body: .silence))
        server.on("/short", Answer(body: .short(Array("ok".utf8), length: 100)))
        server.on("/stall", Answer(body: .trickle([UInt8](repeating: 97, count: 1000), every: .milliseconds(50))))
        server.on("/garbage", Answer(body: .raw(Array("220 mail ready\r\n".utf8))))
        let refused = try FaultProxy(to: 1, behaviour: .refuse)
        let hanging = try FaultProxy(to: 1, behaviour: .hang)
        for (url, word, patience) in [
            ("http://127.0.0.1:\(refused.port)/", "fail refused", long),
            ("https://127.0.0.1:\(hanging.port)/", "fail timed-out", short),
            (server.url("/silent"), "fail timed-out", short),
            (server.url("/stall"), "fail timed-out", short), (server.url("/short"), "fail connection-lost", long),
            (server.url("/garbage"), "fail malformed", long),
        ] {
            let outcome = try await health(url, patience: patience)
            #expect(outcome.word == word, "\(url)")
            #expect(outcome.observation?.measurements.isEmpty == true)
            #expect(outcome.missing == ["body", "latency", "status"])
        }
    }

    @Test func aCertificateThatIsRefusedFails() async throws {
        let authority = try await CertificateAuthority.makeRoot()
        let expired = try await authority.leaf(names: ["localhost"], validity: .expired(daysAgo: 1))
        let server = try await TLSServer.start(certificate: expired)
        let target = PlanValue.map([.init("url", .text(server.url())), .init("ca", .text(authority.rootPath))])
        let outcome = try await Look.at(target, "http.health", "{}")
        #expect(outcome.word == "fail tls-failed" && outcome.sentence.contains("expired"))
        let good = try await authority.leaf(names: ["localhost"])
        try await server.replace(certificate: good)
        #expect(try await Look.at(target, "http.health", "{}").word == "well")
        // What is wrong on our side says nothing of the endpoint.
        let blind = PlanValue.map([.init("url", .text(server.url())), .init("ca", .text("/nonexistent.pem"))])
        #expect(try await Look.at(blind, "http.health", "{}").word == "unknown not-found")
        await server.stop()
    }

    @Test func theBody() async throws {
        let server = try StandInServer()
        let large = [UInt8](repeating: 97, count: (1 << 20) + 10)
        server.on("/large", Answer(body: .bytes(large + Array("needle".utf8))))
        server.on("/endless", Answer(body: .endless(Array(String(repeating: "all is well ", count: 1000).utf8))))
        server.on("/small", Answer(body: "status: degraded"))
        #expect(try await health(server.url("/small"), #"{"body-contains": "ok"}"#).word == "fail wrong-body")
        #expect(try await health(server.url("/large")).word == "well")
        #expect(try await health(server.url("/large"), #"{"body-contains": "needle"}"#).word == "unknown too-large")
        #expect(try await health(server.url("/endless"), #"{"body-contains": "well"}"#).word == "well")
    }

    @Test func slowIsNotWellWhereALimitIsGiven() async throws {
        let server = try StandInServer()
        server.otherwise { _ in Answer(body: "ok", delay: .milliseconds(120)) }
        let outcome = try await health(server.url(), #"{"max-latency": "100ms"}"#)
        #expect(outcome.word == "fail threshold")
        #expect(try await health(server.url(), #"{"max-latency": "30s"}"#).word == "well")
    }

    @Test func mistakes() throws {
        #expect(try Look.mistakes("http.health", #"{"expect": []}"#).count == 1)
        #expect(try Look.mistakes("http.health", #"{"expect": [42]}"#).count == 1)
        #expect(try Look.mistakes("http.health", #"{"body-contains": ""}"#).count == 1)
        #expect(
            try Look.mistakes("http.health", #"{"expects": [200]}"#) == [
                "expects: unknown parameter of http.health, did you mean `expect`?"
            ])
    }
}
