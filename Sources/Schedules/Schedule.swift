public import Host

/// When something recurs. The zone is given with each question: a plan's service has one.
public struct Schedule: Hashable, Sendable, CustomStringConvertible {
    /// As it was written.
    public let text: String
    /// What was asked for of clock changes; `nil` where the notation's standard decides.
    public let policy: ClockChangeChoice?
    let rule: Rule
    /// The zone that the text itself names, by a TZID: to be asked in another is a mistake.
    public let timezone: String?

    /// Reads plain words such as `first Sunday of the month 02:00`, a cron pattern or an RRULE; the error says what is
    /// understood and what was probably meant. Without a policy, what the notation's standard says of clock changes
    /// holds.
    public init(
        _ text: String, policy: ClockChangeChoice? = nil, calendars: [String: HolidayCalendar] = [:]
    ) throws(ScheduleError) {
        self.text = text
        self.policy = policy
        if RecurrenceSet.isText(text) {
            let set = try RecurrenceSet(text)
            rule = try set.rule(policy)
            timezone = set.timezone
            return
        }
        timezone = nil
        guard text.utf8.count <= ScheduleLimits.text else {
            throw ScheduleError("a schedule has at most \(ScheduleLimits.text) characters")
        }
        rule = try ScheduleText.rule(of: text, policy, calendars)
    }

    init(text: String, policy: ClockChangeChoice?, rule: Rule, timezone: String?) {
        self.text = text
        self.policy = policy
        self.rule = rule
        self.timezone = timezone
    }

    public var description: String { text }

    /// The first occurrence after an instant, itself excluded; `nil` where none comes before the year 2200.
    public func next(after instant: Instant, in zone: Zone) -> Instant? {
        rule.next(after: instant.secondsSinceEpoch, in: zone).map(Instant.init(secondsSinceEpoch:))
    }

    /// The last occurrence up to an instant, itself included.
    public func previous(atOrBefore instant: Instant, in zone: Zone) -> Instant? {
        rule.previous(atOrBefore: instant.secondsSinceEpoch, in: zone).map(Instant.init(secondsSinceEpoch:))
    }
}
