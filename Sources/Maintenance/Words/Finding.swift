public import Host

/// One thing that was seen and is not as it should be, or could not be seen.
public struct Finding: Codable, Hashable, Sendable {
    /// What it is about: a table, a certificate, a mount.
    public let subject: String
    /// `warn`, `fail` or `unknown`; a `pass` is no finding.
    public let severity: Verdict
    public let cause: Cause
    /// What a person would do about it.
    public let advice: String?
    public let attributes: [String: JSONValue]

    public init(
        _ subject: String, _ severity: Verdict, _ cause: Cause, advice: String? = nil,
        attributes: [String: JSONValue] = [:]
    ) {
        self.subject = subject
        self.severity = severity
        self.cause = cause
        self.advice = advice
        self.attributes = attributes
    }
}

extension [Finding] {
    /// At most `limit`, the most severe first to stay; the last one then says how many more there were.
    public func limited(to limit: Int = Limits.findingsPerStep) -> [Finding] {
        guard count > limit else { return self }
        let ranked = Verdict.bySeverity.flatMap { severity in filter { $0.severity == severity } }
        let left = ranked.dropFirst(limit - 1)
        guard let next = left.first else { return ranked }
        return ranked.prefix(limit - 1) + [
            Finding(
                "\(left.count) more", next.severity, Cause(.tooLarge, "\(left.count) more findings are not listed."))
        ]
    }
}

/// What was seen, by which query or call, when.
public struct Evidence: Codable, Hashable, Sendable {
    /// The identity of the target that answered.
    public let source: String
    /// The query, command or request, without secrets.
    public let statement: String
    public let observedAt: Instant
    /// SHA-256 of the answer's bytes, in hex.
    public let digest: String
    /// The answer's beginning, for people; the digest covers the whole.
    public let excerpt: String

    public init(source: String, statement: String, observedAt: Instant, digest: String, excerpt: String) {
        self.source = source
        self.statement = statement
        self.observedAt = observedAt
        self.digest = digest
        self.excerpt = excerpt
    }
}
