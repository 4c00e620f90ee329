/// One comparison of a measurement with a number, as a chart draws it.
public struct ConditionBound: Hashable, Sendable {
    /// `>=`, `<`.
    public let sign: String
    /// In the measurement's own unit.
    public let value: Double
}

extension Condition {
    /// The numbers that a measurement is compared with, in its unit. Those under a `not` say something else and are
    /// left out, as is a comparison of two measurements.
    public func bounds(on name: String, in unit: UnitOfMeasure) -> [ConditionBound] {
        var bounds: [ConditionBound] = []
        func note(_ comparison: Comparison, _ quantity: Quantity) {
            let own = Quantity(Measurement(name, 1, unit))
            let isBare = quantity.kind == .number
            guard isBare || quantity.kind == own.kind, own.value > 0 else { return }
            let value = isBare ? quantity.value : quantity.value / own.value
            // 0.15 of 1 in percent is 15, whatever binary fractions make of it.
            let bound = ConditionBound(sign: comparison.rawValue, value: (value * 1e9).rounded() / 1e9)
            if !bounds.contains(bound) { bounds.append(bound) }
        }
        func visit(_ node: Node) {
            switch node {
            case .or(let left, let right), .and(let left, let right):
                visit(left)
                visit(right)
            case .not: break
            case .compare(.name(name), let comparison, .quantity(let quantity)): note(comparison, quantity)
            case .compare(.quantity(let quantity), let comparison, .name(name)): note(comparison.mirrored, quantity)
            case .compare: break
            }
        }
        visit(root)
        return bounds
    }
}

extension Condition.Comparison {
    /// The same with its sides exchanged.
    fileprivate var mirrored: Condition.Comparison {
        switch self {
        case .atLeast: .atMost
        case .atMost: .atLeast
        case .more: .less
        case .less: .more
        case .equal, .different: self
        }
    }
}
