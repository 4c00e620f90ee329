/// When something is to happen: by a schedule of its own, or relative to something else.
public enum Occasion: Hashable, Sendable, CustomStringConvertible {
    case schedule(Schedule)
    case relative(RelativeOccasion)

    /// Reads everything that a schedule understands, and `after backup`, `24 hours before weekly`, `30 minutes after weekly
    /// ends`, `30 days before expiry of api`, `by agreement, at least every 3 months`, `within 24 hours of detection`.
    public init(
        _ text: String, policy: ClockChangeChoice? = nil, calendars: [String: HolidayCalendar] = [:]
    ) throws(ScheduleError) {
        if text.utf8.count <= ScheduleLimits.text, let relative = try RelativeOccasion(parsing: text, policy, calendars)
        {
            self = .relative(relative)
        } else {
            self = .schedule(try Schedule(text, policy: policy, calendars: calendars))
        }
    }

    public var description: String {
        switch self {
        case .schedule(let schedule): schedule.text
        case .relative(let relative): relative.text
        }
    }

    public var explanation: String {
        switch self {
        case .schedule(let schedule): schedule.explanation
        case .relative(let relative): relative.explanation
        }
    }
}
