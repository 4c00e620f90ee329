/// Something that a step of a plan can do to a target: a check or a change.
///
/// An action is a value whose properties are its parameters. `init()` gives each its default.
public protocol Action: Sendable {
    associatedtype Kind: TargetRequirement

    static var declaration: Declaration { get }
    static var parameters: [Parameter<Self>] { get }
    init()

    /// How much it can disturb with these parameters.
    var impact: Impact { get }
    /// The least rights that it needs with these parameters.
    var rights: [Right] { get }
    /// Thresholds that these parameters bring besides the declared ones.
    var thresholds: Thresholds { get }
    /// What it measures with these parameters: an action whose parameters name its measurements lists them here.
    var measurements: [MeasurementDeclaration] { get }
    /// What is wrong with the parameters taken together, beyond each one's type.
    func validate() throws(ValueError)
}

extension Action {
    public var rights: [Right] { [] }
    public var thresholds: Thresholds { Self.declaration.thresholds }
    public var measurements: [MeasurementDeclaration] { Self.declaration.measurements }
    public func validate() throws(ValueError) {}
}

/// What an action says of itself, whatever its parameters.
public struct Declaration: Sendable {
    /// `domain.verb-or-noun`, as a plan writes it.
    public let name: String
    public let summary: String
    public let measurements: [MeasurementDeclaration]
    /// The conditions that hold where a plan gives none.
    public let thresholds: Thresholds
    /// Longest time that one call may take where a plan gives none.
    public let timeout: Duration
    /// Where it applies, and what replaces it elsewhere.
    public let applies: String
    /// The parameters of an example that a test decodes and validates, as a plan writes them.
    public let example: String
    /// True where `look` may run it on a live target with its defaults.
    public let looksByItself: Bool
    /// True where the names of its measurements come from its parameters or from what it reads.
    public let hasOpenMeasurements: Bool
    /// The names that a plan's `limit` may bound: the measures of a unit's size, such as `rows`.
    public let limits: [String]

    public init(
        name: String, summary: String, measurements: [MeasurementDeclaration] = [],
        thresholds: Thresholds = Thresholds(), timeout: Duration = .seconds(30), applies: String, example: String = "",
        looksByItself: Bool = false, hasOpenMeasurements: Bool = false, limits: [String] = []
    ) {
        self.name = name
        self.summary = summary
        self.measurements = measurements
        self.thresholds = thresholds
        self.timeout = timeout
        self.applies = applies
        self.example = example
        self.looksByItself = looksByItself
        self.hasOpenMeasurements = hasOpenMeasurements
        self.limits = limits
    }
}

/// The conditions on measurements that make a verdict `warn` or `fail`, as a plan writes them.
public struct Thresholds: Codable, Hashable, Sendable {
    public let warn: String?
    public let fail: String?

    public init(warn: String? = nil, fail: String? = nil) {
        self.warn = warn
        self.fail = fail
    }
}

/// An action that only looks, and judges what it sees.
public protocol Check<Kind>: Action {
    func observe(_ access: Kind.Access, in context: Context) async throws -> Observation
}

extension Check {
    public var impact: Impact { .observe }
}
