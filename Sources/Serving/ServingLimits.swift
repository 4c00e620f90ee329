/// The bounds of this module, each with what it protects.
public enum ServingLimits {
    /// Entries of the dispatcher after which the journal gets a picture of where everything stands: what is read at a start
    /// stays bounded.
    static let entriesBetweenPictures = 2000
    /// Entries of one record, and procedures of one part of a picture: each is far smaller than a record may be.
    static let entriesOfARecord = 5000
    /// How often the folder of plans and the holds are looked at.
    static let look = Duration.seconds(2)
    /// Plans of a folder.
    static let plans = 20_000
    /// First wait after the journal could not be written; doubled each time, up to the longest.
    static let retry = Duration.milliseconds(500)
    static let longestRetry = Duration.seconds(30)
    /// How long a stop waits for the runs in hand to reach a safe point.
    static let graceful = Duration.seconds(60)
    /// How often a stop asks the runs in hand.
    static let askAgain = Duration.seconds(1)
    /// At most so often the scheduler tells what it knows of itself.
    static let publish = Duration.seconds(1)
}
