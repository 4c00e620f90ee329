/// The bounds of this module, each with what it protects.
public enum DispatchLimits {
    /// How late an occurrence may begin where its plan does not say.
    public static let lateness = Duration.seconds(60)
    /// Occurrences of one procedure that are made up for after a gap: no herd after a long outage.
    public static let caughtUp = 100
    /// Occurrences of one procedure that wait for the one in hand.
    public static let queued = 100
    /// Rows of single occurrences after a gap; the older ones share one.
    public static let missedRows = 100
    /// Occurrences that are counted after a gap: no year of seconds is walked through.
    static let countedSlots = 20_000
    /// Identities of events that a procedure remembers, so that one that is told twice counts once.
    static let rememberedTriggers = 32
    /// Times of one fact that are kept, the earliest of them: fewer than the identities that are remembered.
    static let factTimes = 16
    /// Difference between the clocks at which the wall clock counts as set: far above what slewing does.
    public static let clockJump = Duration.seconds(5)
    /// The longest that the shell is to sleep: so soon a clock that was set is noticed.
    public static let longestSleep = Duration.seconds(30)
    /// First wait after a run that could not be begun; doubled each time.
    static let retry = Duration.seconds(5)
    static let longestRetry = Duration.seconds(300)
    /// Instants on either side that are compared to see whether a zone matters to a schedule.
    static let comparedSlots = 4
    /// Openings and freezes that are looked at for one that fits.
    static let triedOpenings = 64
}
