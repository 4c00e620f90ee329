/// The bounds of a report; the journal holds the whole.
public enum ReportLimits {
    public static let findings = 200
    public static let evidence = 40
    /// Characters of a statement in one line.
    public static let statement = 160
}
