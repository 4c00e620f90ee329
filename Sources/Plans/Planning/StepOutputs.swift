import Maintenance

/// What a step measures, for conditions and references to it.
struct StepOutputs {
    private let units: [String: UnitOfMeasure]
    /// More names are possible than are listed.
    private let isOpen: Bool
    /// Repeated by a `for-each`: there are several, and none can be named.
    let isRepeated: Bool

    init(_ action: ActionDefinition, _ configured: ConfiguredAction?, isRepeated: Bool = false) {
        let listed = configured?.measurements ?? action.declaration.measurements
        units = Dictionary(listed.map { ($0.name, $0.unit) }) { first, _ in first }
        let listsMore = listed.map(\.name) != action.declaration.measurements.map(\.name)
        isOpen = action.declaration.hasOpenMeasurements && !listsMore
        self.isRepeated = isRepeated
    }

    /// What people fill in: the numbers among it.
    init(fields: [RunField]) {
        let measured = fields.compactMap { field in field.type.unit.map { (field.name, $0) } }
        units = Dictionary(measured) { first, _ in first }
        isOpen = false
        isRepeated = false
    }

    /// Nothing is known of it: its action is unknown, which is reported where it stands.
    init() {
        units = [:]
        isOpen = true
        isRepeated = false
    }

    func unit(of name: String) -> UnitOfMeasure? { units[name] }

    /// Why a name is none of its measurements.
    func mistake(in name: String) -> String? {
        if units[name] != nil || isOpen { return nil }
        return unknown(name, "measurement", among: Array(units.keys))
    }
}

/// The conditions and references of a step, held against what it and the steps before it measure.
struct OutputChecks {
    let id: String
    let earlier: [String: StepOutputs]
    /// Every id of the procedure, so that a later step is told from an unknown one.
    let allIDs: [String]

    /// What is wrong with the name of another step's measurement.
    func mistake(inStep step: String, measurement: String) -> String? {
        guard let outputs = earlier[step] else {
            if step == id {
                return "`\(step).\(measurement)` is of this step itself; only steps before it have measured"
            }
            if allIDs.contains(step) { return "`\(step)` comes later; only steps before this one have measured" }
            return unknown(step, "step before this one", among: Array(earlier.keys))
        }
        if outputs.isRepeated {
            return "`\(step)` is repeated by its `for-each`, so that its measurements cannot be named"
        }
        return outputs.mistake(in: measurement).map { "of `\(step)`: \($0)" }
    }

    /// What is wrong with a condition on the step's own measurements, and on those of steps before it.
    func mistakes(in condition: Condition, own: StepOutputs) -> [String] {
        var mistakes: [String] = []
        for name in condition.names where own.mistake(in: name) != nil || own.unit(of: name) == nil {
            if let (step, measurement) = Self.path(name), earlier[step] != nil {
                if let mistake = mistake(inStep: step, measurement: measurement) { mistakes.append(mistake) }
            } else if let mistake = own.mistake(in: name) {
                mistakes.append(mistake)
            }
        }
        return mistakes + condition.mistakes { own.unit(of: $0) ?? unit(of: $0) }
    }

    /// What is wrong with a condition that is asked before the step begins.
    func mistakes(inWhen condition: Condition) -> [String] {
        var mistakes: [String] = []
        for name in condition.names {
            guard let (step, measurement) = Self.path(name) else {
                mistakes.append("`\(name)` names no step; write `STEP.\(name)` with the id of a step before this one")
                continue
            }
            if let mistake = mistake(inStep: step, measurement: measurement) { mistakes.append(mistake) }
        }
        return mistakes + condition.mistakes { unit(of: $0) }
    }

    private func unit(of name: String) -> UnitOfMeasure? {
        guard let (step, measurement) = Self.path(name) else { return nil }
        return earlier[step]?.unit(of: measurement)
    }

    /// An id has no point, so the first one ends it.
    private static func path(_ name: String) -> (step: String, measurement: String)? {
        guard let point = name.firstIndex(of: ".") else { return nil }
        return (String(name[..<point]), String(name[name.index(after: point)...]))
    }
}
