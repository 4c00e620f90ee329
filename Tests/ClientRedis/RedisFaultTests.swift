import Host
import Maintenance
import Sandbox
import Testing

@testable import ClientRedis

/// A server that cannot be looked at, and one that is hostile.
struct RedisFaultTests {
    private func broken(
        _ behaviour: FaultProxy.Behaviour, seconds: Double = 20, _ body: (RedisAccess) async throws -> Void
    ) async throws -> Cause? {
        let server = try await RedisServer.shared()
        let proxy = try FaultProxy(to: server.port, behaviour: behaviour)
        defer { proxy.stop() }
        let url = "redis://127.0.0.1:\(proxy.port)/0"
        return await causeThrown { try await withAccess(["url": url], in: context(seconds), body) }
    }

    @Test func refused() async throws {
        #expect(try await broken(.refuse) { _ = try await $0.time() }?.code == .refused)
    }

    @Test func unknownName() async throws {
        let cause = await causeThrown {
            try await withAccess(["url": "redis://no-such-host.invalid:6379"]) { _ = try await $0.time() }
        }
        #expect(cause?.code == .unreachable)
    }

    @Test func hanging() async throws {
        let start = ContinuousClock.now
        #expect(try await broken(.hang, seconds: 0.3) { _ = try await $0.time() }?.code == .timedOut)
        #expect(ContinuousClock.now - start < .seconds(8))
    }

    @Test(arguments: [false, true])
    func closedAtOnce(reset: Bool) async throws {
        let cause = try await broken(.init(connection: .close(reset: reset))) { _ = try await $0.time() }
        #expect(cause?.code == .connectionLost)
    }

    @Test(arguments: [FaultProxy.Behaviour.Event.cut, .halfClose])
    func lostWithinAReply(_ event: FaultProxy.Behaviour.Event) async throws {
        let cause = try await broken(.init(after: (bytes: 600, event: event))) { access in
            _ = try await access.time()
            _ = try await access.send((0..<500).map { RedisCommand("ECHO", "some words to fill \($0)") })
        }
        #expect(cause?.code == .connectionLost)
    }

    @Test func stalledWithinAReply() async throws {
        let cause = try await broken(.init(after: (bytes: 600, event: .stall)), seconds: 1) { access in
            _ = try await access.time()
            _ = try await access.send((0..<500).map { RedisCommand("ECHO", "some words to fill \($0)") })
        }
        #expect(cause?.code == .timedOut)
    }

    @Test(arguments: [
        "HTTP/1.1 400 Bad Request\r\n\r\n", "\u{0}\u{1}\u{2}\r\n", "$5\r\nabcdefgh\r\n", "*1\r\n*1\r\n*x\r\n",
        "+OK\r\n+OK\r\n+unasked\r\n",
    ])
    func garbage(_ text: String) async throws {
        let cause = try await broken(.init(connection: .garbage(Array(text.utf8)))) { _ = try await $0.time() }
        #expect(cause?.code == .malformed, "\(cause?.sentence ?? "no cause")")
    }

    @Test(arguments: [
        "$99999999999\r\n", "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n", "*9999999\r\n",
    ])
    func hugeByItsOwnWord(_ text: String) async throws {
        let cause = try await broken(.init(connection: .garbage(Array(text.utf8)))) { _ = try await $0.time() }
        #expect(cause?.code == .tooLarge, "\(cause?.sentence ?? "no cause")")
    }

    @Test(arguments: ["a", "+x\r\n", "*400000\r\n", "|1\r\n+a\r\n+b\r\n"])
    func endless(_ text: String) async throws {
        let chunk = Array(String(repeating: text, count: 4096 / text.utf8.count).utf8)
        let cause = try await broken(.init(connection: .endless(chunk))) { _ = try await $0.time() }
        #expect(cause?.code == .tooLarge || cause?.code == .malformed, "\(cause?.sentence ?? "no cause")")
    }

    /// Pushes ask for nothing and are dropped; the deadline still holds.
    @Test func endlessPushes() async throws {
        let chunk = Array(String(repeating: ">1\r\n+x\r\n", count: 500).utf8)
        let cause = try await broken(.init(connection: .endless(chunk)), seconds: 0.5) { _ = try await $0.time() }
        #expect(cause?.code == .timedOut)
    }

    @Test func aReplyThatIsTooLargeEndsTheConnectionAndOnlyThat() async throws {
        let server = try await RedisServer.shared()
        try await server.withPrefix { prefix in
            try await server.command(["SETRANGE", prefix + "big", "17000000", "x"])
            try await server.command(["SETRANGE", prefix + "fits", "15000000", "x"])
            try await withAccess(["url": server.url()]) { access in
                let cause = await causeThrown { _ = try await access.ask(RedisCommand("GET", prefix + "big")) }
                #expect(cause?.code == .tooLarge)
                guard case .bytes(let bytes) = try await access.ask(RedisCommand("GET", prefix + "fits")) else {
                    Issue.record("not a string")
                    return
                }
                #expect(bytes.count == 15_000_001)
            }
        }
    }

