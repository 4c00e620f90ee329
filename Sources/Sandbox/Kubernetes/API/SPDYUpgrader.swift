import NIOCore
import NIOHTTP1

/// `exec` over SPDY/3.1, as kubectl asks for it before 1.31.
struct SPDYUpgrader: HTTPServerProtocolUpgrader, Sendable {
    let front: APIFront
    var supportedProtocol: String { "SPDY/3.1" }
    var requiredUpgradeHeaders: [String] { [] }

    private static let version = "v4.channel.k8s.io"

    func buildUpgradeResponse(
        channel: any Channel, upgradeRequest: HTTPRequestHead, initialResponseHeaders: HTTPHeaders
    ) -> EventLoopFuture<HTTPHeaders> {
        let offered = upgradeRequest.headers[canonicalForm: "x-stream-protocol-version"].map(String.init)
        guard offered.contains(Self.version), exec(channel, upgradeRequest) != nil else {
            return channel.eventLoop.makeFailedFuture(UpgradeRefused())
        }
        var headers = initialResponseHeaders
        headers.add(name: "X-Stream-Protocol-Version", value: Self.version)
        return channel.eventLoop.makeSucceededFuture(headers)
    }

    func upgrade(context: ChannelHandlerContext, upgradeRequest: HTTPRequestHead) -> EventLoopFuture<Void> {
        let channel = context.channel
        return channel.eventLoop.makeCompletedFuture {
            guard let request = exec(channel, upgradeRequest) else { throw UpgradeRefused() }
            try channel.pipeline.syncOperations.addHandler(SPDYExec(request))
        }
    }

    private func exec(_ channel: any Channel, _ head: HTTPRequestHead) -> ExecRequest? {
        front.execRequest(
            method: head.method.rawValue, target: head.uri, headers: head.headers.map { ($0.name, $0.value) },
            PeerCertificate.user(channel))
    }
}

/// The streams of one command: `error`, `stdin`, `stdout`, `stderr`, each opened by the client.
final class SPDYExec: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let request: ExecRequest
    private var frames = SPDYFrameReader()
    private let reader = SPDYHeaderReader()
    private let writer = SPDYHeaderWriter()
    private var streams: [String: Int] = [:]
    private var input: [UInt8] = []
    private var inputEnded = false
    private var task: Task<Void, Never>?

    init(_ request: ExecRequest) { self.request = request }

    func channelInactive(context: ChannelHandlerContext) {
        task?.cancel()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        frames.append(unwrapInboundIn(data).readableBytesView)
        do {
            while let frame = try frames.next() { receive(frame, context) }
        } catch {
            context.close(promise: nil)
        }
    }

    private func receive(_ frame: SPDYFrame, _ context: ChannelHandlerContext) {
        switch frame {
        case .synStream(let stream, let isLast, let block):
            guard let type = reader.read(block)?["streamtype"] else {
                context.close(promise: nil)
                return
            }
            streams[type] = stream
            if type == "stdin", isLast { inputEnded = true }
            send(SPDYFrame.synReply(stream, headers: writer.empty()), context)
            runWhenReady(context)
        case .data(let stream, let bytes, let isLast):
            guard stream == streams["stdin"] else { return }
            input += bytes
            if isLast { inputEnded = true }
            runWhenReady(context)
        case .ping(let id): send(SPDYFrame.pingReply(id), context)
        case .reset(let stream) where stream == streams["stdin"]:
            inputEnded = true
            runWhenReady(context)
        case .goAway: context.close(promise: nil)
        case .reset, .other: break
        }
    }

    private func send(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
    }

    private func runWhenReady(_ context: ChannelHandlerContext) {
        guard task == nil, request.streams.allSatisfy({ streams[$0] != nil }), inputEnded || !request.hasInput else {
            return
        }
        task = Self.start(request, streams, input, context.channel)
    }

    private static func start(
        _ request: ExecRequest, _ streams: [String: Int], _ input: [UInt8], _ channel: any Channel
    ) -> Task<Void, Never> {
        Task { await serve(request, streams, input, channel) }
    }

    private static func serve(
        _ request: ExecRequest, _ streams: [String: Int], _ input: [UInt8], _ channel: any Channel
    ) async {
        guard let result = try? await request.run(input: input) else { return }
        var out: [UInt8] = []
        for (type, bytes) in [("stdout", result.output), ("stderr", result.errors), ("error", result.end.bytes)] {
            guard let stream = streams[type] else { continue }
            for start in stride(from: 0, to: bytes.count, by: 32_768) {
                out += SPDYFrame.data(stream, Array(bytes[start..<min(start + 32_768, bytes.count)]), isLast: false)
            }
            out += SPDYFrame.data(stream, [], isLast: true)
        }
        try? await channel.writeAndFlush(ByteBuffer(bytes: out)).get()
        // The client closes when it has read every stream to its end; one that does not is left alone after a while.
        try? await ContinuousClock().sleep(for: .seconds(5))
        try? await channel.close().get()
    }
}
