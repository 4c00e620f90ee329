import Maintenance
import NIOCore
import NIOWebSocket

/// What came of asking for the upgrade, or of the command.
enum ExecOutcome: Sendable {
    /// The server went over to the WebSocket and the streams ended.
    case ended(ExecStreams)
    /// It answered in HTTP.
    case refused(UpgradeAnswer, body: [UInt8])
}

/// The WebSocket's messages: sends standard input, keeps what comes, answers pings, ends with the server's close.
final class ExecHandler: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    private var streams: ExecStreams
    private let input: [[UInt8]]
    private let mask: @Sendable () -> UInt64
    private let outcome: EventLoopPromise<ExecOutcome>
    private var hasEnded = false

    init(
        _ streams: ExecStreams, input: [[UInt8]], mask: @escaping @Sendable () -> UInt64,
        _ outcome: EventLoopPromise<ExecOutcome>
    ) {
        self.streams = streams
        self.input = input
        self.mask = mask
        self.outcome = outcome
    }

    func handlerAdded(context: ChannelHandlerContext) {
        for message in input { send(.binary, message, context) }
        context.flush()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = Self.unwrapInboundIn(data)
        switch frame.opcode {
        case .binary, .text:
            do { try streams.receive(Array(frame.unmaskedData.readableBytesView)) } catch { end(error, context) }
        case .ping:
            send(.pong, Array(frame.unmaskedData.readableBytesView), context)
            context.flush()
        case .connectionClose:
            send(.connectionClose, Array(frame.unmaskedData.readableBytesView.prefix(2)), context)
            context.flush()
            end(nil, context)
        default: return
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { end(error, context) }

    func channelInactive(context: ChannelHandlerContext) {
        end(nil, context)
        context.fireChannelInactive()
    }

    /// The status says how the command ended; without one, whoever waits is told that the end is not known.
    private func end(_ error: (any Error)?, _ context: ChannelHandlerContext) {
        guard !hasEnded else { return }
        hasEnded = true
        if let error, streams.ending == nil { outcome.fail(error) } else { outcome.succeed(.ended(streams)) }
        context.close(promise: nil)
    }

    private func send(_ opcode: WebSocketOpcode, _ bytes: [UInt8], _ context: ChannelHandlerContext) {
        // RFC 6455 wants every frame of a client masked with a key that nobody can guess.
        let key = mask()
        let masking = WebSocketMaskingKey((0..<4).map { UInt8(truncatingIfNeeded: key >> (8 * $0)) })
        let frame = WebSocketFrame(fin: true, opcode: opcode, maskKey: masking, data: ByteBuffer(bytes: bytes))
        context.write(Self.wrapOutboundOut(frame), promise: nil)
    }
}
