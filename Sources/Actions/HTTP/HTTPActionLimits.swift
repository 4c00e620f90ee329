/// The bounds of this module, each with what it protects.
public enum HTTPActionLimits {
    /// Depth of a JSON document: each level costs stack.
    public static let documentDepth = 64
    /// Values in a JSON document: a small body can hold very many.
    public static let documentValues = 200_000
    /// Values that one step may read and compute.
    public static let values = 100
    /// Characters of a computed value's formula.
    public static let formulaLength = 500
    /// Depth of a formula's parentheses.
    public static let formulaDepth = 32
    /// How far a document's time may lie ahead of ours: clocks differ.
    public static let clockDifference: Duration = .seconds(300)
}
