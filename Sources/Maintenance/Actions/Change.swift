/// An action that alters a target, and can always say whether the alteration is in place.
///
/// The engine works unit by unit: `prepare` gives the facts from before, which are journalled as the intent; `probe`
/// says before whether it is already so, after whether it is so, and after a crash what became of it.
public protocol Change<Kind>: Action {
    /// The facts from before, by the target's own clock.
    associatedtype Baseline: Codable & Sendable

    /// What would be done, in the target's own words, with looking rights.
    func preview(_ access: Kind.Access, in context: Context) async throws -> Preview
    func prepare(_ unit: WorkUnit, _ access: Kind.Access, in context: Context) async throws -> Baseline
    func probe(
        _ unit: WorkUnit, since baseline: Baseline, _ access: Kind.Access, in context: Context
    ) async throws -> ChangeState
    func apply(_ unit: WorkUnit, since baseline: Baseline, _ access: Kind.Access, in context: Context) async throws
}

/// A change that can finish or clear away what was left half done.
public protocol RepairableChange<Kind>: Change {
    func repair(_ unit: WorkUnit, since baseline: Baseline, _ access: Kind.Access, in context: Context) async throws
}

/// A change that can be taken back, also when it was left half done; afterwards its probe says `pending`. Taking back may
/// be repeated.
public protocol UndoableChange<Kind>: Change {
    func undo(_ unit: WorkUnit, since baseline: Baseline, _ access: Kind.Access, in context: Context) async throws
}

/// A change whose effect can only be seen by the checks that the plan gives as `proof`: nobody can know what a program
/// does. Its probe says so, and after a crash whether to do it again.
public protocol ProvenElsewhere<Kind>: Change {}

extension ProvenElsewhere {
    public func probe(
        _ unit: WorkUnit, since baseline: Baseline, _ access: Kind.Access, in context: Context
    ) async throws -> ChangeState {
        .unknown(Cause(.nobodyLooked, "It ran, and nobody looked."))
    }
}

/// The smallest piece that a change does and proves by itself: a table, a batch of rows, a handful of keys.
public struct WorkUnit: Codable, Hashable, Sendable {
    /// Unique and stable within the step.
    public let id: String
    /// What a person calls it.
    public let title: String
    /// How much it is, in the measure of the action's limit (rows, keys); 1 where units are alike.
    public let size: Double
    /// Declared time for doing and proving it; history replaces it.
    public let expected: Duration
    /// What the action needs to find the unit again.
    public let attributes: [String: String]
    /// The planned objects, where the unit is a list of them.
    public let items: [String]

    /// The attribute that says, with `true`, that running it twice is as good as once.
    public static let againAfterCrash = "again-after-crash"

    public init(
        id: String, title: String, size: Double = 1, expected: Duration, attributes: [String: String] = [:],
        items: [String] = []
    ) {
        self.id = id
        self.title = title
        self.size = size
        self.expected = expected
        self.attributes = attributes
        self.items = items
    }
}

/// What a change would do.
public struct Preview: Codable, Sendable {
    public var summary: String
    public var units: [WorkUnit]
    public var measurements: [Measurement]
    /// A `fail` or `unknown` finding keeps the change from being done.
    public var findings: [Finding]
    /// The statements or calls, for `explain`.
    public var statements: [String]
    /// What the look found the impact to be, where it is more than the parameters say.
    public var impact: Impact?

    public init(
        summary: String, units: [WorkUnit], measurements: [Measurement] = [], findings: [Finding] = [],
        statements: [String] = [], impact: Impact? = nil
    ) {
        self.summary = summary
        self.units = units
        self.measurements = measurements
        self.findings = findings
        self.statements = statements
        self.impact = impact
    }
}

/// What a probe saw of a unit.
public enum ChangeState: Codable, Hashable, Sendable {
    /// Not in place, nobody at it.
    case pending
    /// Somebody is at it: an earlier attempt of ours that the target still works on.
    case running(handle: String)
    /// In place.
    case applied(Proof)
    /// Half in place.
    case partial(String)
    /// Could not be seen.
    case unknown(Cause)
}

/// The evidence that a unit is in place.
public struct Proof: Codable, Hashable, Sendable {
    public var summary: String
    public var measurements: [Measurement]
    /// `warn` findings: in place, but something about it needs attention.
    public var findings: [Finding]

    public init(_ summary: String, measurements: [Measurement] = [], findings: [Finding] = []) {
        self.summary = summary
        self.measurements = measurements
        self.findings = findings
    }
}
