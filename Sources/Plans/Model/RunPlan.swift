public import Maintenance
public import Schedules

/// What a run carries: one procedure with everything that it uses, so that a later edit of the plan changes nothing.
///
/// Inputs and `${each}` are put in. References that only the run can resolve, `${env:…}`, `${file:…}` and `${steps.…}`,
/// still stand in it, so that it holds no secret.
public struct RunPlan: Codable, Hashable, Sendable {
    public let service: String
    public let environment: String
    public let procedure: String
    public let summary: String?
    public let owner: String?
    public let timezone: String
    /// SHA-256 of the plan's and the estate's bytes.
    public let planDigest: String
    public let window: RunWindow?
    public let inputs: [String: PlanValue]
    /// The targets that its steps use, by name.
    public let targets: [String: RunTarget]
    public let steps: [RunStep]
    public let reports: [RunReport]
    /// `nil` where nobody is told.
    public let notices: RunNotices?
    /// When each procedure of the plan is due, for a report on all of the service; `nil` where the procedure has none.
    public let schedules: [String: String]?
    /// The programs that are actions of its steps; `nil` where there are none.
    public let programs: [ActionProgram]?
    /// What it asks people about, of a run that does no more than that.
    public let asks: RunAsking?
    /// From where its targets can be reached, as the plan says; nodes of that place work on it.
    public let reachedFrom: String?

    /// The place where nothing is said.
    public static let anyPlace = "default"

    /// The place whose nodes work on it.
    public var place: String { reachedFrom ?? Self.anyPlace }

    public init(
        service: String, environment: String, procedure: String, summary: String? = nil, owner: String? = nil,
        timezone: String = "UTC", planDigest: String = "", window: RunWindow? = nil, inputs: [String: PlanValue] = [:],
        targets: [String: RunTarget] = [:], steps: [RunStep], reports: [RunReport] = [], notices: RunNotices? = nil,
        schedules: [String: String]? = nil, programs: [ActionProgram]? = nil, asks: RunAsking? = nil,
        reachedFrom: String? = nil
    ) {
        self.service = service
        self.environment = environment
        self.procedure = procedure
        self.summary = summary
        self.owner = owner
        self.timezone = timezone
        self.planDigest = planDigest
        self.window = window
        self.inputs = inputs
        self.targets = targets
        self.steps = steps
        self.reports = reports
        self.notices = notices
        self.schedules = schedules
        self.programs = programs
        self.asks = asks
        self.reachedFrom = reachedFrom
    }
}

/// The window that a run obeys.
public struct RunWindow: Codable, Hashable, Sendable {
    public let name: String
    /// The schedule by which it opens, as the plan writes it.
    public let opens: String
    public let lastsMicroseconds: Int64
    /// The run begins when the window opens, rather than by a schedule of its own.
    public let beginsRun: Bool
    /// What becomes of the work when the window closes; it is finished where nothing is said.
    public let end: WindowEnd?

    public init(
        name: String, opens: String, lastsMicroseconds: Int64, beginsRun: Bool = false, end: WindowEnd? = nil
    ) {
        self.name = name
        self.opens = opens
        self.lastsMicroseconds = lastsMicroseconds
        self.beginsRun = beginsRun
        self.end = end
    }

    public var lasts: Duration { .microseconds(lastsMicroseconds) }
}

/// A target as the plan writes it, references unresolved.
public struct RunTarget: Codable, Hashable, Sendable {
    public let kind: String
    public let settings: PlanValue

    public init(kind: String, settings: PlanValue) {
        self.kind = kind
        self.settings = settings
    }
}

/// A report to write when the run has ended.
public struct RunReport: Codable, Hashable, Sendable {
    public let template: ReportTemplate
    public let formats: [ReportFormat]

    public init(template: ReportTemplate, formats: [ReportFormat]) {
        self.template = template
        self.formats = formats
    }
}

/// How often what could not be done or looked at is tried again.
public struct RetryPolicy: Codable, Hashable, Sendable {
    public let times: Int
    public let waitMicroseconds: Int64
    /// No attempt begins later than this after the step's beginning; `nil` for no bound.
    public let withinMicroseconds: Int64?

    public init(times: Int, waitMicroseconds: Int64, withinMicroseconds: Int64? = nil) {
        self.times = times
        self.waitMicroseconds = waitMicroseconds
        self.withinMicroseconds = withinMicroseconds
    }
}
