import NIOCore
import NIOHTTP1
import NIOWebSocket

/// `exec` over a WebSocket: a frame's first byte says the channel (0 input, 1 output, 2 errors, 3 the end's Status, 4
/// the terminal's size; with v5 also 255, which closes one).
final class ExecWebSocket: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    private let request: ExecRequest
    private let canClose: Bool
    private var input: [UInt8] = []
    private var task: Task<Void, Never>?
    private var silence: Scheduled<Void>?

    init(_ request: ExecRequest, version: String) {
        self.request = request
        canClose = version.hasPrefix("v5")
    }

    static func upgrader(_ front: APIFront) -> NIOWebSocketServerUpgrader {
        NIOWebSocketServerUpgrader(
            maxFrameSize: 1 << 20,
            shouldUpgrade: { channel, head in
                let version = version(head)
                guard let version, exec(front, channel, head) != nil else {
                    return channel.eventLoop.makeSucceededFuture(nil)
                }
                return channel.eventLoop.makeSucceededFuture(["Sec-WebSocket-Protocol": version])
            },
            upgradePipelineHandler: { channel, head in
                channel.eventLoop.makeCompletedFuture {
                    guard let request = exec(front, channel, head) else { throw UpgradeRefused() }
                    try channel.pipeline.syncOperations.addHandler(
                        ExecWebSocket(request, version: version(head) ?? "v4"))
                }
            })
    }

    private static func exec(_ front: APIFront, _ channel: any Channel, _ head: HTTPRequestHead) -> ExecRequest? {
        front.execRequest(
            method: head.method.rawValue, target: head.uri, headers: head.headers.map { ($0.name, $0.value) },
            PeerCertificate.user(channel))
    }

    private static func version(_ head: HTTPRequestHead) -> String? {
        let offered = head.headers[canonicalForm: "sec-websocket-protocol"].map(String.init)
        return ["v5.channel.k8s.io", "v4.channel.k8s.io"].first { offered.contains($0) }
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if request.hasInput {
            // v4 cannot say that the input has ended: what has come after a while is all.
            if !canClose { waitForSilence(context) }
        } else {
            run(context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        task?.cancel()
        silence?.cancel()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        switch frame.opcode {
        case .binary, .text:
            var bytes = frame.unmaskedData
            guard let number = bytes.readInteger(as: UInt8.self) else { return }
            if number == 0 {
                input.append(contentsOf: bytes.readableBytesView)
                if !canClose { waitForSilence(context) }
            }
            if number == 255, canClose, bytes.readInteger(as: UInt8.self) == 0 { run(context) }
        case .ping: send(.pong, Array(frame.unmaskedData.readableBytesView), context.channel)
        case .connectionClose: context.close(promise: nil)
        default: break
        }
    }

    private func waitForSilence(_ context: ChannelHandlerContext) {
        silence?.cancel()
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        silence = context.eventLoop.scheduleTask(in: .milliseconds(200)) {
            let (handler, context) = bound.value
            handler.run(context)
        }
    }

    private func run(_ context: ChannelHandlerContext) {
        guard task == nil else { return }
        task = Self.start(request, input, context.channel)
    }

    private static func start(_ request: ExecRequest, _ input: [UInt8], _ channel: any Channel) -> Task<Void, Never> {
        Task { await serve(request, input, channel) }
    }

    private static func serve(_ request: ExecRequest, _ input: [UInt8], _ channel: any Channel) async {
        guard let result = try? await request.run(input: input) else { return }
        for piece in pieces(result.output) { send(1, piece, channel) }
        for piece in pieces(result.errors) { send(2, piece, channel) }
        send(3, result.end.bytes, channel)
        let close = WebSocketFrame(
            fin: true, opcode: .connectionClose, data: ByteBuffer(bytes: [0x03, 0xe8] as [UInt8]))
        try? await channel.writeAndFlush(close).get()
        try? await channel.close().get()
    }

    /// As a kubelet sends it: 32 KiB a frame.
    private static func pieces(_ bytes: [UInt8]) -> [[UInt8]] {
        stride(from: 0, to: bytes.count, by: 32_768).map { Array(bytes[$0..<min($0 + 32_768, bytes.count)]) }
    }

    private static func send(_ channelNumber: UInt8, _ bytes: [UInt8], _ channel: any Channel) {
        let frame = WebSocketFrame(fin: true, opcode: .binary, data: ByteBuffer(bytes: [channelNumber] + bytes))
        channel.writeAndFlush(frame, promise: nil)
    }

    private func send(_ opcode: WebSocketOpcode, _ bytes: [UInt8], _ channel: any Channel) {
        channel.writeAndFlush(WebSocketFrame(fin: true, opcode: opcode, data: ByteBuffer(bytes: bytes)), promise: nil)
    }
}
