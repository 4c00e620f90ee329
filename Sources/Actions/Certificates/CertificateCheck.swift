import ClientTLS
import Host
import Maintenance

/// Looks at the certificates that an endpoint serves, as the clients that connect to it do.
struct CertificateCheck: Check {
    typealias Kind = TLSKind

    var serverName: String?

    static let declaration = Declaration(
        name: "tls.certificate",
        summary: "Whether clients will trust the certificates that an endpoint serves, and for how long.",
        measurements: [
            MeasurementDeclaration(
                "days_to_expiry", .days, "Until the first certificate of the chain ends; below 0 it has ended."),
            MeasurementDeclaration(
                "expiry", .timestamp, "When the first certificate of the chain ends.", aggregate: .last),
            MeasurementDeclaration("leaf_days", .days, "Until the server's own certificate ends."),
            MeasurementDeclaration("chain_length", .count, "Certificates of the chain that clients build."),
        ],
        thresholds: Thresholds(warn: "days_to_expiry <= 30", fail: "days_to_expiry <= 7"),
        timeout: .seconds(15),
        applies: "Endpoints that speak TLS from the first byte; an http target with an https URL is one.",
        example: "server-name: api.example.com",
        looksByItself: true)

    static let parameters: [Parameter<CertificateCheck>] = [
        .optional("server-name", \.serverName, default: nil, "The name to ask for, where it is not the target's.")
    ]

    init() {}

    func observe(_ target: TLSAccess, in context: Context) async throws -> Observation {
        let access = target.asking(for: serverName)
        let served = try await access.handshake()
        let read = TLSAccess.facts(served)
        guard let first = read.first else { return Self.withoutCertificate(access, served) }
        guard first != nil else {
            throw CouldNotLook(.malformed, "The certificate that \(access.identity) serves cannot be read.")
        }
        let certificates = read.compactMap(\.self)
        let judgement = try await access.judge(certificates)
        let report = CertificateReport(
            endpoint: access.identity, served: certificates, judgement: judgement, now: context.host.now())
        return report.observation(version: served.version, ending: served.ending)
    }

    /// The server answered, and no certificate came of it: no client gets in.
    private static func withoutCertificate(_ access: TLSAccess, _ served: ServedTLS) -> Observation {
        let finding: Finding
        switch served.ending {
        case .notTLS:
            finding = Finding(
                access.identity, .fail, Cause(.notTLS, "\(access.identity) answers with something else than TLS."),
                advice: "Check the port, and whether TLS is switched on there.")
        case .refused(let words), .broken(let words):
            finding = Finding(
                access.identity, .fail,
                Cause(.handshakeFailed, "No TLS handshake with \(access.identity) for \(access.serverName): \(words)."),
                advice: "Check that the server has a certificate for this name, and its TLS versions and ciphers.")
        case nil:
            finding = Finding(
                access.identity, .fail,
                Cause(.handshakeFailed, "\(access.identity) finished the TLS handshake without a certificate."))
        }
        let names = declaration.measurements.map(\.name)
        return Observation(
            summary: finding.cause.sentence,
            missing: Dictionary(uniqueKeysWithValues: names.map { ($0, finding.cause) }), findings: [finding])
    }
}

extension Cause.Code {
    static let expired = Cause.Code(rawValue: "certificate-expired")
    static let notYetValid = Cause.Code(rawValue: "certificate-not-yet-valid")
    static let wrongName = Cause.Code(rawValue: "wrong-name")
    static let selfSigned = Cause.Code(rawValue: "self-signed")
    static let untrustedRoot = Cause.Code(rawValue: "untrusted-root")
    static let missingIntermediate = Cause.Code(rawValue: "missing-intermediate")
    static let wrongIssuer = Cause.Code(rawValue: "wrong-issuer")
    static let notAnAuthority = Cause.Code(rawValue: "not-an-authority")
    static let notForServers = Cause.Code(rawValue: "not-for-servers")
    static let weakKey = Cause.Code(rawValue: "weak-key")
    static let weakSignature = Cause.Code(rawValue: "weak-signature")
    static let forbiddenChain = Cause.Code(rawValue: "forbidden-chain")
    static let outdatedProtocol = Cause.Code(rawValue: "outdated-protocol")
    static let handshakeFailed = Cause.Code(rawValue: "handshake-failed")
    static let notTLS = Cause.Code(rawValue: "not-tls")
}
