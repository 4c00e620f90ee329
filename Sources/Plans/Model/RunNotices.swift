public import Maintenance

/// Whom a run tells of its end, with everything that is needed to do so.
public struct RunNotices: Codable, Hashable, Sendable {
    public let rules: [NoticeRule]
    public let heartbeat: RunHeartbeat?
    /// The channels that the rules and the heartbeat name.
    public let channels: [String: RunChannel]

    public init(rules: [NoticeRule] = [], heartbeat: RunHeartbeat? = nil, channels: [String: RunChannel]) {
        self.rules = rules
        self.heartbeat = heartbeat
        self.channels = channels
    }
}

/// Which events are told over which channels.
public struct NoticeRule: Codable, Hashable, Sendable {
    public let events: [NoticeEvent]
    public let channels: [String]

    public init(on events: [NoticeEvent], to channels: [String]) {
        self.events = events
        self.channels = channels
    }
}

/// A channel as the estate writes it, references unresolved.
public struct RunChannel: Codable, Hashable, Sendable {
    public let kind: String
    public let settings: PlanValue
    /// What was perhaps sent over it may be sent again.
    public let isIdempotent: Bool

    public init(kind: String, settings: PlanValue, isIdempotent: Bool = false) {
        self.kind = kind
        self.settings = settings
        self.isIdempotent = isIdempotent
    }
}

/// The watchdog that is told when a run came to its end.
public struct RunHeartbeat: Codable, Hashable, Sendable {
    public let channel: String
    /// It takes word of a run that did not pass; otherwise its silence is the word.
    public let tellsFailures: Bool

    public init(channel: String, tellsFailures: Bool) {
        self.channel = channel
        self.tellsFailures = tellsFailures
    }
}
