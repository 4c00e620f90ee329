/// The bounds of this module, each with what it protects.
public enum ScheduleLimits {
    /// Characters of a schedule as a plan writes it.
    public static let text = 200
    /// Days that are searched for an occurrence: 29 February comes at least once in them, also around 2100.
    public static let searchedDays: Int64 = 366 * 9
    /// Bytes of a zone's file; the largest known has under 4 KiB.
    public static let zoneFile = 64 << 10
    /// Bytes of the list of zones.
    public static let zoneList = 1 << 20
    /// Characters of a zone's name.
    public static let zoneName = 64
    /// Offsets that RFC 9636 allows, in seconds east of Greenwich.
    static let offsets = -89_999...93_599
    /// Openings that are looked at to see whether a window overlaps itself.
    static let comparedOpenings = 40
}
