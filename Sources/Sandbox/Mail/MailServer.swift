import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A mail server on a free loopback port that keeps what it is given, and says what a test scripts.
public final class MailServer: Sendable {
    public enum Security: Sendable { case none, startTLS, implicit }

    /// A message as it came.
    public struct Message: Sendable {
        public let from: String
        public let recipients: [String]
        /// As the sender wrote it: dots are single again.
        public let text: String
        /// It came under TLS.
        public let isProtected: Bool
        /// Who had signed in.
        public let user: String?
    }

    /// What a script makes of a line; what no script knows is answered as mail servers do.
    public enum Reaction: Sendable {
        /// Lines without line ends; several make one write.
        case say([String])
        /// Ends the connection without a word.
        case hangUp
        /// Keeps the message, and ends the connection without a word.
        case keepAndHangUp
        case silence
    }

    /// By the verb: `CONNECT`, `EHLO`, `STARTTLS`, `AUTH`, `MAIL`, `RCPT`, `DATA`, `.`, `QUIT`.
    public typealias Script = @Sendable (_ line: String) -> Reaction?

    struct State {
        var scripts: [String: Script] = [:]
        var messages: [Message] = []
        var lines: [String] = []
        var connections = 0
    }

    let state = Mutex(State())
    let security: Security
    let tls: NIOSSLContext?
    let credentials: (user: String, password: String)?
    let mechanisms: String
    private let listener: any Channel
    public let port: Int

    /// `credentials` make signing in a condition.
    public static func start(
        _ security: Security = .none, certificate: IssuedCertificate? = nil,
        credentials: (user: String, password: String)? = nil, mechanisms: String = "PLAIN LOGIN", port: Int = 0
    ) async throws -> MailServer {
        var context: NIOSSLContext?
        if let certificate {
            let chain = try NIOSSLCertificate.fromPEMFile(certificate.chainPath).map {
                NIOSSLCertificateSource.certificate($0)
            }
            let key = try NIOSSLPrivateKey(file: certificate.keyPath, format: .pem)
            context = try NIOSSLContext(
                configuration: .makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key)))
        }
        let holder = Holder()
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let server = holder.server.withLock({ $0 }) else { return }
                    if server.security == .implicit, let tls = server.tls {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls))
                    }
                    try channel.pipeline.syncOperations.addHandler(MailSession(server))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        let server = MailServer(listener, security, context, credentials, mechanisms)
        holder.server.withLock { $0 = server }
        return server
    }

    /// The listener is there before the server that it serves.
    private final class Holder: Sendable {
        let server = Mutex<MailServer?>(nil)
    }

    private init(
        _ listener: any Channel, _ security: Security, _ tls: NIOSSLContext?,
        _ credentials: (user: String, password: String)?, _ mechanisms: String
    ) {
        self.listener = listener
        self.security = security
        self.tls = tls
        self.credentials = credentials
        self.mechanisms = mechanisms
        port = listener.localAddress?.port ?? 0
    }

    /// Scripts what is said to a verb, from now on.
    public func on(_ verb: String, _ script: @escaping Script) { state.withLock { $0.scripts[verb] = script } }

    public func on(_ verb: String, say lines: String...) { on(verb) { _ in .say(lines) } }

    /// What was taken, in order.
    public var messages: [Message] { state.withLock { $0.messages } }
    /// Every line of every client but the messages' own.
    public var lines: [String] { state.withLock { $0.lines } }
    public var connections: Int { state.withLock { $0.connections } }

    public func stop() async { try? await listener.close() }
}
