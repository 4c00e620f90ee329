/// The bounds of this module, each with what it protects.
public enum PlanLimits {
    /// Bytes of a plan or an estate.
    public static let fileSize = 1 << 20
    /// What runs saw is kept so long at least: a slip of the pen must not cost it.
    public static let shortestRetention = Duration.seconds(86_400)
    /// Values of a document, with its aliases expanded: a YAML bomb ends here.
    public static let nodes = 50_000
    /// Depth of a document's nesting.
    public static let nesting = 32
    /// Items of a `for-each`.
    public static let forEach = 100
    /// Steps of a procedure, with its `for-each` expanded.
    public static let steps = 500
    /// Attempts of one `retry`.
    public static let retries = 100
    /// Looks of a check that goes on for some time, or of a wait at its guard: each is recorded.
    public static let soakLooks = 20_000
    /// How often a guard is looked at while a step goes on that does not say it.
    public static let guardEvery = Duration.seconds(30)
    /// Characters of a name.
    public static let nameLength = 63
    /// Mistakes that are reported at once; a person stops reading long before.
    public static let mistakes = 200
    /// Occurrences that are looked at for two that people would be asked about at once, and for the one that they are asked
    /// about: the next but for clock changes.
    public static let askedAhead = 20
    /// Names that a message lists.
    public static let namesInMessage = 20
    /// Bytes of a file that `${file:…}` names: a secret, never a data set.
    public static let referencedFile = 64 << 10
    /// References in one text.
    public static let references = 100
}
