import Host
public import Maintenance
import NIOPosix
import NIOSSL

/// How the way to a mail server is protected.
public enum SMTPSecurity: String, Codable, Sendable, CaseIterable, WordValue {
    /// In clear until both sides agree on TLS; a server that offers none is not used.
    case starttls
    /// TLS from the first byte on.
    case implicit
    /// In clear: for a server on this machine, or over a way that is trusted.
    case none

    /// The port that is usual for it.
    public var port: Int {
        switch self {
        case .starttls: 587
        case .implicit: 465
        case .none: 25
        }
    }
}

/// A mail server that takes messages from us, and how we sign in to it.
public struct SMTPServer: Sendable {
    let host: String
    let port: Int
    let security: SMTPSecurity
    let credentials: (user: String, password: Secret)?
    /// A PEM file of authorities to trust besides the system's.
    let authorityFile: String?

    public init(
        host: String, port: Int? = nil, security: SMTPSecurity = .starttls,
        credentials: (user: String, password: Secret)? = nil, authorityFile: String? = nil
    ) {
        self.host = host
        self.port = port ?? security.port
        self.security = security
        self.credentials = credentials
        self.authorityFile = authorityFile
    }

    /// What may appear anywhere.
    public var identity: String { "smtp://\(host.contains(":") ? "[\(host)]" : host):\(port)" }

    /// An address has no name to be announced; its certificate is checked for the address.
    var nameForTLS: String? {
        host.contains(":") || host.allSatisfy { $0.isNumber || $0 == "." } ? nil : host
    }

    /// Hands the message over once.
    ///
    /// Throws `DeliveryError`: certainly not sent up to the message's final dot, perhaps sent when no reply to that came.
    public func send(_ message: MailMessage, in context: Context) async throws -> DeliveryReceipt {
        var session = SMTPSession(server: self, message: message, context: context)
        do {
            return try await session.run()
        } catch {
            if error is CancellationError {
                let cause = Cause(.cancelled, "The delivery to \(identity) was cancelled.")
                throw session.isHandedOver
                    ? DeliveryError.perhapsSent(cause) : DeliveryError.notSent(cause, mayRetry: false)
            }
            let failure = SMTPFailure(error)
            if case .answered(let reply, _) = failure, reply.isRefusal { throw notSent(failure) }
            guard session.isHandedOver else { throw notSent(failure) }
            throw DeliveryError.perhapsSent(
                Cause(
                    .perhapsSent,
                    "\(identity) has the whole message and did not say what became of it: perhaps it was sent. "
                        + failure.cause(at: identity).sentence))
        }
    }

    private func notSent(_ failure: SMTPFailure) -> DeliveryError {
        .notSent(failure.cause(at: identity), mayRetry: failure.mayRetry)
    }

    /// Reading certificates blocks, so it is done on NIO's own threads.
    func tlsContext(on host: Host) async throws -> NIOSSLContext {
        let file = authorityFile
        return try await NIOThreadPool.singleton.runIfActive {
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.minimumTLSVersion = .tlsv12
            if let file {
                configuration.additionalTrustRoots = [.certificates(try Self.authorities(file, host))]
            }
            return try NIOSSLContext(configuration: configuration)
        }
    }

    private static func authorities(_ file: String, _ host: Host) throws -> [NIOSSLCertificate] {
        let bytes: [UInt8]
        do { bytes = try host.readFile(file, SMTPLimits.authorityFile) } catch {
            throw SMTPFailure.authorityFile("it cannot be read")
        }
        guard let certificates = try? NIOSSLCertificate.fromPEMBytes(bytes), !certificates.isEmpty else {
            throw SMTPFailure.authorityFile("it holds no certificate in PEM")
        }
        return certificates
    }
}