    @Test func cancellationIsPromptWhileConnecting() async throws {
        let server = try await RedisServer.shared()
        let proxy = try FaultProxy(to: server.port, behaviour: .hang)
        let kind = try makeKind(["url": "redis://127.0.0.1:\(proxy.port)/0"])
        try await withClient(kind) { client in
            let task = Task {
                try await kind.access(client, for: .look, in: context(600)).time()
            }
            let isWaiting = try await eventually { proxy.accepted == 1 }
            #expect(isWaiting)
            let start = ContinuousClock.now
            task.cancel()
            await #expect(throws: CancellationError.self) { _ = try await task.value }
            #expect(ContinuousClock.now - start < .seconds(10))
        }
        proxy.stop()
    }

    @Test func cancellationIsPromptWhileWaitingForAReply() async throws {
        let server = try await RedisServer.shared()
        let proxy = try FaultProxy(to: server.port)
        let kind = try makeKind(["url": "redis://127.0.0.1:\(proxy.port)/0"])
        try await withClient(kind) { client in
            _ = try await kind.access(client, for: .look, in: context()).time()
            try proxy.set(.latency(.seconds(60)))
            let task = Task { try await kind.access(client, for: .look, in: context(600)).time() }
            try await Task.sleep(for: .milliseconds(50))
            let start = ContinuousClock.now
            task.cancel()
            await #expect(throws: CancellationError.self) { _ = try await task.value }
            #expect(ContinuousClock.now - start < .seconds(10))
        }
        proxy.stop()
    }

    @Test func aLookComesBackAfterALoss() async throws {
        let server = try await RedisServer.shared()
        let proxy = try FaultProxy(to: server.port)
        let kind = try makeKind(["url": "redis://127.0.0.1:\(proxy.port)/0"])
        try await withClient(kind) { client in
            let look = try await kind.access(client, for: .look, in: context())
            for _ in 0..<5 {
                _ = try await look.time()
                try proxy.set(.latency(.milliseconds(100)))
                async let looked = look.time()
                // With luck in the middle of the exchange; before or after it, the look must come back as well.
                try await Task.sleep(for: .milliseconds(40))
                try proxy.set(.forward)
                proxy.dropConnections()
                _ = try await looked
            }
        }
        #expect(proxy.accepted > 1)
        proxy.stop()
    }

    @Test func aChangeThatWasSentIsNotSentAgain() async throws {
        let server = try await RedisServer.shared()
        let proxy = try FaultProxy(to: server.port)
        let kind = try makeKind(["url": "redis://127.0.0.1:\(proxy.port)/0"])
        try await server.withPrefix { prefix in
            try await withClient(kind) { client in
                let change = try await kind.access(client, for: .change, in: context())
                async let changed = causeThrown {
                    _ = try await change.ask(RedisCommand("BLPOP", prefix + "list", "0"))
                }
                let isWaiting = try await eventually {
                    try await server.command(["CLIENT", "LIST"]).contains("cmd=blpop")
                }
                #expect(isWaiting)
                proxy.dropConnections()
                #expect(await changed?.code == .connectionLost)
                #expect(proxy.accepted == 1)
                let reply = try await change.ask(RedisCommand("ECHO", "again"))
                #expect(reply == .text("again"))
                #expect(proxy.accepted == 2)
            }
        }
        proxy.stop()
    }

    @Test func aServerThatIsLoadingIsBusyAndAReplicaIsNamed() {
        func code(_ line: String) -> Cause.Code {
            RedisErrorReply(line).couldNotLook(at: "redis x", command: "SCAN").cause.code
        }
        #expect(code("LOADING Redis is loading the dataset in memory") == .busy)
        #expect(code("READONLY You can't write against a read only replica.") == .rejected)
        #expect(code("MOVED 3999 127.0.0.1:6381") == .notSupported)
        #expect(code("CLUSTERDOWN Hash slot not served") == .notSupported)
        #expect(code("ERR max number of clients reached") == .busy)
        #expect(code("ERR syntax error in 'data'") == .rejected)
    }

    @Test func aFullServerIsBusy() async throws {
        let server = try await RedisServer.start(arguments: ["--maxclients", "1"])
        try await withAccess(["url": server.url()]) { access in
            _ = try await access.time()
            let cause = await causeThrown {
                try await withAccess(["url": server.url()]) { _ = try await $0.time() }
            }
            // Its answer may be lost with the connection that it resets.
            #expect(cause?.code == .busy || cause?.code == .connectionLost, "\(cause?.sentence ?? "no cause")")
        }
        await server.stop()
    }

    @Test func aNodeOfAClusterIsNotTakenForAll() async throws {
        let server = try await RedisServer.start(arguments: ["--cluster-enabled", "yes"])
        let cause = await causeThrown {
            try await withAccess(["url": server.url()]) { _ = try await $0.wholeServer() }
        }
        #expect(cause?.code == .notSupported)
        await server.stop()
    }

    @Test func aReplicaSaysSo() async throws {
        let primary = try await RedisServer.shared()
        let replica = try await RedisServer.start(arguments: ["--replicaof", "127.0.0.1 \(primary.port)"])
        try await withAccess(["url": replica.url()], .change) { access in
            let facts = try await access.wholeServer()
            #expect(facts.isReplica)
            let cause = await causeThrown { _ = try await access.ask(RedisCommand("SET", "a", "b")) }
            #expect(cause?.code == .rejected)
            #expect(cause?.sentence.contains("replica") == true)
        }
        await replica.stop()
    }
}
