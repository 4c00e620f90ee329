public import Host
public import Maintenance

/// The way to an endpoint, as small as it can be: a test that scripts it needs no server.
public struct TLSLink: Sendable {
    public var handshake:
        @Sendable (_ host: String, _ port: Int, ServerName, _ deadline: Duration) async throws -> ServedTLS
    /// The certificates are not none; the first is the server's own.
    public var judge: @Sendable ([CertificateFacts], ServerName, _ now: Instant) async throws -> ChainJudgement

    public init(
        handshake: @escaping @Sendable (String, Int, ServerName, Duration) async throws -> ServedTLS,
        judge: @escaping @Sendable ([CertificateFacts], ServerName, Instant) async throws -> ChainJudgement
    ) {
        self.handshake = handshake
        self.judge = judge
    }
}

/// An endpoint as one step may look at it.
public struct TLSAccess: Sendable {
    public let identity: String
    /// What certificates are looked at for.
    public let serverName: ServerName
    private let host: String
    private let port: Int
    private let link: TLSLink
    private let context: Context

    public init(
        identity: String, host: String, port: Int, serverName: ServerName, link: TLSLink, in context: Context
    ) {
        self.identity = identity
        self.host = host
        self.port = port
        self.serverName = serverName
        self.link = link
        self.context = context
    }

    /// The same endpoint, asked for by another name.
    public func asking(for name: String?) -> TLSAccess {
        guard let name else { return self }
        return TLSAccess(
            identity: identity, host: host, port: port, serverName: ServerName(name), link: link, in: context)
    }

    /// One handshake. Throws `CouldNotLook` where nothing can be said of the certificate; a server that refuses the
    /// handshake, or speaks something else than TLS, is an answer.
    public func handshake() async throws -> ServedTLS {
        let statement = "TLS handshake with \(host):\(port) for \(serverName)"
        do {
            let served = try await link.handshake(host, port, serverName, context.deadline)
            context.evidence.note(source: identity, statement: statement, answer: Self.rendering(served))
            return served
        } catch let failure as TLSFailure {
            let cause = failure.couldNotLook(at: identity)
            throw cause ?? CouldNotLook(.connectionLost, "\(identity) ended the TLS handshake.")
        }
    }

    /// What clients will make of these certificates now.
    public func judge(_ certificates: [CertificateFacts]) async throws -> ChainJudgement {
        try await link.judge(certificates, serverName, context.host.now())
    }

    /// The facts of each certificate; nil where one makes no sense.
    public static func facts(_ served: ServedTLS) -> [CertificateFacts?] {
        served.certificates.map { CertificateFacts(encoded: $0) }
    }

    /// The agreed version, and the certificates whole: the digest is of what was served.
    private static func rendering(_ served: ServedTLS) -> [UInt8] {
        var lines: [String] = [served.version?.rawValue ?? "no version"]
        if let ending = served.ending { lines.append("ended: \(ending)") }
        for facts in facts(served) {
            lines.append(facts.map { "\($0.subject), serial \($0.serial), until \($0.notAfter)" } ?? "unreadable")
        }
        return Array(lines.joined(separator: "\n").utf8) + served.certificates.joined()
    }
}
