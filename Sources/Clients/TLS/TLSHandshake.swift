import Host
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// What a server did in a handshake that trusted whatever it showed.
public struct ServedTLS: Sendable {
    /// The certificates as they came, the server's own first.
    public let certificates: [[UInt8]]
    /// nil where the handshake ended before it was agreed on.
    public let version: TLSProtocolVersion?
    /// How the server, or we, ended the handshake after the certificates had come.
    public let ending: HandshakeEnding?

    public init(certificates: [[UInt8]], version: TLSProtocolVersion?, ending: HandshakeEnding? = nil) {
        self.certificates = certificates
        self.version = version
        self.ending = ending
    }
}

public enum HandshakeEnding: Hashable, Sendable {
    /// The server's alert, in words.
    case refused(String)
    case notTLS
    /// The server broke a rule of the protocol; an example is a key that does not fit its certificate.
    case broken(String)
}

public enum TLSProtocolVersion: String, Sendable, Comparable {
    case tls10 = "TLS 1.0"
    case tls11 = "TLS 1.1"
    case tls12 = "TLS 1.2"
    case tls13 = "TLS 1.3"

    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// One connection, one handshake, and its end.
struct TLSHandshake: Sendable {
    let host: String
    let port: Int
    let name: ServerName
    let machine: Host

    private final class Seen: Sendable {
        let certificates = Mutex<[[UInt8]]>([])
        /// The first byte that came, TLS or not.
        let firstByte = Mutex<UInt8?>(nil)

        /// A server that speaks first, or answers in plain text, may close before the TLS handler has seen through it.
        var isPlain: Bool {
            firstByte.withLock { byte in byte.map { $0 != 0x15 && $0 != 0x16 } ?? false }
        }
    }

    /// Throws a `TLSFailure` where it says nothing of the certificate.
    func perform(until deadline: Duration) async throws -> ServedTLS {
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let seen = Seen()
        let ended = loop.makePromise(of: TLSVersion?.self)
        let context = try await TLSHandshake.context.get()
        let connecting = connect(on: loop, context: context, seen: seen, ended: ended)
        connecting.whenFailure { ended.fail($0) }
        defer { connecting.whenSuccess { $0.close(promise: nil) } }
        do {
            let version = try await wait(for: ended.futureResult, until: deadline)
            return ServedTLS(
                certificates: seen.certificates.withLock { $0 }, version: version.map(TLSProtocolVersion.init))
        } catch {
            if error is CancellationError { throw error }
            let failure = seen.isPlain ? .notTLS : TLSFailure(error)
            let ending: HandshakeEnding
            switch failure {
            case .alert(let words): ending = .refused(words)
            case .notTLS: ending = .notTLS
            case .broken(let words): ending = .broken(words)
            default: throw failure
            }
            return ServedTLS(certificates: seen.certificates.withLock { $0 }, version: nil, ending: ending)
        }
    }

    private func connect(
        on loop: any EventLoop, context: NIOSSLContext, seen: Seen, ended: EventLoopPromise<TLSVersion?>
    ) -> EventLoopFuture<any Channel> {
        let serverName = name.isAddress ? nil : name.description
        return ClientBootstrap(group: loop)
            .connectTimeout(.seconds(60))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let tls = try NIOSSLClientHandler(context: context, serverHostname: serverName) { chain, verified in
                        let some = chain.prefix(TLSLimits.servedCertificates)
                        seen.certificates.withLock { $0 = some.compactMap { try? $0.toDERBytes() } }
                        verified.succeed(.certificateVerified)
                    }
                    try channel.pipeline.syncOperations.addHandlers([
                        FirstByte { byte in seen.firstByte.withLock { $0 = byte } }, tls,
                        HandshakeWatcher(tls: tls, ended: ended),
                    ])
                }
            }
            .connect(host: host, port: port)
    }

    /// Nothing is trusted here, so no authorities are read; every version is offered, to see which one is served.
    private static let context: EventLoopFuture<NIOSSLContext> = {
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        return NIOThreadPool.singleton.runIfActive(eventLoop: loop) {
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.minimumTLSVersion = .tlsv1
            configuration.certificateVerification = .noHostnameVerification
            configuration.trustRoots = .certificates([])
            return try NIOSSLContext(configuration: configuration)
        }
    }()

    /// Waits no longer than the deadline, and not at all once the task is cancelled.
    private func wait<Value: Sendable>(
        for future: EventLoopFuture<Value>, until deadline: Duration
    ) async throws -> Value {
        let remaining = deadline - machine.steady()
        guard remaining > .zero else { throw TLSFailure.timedOut }
        let promise = future.eventLoop.makePromise(of: Value.self)
        future.cascade(to: promise)
        let sleep = machine.sleep
        return try await withTaskCancellationHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await sleep(remaining)
                    promise.fail(TLSFailure.timedOut)
                }
                defer { group.cancelAll() }
                return try await promise.futureResult.get()
            }
        } onCancel: {
            promise.fail(CancellationError())
        }
    }
}

/// Tells the first byte that comes, and lets everything pass.
private final class FirstByte: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private var tell: ((UInt8) -> Void)?

    init(_ tell: @escaping (UInt8) -> Void) { self.tell = tell }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if let tell, let byte = Self.unwrapInboundIn(data).readableBytesView.first {
            tell(byte)
            self.tell = nil
        }
        context.fireChannelRead(data)
    }
}

/// Tells how the handshake ended. An empty write waits in the TLS handler until the handshake is complete.
private final class HandshakeWatcher: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let tls: NIOSSLHandler
    private let ended: EventLoopPromise<TLSVersion?>

    init(tls: NIOSSLHandler, ended: EventLoopPromise<TLSVersion?>) {
        self.tls = tls
        self.ended = ended
    }

    func channelActive(context: ChannelHandlerContext) {
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenSuccess { [tls, ended] in ended.succeed(tls.tlsVersion) }
        context.writeAndFlush(NIOAny(ByteBuffer()), promise: written)
        context.fireChannelActive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        ended.fail(TLSFailure(error))
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        ended.fail(TLSFailure.lost)
    }
}

extension TLSProtocolVersion {
    init(_ version: TLSVersion) {
        switch version {
        case .tlsv1: self = .tls10
        case .tlsv11: self = .tls11
        case .tlsv12: self = .tls12
        case .tlsv13: self = .tls13
        }
    }
}
