public import Host

/// When something recurs. The zone is given with each question: a plan's service has one.
public struct Schedule: Hashable, Sendable, CustomStringConvertible {
    /// As it was written.
    public let text: String
    public let policy: ClockChangePolicy
    let rule: Rule

    /// Reads plain words such as `first Sunday of the month 02:00`; the error says what is understood and what was
    /// probably meant.
    public init(_ text: String, policy: ClockChangePolicy = ClockChangePolicy()) throws(ScheduleError) {
        self.text = text
        self.policy = policy
        rule = try Phrase.rule(of: text)
    }

    public var description: String { text }

    /// The first occurrence after an instant, itself excluded; `nil` where none comes in nine years.
    public func next(after instant: Instant, in zone: Zone) -> Instant? {
        switch rule {
        case .interval(let seconds):
            return Instant(secondsSinceEpoch: floor(instant.secondsSinceEpoch, by: seconds) + seconds)
        case .calendar(let days, let times):
            // Clock changes move an occurrence by up to a day (Samoa 2011), so the search begins before.
            let start = zone.local(at: instant).date.daysSinceEpoch - 2
            return search(days, stride(from: start, through: start + ScheduleLimits.searchedDays, by: 1)) { date in
                times.lazy.compactMap { occurrence(date, $0, zone) }.first { $0 > instant }
            }
        }
    }

    /// The last occurrence up to an instant, itself included.
    public func previous(atOrBefore instant: Instant, in zone: Zone) -> Instant? {
        switch rule {
        case .interval(let seconds):
            return Instant(secondsSinceEpoch: floor(instant.secondsSinceEpoch, by: seconds))
        case .calendar(let days, let times):
            let start = zone.local(at: instant).date.daysSinceEpoch + 2
            return search(days, stride(from: start, through: start - ScheduleLimits.searchedDays, by: -1)) { date in
                times.reversed().lazy.compactMap { occurrence(date, $0, zone) }.first { $0 <= instant }
            }
        }
    }

    private func search(
        _ days: Rule.Days, _ numbers: StrideThrough<Int64>, _ find: (CivilDate) -> Instant?
    ) -> Instant? {
        for number in numbers {
            let date = CivilDate(daysSinceEpoch: number)
            if days.contains(date), let found = find(date) { return found }
        }
        return nil
    }

    private func occurrence(_ date: CivilDate, _ second: Int, _ zone: Zone) -> Instant? {
        let local = LocalTime(date, secondOfDay: second)
        let instants = zone.instants(of: local)
        if instants.isEmpty { return policy.gap == .after ? zone.endOfGap(over: local) : nil }
        return policy.overlap == .first ? instants.first : instants.last
    }

    private func floor(_ seconds: Int64, by size: Int64) -> Int64 {
        let remainder = seconds % size
        return seconds - (remainder < 0 ? remainder + size : remainder)
    }
}
