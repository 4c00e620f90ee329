/// The bounds of this module, each with what it protects.
public enum EngineLimits {
    /// Units, and runs, that must have been timed before that says how long the next will take.
    public static let paceSamples = 5
    /// Units whose pace is looked at.
    public static let paceHistory = 100
    /// Earlier measurements that an action is given.
    public static let history = 400
    /// What a call gets beyond its deadline to say itself that it came too late.
    public static let graceAfterDeadline = Duration.milliseconds(500)
    /// The longest that one attempt to send a notice may take: mail servers look through a message before they take it.
    public static let deliveryAttempt = Duration.seconds(60)
    /// Attempts to send one notice.
    public static let deliveryAttempts = 4
    /// Before the second attempt; before each later one four times as long.
    public static let deliveryBackoff = Duration.seconds(2)
    /// No attempt begins later than this after the verdict: the run must end.
    public static let deliveryTime = Duration.seconds(120)
    /// Earlier runs that are looked at for a failure to recover from, and for how long they took.
    public static let earlierRuns = 100
    /// How much before an occurrence a run may begin and still keep it.
    public static let earliness = Duration.seconds(60)
    /// How late a run may begin and still keep an occurrence, where occurrences are far apart.
    public static let lateness = Duration.seconds(3600)
    /// Between two looks at work that an earlier attempt left running.
    public static let waitWhileRunning = Duration.milliseconds(500)
    /// Longest sleep before the wall clock is looked at again: it may have been put forward or back.
    public static let longestSleep = Duration.seconds(30)
    /// Bytes of the file that holds are kept in.
    public static let holdFile = 1 << 20
    /// How often holds are looked at while an effect is under way: all is quiet within ten seconds.
    public static let holdLook = Duration.seconds(1)
    /// Looks of a check that goes on whose evidence a report shows.
    public static let soakEvidence = 40
    /// How often word of people is looked for while a step waits for it.
    public static let inboxLook = Duration.seconds(1)
    /// Bytes of one word of a person, with all that is attached.
    public static let attachedFile = 8 << 20
    /// Words of people on one run that are waiting to be read.
    public static let decisions = 1000
    /// The longest that an approval stands: a leap year, so that a year from now is within it.
    public static let standing = Duration.seconds(366 * 86_400)
    /// Approvals of one person that stand at once, and characters of the reason for one: nobody fills the journal.
    public static let standingOfPerson = 100
    public static let standingReason = 1000
    /// How often a server looks for words that are on no run.
    public static let chainLook = Duration.seconds(2)
    /// Of an event, the newest times that a schedule goes by.
    static let toldEvents = 16
    /// How long ago an event may have happened of which people tell.
    static let eventAge = Duration.seconds(366 * 86_400)
    /// Runs that asked ahead among which the one for an occurrence is looked for.
    public static let earlierAskings = 20
    /// Openings of its window that a run knows in advance.
    public static let laterOpenings = 8
}
