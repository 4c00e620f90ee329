public import Maintenance
public import Schedules

/// What all plans of a folder share: `estate.yaml` beside them.
public struct Estate: Hashable, Sendable {
    public struct Person: Hashable, Sendable {
        public let fullName: String?
        public let mail: String
        /// The user of the operating system.
        public let user: String
    }

    /// What a plan may tighten and never loosen.
    public struct Policy: Hashable, Sendable {
        /// The most that one step may touch, by what its limit counts.
        public var limits: [String: Double] = [:]
        public var longestTimeout: Duration?
        public var longestWindow: Duration?
        public var windowFrom: WindowRule = .disruptive
        public var highestImpact: ImpactRule?
        /// Disruptive runs at once, over all services.
        public var disruptiveAtOnce: Int?
    }

    /// How long the journal keeps what ended runs left; `nil` for ever.
    public struct Retention: Hashable, Sendable {
        public var runs: Duration?
        public var evidence: Duration?

        public init(runs: Duration? = nil, evidence: Duration? = nil) {
            self.runs = runs
            self.evidence = evidence
        }
    }

    public var people: [String: Person] = [:]
    public var groups: [String: [String]] = [:]
    public var channels: [String: RunChannel] = [:]
    public var notices: [NoticeRule] = []
    public var freezes: [EstateFreeze] = []
    public var calendars: [String: HolidayCalendar] = [:]
    public var policy = Policy()
    public var retention = Retention()
    /// From where targets can be reached.
    public var places: Set<String> = []
    /// Programs that are actions of every plan.
    public var programs: [ActionProgram] = []

    public init() {}

    /// The people behind the name of a person or a group.
    public func people(of name: String) -> [String] {
        people[name] != nil ? [name] : groups[name] ?? []
    }
}

/// A time in which nothing is changed, and for whom.
public struct EstateFreeze: Hashable, Sendable {
    public let freeze: Freeze
    /// `nil` for all.
    let services: Set<String>?

    func concerns(_ service: String) -> Bool { services?.contains(service) ?? true }
}
