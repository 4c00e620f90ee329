import FoundationEssentials
import Host
import SwiftASN1
@_spi(DisableValidityCheck) @_spi(FixedExpiryValidationTime) import X509

/// Builds the chain that clients build, and says what is wrong with it: first whether there is a way to a trusted root
/// at all, then whether the dates allow it, so that one cause does not hide behind the other.
struct ChainJudge: Sendable {
    let roots: TrustedRoots
    let name: ServerName
    let now: Instant

    /// A certificate that was served or is trusted; parsed where the verifier can take it.
    private struct Link {
        let facts: CertificateFacts
        let parsed: Certificate?

        init(_ facts: CertificateFacts) {
            self.facts = facts
            parsed = try? Certificate(derEncoded: facts.encoded)
        }
    }

    /// `served` is not empty; its first is the server's own.
    func judge(_ served: [CertificateFacts]) async -> ChainJudgement {
        let links = served.map(Link.init)
        var wanted = Set(served.map(\.issuerBytes))
        wanted.insert(served[0].subjectBytes)
        let anchors = wanted.flatMap(roots.named).map(Link.init)
        var judgement: ChainJudgement
        if let chain = await verified(links, anchors, at: now) {
            judgement = ChainJudgement(chain: chain)
        } else if let chain = await verified(links, anchors, at: nil) {
            judgement = ChainJudgement(chain: chain)
        } else {
            judgement = follow(links, anchors)
        }
        addDates(&judgement)
        addStrength(&judgement)
        if !name.matches(served[0].names) { judgement.problems.append(.wrongName(wanted: name, leaf: served[0])) }
        if !served[0].mayServe { judgement.problems.append(.notForServers(served[0])) }
        return judgement
    }

    /// The first chain that keeps all rules, the shortest preferred; `nil` for the moment lets all dates pass.
    private func verified(_ links: [Link], _ anchors: [Link], at moment: Instant?) async -> [CertificateFacts]? {
        guard let leaf = links[0].parsed else { return nil }
        var verifier = Verifier(rootCertificates: CertificateStore(anchors.compactMap(\.parsed))) {
            if let moment {
                RFC5280Policy(fixedExpiryValidationTime: Date(timeIntervalSince1970: Double(moment.secondsSinceEpoch)))
            } else {
                RFC5280Policy.withValidityCheckDisabled()
            }
            JudgedApart()
        }
        let others = CertificateStore(links.dropFirst().compactMap(\.parsed))
        guard case .validCertificate(let chain) = await verifier.validate(leaf: leaf, intermediates: others) else {
            return nil
        }
        let known = links + anchors
        return chain.compactMap { certificate in known.first { $0.parsed == certificate }?.facts }
    }

    private func addDates(_ judgement: inout ChainJudgement) {
        for certificate in judgement.chain {
            if certificate.notAfter < now { judgement.problems.append(.expired(certificate)) }
            if certificate.notBefore > now { judgement.problems.append(.notYetValid(certificate)) }
        }
    }

    /// A root's signature is nobody's business: it is trusted for being known.
    private func addStrength(_ judgement: inout ChainJudgement) {
        for certificate in judgement.chain {
            if certificate.key.isWeak { judgement.problems.append(.weakKey(certificate)) }
            if certificate.signature.isWeak, !certificate.isSelfIssued, !roots.contains(certificate) {
                judgement.problems.append(.weakSignature(certificate))
            }
        }
    }
}

/// Where there is no good chain: goes from the server's certificate towards a root as far as it gets, to see what is
/// missing.
extension ChainJudge {
    private func follow(_ links: [Link], _ anchors: [Link]) -> ChainJudgement {
        var path = [links[0]]
        while path.count < TLSLimits.chainLength {
            let tip = path[path.count - 1]
            if roots.contains(tip.facts) { return arrived(path) }
            if tip.facts.isSelfIssued {
                let problem: ChainProblem =
                    path.count == 1
                    ? .selfSigned(tip.facts) : .untrustedRoot(tip.facts, root: tip.facts.shortName)
                return ChainJudgement(chain: path.map(\.facts), problems: [problem])
            }
            let named = (anchors + links).filter { candidate in
                candidate.facts.subjectBytes == tip.facts.issuerBytes && !path.contains { $0.facts == candidate.facts }
            }
            guard let issuer = named.first(where: { signed(tip, by: $0) }) else {
                return stopped(path, hasNamesake: !named.isEmpty)
            }
            path.append(issuer)
        }
        return ChainJudgement(chain: path.map(\.facts), problems: [.forbidden(path[0].facts)])
    }

    /// Where a key is too weak to be checked, the name has to do: the weak key is what is reported.
    private func signed(_ link: Link, by issuer: Link) -> Bool {
        guard let certificate = link.parsed, let authority = issuer.parsed else { return true }
        return authority.publicKey.isValidSignature(certificate.signature, for: certificate)
    }

    /// The way leads to a trusted root, and the verifier does not go it: by which rule?
    private func arrived(_ path: [Link]) -> ChainJudgement {
        var judgement = ChainJudgement(chain: path.map(\.facts))
        // A weak key or signature is found by itself, and reason enough.
        if path.contains(where: { $0.facts.key.isWeak || ($0.facts.signature.isWeak && $0.parsed == nil) }) {
            return judgement
        }
        if let link = path.first(where: { $0.parsed == nil || hasUnknownDemands($0) }) {
            judgement.problems.append(.notUnderstood(link.facts))
        } else if let issuer = path.dropFirst().first(where: { !$0.facts.isAuthority }) {
            judgement.problems.append(.notAnAuthority(issuer.facts))
        } else if path.count == 1 {
            // Its own root, trusted as it is, though no authority: clients differ; most take it.
        } else {
            judgement.problems.append(.forbidden(path[0].facts))
        }
        return judgement
    }

    private func stopped(_ path: [Link], hasNamesake: Bool) -> ChainJudgement {
        let tip = path[path.count - 1].facts
        let problem: ChainProblem =
            if hasNamesake {
                .wrongIssuer(of: tip)
            } else if path.count == 1 {
                .missingIntermediate(of: tip)
            } else {
                .untrustedRoot(tip, root: tip.issuerShortName)
            }
        return ChainJudgement(chain: path.map(\.facts), problems: [problem])
    }

    private func hasUnknownDemands(_ link: Link) -> Bool {
        guard let certificate = link.parsed else { return true }
        let understood = JudgedApart.extensions + RFC5280Policy.withValidityCheckDisabled().verifyingCriticalExtensions
        return certificate.extensions.contains { $0.critical && !understood.contains($0.oid) }
    }
}

/// Claims the extensions that we judge ourselves, so that a certificate that marks one as critical can be followed:
/// names, what the certificate is for, and under which policies it was issued, of which we ask none.
private struct JudgedApart: VerifierPolicy {
    static let extensions: [ASN1ObjectIdentifier] = [
        .X509ExtensionID.subjectAlternativeName, .X509ExtensionID.extendedKeyUsage, [2, 5, 29, 32],
    ]

    var verifyingCriticalExtensions: [ASN1ObjectIdentifier] { Self.extensions }

    func chainMeetsPolicyRequirements(chain: UnverifiedCertificateChain) async -> PolicyEvaluationResult {
        .meetsPolicy
    }
}
