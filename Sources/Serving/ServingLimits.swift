/// The bounds of this module, each with what it protects.
public enum ServingLimits {
    /// Entries of the dispatcher after which the journal gets a picture of where everything stands: what is read at a start
    /// stays bounded.
    static let entriesBetweenPictures = 2000
    /// Entries of one record, and procedures of one part of a picture: each is far smaller than a record may be.
    static let entriesOfARecord = 5000
    /// How often the folder of plans and the holds are looked at.
    static let look = Duration.seconds(2)
    /// How often what procedures hang on is looked up, besides at each end of a run.
    static let facts = Duration.seconds(60)
    /// How late an occurrence of a fact may begin where its plan does not say: the time of a fact seldom lies in a window.
    static let factLateness = Duration.seconds(7 * 86_400)
    /// A fact is too old when its step did not see it at so many of its occurrences, but not before the shortest time.
    static let unseenOccurrences = 3
    static let shortestFactAge = Duration.seconds(2 * 86_400)
    /// When a fact is too old whose step has no schedule.
    static let longestFactAge = Duration.seconds(35 * 86_400)
    /// Runs of a procedure that are looked through for one that passed, and runs of all that are remembered.
    static let agreedRuns = 100
    static let knownRuns = 10_000
    /// Plans of a folder.
    static let plans = 20_000
    /// So long before it is due what begins is decided and made durable: the disk takes its time before, not after.
    static let ahead = Duration.milliseconds(250)
    /// The file of compiled plans: far more than thousands of plans make.
    static let compiledPlans = 512 << 20
    /// First wait after the journal could not be written; doubled each time, up to the longest.
    static let retry = Duration.milliseconds(500)
    static let longestRetry = Duration.seconds(30)
    /// How long a stop waits for the runs in hand to reach a safe point.
    static let graceful = Duration.seconds(60)
    /// How often a stop asks the runs in hand.
    static let askAgain = Duration.seconds(1)
    /// Runs that a node takes at one look: what is left at once is shared.
    static let runsAtOnce = 4
    /// So long a node waits before it takes more, for each run that it has in hand, up to the longest: others have less.
    static let modesty = Duration.milliseconds(5)
    static let longestModesty = Duration.milliseconds(20)
    /// Attempts of a node at a run whose journal fails, before it is left to another.
    static let attemptsOfANode = 5
    /// At most so often the scheduler tells what it knows of itself.
    static let publish = Duration.seconds(1)
}
