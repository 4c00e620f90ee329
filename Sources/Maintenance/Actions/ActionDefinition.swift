/// An action without its type: what the plan, the engine and the docs work with. A domain's list makes one of each.
public struct ActionDefinition: Sendable {
    public let declaration: Declaration
    /// What it works on.
    public let roles: [TargetRole]
    public let isChange: Bool
    private let described: @Sendable () -> [ParameterDescription]
    private let traits: @Sendable () -> Traits
    private let proposing: @Sendable () -> Proposing?
    private let configure: @Sendable (PlanValue?) throws(ValueErrors) -> ConfiguredAction
    private let decodable: @Sendable (PlanValue?, Set<String>) throws(ValueErrors) -> Void

    /// How an action would be used on a target that is there.
    public typealias Proposing = @Sendable (StepTargets, Context) async throws -> [Proposal]

    /// Facts of the type, whatever its parameters.
    private struct Traits: Sendable {
        var canRepair = false
        var canUndo = false
        var isProvenElsewhere = false
    }

    public var name: String { declaration.name }

    // Each is found out when it is asked for: a program knows all actions and uses few, and to ask whether a type conforms
    // to a protocol takes a tenth of a millisecond the first time.

    public var parameters: [ParameterDescription] { described() }
    /// It can finish what is half done.
    public var canRepair: Bool { traits().canRepair }
    /// It can be taken back.
    public var canUndo: Bool { traits().canUndo }
    /// Only the plan's `proof` sees its effect.
    public var isProvenElsewhere: Bool { traits().isProvenElsewhere }
    /// `nil` where it cannot say.
    public var propose: Proposing? { proposing() }

    public static func check<C: Check>(_ type: C.Type) -> ActionDefinition {
        ActionDefinition(type, isChange: false) { .check(ConfiguredCheck($0)) }
    }

    public static func change<C: Change>(_ type: C.Type) -> ActionDefinition {
        ActionDefinition(type, isChange: true) { .change(ConfiguredChange($0)) }
    }

    private init<A: Action>(
        _ type: A.Type, isChange: Bool, erase: @escaping @Sendable (A) -> ConfiguredAction.Work
    ) {
        declaration = type.declaration
        roles = A.Kind.roles
        self.isChange = isChange
        described = { type.parameters.map(\.description) }
        traits = {
            Traits(
                canRepair: type is any RepairableChange.Type, canUndo: type is any UndoableChange.Type,
                isProvenElsewhere: type is any ProvenElsewhere.Type)
        }
        proposing = { Self.proposing(type) }
        decodable = { value, unresolved throws(ValueErrors) in
            _ = try type.parameters.decode(
                value, of: type.declaration.name, into: type.init(), unresolved: unresolved)
        }
        configure = { value throws(ValueErrors) in
            let action = try type.parameters.decode(value, of: type.declaration.name, into: type.init())
            do throws(ValueError) { try action.validate() } catch { throw ValueErrors([error]) }
            return ConfiguredAction(
                impact: action.impact, rights: action.rights, thresholds: action.thresholds,
                measurements: action.measurements, work: erase(action))
        }
    }

    /// An action whose type is known only once a program has said what it is.
    ///
    /// - Parameters:
    ///   - configure: The action with a plan's parameters, or all that is wrong with them.
    ///   - decodable: Throws what can be said of parameters while those named still hold references.
    public init(
        _ declaration: Declaration, roles: [TargetRole], parameters: [ParameterDescription], isChange: Bool,
        canRepair: Bool = false, canUndo: Bool = false,
        configure: @escaping @Sendable (PlanValue?) throws(ValueErrors) -> ConfiguredAction,
        decodable: @escaping @Sendable (PlanValue?, Set<String>) throws(ValueErrors) -> Void
    ) {
        self.declaration = declaration
        self.roles = roles
        self.isChange = isChange
        described = { parameters }
        traits = { Traits(canRepair: canRepair, canUndo: canUndo) }
        proposing = { nil }
        self.configure = configure
        self.decodable = decodable
    }

    private static func proposing<A: Action>(_ type: A.Type) -> Proposing? {
        if let proposing = type.init() as? any ProposingAction { return proposals(of: proposing) }
        guard type.declaration.looksByItself, let check = type.init() as? any Check else { return nil }
        return proposal(of: check)
    }

    private static func proposals<A: ProposingAction>(
        of action: A
    ) -> Proposing {
        { targets, context in
            try await action.proposals(
                try await A.Kind.access(to: targets, for: .look, in: context), in: context)
        }
    }

    private static func proposal<C: Check>(
        of check: C
    ) -> Proposing {
        { targets, context in
            let access = try await C.Kind.access(to: targets, for: .look, in: context)
            return [check.proposal(from: try await check.observe(access, in: context))]
        }
    }

