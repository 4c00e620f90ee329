import Host
import Maintenance
import NIOPosix
import NIOSSL

/// The authorities that are trusted, by their names.
struct TrustedRoots: Sendable {
    private let bySubject: [[UInt8]: [CertificateFacts]]

    init(_ certificates: [CertificateFacts]) {
        bySubject = Dictionary(grouping: certificates, by: \.subjectBytes)
    }

    func named(_ subject: [UInt8]) -> [CertificateFacts] { bySubject[subject] ?? [] }

    func contains(_ certificate: CertificateFacts) -> Bool { named(certificate.subjectBytes).contains(certificate) }

    /// Where systems keep them: Debian and others, Fedora and others.
    private static let systemFiles = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"]

    /// Those of the system, as `SSL_CERT_FILE` or its usual place gives them, and those of a PEM file besides. Reading
    /// blocks, so it is done on NIO's own threads.
    static func load(_ file: String?, on host: Host) async throws -> TrustedRoots {
        try await NIOThreadPool.singleton.runIfActive { try read(file, host) }
    }

    private static func read(_ file: String?, _ host: Host) throws -> TrustedRoots {
        let places = host.environment("SSL_CERT_FILE").map { [$0] } ?? systemFiles
        let system = places.lazy.compactMap { certificates(in: $0, host) }.first
        guard let file else {
            if let system { return TrustedRoots(system) }
            throw CouldNotLook(
                .noData,
                "This machine has no certificate authorities (package ca-certificates): give the target a `ca` file.")
        }
        guard let own = certificates(in: file, host) else {
            throw CouldNotLook(.noData, "The file of authorities `\(file)` cannot be read, or holds no certificate.")
        }
        return TrustedRoots(own + (system ?? []))
    }

    private static func certificates(in file: String, _ host: Host) -> [CertificateFacts]? {
        guard let bytes = try? host.readFile(file, TLSLimits.authorityFileBytes),
            let certificates = try? NIOSSLCertificate.fromPEMBytes(bytes)
        else { return nil }
        let facts = certificates.compactMap { (try? $0.toDERBytes()).flatMap { CertificateFacts(encoded: $0) } }
        return facts.isEmpty ? nil : facts
    }
}
