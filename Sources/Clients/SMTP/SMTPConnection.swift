import Host
import NIOCore
import NIOPosix
import NIOSSL

/// One connection to a mail server. Nothing on it waits longer than the deadline.
final class SMTPConnection: Sendable {
    private let channel: any Channel
    private let handler: NIOLoopBound<SMTPChannelHandler>
    private let deadline: Duration
    private let host: Host

    private init(
        _ channel: any Channel, _ handler: NIOLoopBound<SMTPChannelHandler>, _ deadline: Duration, _ host: Host
    ) {
        self.channel = channel
        self.handler = handler
        self.deadline = deadline
        self.host = host
    }

    /// `tls` from the first byte on, where it is given.
    static func open(
        _ server: SMTPServer, tls: NIOSSLContext?, until deadline: Duration, on host: Host
    ) async throws -> SMTPConnection {
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        // A name may have several addresses that are tried, each by a channel with a handler of its own. They are kept
        // here: a server that is gone at once takes the pipeline with it, and what it said must be known.
        let handlers = NIOLoopBoundBox.makeBoxSendingValue(
            [ObjectIdentifier: SMTPChannelHandler](), eventLoop: loop)
        let opened = ClientBootstrap(group: loop)
            .connectTimeout(.seconds(Int64(SMTPLimits.connectSeconds)))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        try channel.pipeline.syncOperations.addHandler(
                            try NIOSSLClientHandler(context: tls, serverHostname: server.nameForTLS))
                    }
                    let handler = SMTPChannelHandler()
                    handlers.value[ObjectIdentifier(channel)] = handler
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .connect(host: server.host, port: server.port)
        do {
            let channel = try await wait(for: opened, until: deadline, on: host)
            let handler = try await loop.submit {
                guard let own = handlers.value[ObjectIdentifier(channel)] else { throw SMTPFailure.lost }
                return NIOLoopBound(own, eventLoop: loop)
            }.get()
            return SMTPConnection(channel, handler, deadline, host)
        } catch {
            // It may come about after nobody waits any more.
            opened.whenSuccess { $0.close(promise: nil) }
            throw error
        }
    }

    /// How we call ourselves where we have no name: our address (RFC 5321, 4.1.3).
    var ownName: String {
        guard let address = channel.localAddress?.ipAddress else { return "[127.0.0.1]" }
        return address.contains(":") ? "[IPv6:\(address)]" : "[\(address)]"
    }

    func reply() async throws -> SMTPReply {
        let (handler, loop) = (handler, channel.eventLoop)
        return try await Self.wait(
            for: loop.flatSubmit { handler.value.next(on: loop) }, until: deadline, on: host)
    }

    /// Sends a line and waits for its reply. A reply that nobody asked for would be taken for the answer to the line.
    func command(_ line: String) async throws -> SMTPReply {
        let (handler, loop) = (handler, channel.eventLoop)
        try await Self.wait(for: loop.submit { try handler.value.expectSilence() }, until: deadline, on: host)
        try await write(Array(line.utf8) + [13, 10])
        return try await reply()
    }

    func write(_ bytes: [UInt8]) async throws {
        let (handler, channel) = (handler, channel)
        let written = channel.writeAndFlush(ByteBuffer(bytes: bytes)).flatMapErrorThrowing { error in
            // That the channel is closed is no reason; the handler knows the one for which it was.
            throw handler.value.failure ?? SMTPFailure(error)
        }
        try await Self.wait(for: written, until: deadline, on: host)
    }

    /// Goes on under TLS. What the server sent in clear after its consent was not said under TLS, and ends everything.
    func startTLS(_ context: NIOSSLContext, name: String?) async throws {
        let (handler, channel) = (handler, channel)
        let added = channel.eventLoop.submit {
            guard handler.value.isSilent else { throw SMTPFailure.malformed("more in clear than STARTTLS allows") }
            let tls = try NIOSSLClientHandler(context: context, serverHostname: name)
            try channel.pipeline.syncOperations.addHandler(tls, position: .first)
        }
        try await Self.wait(for: added, until: deadline, on: host)
    }

    /// Takes leave and ends; nobody waits for the answer.
    func close() {
        let channel = channel
        channel.writeAndFlush(ByteBuffer(string: "QUIT\r\n")).whenComplete { _ in channel.close(promise: nil) }
    }

    /// Waits no longer than the deadline, and not at all once the task is cancelled.
    private static func wait<Value: Sendable>(
        for future: EventLoopFuture<Value>, until deadline: Duration, on host: Host
    ) async throws -> Value {
        let remaining = deadline - host.steady()
        guard remaining > .zero else { throw SMTPFailure.timedOut }
        let promise = future.eventLoop.makePromise(of: Value.self)
        future.cascade(to: promise)
        return try await withTaskCancellationHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await host.sleep(remaining)
                    promise.fail(SMTPFailure.timedOut)
                }
                defer { group.cancelAll() }
                return try await promise.futureResult.get()
            }
        } onCancel: {
            promise.fail(CancellationError())
        }
    }
}
