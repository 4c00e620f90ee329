/// The bounds of this module, each with what it protects.
public enum ScheduleLimits {
    /// Characters of a schedule as a plan writes it.
    public static let text = 200
    /// Characters of an RRULE with its DTSTART, EXDATE and RDATE.
    public static let recurrence = 4000
    /// The largest COUNT: so many times are walked over when a rule is read.
    public static let countedOccurrences = 100_000
    /// The largest INTERVAL.
    static let interval = 1_000_000_000
    /// Bytes of a calendar file.
    public static let calendarFile = 4 << 20
    /// Bytes of one of its lines, put together from its parts.
    static let calendarLine = 64 << 10
    /// Components within components of a calendar file.
    static let calendarDepth = 8
    /// Events of a calendar file.
    static let calendarEvents = 20_000
    /// Days that the events of a calendar file may have in all, one after the other.
    static let calendarDays = 1_000_000
    /// The years in which occurrences are searched: the portable range of the Open Cron Pattern Specification.
    public static let years: ClosedRange<Int64> = 1970...2199
    /// The first day of these years and the last, as numbers since the epoch.
    static let days: ClosedRange<Int64> = 0...84_005
    /// Seconds since the epoch between which zones list the changes of their clocks.
    static let firstInstant: Int64 = 0
    static let lastInstant: Int64 = 84_008 * 86_400
    /// Times by the clock that plain words may stand for on one day: every minute.
    static let timesOfDay = 1440
    /// Days and weeks that plain words may count from a day.
    static let offsetDays = 100
    /// The most of a unit that a time may lie before or after another.
    static let offset = 10_000
    /// Occurrences that are looked at to see whether a procedure would still run at its next.
    static let comparedOccurrences = 500
    /// Days that may lie between two workdays.
    static let idleDays = 40
    /// Occurrences that exceptions may take out in a row before the search gives up: no schedule is to spin.
    static let skippedOccurrences = 100_000
    /// Bytes of a zone's file; the largest known has under 4 KiB.
    public static let zoneFile = 64 << 10
    /// Bytes of the list of zones.
    public static let zoneList = 1 << 20
    /// Characters of a zone's name.
    public static let zoneName = 64
    /// Offsets that RFC 9636 allows, in seconds east of Greenwich.
    static let offsets = -89_999...93_599
    /// Openings in a row that freezes may close before the search for the next gives up.
    static let frozenOpenings = 1000
    /// Openings that are looked at to see whether a window overlaps itself.
    static let comparedOpenings = 40
}
