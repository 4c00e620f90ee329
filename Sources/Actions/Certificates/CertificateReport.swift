import ClientTLS
import Host
import Maintenance

/// Puts what was seen of an endpoint's certificates into measurements, findings and details.
struct CertificateReport {
    let endpoint: String
    let served: [CertificateFacts]
    let judgement: ChainJudgement
    let now: Instant

    func observation(version: TLSProtocolVersion?, ending: HandshakeEnding?) -> Observation {
        var findings = judgement.problems.map(finding)
        if let version, version < .tls12 {
            findings.append(
                Finding(
                    endpoint, .fail,
                    Cause(
                        .outdatedProtocol,
                        "\(endpoint) speaks nothing newer than \(version.rawValue), which clients refuse."),
                    advice: "Switch on TLS 1.2 and 1.3."))
        }
        if let ending { findings.append(self.finding(ending)) }
        let days = judgement.chain.map { ($0, daysLeft($0)) }
        let first = days.min { $0.1 < $1.1 }
        return Observation(
            summary: summary(first, findings),
            measurements: [Measurement("days_to_expiry", first?.1 ?? 0, .days)]
                + (first.map { [Measurement("expiry", $0.0.notAfter)] } ?? [])
                + [
                    Measurement("leaf_days", daysLeft(served[0]), .days),
                    Measurement("chain_length", judgement.chain.count),
                ],
            findings: findings, details: details)
    }

    func daysLeft(_ certificate: CertificateFacts) -> Double { (certificate.notAfter - now).inSeconds / 86_400 }

    /// What ends first is named here; when that is too early is for the thresholds to say.
    private func summary(_ first: (CertificateFacts, Double)?, _ findings: [Finding]) -> String {
        let worst = findings.first { $0.severity == .fail } ?? findings.first
        if let worst { return worst.cause.sentence }
        guard let (certificate, days) = first else { return "No certificate" }
        let rounded = Int(days.rounded(.down))
        return "\(judgement.chain.count) certificates, trusted; the first to expire is \(role(certificate)) "
            + "`\(certificate.shortName)`, in \(rounded) \(rounded == 1 ? "day" : "days")"
    }

    /// What a certificate is in the chain that clients build.
    private func role(_ certificate: CertificateFacts) -> String {
        if certificate == served[0] { return "leaf" }
        guard judgement.chain.contains(certificate) else { return "unused" }
        return certificate.isSelfIssued ? "root" : "intermediate"
    }

    /// Every certificate of the chain, and those that were served and that nobody needs.
    private var details: [[String: JSONValue]] {
        let unused = served.filter { !judgement.chain.contains($0) }
        return (judgement.chain + unused).map { certificate in
            [
                "role": .text(role(certificate)), "subject": .text(certificate.subject),
                "issuer": .text(certificate.issuer), "serial": .text(certificate.serial),
                "not_before": .text(certificate.notBefore.description),
                "not_after": .text(certificate.notAfter.description),
                "days": .number((daysLeft(certificate) * 100).rounded() / 100),
                "key": .text(certificate.key.description), "signature": .text(certificate.signature.description),
                "names": .list(certificate.names.map { .text($0) }),
                "served": .bool(served.contains(certificate)),
            ]
        }
    }

    private func finding(_ ending: HandshakeEnding) -> Finding {
        switch ending {
        case .refused(let words):
            // It may well be healthy for those who have a client certificate: that could not be looked at.
            Finding(
                endpoint, .unknown,
                Cause(.partlyCovered, "\(endpoint) served its certificate and then refused the handshake: \(words)."),
                advice: "It may ask for a client certificate; the certificates themselves are judged here.")
        case .broken(let words):
            Finding(
                endpoint, .fail, Cause(.handshakeFailed, "\(endpoint) does not finish the TLS handshake: \(words)."),
                advice: "Check that the server's key belongs to its certificate.")
        case .notTLS:
            Finding(endpoint, .fail, Cause(.notTLS, "\(endpoint) leaves the TLS handshake for something else."))
        }
    }

    private func finding(_ problem: ChainProblem) -> Finding {
        switch problem {
        case .expired(let one):
            fail(
                one, .expired, "\(named(one)) expired on \(one.notAfter).",
                one == served[0] ? "Renew it, and see that the server serves the new one." : "Serve its successor.")
        case .notYetValid(let one):
            fail(
                one, .notYetValid, "\(named(one)) is not valid before \(one.notBefore).",
                "Serve the one before until then, and check this machine's clock.")
        case .wrongName(let wanted, let leaf):
            fail(
                leaf, .wrongName, "\(endpoint) serves a certificate that is not for \(wanted): \(names(of: leaf)).",
                "Get a certificate with this name among its subject alternative names.")
        case .selfSigned(let one):
            fail(
                one, .selfSigned, "\(named(one)) is signed by itself, and no client trusts it.",
                "Get it from an authority that clients trust, or give the target its `ca` file.")
        case .untrustedRoot(let one, let root):
            fail(
                one, .untrustedRoot, "The chain ends at `\(root)`, which is neither served nor trusted.",
                "If it is a private authority, give the target its `ca` file; if it is an intermediate, serve it.")
        case .missingIntermediate(let one):
            fail(
                one, .missingIntermediate,
                "The issuer of \(named(one)), `\(one.issuerShortName)`, is not served and not trusted.",
                "Serve the whole chain; if the issuer is a private root, give the target its `ca` file.")
        case .wrongIssuer(let one):
            fail(
                one, .wrongIssuer,
                "A certificate `\(one.issuerShortName)` is there, and it did not sign \(named(one)).",
                "Serve the intermediate that came with the certificate.")
        case .notAnAuthority(let one):
            fail(
                one, .notAnAuthority, "\(named(one)) issues certificates and may not.",
                "Get a certificate from an authority.")
        case .notForServers(let one):
            fail(
                one, .notForServers, "\(named(one)) is not for servers by its extended key usage.",
                "Get one with serverAuth.")
        case .weakKey(let one):
            fail(one, .weakKey, "\(named(one)) has a weak key, \(one.key).", "Use RSA of 2048 bits or more, or P-256.")
        case .weakSignature(let one):
            fail(
                one, .weakSignature, "\(named(one)) has a weak signature, \(one.signature).",
                "Have it issued with SHA-256.")
        case .forbidden(let one):
            fail(
                one, .forbiddenChain, "A rule of one of the authorities forbids the chain of \(named(one)).",
                "Check their path length and name constraints.")
        case .notUnderstood(let one):
            Finding(
                one.shortName, .unknown,
                Cause(.notSupported, "\(named(one)) has a key, signature or critical extension that cannot be judged."),
                attributes: ["serial": .text(one.serial)])
        }
    }

    private func fail(
        _ certificate: CertificateFacts, _ code: Cause.Code, _ sentence: String, _ advice: String
    ) -> Finding {
        Finding(
            certificate.shortName, .fail, Cause(code, sentence), advice: advice,
            attributes: ["serial": .text(certificate.serial), "role": .text(role(certificate))])
    }

    private func named(_ certificate: CertificateFacts) -> String {
        "The \(role(certificate)) certificate `\(certificate.shortName)`"
    }

    private func names(of leaf: CertificateFacts) -> String {
        guard !leaf.names.isEmpty else { return "it names nobody (the common name does not count)" }
        let shown = leaf.names.prefix(10).joined(separator: ", ")
        return "it is for \(shown)" + (leaf.names.count > 10 ? " and \(leaf.names.count - 10) more" : "")
    }
}
