import ClientHTTP
import Crypto
import FoundationEssentials
import Host
import Maintenance
import NIOCore
import NIOPosix
import NIOSSL
import NIOWebSocket

/// One connection for one command: an HTTP request that becomes a WebSocket.
struct ExecConnection: Sendable {
    let endpoint: HTTPEndpoint
    /// Path and query under the endpoint's URL.
    let path: String
    let headers: [(name: String, value: String)]
    let input: [UInt8]?
    let outputLimit: Int
    let context: Context

    /// The server has spoken the older protocol, in which standard input cannot be ended.
    struct NoEndOfInput: Error {}
    /// It went over to a protocol that nobody offered.
    struct OtherProtocol: Error {}
    /// No end by the deadline.
    struct DeadlinePassed: Error {}

    /// Ends with the command, with the deadline, or with the task that waits.
    func run() async throws -> ExecOutcome {
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let outcome = loop.makePromise(of: ExecOutcome.self)
        let tls = try await tlsContext(loop)
        let sleep = context.host.sleep
        let remaining = context.remaining
        let connecting = connect(on: loop, tls, outcome)
        connecting.whenFailure { outcome.fail($0) }
        defer { connecting.whenSuccess { $0.close(promise: nil) } }
        return try await withTaskCancellationHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await sleep(remaining)
                    outcome.fail(DeadlinePassed())
                }
                defer { group.cancelAll() }
                return try await outcome.futureResult.get()
            }
        } onCancel: {
            outcome.fail(CancellationError())
        }
    }

    private func tlsContext(_ loop: any EventLoop) async throws -> NIOSSLContext? {
        guard endpoint.scheme == "https" else { return nil }
        let endpoint = endpoint
        // Reading certificates blocks.
        return try await NIOThreadPool.singleton.runIfActive(eventLoop: loop) {
            try NIOSSLContext(configuration: endpoint.tlsConfiguration())
        }.get()
    }

    private func connect(
        on loop: any EventLoop, _ tls: NIOSSLContext?, _ outcome: EventLoopPromise<ExecOutcome>
    ) -> EventLoopFuture<any Channel> {
        let name = endpoint.expectedName
        let key = requestKey()
        let request = request(key)
        let (input, limit, random) = (input, outputLimit, context.host.random)
        return ClientBootstrap(group: loop)
            .connectTimeout(TimeAmount(min(ExecLimits.connect, max(.milliseconds(1), context.remaining))))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls {
                        try pipeline.addHandler(try NIOSSLClientHandler(context: tls, serverHostname: name))
                    }
                    try pipeline.addHandler(
                        UpgradeHandler(request: request, outcome) { answer, channel in
                            let input = try Self.agreed(answer, key: key, input)
                            let pipeline = channel.pipeline.syncOperations
                            try pipeline.addHandlers([
                                WebSocketFrameEncoder(),
                                ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: ExecLimits.frame)),
                                NIOWebSocketFrameAggregator(
                                    minNonFinalFragmentSize: 0, maxAccumulatedFrameCount: ExecLimits.fragments,
                                    maxAccumulatedFrameSize: ExecLimits.frame),
                                ExecHandler(ExecStreams(limit: limit), input: input, mask: random, outcome),
                            ])
                        })
                }
            }
            .connect(host: endpoint.host, port: endpoint.port)
    }

    /// The messages to send, where the server went over to what was asked for.
    private static func agreed(_ answer: UpgradeAnswer, key: String, _ input: [UInt8]?) throws -> [[UInt8]] {
        // RFC 6455: shows that the server understood the request, and did not only repeat it.
        let expected = Insecure.SHA1.hash(data: Data((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8))
        guard answer.header("upgrade")?.lowercased() == "websocket",
            answer.header("sec-websocket-accept") == Data(expected).base64EncodedString(),
            answer.header("sec-websocket-extensions") == nil
        else { throw UpgradeAnswer.Malformed() }
        let spoken = answer.header("sec-websocket-protocol") ?? ""
        guard ExecStreams.protocols.contains(spoken) else { throw OtherProtocol() }
        guard let input else { return [] }
        guard spoken == ExecStreams.protocols[0] else { throw NoEndOfInput() }
        return ExecStreams.input(input)
    }

    private func requestKey() -> String {
        let random = [context.host.random(), context.host.random()]
        return Data(random.flatMap { bits in (0..<8).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) } })
            .base64EncodedString()
    }

    private func request(_ key: String) -> [UInt8] {
        let name = endpoint.expectedName ?? endpoint.host
        let port = endpoint.port == (endpoint.scheme == "https" ? 443 : 80) ? "" : ":\(endpoint.port)"
        var base = endpoint.path
        while base.hasSuffix("/") { base.removeLast() }
        let fields =
            [
                ("Host", (name.contains(":") ? "[\(name)]" : name) + port), ("User-Agent", "millwright"),
                ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"),
                ("Sec-WebSocket-Key", key),
                ("Sec-WebSocket-Protocol", ExecStreams.protocols.joined(separator: ", ")),
            ] + headers.map { ($0.name, $0.value) }
        let lines =
            ["GET \(base)\(path) HTTP/1.1"]
            // A value with a line break would be a header of its own.
            + fields.map { name, value in "\(name): \(value.filter { !$0.isNewline })" }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }
}