    /// The action with a plan's parameters, or all that is wrong with them.
    public func configured(with value: PlanValue?) throws(ValueErrors) -> ConfiguredAction { try configure(value) }

    /// What can be said of parameters while those named in `unresolved` still hold references.
    public func mistakes(in value: PlanValue?, unresolved: Set<String>) -> [ValueError] {
        do { try decodable(value, unresolved) } catch { return error.errors }
        return []
    }
}

/// An action with its parameters, ready to be used on a target.
public struct ConfiguredAction: Sendable {
    public enum Work: Sendable {
        case check(ConfiguredCheck)
        case change(ConfiguredChange)
    }

    public let impact: Impact
    public let rights: [Right]
    public let thresholds: Thresholds
    /// What it measures with these parameters; conditions of a plan are held against this before anything runs.
    public let measurements: [MeasurementDeclaration]
    public let work: Work

    public init(
        impact: Impact, rights: [Right], thresholds: Thresholds, measurements: [MeasurementDeclaration], work: Work
    ) {
        self.impact = impact
        self.rights = rights
        self.thresholds = thresholds
        self.measurements = measurements
        self.work = work
    }
}

public struct ConfiguredCheck: Sendable {
    public let observe: @Sendable (StepTargets, Context) async throws -> Observation

    public init(observe: @escaping @Sendable (StepTargets, Context) async throws -> Observation) {
        self.observe = observe
    }

    init<C: Check>(_ check: C) {
        observe = { targets, context in
            try await check.observe(try await C.Kind.access(to: targets, for: .look, in: context), in: context)
        }
    }
}

/// The baseline travels as JSON bytes: the journal keeps it without knowing its type.
public struct ConfiguredChange: Sendable {
    public typealias UnitWork = @Sendable (WorkUnit, _ baseline: [UInt8], StepTargets, Context) async throws -> Void

    public let preview: @Sendable (StepTargets, Context) async throws -> Preview
    public let prepare: @Sendable (WorkUnit, StepTargets, Context) async throws -> [UInt8]
    public let probe: @Sendable (WorkUnit, _ baseline: [UInt8], StepTargets, Context) async throws -> ChangeState
    public let apply: UnitWork
    public let repair: UnitWork?
    public let undo: UnitWork?
    /// True where only the checks that a plan gives as `proof` can see the effect.
    public let isProvenElsewhere: Bool

    public init(
        preview: @escaping @Sendable (StepTargets, Context) async throws -> Preview,
        prepare: @escaping @Sendable (WorkUnit, StepTargets, Context) async throws -> [UInt8],
        probe: @escaping @Sendable (WorkUnit, _ baseline: [UInt8], StepTargets, Context) async throws -> ChangeState,
        apply: @escaping UnitWork, repair: UnitWork?, undo: UnitWork?
    ) {
        self.preview = preview
        self.prepare = prepare
        self.probe = probe
        self.apply = apply
        self.repair = repair
        self.undo = undo
        isProvenElsewhere = false
    }

    init<C: Change>(_ change: C) {
        preview = { targets, context in
            try await change.preview(try await C.Kind.access(to: targets, for: .look, in: context), in: context)
        }
        prepare = { unit, targets, context in
            let access = try await C.Kind.access(to: targets, for: .look, in: context)
            return try encodeJSON(try await change.prepare(unit, access, in: context))
        }
        probe = { unit, baseline, targets, context in
            let access = try await C.Kind.access(to: targets, for: .look, in: context)
            return try await change.probe(
                unit, since: try decodeJSON(C.Baseline.self, baseline), access, in: context)
        }
        apply = Self.changing(C.self) { unit, baseline, access, context in
            try await change.apply(unit, since: baseline, access, in: context)
        }
        repair = (change as? any RepairableChange).map { Self.repairing($0) }
        undo = (change as? any UndoableChange).map { Self.undoing($0) }
        isProvenElsewhere = change is any ProvenElsewhere
    }

    private static func changing<C: Change>(
        _: C.Type,
        _ work: @escaping @Sendable (WorkUnit, C.Baseline, C.Kind.Access, Context) async throws -> Void
    ) -> UnitWork {
        { unit, baseline, targets, context in
            let access = try await C.Kind.access(to: targets, for: .change, in: context)
            try await work(unit, try decodeJSON(C.Baseline.self, baseline), access, context)
        }
    }

    private static func repairing<C: RepairableChange>(_ change: C) -> UnitWork {
        changing(C.self) { try await change.repair($0, since: $1, $2, in: $3) }
    }

    private static func undoing<C: UndoableChange>(_ change: C) -> UnitWork {
        changing(C.self) { try await change.undo($0, since: $1, $2, in: $3) }
    }
}
