import Foundation
import Testing

@testable import Sandbox

@Suite struct StandInServerTests {
    private let server: StandInServer

    init() throws { server = try StandInServer() }

    @Test func answersAsScripted() async throws {
        server.on("/a", Answer(status: 503, headers: [("Retry-After", "7")], body: "later"))
        server.on("/echo") { Answer(body: .bytes(Array($0.method.utf8) + $0.body)) }
        let text = try await curl("-i", server.url("/a"), server.url("/missing"))
        #expect(text.contains("HTTP/1.1 503") && text.contains("Retry-After: 7") && text.contains("later"))
        #expect(text.contains("HTTP/1.1 404"))
        #expect(try await curl("-d", "body", server.url("/echo")) == "POSTbody")
        #expect(try await curl("-H", "Transfer-Encoding: chunked", "-d", "chunks", server.url("/echo")) == "POSTchunks")
        #expect(server.requests.count == 4 && server.accepted == 3)
    }

    @Test(arguments: [
        ("/endless", Answer(body: .endless(Array(repeating: 65, count: 1000))), 23),
        ("/short", Answer(body: .short([65, 66], length: 10)), 18),
        ("/silence", Answer(body: .silence), 28),
        ("/raw", Answer(body: .raw(Array("SSH-2.0-x\r\n".utf8))), 1),
        ("/slow", Answer(body: "late", delay: .milliseconds(1500)), 28),
        ("/trickle", Answer(body: .trickle(Array("drop by drop".utf8), every: .milliseconds(1))), 0),
    ]) func misbehavesAsScripted(path: String, answer: Answer, status: Int32) async throws {
        server.on(path, answer)
        let to = path == "/endless" ? "/dev/full" : "/dev/null"
        let result = try await Program.output("curl", ["-sS", "-m", "1", "-o", to, server.url(path)])
        #expect(result.status == status, "\(result.errorText)")
    }

    @Test func stoppedItRefuses() async throws {
        server.stop()
        let result = try await Program.output("curl", ["-sS", server.url()])
        #expect(result.status == 7)
    }

    private func curl(_ arguments: String...) async throws -> String {
        try await Program.run("curl", ["-sS", "-m", "10"] + arguments)
    }
}

@Suite struct FaultProxyTests {
    private let server: StandInServer
    private let proxy: FaultProxy

    init() throws {
        server = try StandInServer()
        server.on("/", Answer(body: .bytes(Array(repeating: 65, count: 100_000))))
        proxy = try FaultProxy(to: server.port)
    }

    @Test func forwards() async throws {
        let result = try await ask()
        #expect(result.status == 0 && result.output.count == 100_000)
        #expect(proxy.accepted == 1)
        #expect(try await eventually { proxy.open == 0 })
    }

    @Test func addsLatencyAndKeepsBandwidth() async throws {
        server.on("/", Answer(body: .bytes(Array(repeating: 65, count: 20_000_000))))
        try proxy.set(.latency(.milliseconds(200)))
        let clock = ContinuousClock()
        let begin = clock.now
        #expect(try await ask().output.count == 20_000_000)
        let took = clock.now - begin
        #expect(took >= .milliseconds(200) && took < .seconds(5), "\(took)")
    }

    static let misbehaviours: [(FaultProxy.Behaviour, Int32)] = [
        (.refuse, 7), (.hang, 28), (FaultProxy.Behaviour(connection: .close(reset: false)), 52),
        (FaultProxy.Behaviour(connection: .close(reset: true)), 56),
        (FaultProxy.Behaviour(connection: .garbage(Array("garbage\r\n\r\n".utf8))), 1),
        (FaultProxy.Behaviour(connection: .endless(Array("HTTP/1.1 200 OK\r\nA: b\r\n".utf8))), 8),
        (FaultProxy.Behaviour(after: (bytes: 50_000, event: .cut)), 56),
        (FaultProxy.Behaviour(after: (bytes: 50_000, event: .halfClose)), 18),
        (FaultProxy.Behaviour(after: (bytes: 50_000, event: .stall)), 28),
    ]

    @Test(arguments: misbehaviours)
    func misbehaves(behaviour: FaultProxy.Behaviour, status: Int32) async throws {
        try proxy.set(behaviour)
        let result = try await ask("-m", "1")
        #expect(result.status == status, "\(result.errorText)")
        if let after = behaviour.after { #expect(result.output.count < after.bytes + 1) }
        try proxy.set(.forward)
        #expect(try await ask().output.count == 100_000)
        #expect(try await eventually { proxy.open == 0 })
    }

    @Test func endsOpenConnectionsWhenTold() async throws {
        try proxy.set(.hang)
        async let result = ask("-m", "20")
        #expect(try await eventually { proxy.open == 1 })
        proxy.dropConnections()
        #expect(try await result.status == 56)
    }

    private func ask(_ options: String...) async throws -> ProgramOutput {
        try await Program.output("curl", ["-sS"] + options + ["http://127.0.0.1:\(proxy.port)/"])
    }
}
