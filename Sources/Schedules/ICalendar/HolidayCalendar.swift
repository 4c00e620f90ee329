/// The holidays of a place or a company, as a calendar file or a list of days names them.
public struct HolidayCalendar: Hashable, Sendable {
    public let name: String
    let days: DaySet
    /// How many events of its file are no days of it, by the reason.
    public internal(set) var leftOut: [LeftOut: Int] = [:]

    /// Why an event of a file is no day of the calendar.
    public enum LeftOut: String, Hashable, Sendable, CaseIterable {
        case cancelled
        /// It has times: the day is a workday for the rest of it.
        case timed
    }

    init(name: String, days: DaySet) {
        self.name = name
        self.days = days
    }
}
