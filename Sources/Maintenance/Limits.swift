/// The bounds of this module, each with what it protects.
public enum Limits {
    /// Characters of an answer that are kept beside its digest.
    public static let evidenceExcerpt = 512
    /// Characters of a statement that are kept.
    public static let evidenceStatement = 4000
    /// Entries of evidence a step may keep; a change of ten thousand units stays readable.
    public static let evidencePerStep = 2000
    /// Depth of a condition's nesting.
    public static let conditionDepth = 32
    /// Characters of a condition.
    public static let conditionLength = 2000
    /// Findings that are kept of one step; more are counted in the last one.
    public static let findingsPerStep = 1000
    /// Bytes of the shortest secret that is masked: shorter ones would hide ordinary text.
    public static let shortestMaskedSecret = 4
    /// Items that are kept in a step's details.
    public static let detailsPerStep = 5000
}
