import Host
import Maintenance
import Sandbox
import Testing

@testable import ClientHTTP

struct HTTPFailureTests {
    @Test func nobodyListens() async throws {
        let proxy = try FaultProxy(to: 1, behaviour: .refuse)
        let started = ContinuousClock.now
        #expect(try await Endpoint("http://127.0.0.1:\(proxy.port)/").cause()?.code == .refused)
        #expect(try await Endpoint("http://localhost:\(proxy.port)/").cause()?.code == .refused)
        #expect(ContinuousClock.now - started < .seconds(8))
    }

    @Test func aNameThatDoesNotExist() async throws {
        let cause = try await Endpoint("http://no-such-name.invalid/").cause()
        // Without a resolver in reach nobody can say that the name does not exist.
        #expect([.unreachable, .networkDown].contains(cause?.code))
        #expect(cause?.sentence.contains("no-such-name.invalid") == true)
    }

    @Test func silenceEndsAtTheDeadline() async throws {
        let server = try StandInServer()
        server.on("/silent", Answer(body: .silence))
        server.on("/slow", Answer(body: .trickle([UInt8](repeating: 97, count: 10_000), every: .milliseconds(20))))
        let hanging = try FaultProxy(to: 1, behaviour: .hang)
        for (url, words) in [
            (server.url("/silent"), "was not answered in time"), (server.url("/slow"), "began to answer (200)"),
            ("http://127.0.0.1:\(hanging.port)/", "was not answered in time"),
            ("https://127.0.0.1:\(hanging.port)/", "not answered in time"),
        ] {
            let started = ContinuousClock.now
            let cause = try await Endpoint(url).cause(patience: .milliseconds(800))
            #expect(cause?.code == .timedOut, "\(url)")
            #expect(cause?.sentence.contains(words) == true, "\(url) \(cause?.sentence ?? "")")
            #expect(ContinuousClock.now - started < .seconds(6), "\(url)")
        }
    }

    @Test func cancellationReturnsAtOnce() async throws {
        let server = try StandInServer()
        server.on("/silent", Answer(body: .silence))
        server.on("/slow", Answer(body: .trickle([UInt8](repeating: 97, count: 10_000), every: .milliseconds(20))))
        let hanging = try FaultProxy(to: 1, behaviour: .hang)
        for url in [server.url("/silent"), server.url("/slow"), "https://127.0.0.1:\(hanging.port)/"] {
            let before = server.requests.count + hanging.accepted
            let task = Task { try await Endpoint(url).get(patience: .seconds(60)) }
            while server.requests.count + hanging.accepted == before { try await Task.sleep(for: .milliseconds(5)) }
            let started = ContinuousClock.now
            task.cancel()
            await #expect(throws: CancellationError.self, "\(url)") { try await task.value }
            // It takes milliseconds; the rest is for a machine that builds at the same time.
            #expect(ContinuousClock.now - started < .seconds(5), "\(url)")
        }
    }

    @Test func connectionsThatBreak() async throws {
        let server = try StandInServer()
        server.on("/short", Answer(body: .short(Array("half".utf8), length: 100)))
        server.on("/nothing", Answer(body: .raw([])))
        server.on(
            "/cut-chunk", Answer(body: .raw(Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab".utf8)))
        )
        let endpoint = Endpoint(server.url())
        let short = try await endpoint.cause("short")
        #expect(
            short?.code == .connectionLost && short?.sentence.contains("in the midst") == true,
            "\(short?.sentence ?? "")")
        let chunk = try await endpoint.cause("cut-chunk")
        #expect(chunk?.code == .connectionLost, "\(chunk?.sentence ?? "")")
        #expect(try await endpoint.cause("nothing")?.code == .connectionLost)
        let reset = try FaultProxy(to: server.port, behaviour: FaultProxy.Behaviour(connection: .close(reset: true)))
        #expect(try await Endpoint("http://127.0.0.1:\(reset.port)/").cause()?.code == .connectionLost)
        let stalled = FaultProxy.Behaviour(after: (bytes: 20, event: .halfClose))
        let half = try FaultProxy(to: server.port, behaviour: stalled)
        #expect(try await Endpoint("http://127.0.0.1:\(half.port)/short").cause()?.code == .connectionLost)
    }

    @Test(arguments: [
        "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 abc OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nX: " + String(repeating: "a", count: 200_000) + "\r\n\r\n",
    ])
    func whatIsNotHTTP(raw: String) async throws {
        let server = try StandInServer()
        server.otherwise { _ in Answer(body: .raw(Array(raw.utf8))) }
        #expect(try await Endpoint(server.url()).cause()?.code == .malformed)
    }

    @Test func failuresAreNotedAsEvidence() async throws {
        let proxy = try FaultProxy(to: 1, behaviour: .refuse)
        let endpoint = Endpoint("http://127.0.0.1:\(proxy.port)/")
        _ = try await endpoint.cause("health")
        #expect(endpoint.evidence.drain().first?.excerpt.contains("refused") == true)
    }
}
