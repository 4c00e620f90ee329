/// What clients will make of a served chain.
public struct ChainJudgement: Sendable {
    /// The chain that they build: the server's certificate first, a trusted root last where there is one.
    public var chain: [CertificateFacts]
    public var problems: [ChainProblem]

    public init(chain: [CertificateFacts], problems: [ChainProblem] = []) {
        self.chain = chain
        self.problems = problems
    }
}

/// One thing that keeps clients from trusting the server.
public enum ChainProblem: Hashable, Sendable {
    case expired(CertificateFacts)
    case notYetValid(CertificateFacts)
    case wrongName(wanted: ServerName, leaf: CertificateFacts)
    /// The server's own certificate is signed by itself, and nobody trusts it.
    case selfSigned(CertificateFacts)
    /// The chain ends at this certificate, whose issuer is not trusted; the name is the issuer's.
    case untrustedRoot(CertificateFacts, root: String)
    /// Only the server's own certificate came, and its issuer is not among the trusted.
    case missingIntermediate(of: CertificateFacts)
    /// A certificate of the issuer's name is there, and it did not sign this one.
    case wrongIssuer(of: CertificateFacts)
    case notAnAuthority(CertificateFacts)
    case notForServers(CertificateFacts)
    case weakKey(CertificateFacts)
    case weakSignature(CertificateFacts)
    /// The certificates fit together, and a rule (the length of the path, the names an authority may issue for)
    /// forbids this chain.
    case forbidden(CertificateFacts)
    /// A key, signature or critical extension that we cannot judge.
    case notUnderstood(CertificateFacts)
}
