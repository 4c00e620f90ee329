public import Host
public import Maintenance

/// The checks of one run on one screen, against the run of the day before.
public struct DailyReport: Codable, Sendable {
    public let schemaVersion: Int
    public let template: String
    public let service: String
    public let environment: String
    public let procedure: String
    public let run: String
    /// The day of the run in the plan's zone.
    public let date: String
    public let timezone: String
    /// `running`, `interrupted` (its process is gone), or `ended`.
    public let state: String
    public let verdict: Verdict?
    /// Every step is in one of these: they add up to `steps`.
    public let counts: RunDocument.Counts
    public let steps: Int
    public let owner: String?
    public let requestedBy: String
    public let startedAt: Instant
    public let endedAt: Instant?
    public let before: Before?
    /// Which run it is compared with, or why with none.
    public let comparison: String
    public let checks: [Check]
    public internal(set) var figures: [ReportFigure]
    public internal(set) var notes: [EvidenceNote]
    /// Earlier runs that could not be read.
    public let unread: [String]

    /// The run that it is compared with.
    public struct Before: Codable, Sendable {
        public let run: String
        public let startedAt: Instant
        public let verdict: Verdict?
        public let counts: RunDocument.Counts
        /// It is of the day right before.
        public let isYesterday: Bool
    }

    public struct Check: Codable, Sendable {
        public let id: String
        public let action: String
        public let purpose: String?
        public let isChange: Bool
        public let state: String
        public let verdict: Verdict?
        public let seen: String
        public let cause: Cause?
        public let findings: [Finding]
        /// Findings that are not listed here.
        public let findingsLeft: Int
        public let measured: ReportNumber?
        public let thresholds: Thresholds
        public let bounds: [ReportBound]
        public let others: [ReportNumber]
        /// `+0.4 points`; absent where one of the two is not known.
        public let change: String?
        public let before: Earlier?
        public let history: [Point]
        public let tookSeconds: Double?
        public let note: Int?
    }

    /// What the run before said of a check.
    public struct Earlier: Codable, Sendable {
        public let verdict: Verdict?
        public let seen: String
        public let measured: ReportNumber?
    }

    /// A measurement of an earlier run; without a value it was not known then.
    public struct Point: Codable, Sendable {
        public let run: String
        public let at: Instant
        public let value: Double?
        public let verdict: Verdict?
    }
}

extension DailyReport.Check {
    /// What is to do, and why: its findings, else its own cause.
    var problems: [Finding] {
        guard let verdict, verdict != .pass else { return findings }
        guard let cause, !findings.contains(where: { $0.cause == cause }) else { return findings }
        return [Finding(id, verdict, cause)] + findings
    }
}
