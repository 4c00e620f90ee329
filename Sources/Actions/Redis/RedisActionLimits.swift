/// The bounds of these actions, each with what it protects.
enum RedisActionLimits {
    /// Keys that one preview plans: their names are held in memory and in the journal.
    static let plannedKeys = 1_000_000
    /// Keys of a unit: what one intent of the journal holds.
    static let unitKeys = 10_000
    /// Keys that one script deletes: how long the server does nothing else.
    static let scriptKeys = 100
    /// Entries that the server visits for one page of a scan.
    static let scanPage = 1000
    /// Key names that are shown of a plan.
    static let sample = 10
    /// Characters of a key's name that are shown.
    static let shownName = 100
    /// Bytes of a pattern.
    static let patternBytes = 1024
}
