import Host

/// What every way of writing a schedule compiles to.
enum Rule: Hashable, Sendable {
    /// Every so many seconds of elapsed time, counted from 1970-01-01T00:00Z: clock changes do not touch it.
    case interval(seconds: Int64)
    /// At these seconds of the day, on these days, by the zone's clocks.
    case calendar(days: Days, times: [Int])

    enum Days: Hashable, Sendable {
        case all
        /// 0 is Sunday.
        case weekdays(Set<Int>)
        /// The number'th of a weekday in each span; from the end where negative.
        case nth(number: Int, weekday: Int, of: Span)
    }

    /// Divides the year evenly, from January on.
    enum Span: String, Hashable, Sendable, CaseIterable {
        case month, quarter, year

        var months: Int64 {
            switch self {
            case .month: 1
            case .quarter: 3
            case .year: 12
            }
        }
    }
}

extension Rule.Days {
    func contains(_ date: CivilDate) -> Bool {
        switch self {
        case .all: return true
        case .weekdays(let weekdays): return weekdays.contains(date.weekday)
        case .nth(let number, let weekday, let span):
            guard date.weekday == weekday else { return false }
            let month = (date.month - 1) / span.months * span.months + 1
            let day = CivilDate.day(
                of: date.year, month: month, months: span.months, number: number, weekday: weekday)
            return day == date.daysSinceEpoch
        }
    }
}

/// What becomes of a local time that clocks skip or show twice.
public struct ClockChangePolicy: Hashable, Sendable, Codable {
    public enum Gap: String, Hashable, Sendable, Codable {
        /// At the first instant after the gap: the work is done, late by less than the gap.
        case after
        /// Not on that day.
        case skip
    }

    public enum Overlap: String, Hashable, Sendable, Codable { case first, second }

    public var gap: Gap
    public var overlap: Overlap

    public init(gap: Gap = .after, overlap: Overlap = .first) {
        self.gap = gap
        self.overlap = overlap
    }
}
