/// The bounds of this module, each with what it protects: a bundle may come from anybody.
public enum EvidenceLimits {
    /// Bytes of a bundle, which is held in memory.
    public static let bundle = 512 << 20
    /// Members of a bundle.
    public static let members = 100_000
    /// Bytes of a manifest.
    public static let manifest = 32 << 20
    /// Characters of a member's name; as much as a ustar header holds.
    public static let name = 100
    /// Records of one run in a bundle.
    public static let records = 1_000_000
    /// How deep the JSON of a record may be nested.
    public static let nesting = 64
    /// Checkpoints after the run's own that a bundle carries.
    public static let laterCheckpoints = 1000
    /// Bytes of a key's file, of a mark.
    public static let smallFile = 64 << 10
    /// Runs that are read in one question.
    static let page = 50
    /// Bodies that are read in one question.
    static let bodyPage = 20
    /// Rows and checkpoints that are read in one question.
    static let listing = 1000
    /// How often a checkpoint is made anew because another was written first.
    static let attempts = 1000
    /// Ends of runs that are written together.
    static let endsTogether = 64
    /// Runs of which it is remembered that they were begun here.
    static let begun = 100_000
    /// Between two marks of the newest checkpoint.
    static let markPause = Duration.seconds(1)
    /// Problems that a check of the journal lists; more are counted.
    public static let problems = 1000
}
