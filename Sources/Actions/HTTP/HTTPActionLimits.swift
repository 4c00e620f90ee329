/// The bounds of this module, each with what it protects.
public enum HTTPActionLimits {
    /// Values that one step may read and compute.
    public static let values = 100
    /// Characters of a computed value's formula.
    public static let formulaLength = 500
    /// Depth of a formula's parentheses.
    public static let formulaDepth = 32
}
