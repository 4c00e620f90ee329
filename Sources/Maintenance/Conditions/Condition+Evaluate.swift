extension Condition {
    /// What a condition came to. What could not be measured is neither true nor false.
    public enum Outcome: Hashable, Sendable {
        case yes
        case no
        case unknown(Cause)
    }

    /// Kleene's three-valued logic: an unknown part decides nothing that the known parts have not decided.
    public func evaluate(_ lookup: (String) -> Result<Measurement, CouldNotLook>) -> Outcome {
        evaluate(root, lookup)
    }

    private func evaluate(_ node: Node, _ lookup: (String) -> Result<Measurement, CouldNotLook>) -> Outcome {
        switch node {
        case .not(let inner):
            switch evaluate(inner, lookup) {
            case .yes: return .no
            case .no: return .yes
            case .unknown(let cause): return .unknown(cause)
            }
        case .and(let left, let right): return joined(left, right, decisive: .no, lookup)
        case .or(let left, let right): return joined(left, right, decisive: .yes, lookup)
        case .compare(let left, let comparison, let right):
            switch (value(left, lookup), value(right, lookup)) {
            case (.failure(let error), _), (_, .failure(let error)): return .unknown(error.cause)
            case (.success(let left), .success(let right)):
                guard let (a, b) = Self.common(left, right) else {
                    return .unknown(Cause(.malformed, "`\(text)` compares two different kinds of quantity."))
                }
                // No comparison holds of what is no number: that would look like a pass.
                if a.isNaN || b.isNaN { return .unknown(Cause(.malformed, "In `\(text)` a measurement is no number.")) }
                return comparison.holds(a, b) ? .yes : .no
            }
        }
    }

    private func joined(
        _ left: Node, _ right: Node, decisive: Outcome, _ lookup: (String) -> Result<Measurement, CouldNotLook>
    ) -> Outcome {
        let first = evaluate(left, lookup)
        if first == decisive { return first }
        let second = evaluate(right, lookup)
        if second == decisive { return second }
        if case .unknown = first { return first }
        return second
    }

    private func value(
        _ operand: Operand, _ lookup: (String) -> Result<Measurement, CouldNotLook>
    ) -> Result<Value, CouldNotLook> {
        switch operand {
        case .quantity(let quantity): .success(Value(quantity: quantity, isBare: quantity.kind == .number))
        case .name(let name): lookup(name).map { Value(quantity: Quantity($0), isBare: false) }
        }
    }

    /// Both in one base unit. A bare number of the plan takes the unit of what it is compared with; a measurement without
    /// a unit takes none: 3600 is not less than `2h`, nor more.
    private static func common(_ left: Value, _ right: Value) -> (Double, Double)? {
        if left.quantity.kind == right.quantity.kind { return (left.quantity.value, right.quantity.value) }
        if right.isBare { return (left.quantity.inOwnUnit, right.quantity.value) }
        if left.isBare { return (left.quantity.value, right.quantity.inOwnUnit) }
        return nil
    }

    private struct Value {
        let quantity: Quantity
        /// A number that stands in the condition without a unit.
        let isBare: Bool
    }

    /// Why the condition is wrong for these measurements, before anything runs: a name that nothing measures, or two
    /// kinds of quantity that cannot be compared.
    public func mistakes(_ declared: (String) -> UnitOfMeasure?) -> [String] {
        var result: [String] = []
        /// `nil` where anything goes: a name that is not declared, or a bare number of the plan.
        func kind(_ operand: Operand) -> Quantity.Kind? {
            switch operand {
            case .quantity(let quantity): quantity.kind == .number ? nil : quantity.kind
            case .name(let name): declared(name).map { Quantity(Measurement(name, 0, $0)).kind }
            }
        }
        func visit(_ node: Node) {
            switch node {
            case .or(let left, let right), .and(let left, let right):
                visit(left)
                visit(right)
            case .not(let inner): visit(inner)
            case .compare(let left, let comparison, let right):
                guard let a = kind(left), let b = kind(right), a != b else { return }
                result.append("`\(comparison.rawValue)` compares a \(a.rawValue) with a \(b.rawValue)")
            }
        }
        visit(root)
        return result
    }
}

extension Quantity {
    init(_ measurement: Measurement) {
        let base = measurement.unit.base
        let kind: Kind =
            switch base.dimension {
            case .count: .number
            case .share: .share
            case .time: .time
            case .bytes: .bytes
            case .growth: .growth
            case .relativeGrowth: .relativeGrowth
            case .moment: .moment
            }
        self.init(measurement.value, kind: kind, factor: base.factor)
    }
}

extension Condition.Comparison {
    func holds(_ left: Double, _ right: Double) -> Bool {
        switch self {
        case .atLeast: left >= right
        case .atMost: left <= right
        case .equal: left == right
        case .different: left != right
        case .more: left > right
        case .less: left < right
        }
    }
}
