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
    /// The longest time to live that is set.
    static let timeToLive: Duration = .seconds(10 * 365 * 86_400)
    /// How much shorter a key may live because its unit began so long ago.
    static let lateness: Duration = .seconds(600)
    /// Lost memory, in percent of what the data take, about which something must be done: the ratio of 1.5.
    static let greatLossPercent = 50.0
    /// Between two looks at a change that the server makes by itself.
    static let look: Duration = .milliseconds(200)
    /// Kept of a step's time for putting a setting back.
    static let puttingBack: Duration = .seconds(5)
    /// Keys that nobody expects, after which a look for them has seen enough.
    static let foreignKeys = 1000
    /// Requests that one step makes to warm a cache.
    static let warmRequests = 100_000
}
