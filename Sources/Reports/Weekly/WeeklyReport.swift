public import Host
public import Maintenance

/// The seven days before a run: every run of the service, what changed, what is wrong, what is to do.
public struct WeeklyReport: Codable, Sendable {
    public let schemaVersion: Int
    public let template: String
    public let service: String
    public let environment: String
    /// The run that it was made for: it is told apart, for its day is not over.
    public let run: String
    public let procedure: String
    public let date: String
    public let owner: String?
    /// Whole days, without the day of the report.
    public let period: ReportPeriod
    /// Up to when the day of the report was looked at.
    public let until: Instant
    public let verdict: Verdict?
    /// Runs of the period by their verdicts; `skipped` are those without one.
    public let counts: RunDocument.Counts
    public let runs: Int
    /// Runs that ended and were read for issues, trends and changes; with those of the report's day.
    public let runsRead: Int
    /// What the report could not take in, each as a sentence.
    public let gaps: [String]
    public let procedures: [ProcedureDays]
    public let maintenance: [Maintenance]
    public let changes: [Change]
    public let trends: [Trend]
    public internal(set) var figures: [ReportFigure]
    public let issues: [Issue]
    /// Issues that are not listed.
    public let issuesLeft: Int
    public let actions: [ActionItem]
    public let actionsLeft: Int
    public internal(set) var notes: [EvidenceNote]

    /// A procedure's runs, day by day.
    public struct ProcedureDays: Codable, Sendable {
        public let procedure: String
        public let schedule: String?
        public let runs: Int
        public let counts: RunDocument.Counts
        /// How often it was due in the period, since the service's first run; absent where it has no schedule.
        public let due: Int?
        public let missed: [Instant]
        public let missedInAll: Int
        public let days: [Day]
    }

    public struct Day: Codable, Sendable {
        public let date: String
        /// The day of the report, up to the report.
        public let isToday: Bool
        /// The worst of its runs.
        public let verdict: Verdict?
        public let runs: [DayRun]
        public let runsInAll: Int
        public let due: Int?
        public let missed: Int
        /// The service had no run in the journal yet.
        public let isBeforeTheFirstRun: Bool
    }

    public struct DayRun: Codable, Sendable {
        public let run: String
        public let startedAt: Instant
        public let state: String
        public let verdict: Verdict?
        public let seconds: Double?
    }

    /// How long a run with a window took.
    public struct Maintenance: Codable, Sendable {
        public let run: String
        public let procedure: String
        public let startedAt: Instant
        public let verdict: Verdict?
        /// Absent while it runs.
        public let tookSeconds: Double?
        public let window: String
        public let windowSeconds: Double
        public let overridden: String?
        public let isThisRun: Bool
    }

    /// What a change did, over all runs.
    public struct Change: Codable, Sendable {
        public let procedure: String
        public let step: String
        public let action: String
        public let runs: Int
        public let unitsDone: Int
        public let units: Int
        public let sums: [ReportNumber]
        /// Of its last run.
        public let verdict: Verdict?
        public let seen: String
        public let note: Int?
    }

    /// A measurement through the period.
    public struct Trend: Codable, Sendable {
        public let procedure: String
        public let step: String
        public let measurement: String
        public let unit: String
        public let first: ReportNumber
        public let last: ReportNumber
        public let lowest: ReportNumber
        public let highest: ReportNumber
        public let change: String
        /// How many of all points are beyond a threshold.
        public let crossings: Int
        public let bounds: [ReportBound]
        public let points: [DailyReport.Point]
        public let pointsInAll: Int
        public let note: Int?
    }

    /// Findings of one subject and cause.
    public struct Issue: Codable, Sendable {
        public enum State: String, Codable, Sendable {
            /// In the latest run.
            case stillThere = "still there"
            /// The latest run looked, and did not find it.
            case gone
            /// The latest run did not look, or could not.
            case notKnown = "not known"
        }

        public let subject: String
        public let severity: Verdict
        public let code: String
        /// As the newest run says it.
        public let sentence: String
        public let advice: String?
        public let procedure: String
        public let step: String
        /// Runs that found it, of those that were read.
        public let seenIn: Int
        public let of: Int
        public let first: Instant
        /// The first run that was read has it already: it may be older.
        public let isAtLeast: Bool
        public let last: Instant
        public let lastRun: String
        public let state: State
        public let note: Int?
    }

    /// Something to do, by severity and age.
    public struct ActionItem: Codable, Sendable {
        /// From 1, the most pressing first.
        public let rank: Int
        public let severity: Verdict
        public let what: String
        public let subject: String
        public let because: String
        public let procedure: String
        public let step: String
        public let owner: String?
        public let since: Instant
        public let isAtLeast: Bool
        public let note: Int?
    }
}
