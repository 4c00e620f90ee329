/// What a check saw.
public struct Observation: Codable, Sendable {
    /// One line for a person.
    public var summary: String
    public var measurements: [Measurement]
    /// Measurements that could not be made, each with its cause: a condition on one of them is `unknown`.
    public var missing: [String: Cause]
    public var findings: [Finding]
    /// Every item that was looked at.
    public var details: [[String: JSONValue]]

    public init(
        summary: String, measurements: [Measurement] = [], missing: [String: Cause] = [:], findings: [Finding] = [],
        details: [[String: JSONValue]] = []
    ) {
        self.summary = summary
        self.measurements = measurements
        self.missing = missing
        self.findings = findings
        self.details = details
    }
}

/// How much an action can disturb the service. It belongs to the action and its parameters, never to an author's memory.
public enum Impact: String, Codable, Sendable, Comparable {
    /// Only looks.
    case observe
    /// Alters, and users do not notice.
    case online
    /// Users may notice: locks, restarts, cold caches.
    case disruptive
    /// Loses data that no archive and no undo holds.
    case destructive

    private var weight: Int {
        switch self {
        case .observe: 0
        case .online: 1
        case .disruptive: 2
        case .destructive: 3
        }
    }

    public static func < (left: Impact, right: Impact) -> Bool { left.weight < right.weight }
}

/// What an access may be used for: a look is done with looking rights only.
public enum Purpose: String, Codable, Sendable { case look, change }

/// One least right that an action needs, in the words of the target.
public struct Right: Codable, Hashable, Sendable {
    /// The target kind that grants it.
    public let kind: String
    public let purpose: Purpose
    /// The statement that grants it; `{role}` stands for who gets it.
    public let grant: String
    public let reason: String

    public init(_ kind: String, _ purpose: Purpose, _ grant: String, reason: String) {
        self.kind = kind
        self.purpose = purpose
        self.grant = grant
        self.reason = reason
    }
}
