public import Host
public import Maintenance

/// One step of a run, with what it uses.
public struct RunStep: Codable, Hashable, Sendable {
    /// Unique in the run; of an item of a `for-each` `id[item]`, of a guard's check `id/guard/check`, of a proof's
    /// `id/proof/check`.
    public let id: String
    /// The action's name; of a step without one the word for what it is.
    public let action: String
    /// `nil` for a step that calls its action.
    public let kind: StepKind?
    public let isChange: Bool
    public let summary: String?
    public let parameters: PlanValue?
    /// What it works on: names of the run's targets, by role.
    public let targets: [String: String]
    /// What the plan says; the action's own hold only where it says nothing.
    public let thresholds: Thresholds
    public let when: String?
    /// The most that it may touch, the estate's policy included.
    public let limits: [String: Double]
    public let retry: RetryPolicy?
    public let timeoutMicroseconds: Int64?
    public let guardSteps: [RunStep]?
    /// How often its guard is looked at while it goes on; `nil` for a look between units alone.
    public let guardEveryMicroseconds: Int64?
    public let onFailure: OnFailure?
    /// The changes that are taken back with its own work when it fails, in the plan's order; `nil` for its own work alone.
    public var takesBack: [String]?
    public let proof: [RunStep]
    /// Why it is not to be done yet, in the plan's words.
    public let disabled: String?
    /// The steps that must have ended well before it begins; `nil` where the order of the plan says when that is.
    public let needs: [String]?
    /// It is run when all others are over, whatever came of them; `nil` for those others.
    public let isFinal: Bool?
    /// A check that goes on for a time; `nil` for one that looks once.
    public let soak: SoakPolicy?
    /// Who must agree before it changes anything.
    public let approval: RunApproval?

    public init(
        id: String, action: String, kind: StepKind? = nil, isChange: Bool, summary: String? = nil,
        parameters: PlanValue? = nil,
        targets: [String: String] = [:], thresholds: Thresholds = Thresholds(), when: String? = nil,
        limits: [String: Double] = [:],
        retry: RetryPolicy? = nil, timeoutMicroseconds: Int64? = nil, guardSteps: [RunStep]? = nil,
        guardEveryMicroseconds: Int64? = nil, onFailure: OnFailure? = nil, takesBack: [String]? = nil,
        proof: [RunStep] = [], disabled: String? = nil,
        needs: [String]? = nil, isFinal: Bool = false, soak: SoakPolicy? = nil, approval: RunApproval? = nil
    ) {
        self.id = id
        self.action = action
        self.kind = kind
        self.isChange = isChange
        self.summary = summary
        self.parameters = parameters
        self.targets = targets
        self.thresholds = thresholds
        self.when = when
        self.limits = limits
        self.retry = retry
        self.timeoutMicroseconds = timeoutMicroseconds
        self.guardSteps = guardSteps
        self.guardEveryMicroseconds = guardEveryMicroseconds
        self.onFailure = onFailure
        self.takesBack = takesBack
        self.proof = proof
        self.disabled = disabled
        self.needs = needs
        self.isFinal = isFinal ? true : nil
        self.soak = soak
        self.approval = approval
    }
}

extension RunStep {
    /// Only looks, and may do so beside others of its kind.
    public var isCheck: Bool { !isChange && kind == nil }

    /// The measurements of earlier steps that its parameters and its proof's refer to, as `archive.rows`.
    public var referencedMeasurements: [String] {
        var names: [String] = []
        for value in ([self] + proof).compactMap(\.parameters) {
            _ = value.mapText { text in
                for case .step(let id, let measurement) in (try? ReferenceText(text))?.references ?? [] {
                    let name = "\(id).\(measurement)"
                    if !names.contains(name) { names.append(name) }
                }
                return .text(text)
            }
        }
        return names
    }

    /// Its parameters with `${steps.archive.rows}` replaced by what `measurement` gives for `archive.rows`. References to
    /// the environment and to files stay: `References.resolve` replaces them, and is needed even where there are none,
    /// for only then is `$${` read as `${`.
    public func resolved(
        _ measurement: (_ name: String) throws(CouldNotLook) -> String
    ) throws(CouldNotLook) -> PlanValue? {
        guard let parameters else { return nil }
        return try parameters.mapText { text throws(CouldNotLook) in
            guard text.contains("${") else { return .text(text) }
            let parsed: ReferenceText
            do throws(ValueError) { parsed = try ReferenceText(text) } catch {
                throw CouldNotLook(.malformed, error.message)
            }
            var values: [Reference: String] = [:]
            for case .step(let id, let name) in parsed.references {
                values[.step(id: id, measurement: name)] = try measurement("\(id).\(name)")
            }
            return .text(parsed.replacing { values[$0] })
        }
    }

    /// Its parameters with every reference replaced, ready for the action, and the secrets among them for the masker.
    public func resolved(
        on host: Host, _ measurement: (_ name: String) throws(CouldNotLook) -> String
    ) throws(CouldNotLook) -> (parameters: PlanValue?, secrets: [Secret]) {
        guard let value = try resolved(measurement) else { return (nil, []) }
        let (resolved, secrets) = try References.resolve(value, host: host)
        return (resolved, secrets)
    }
}
