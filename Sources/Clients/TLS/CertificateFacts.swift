public import Host

/// What a certificate says of itself.
public struct CertificateFacts: Hashable, Sendable {
    /// `CN=…, O=…`, the most specific first.
    public let subject: String
    public let issuer: String
    /// In hexadecimal digits.
    public let serial: String
    public let notBefore: Instant
    public let notAfter: Instant
    public let key: CertificateKey
    public let signature: SignatureKind
    /// The DNS names and addresses that it is for; the common name is none of them, as clients see it.
    public let names: [String]
    /// May issue certificates.
    public let isAuthority: Bool
    /// Whether it may stand for a TLS server by its extended key usage; true where it has none.
    public let mayServe: Bool

    /// The encoded subject and issuer, which is what chains are built by.
    let subjectBytes: [UInt8]
    let issuerBytes: [UInt8]
    let encoded: [UInt8]

    public var isSelfIssued: Bool { subjectBytes == issuerBytes }

    /// The common name or, without one, what else says who it is.
    public var shortName: String {
        let attributes = subject.split(separator: ", ")
        if let common = attributes.first(where: { $0.hasPrefix("CN=") }) { return String(common.dropFirst(3)) }
        return names.first ?? (subject.isEmpty ? "serial \(serial)" : subject)
    }

    /// The issuer's common name or, without one, its whole name.
    public var issuerShortName: String {
        let common = issuer.split(separator: ", ").first { $0.hasPrefix("CN=") }
        return common.map { String($0.dropFirst(3)) } ?? issuer
    }

    public static func == (left: CertificateFacts, right: CertificateFacts) -> Bool { left.encoded == right.encoded }
    public func hash(into hasher: inout Hasher) { hasher.combine(encoded) }
}

/// A certificate's public key, as far as its strength goes.
public enum CertificateKey: Hashable, Sendable, CustomStringConvertible {
    case rsa(bits: Int)
    case elliptic(curve: String, bits: Int)
    case edwards(String)
    case other(String)

    /// Below what clients accept: RSA under 2048 bits, curves under 256.
    public var isWeak: Bool {
        switch self {
        case .rsa(let bits): bits < 2048
        case .elliptic(_, let bits): bits < 256
        case .edwards, .other: false
        }
    }

    public var description: String {
        switch self {
        case .rsa(let bits): "RSA \(bits)"
        case .elliptic(let curve, _): curve
        case .edwards(let name): name
        case .other(let identifier): "key type \(identifier)"
        }
    }
}

/// The algorithm of the issuer's signature.
public struct SignatureKind: Hashable, Sendable, CustomStringConvertible {
    public let description: String
    /// Made with a hash that can be forged.
    public let isWeak: Bool
}
