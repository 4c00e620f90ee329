/// The bounds of a report; the journal holds the whole.
public enum ReportLimits {
    public static let findings = 200
    public static let evidence = 40
    /// Characters of a statement in one line.
    public static let statement = 160
    /// Characters of a sentence that a target or a plan gave.
    public static let sentence = 600
    /// Runs whose records one report reads; of more the newest are read, and the report says so.
    public static let runs = 2000
    /// Runs whose records are in memory at once.
    public static let page = 40
    /// Bodies of evidence that are in memory at once.
    public static let bodyPage = 8
    /// Earlier runs in a sparkline.
    public static let sparkline = 30
    /// Notes on where a report's numbers come from.
    public static let notes = 200
    /// Looks that one note lists.
    public static let looksPerNote = 6
    /// Findings that are shown of one check of a daily report.
    public static let findingsPerCheck = 8
    /// Different issues that are kept apart while a week is read.
    public static let distinctIssues = 5000
    /// Issues, and action items, that a report lists.
    public static let issues = 40
    /// Different measurements that are followed through a week.
    public static let series = 1000
    /// Charts of measurements in a weekly report.
    public static let trends = 8
    /// Points of one chart; of more the worst of each span is drawn.
    public static let points = 84
    /// Tables of figures in one report.
    public static let figures = 60
    /// Rows of a figure on a page; the JSON has those that the step kept.
    public static let figureRows = 40
    /// Due times that are compared with the runs of one procedure.
    public static let due = 3000
    /// Missed occurrences that are named.
    public static let missed = 12
    /// Runs of one day and procedure that are listed by their ids.
    public static let runsPerDay = 50
}
