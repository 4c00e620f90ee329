import Foundation

/// From when to when a certificate is valid, in seconds from now.
public struct Validity: Sendable {
    public let from: Int
    public let until: Int

    public init(from: Int, until: Int) {
        self.from = from
        self.until = until
    }

    /// Since yesterday, and for this many days more.
    public static func days(_ days: Double) -> Validity {
        Validity(from: -86_400, until: Int(days * 86_400))
    }

    /// Ended this many days ago, after a year.
    public static func expired(daysAgo: Int) -> Validity {
        Validity(from: -(365 + daysAgo) * 86_400, until: -daysAgo * 86_400)
    }

    public static func notBefore(inDays days: Int) -> Validity {
        Validity(from: days * 86_400, until: (days + 90) * 86_400)
    }
}

/// A certificate and its key, in PEM files.
public struct IssuedCertificate: Sendable {
    public let certificatePath: String
    public let keyPath: String
    /// The certificate with the intermediates that lead to its root, as a server sends them.
    public let chainPath: String
}

/// Certificates for tests, made by the openssl program in a folder that disappears with this process.
public struct CertificateAuthority: Sendable {
    /// This authority's own certificate.
    public let certificate: IssuedCertificate
    /// What a client must trust: the root at the top.
    public let rootPath: String
    private let chain: String
    private let home: String?

    /// A root that signed itself. `home` is a folder that the caller keeps; without it, one of this process.
    public static func makeRoot(
        named name: String = "Sandbox Root", validity: Validity = .days(3650), home: String? = nil
    ) async throws -> CertificateAuthority {
        let issued = try await OpenSSL.issue(
            OpenSSL.Request(name: name, validity: validity, isAuthority: true), by: nil, home: home)
        return CertificateAuthority(certificate: issued, rootPath: issued.certificatePath, chain: "", home: home)
    }

    public func intermediate(
        named name: String = "Sandbox Intermediate", validity: Validity = .days(1825)
    ) async throws -> CertificateAuthority {
        let issued = try await OpenSSL.issue(
            OpenSSL.Request(name: name, validity: validity, isAuthority: true), by: certificate, home: home)
        let own = try String(contentsOfFile: issued.certificatePath, encoding: .utf8)
        return CertificateAuthority(certificate: issued, rootPath: rootPath, chain: own + chain, home: home)
    }

    /// A server's (and client's) certificate; `names` are host names and IP addresses, `usages` as in openssl's
    /// `extendedKeyUsage`.
    public func leaf(
        names: [String], validity: Validity = .days(90), commonName: String? = nil,
        usages: String = "serverAuth,clientAuth", organizations: [String] = ["Millwright Sandbox"]
    ) async throws -> IssuedCertificate {
        var request = OpenSSL.Request(
            name: commonName ?? names.first ?? "leaf", validity: validity, names: names)
        request.usages = usages
        request.organizations = organizations
        let issued = try await OpenSSL.issue(request, by: certificate, home: home)
        let own = try String(contentsOfFile: issued.certificatePath, encoding: .utf8)
        try (own + chain).write(toFile: issued.chainPath, atomically: false, encoding: .utf8)
        return issued
    }

    /// A certificate that nobody vouches for.
    public static func selfSigned(
        names: [String], validity: Validity = .days(90), home: String? = nil
    ) async throws -> IssuedCertificate {
        try await OpenSSL.issue(
            OpenSSL.Request(name: names.first ?? "self", validity: validity, names: names),
            by: nil, home: home)
    }
}
