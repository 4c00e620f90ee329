import NIOCore

/// Takes the server's replies off the wire, one after the other. Whatever goes wrong ends the connection.
final class SMTPChannelHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var decoder = SMTPReplyDecoder()
    /// Replies that nobody has asked for yet: the greeting may be faster than we are.
    private var early = CircularBuffer<SMTPReply>()
    private var waiting: EventLoopPromise<SMTPReply>?
    /// The first thing that went wrong.
    private(set) var failure: SMTPFailure?

    /// The next reply. Only one is waited for at a time.
    func next(on loop: any EventLoop) -> EventLoopFuture<SMTPReply> {
        let promise = loop.makePromise(of: SMTPReply.self)
        if let reply = early.popFirst() {
            promise.succeed(reply)
        } else if let failure {
            promise.fail(failure)
        } else {
            waiting = promise
        }
        return promise.futureResult
    }

    /// Nothing has come that was not asked for. What stands in clear before TLS begins must not be read after it.
    var isSilent: Bool { early.isEmpty && decoder.isEmpty }

    func expectSilence() throws(SMTPFailure) {
        if let failure { throw failure }
        // The one thing that a server may say by itself: it is going away.
        if let reply = early.first, reply.code == 421 { throw .answered(reply, to: "nothing that was asked") }
        guard isSilent else { throw .malformed("a reply that nothing asked for") }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard failure == nil else { return }
        decoder.append(Self.unwrapInboundIn(data).readableBytesView)
        do throws(SMTPFailure) {
            while let reply = try decoder.next() {
                if let waiting {
                    self.waiting = nil
                    waiting.succeed(reply)
                } else if early.count < SMTPLimits.replyLines {
                    early.append(reply)
                } else {
                    throw .malformed("replies that nobody asked for")
                }
            }
        } catch {
            end(error)
            context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(SMTPFailure(error))
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(.lost)
        context.fireChannelInactive()
    }

    /// The first reason stays.
    private func end(_ reason: SMTPFailure) {
        let failure = failure ?? reason
        self.failure = failure
        waiting?.fail(failure)
        waiting = nil
    }
}
