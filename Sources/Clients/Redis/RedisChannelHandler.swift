import NIOCore

/// A batch of commands on its way: replies come in the order of the commands.
struct RedisRequest: Sendable {
    let bytes: [UInt8]
    let replies: Int
    let promise: EventLoopPromise<[RedisValue]>
}

/// Writes batches and gives each its replies. Whatever goes wrong ends the connection: after a broken reply no later
/// one can be told from garbage.
final class RedisChannelHandler: ChannelInboundHandler, ChannelOutboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = RedisRequest
    typealias OutboundOut = ByteBuffer

    private var decoder = RESPDecoder()
    private var waiting = CircularBuffer<RedisRequest>()
    private var collected: [RedisValue] = []
    private var failure: RedisFailure?

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let request = Self.unwrapOutboundIn(data)
        if let failure {
            request.promise.fail(failure)
            promise?.fail(failure)
            return
        }
        waiting.append(request)
        context.write(Self.wrapOutboundOut(ByteBuffer(bytes: request.bytes)), promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard failure == nil else { return }
        decoder.append(Self.unwrapInboundIn(data).readableBytesView)
        do throws(RedisFailure) {
            while let message = try decoder.next() {
                guard case .reply(let value) = message else { continue }
                guard let request = waiting.first else { throw .malformed("a reply that nothing asked for") }
                collected.append(value)
                guard collected.count == request.replies else { continue }
                waiting.removeFirst()
                request.promise.succeed(collected)
                collected = []
            }
        } catch {
            end(error)
            context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(RedisFailure(error))
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(.lost)
        context.fireChannelInactive()
    }

    /// Fails all that wait; the first reason stays. A server that closes after an error has said why.
    private func end(_ reason: RedisFailure) {
        var reason = failure ?? reason
        if reason == .lost, case .error(let error)? = collected.last { reason = .answered(error, command: "us") }
        failure = reason
        collected = []
        while let request = waiting.popFirst() { request.promise.fail(reason) }
    }
}
