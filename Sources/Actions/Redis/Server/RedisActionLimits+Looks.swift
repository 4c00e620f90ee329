extension RedisActionLimits {
    /// The window of a check of counters that knows of no previous run.
    static let shortWindow = Duration.seconds(5)
    /// The longest window that a step waits for.
    static let longestWindow = Duration.seconds(60)
    /// Percentage points that a hit rate may be uncertain by before it is not said.
    static let rateSpread = 5.0
    /// Entries of the slow log that are read.
    static let slowEntries = 1000
    /// Slow commands, replicas and the like that are listed.
    static let listed = 100
    /// Keys whose repeats a pass recognises: 128 MiB of hashes.
    static let distinctKeys = 12_000_000
    /// Prefixes that a pass tells apart, and branches of one of them.
    static let prefixes = 20_000
    static let prefixBranches = 200
    /// Types that a pass tells apart: modules bring their own.
    static let types = 32
    /// Names of keys without expiry that are shown.
    static let lastingSample = 20
    /// Entries that the server visits for a page of a paced pass: it holds up others for some 50 µs.
    static let pacedPage = 16
    /// The same of a pass that goes as fast as it can.
    static let unpacedPage = 500
    /// What a pass may catch up with of time that it waited too long.
    static let rush = Duration.milliseconds(20)
    /// A wait that is not worth its own trouble.
    static let shortestPause = Duration.microseconds(100)
    /// Time that a pass leaves for its end.
    static let surveyReserve = Duration.seconds(1)
    /// Tries after a lost connection, one after the other.
    static let reconnects = 20
    static let reconnectPause = Duration.milliseconds(500)
    /// Round trips before a pass, and how long they may take.
    static let idleTrips = 400
    static let idleTime = Duration.seconds(1)
    /// Between two round trips during a pass.
    static let tripPause = Duration.milliseconds(4)
    /// Round trips that decide whether a pass goes slower or faster: a second.
    static let decidingTrips = 200
    /// Decisions after which a pass rests, round trips of a rest, and how long the pass sleeps at once meanwhile.
    static let decisionsToRest = 30
    static let restTrips = 150
    static let restStep = Duration.milliseconds(20)
    /// A pass of which latencies are told.
    static let shortestWatch = Duration.milliseconds(100)
    /// Keys a second that a pass never falls below.
    static let slowestSurvey = 200
}
