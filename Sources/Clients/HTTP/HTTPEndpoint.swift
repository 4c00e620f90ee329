public import Maintenance
public import NIOSSL

/// Where an endpoint is, and whom it must prove to be.
public struct HTTPEndpoint: Sendable {
    /// The authorities that may vouch for the endpoint.
    public enum Trust: Hashable, Sendable {
        case system
        /// The system's, and those of a PEM file.
        case file(String)
        /// These alone, in PEM.
        case only([UInt8])
    }

    /// What this side signs in with during the handshake.
    public struct ClientCertificate: Sendable {
        /// The certificate and its intermediates, in PEM.
        public let chain: [UInt8]
        /// The private key, in PEM.
        public let key: Secret

        public init(chain: [UInt8], key: Secret) {
            self.chain = chain
            self.key = key
        }
    }

    let base: BaseURL
    let trust: Trust
    let isInsecure: Bool
    let clientCertificate: ClientCertificate?
    let serverName: String?

    /// - Parameters:
    ///   - url: the base URL; the paths of calls are taken under it.
    ///   - isInsecure: believes whoever answers; only where the user's own configuration says so.
    ///   - serverName: the name to announce and to check instead of the URL's host.
    /// - Throws: what is wrong with the URL.
    public init(
        url: String, trust: Trust = .system, isInsecure: Bool = false, clientCertificate: ClientCertificate? = nil,
        serverName: String? = nil
    ) throws(ValueError) {
        base = try BaseURL(url)
        self.trust = trust
        self.isInsecure = isInsecure
        self.clientCertificate = clientCertificate
        self.serverName = serverName
    }

    /// What may appear anywhere: scheme, host, port and path.
    public var identity: String { base.identity }
    public var scheme: String { base.scheme }
    public var host: String { base.host }
    public var port: Int { base.port }
    /// Empty, or begins with a slash.
    public var path: String { base.path }
    /// The name that the certificate must be for; `nil` where the host is an address.
    public var expectedName: String? { serverName ?? (base.isAddress ? nil : base.host) }

    /// How a path under it may be shown: without the values of its query.
    public func shown(_ path: String) -> String { (try? base.appending(path).shown) ?? "a path that no URL can have" }

    /// For clients that speak something else over TLS to the same endpoint.
    ///
    /// - Throws: `CouldNotLook` where a certificate or key cannot be read.
    public func tlsConfiguration() throws -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        switch trust {
        case .system: break
        case .file(let path): tls.additionalTrustRoots = [.file(path)]
        case .only(let pem): tls.trustRoots = .certificates(try Self.certificates(pem, what: "authorities"))
        }
        if isInsecure { tls.certificateVerification = .none }
        if let own = clientCertificate {
            tls.certificateChain = try Self.certificates(own.chain, what: "client certificate")
                .map { .certificate($0) }
            do {
                tls.privateKey = .privateKey(
                    try NIOSSLPrivateKey(bytes: Array(own.key.reveal().utf8), format: .pem))
            } catch {
                throw CouldNotLook(.malformed, "The client certificate's key is no private key in PEM.")
            }
        }
        return tls
    }

    private static func certificates(_ pem: [UInt8], what: String) throws -> [NIOSSLCertificate] {
        let found = try? NIOSSLCertificate.fromPEMBytes(pem)
        guard let found, !found.isEmpty else {
            throw CouldNotLook(.malformed, "The \(what) are no certificates in PEM.")
        }
        return found
    }
}
