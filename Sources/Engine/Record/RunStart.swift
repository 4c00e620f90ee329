public import Host
public import Maintenance
public import Plans

/// Everything that a run is bound to from its first moment.
public struct RunStart: Codable, Sendable {
    public var plan: RunPlan
    /// What the engine needs to know of each step's action, so that a later version replays the run alike.
    public var profiles: [String: StepProfile]
    /// The planned instant; of a manual run, when it was asked for.
    public var nominal: Instant
    public var owner: ProcessIdentity
    public var requestedBy: String
    public var windowCloses: Instant?
    /// From then on nothing is begun; the window's end where nothing is said.
    public var windowLastBegin: Instant?
    /// When the window opens again, for a run that waits for it: the next few, as they were known at its beginning.
    public var laterOpenings: [RunOpening]?
    /// It looks, previews and changes nothing.
    public var observeOnly: Bool?
    /// Why the window was set aside, in the words of who did it.
    public var windowOverride: String?
    /// Who the targets are: host, port, database, user.
    public var identities: [String: String]
    /// What a change of the targets works on, whoever the user is.
    public var places: [String: String]?
    /// The first step to run, where a person chose one.
    public var from: String?
    /// The run that had failed or could not be known, where none passed since.
    public var recoversFrom: String?
    /// Whoever began it left it to the nodes: the first that takes it is its beginning and no recovery.
    public var isLeft: Bool?

    public init(
        plan: RunPlan, profiles: [String: StepProfile], nominal: Instant, owner: ProcessIdentity, requestedBy: String,
        identities: [String: String] = [:], places: [String: String]? = nil, windowCloses: Instant? = nil,
        windowLastBegin: Instant? = nil,
        laterOpenings: [RunOpening]? = nil,
        windowOverride: String? = nil, from: String? = nil, recoversFrom: String? = nil, observeOnly: Bool = false
    ) {
        self.plan = plan
        self.profiles = profiles
        self.nominal = nominal
        self.owner = owner
        self.requestedBy = requestedBy
        self.identities = identities
        self.places = places
        self.windowCloses = windowCloses
        self.windowLastBegin = windowLastBegin
        self.laterOpenings = laterOpenings
        self.windowOverride = windowOverride
        self.from = from
        self.recoversFrom = recoversFrom
        self.observeOnly = observeOnly ? true : nil
    }

    /// It does all that the procedure says: not a part that a person chose, and not looking alone where something is to be
    /// changed.
    public var isWhole: Bool {
        from == nil && !(observeOnly == true && plan.steps.contains { $0.isChange && $0.disabled == nil })
    }
}

/// A time in which a run may work on, when it waited for its window.
public struct RunOpening: Codable, Hashable, Sendable {
    public let opens: Instant
    public let closes: Instant
    public let lastBegin: Instant

    public init(opens: Instant, closes: Instant, lastBegin: Instant) {
        self.opens = opens
        self.closes = closes
        self.lastBegin = lastBegin
    }
}

/// What the engine knows of a step's action without the action.
public struct StepProfile: Codable, Sendable {
    /// The plan's thresholds, else the action's.
    public var thresholds: Thresholds
    /// How the measurements of units become the step's.
    public var aggregates: [String: String]
    /// The units of measure of those that are summed: a sum over no unit is 0.
    public var sums: [String: UnitOfMeasure]
    public var impact: Impact
    /// Longest time of one call.
    public var timeoutMicroseconds: Int64
    /// Its effect can only be seen by the checks given as `proof`.
    public var isProvenElsewhere: Bool
    public var canRepair: Bool
    public var canUndo: Bool

    public var timeout: Duration { .microseconds(timeoutMicroseconds) }
}

extension StepProfile {
    /// The profile of a plan's step, from the catalogue.
    public init(_ step: RunStep, _ definition: ActionDefinition) {
        let declaration = definition.declaration
        let configured = try? definition.configured(with: step.parameters)
        let fallback = configured?.thresholds ?? declaration.thresholds
        thresholds = Thresholds(
            warn: step.thresholds.warn ?? fallback.warn, fail: step.thresholds.fail ?? fallback.fail)
        let measurements = configured?.measurements ?? declaration.measurements
        aggregates = Dictionary(measurements.map { ($0.name, $0.aggregate.rawValue) }) { first, _ in first }
        sums = Dictionary(
            measurements.filter { definition.isChange && $0.aggregate == .sum }.map { ($0.name, $0.unit) }
        ) { first, _ in first }
        impact = configured?.impact ?? (definition.isChange ? .disruptive : .observe)
        timeoutMicroseconds = step.timeoutMicroseconds ?? declaration.timeout.microseconds
        isProvenElsewhere = definition.isProvenElsewhere
        canRepair = definition.canRepair
        canUndo = definition.canUndo
    }
}

extension RunStart {
    /// Binds a plan's procedure to the actions and targets that this program knows.
    public static func make(
        _ plan: RunPlan, catalogue: Catalogue, host: Host, nominal: Instant, owner: ProcessIdentity,
        requestedBy: String, opening: RunOpening? = nil, laterOpenings: [RunOpening]? = nil,
        windowOverride: String? = nil, from: String? = nil, recoversFrom: String? = nil, observeOnly: Bool = false
    ) -> RunStart {
        let catalogue = catalogue.adding(plan.programs ?? [])
        var profiles: [String: StepProfile] = [:]
        for step in plan.steps.flatMap({ [$0] + $0.proof + ($0.guardSteps ?? []) }) {
            guard let definition = catalogue.actions[step.action] else { continue }
            profiles[step.id] = StepProfile(step, definition)
        }
        let registry = TargetRegistry(plan.targets, catalogue: catalogue, host: host)
        let identities = plan.targets.keys.compactMap { name in registry.identity(name).map { (name, $0) } }
        let places = plan.targets.keys.compactMap { name in registry.place(name).map { (name, $0) } }
        return RunStart(
            plan: plan, profiles: profiles, nominal: nominal, owner: owner, requestedBy: requestedBy,
            identities: Dictionary(identities) { first, _ in first },
            places: Dictionary(places) { first, _ in first }, windowCloses: opening?.closes,
            windowLastBegin: opening?.lastBegin, laterOpenings: laterOpenings, windowOverride: windowOverride,
            from: from, recoversFrom: recoversFrom,
            observeOnly: observeOnly)
    }
}
