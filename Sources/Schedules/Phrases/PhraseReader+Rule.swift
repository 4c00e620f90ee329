import Host

extension PhraseReader {
    /// All the words, as one rule.
    mutating func wholeRule() throws(ScheduleError) -> Rule? {
        if let rule = try whole({ (reader) throws(ScheduleError) in try reader.dates() }) { return rule }
        if let rule = try whole({ (reader) throws(ScheduleError) in try reader.interval() }) { return rule }
        if let rule = try whole({ (reader) throws(ScheduleError) in try reader.counted() }) { return rule }
        return try whole { (reader) throws(ScheduleError) in try reader.calendar() }
    }

    /// Where nothing is left behind it.
    private mutating func whole(
        _ read: (inout PhraseReader) throws(ScheduleError) -> Rule?
    ) throws(ScheduleError) -> Rule? {
        try attempt { (reader) throws(ScheduleError) in
            guard let rule = try read(&reader), reader.isAtEnd else { return nil }
            return rule
        }
    }

    // MARK: - 2026-01-26 09:00

    private mutating func dates() throws(ScheduleError) -> Rule? {
        if let instants = try list({ (reader) throws(ScheduleError) in reader.take { Instant($0.uppercased()) } }) {
            return .instants(Set(instants.map(\.secondsSinceEpoch)).sorted())
        }
        let groups = try list { (reader) throws(ScheduleError) -> [Int64]? in
            guard let days = try reader.list({ (reader) throws(ScheduleError) in reader.date() }) else { return nil }
            _ = reader.skip("at")
            guard let times = try reader.clockTimes() else { return nil }
            return days.flatMap { day in times.map { day * 86_400 + Int64($0) } }
        }
        return groups.map { .listed(ListedTimes(times: Set($0.joined()).sorted()), policy.over(ClockChangePolicy())) }
    }

    // MARK: - every 5 minutes

    private mutating func interval() throws(ScheduleError) -> Rule? {
        guard let every = try every() else { return nil }
        var days = DaySet.all
        if skip("on") {
            guard let set = try self.days() else { return nil }
            days = set
        } else if !every.isByTheClock {
            return .interval(seconds: Int64(every.period), phase: 0)
        }
        return rule(on: days, at: try every.times())
    }

    /// `every 10 minutes between 08:00 and 18:00`, `every 15 minutes from 00:05`.
    private mutating func every() throws(ScheduleError) -> EveryInterval? {
        guard skip("every") else { return nil }
        let count = next.flatMap(Int.init)
        if count != nil { _ = takeName() }
        guard let unit = take(IntervalUnit.init(word:)) else { return nil }
        var every = EveryInterval(count: count ?? 1, unit: unit)
        let isBetween = next == "between"
        // Between two times it begins anew on each day.
        guard unit.divides(every.count) || isBetween && (1...86_400).contains(every.count) else {
            throw ScheduleError(unit.complaint(about: every.count))
        }
        if skip("from") {
            guard let from = time() else { return nil }
            every.from = from
        } else if skip("between") {
            guard let from = time(), skip("and"), let until = time() else { return nil }
            guard from != until else { throw ScheduleError("nothing lies between a time and itself") }
            every.from = from
            every.until = until
        }
        return every
    }

    // MARK: - every 2 weeks on Sunday 02:00 from 2026-01-04

    private mutating func counted() throws(ScheduleError) -> Rule? {
        guard skip("every") else { return nil }
        guard let count = skip("other") ? 2 : number(),
            let unit = take({ ["day", "days", "week", "weeks", "month", "months"].contains($0) ? $0.prefix(1) : nil })
        else { return nil }
        guard unit != "m" else {
            throw ScheduleError(
                "months are named and not counted: write it like `first Sunday of the quarter 02:00` or `day 1 of January, "
                    + "April, July and October 02:00`")
        }
        var weekdays: UInt8 = 0
        if unit == "w" {
            _ = skip("on")
            guard let mask = try self.weekdays() else { return nil }
            weekdays = mask
        }
        var anchor = try anchor()
        _ = skip("at")
        guard let times = try self.times() else { return nil }
        if anchor == nil { anchor = try self.anchor() }
        guard (1...366).contains(count) else { throw ScheduleError("\(count) is no number of days or weeks to count") }
        guard let anchor else {
            guard isAtEnd else { return nil }
            throw ScheduleError(complaintAboutAnchor(weekdays))
        }
        let days: DaySet =
            unit == "w"
            ? .weeks(every: Int64(count), anchor: anchor, weekdays: weekdays)
            : .stride(every: Int64(count), anchor: anchor)
        return rule(on: .intersection([days, .range(anchor...ScheduleLimits.days.upperBound)]), at: times)
    }

    private mutating func anchor() throws(ScheduleError) -> Int64? {
        let day = try attempt { (reader) throws(ScheduleError) in reader.skip("from") ? reader.date() : nil }
        guard let day else { return nil }
        guard ScheduleLimits.days.contains(day) else { throw ScheduleError("a date lies in the years 1970 to 2199") }
        return day
    }

    private func complaintAboutAnchor(_ weekdays: UInt8) -> String {
        // 1 January 2026, or the first of the weekdays from then on.
        let first = DaySet.weekdays(weekdays == 0 ? 0x7F : weekdays).next(atOrAfter: 20_454) ?? 20_454
        return "`\(text)` does not say which of them: it needs a date to count from, as in "
            + "`\(text) from \(CivilDate(daysSinceEpoch: first))`"
    }

    // MARK: - first Sunday of the month 02:00

    private mutating func calendar() throws(ScheduleError) -> Rule? {
        guard let days = try days() else { return nil }
        if let every = try attempt({ (reader) throws(ScheduleError) in try reader.every() }) {
            return rule(on: days, at: try every.times())
        }
        _ = skip("at")
        guard let times = try times() else { return nil }
        return rule(on: days, at: times)
    }

    private func rule(on days: DaySet, at times: ReadTimes) -> Rule {
        let policy = policy.over(times.followTheClock ? .round : ClockChangePolicy())
        // Months that a rule knows need not be asked of its days.
        if case .intersection(let sets) = days, sets.count == 2, case .months(let months) = sets[0] {
            return .calendar(CalendarRule(months: months, days: sets[1], times: times.times), policy)
        }
        return .calendar(CalendarRule(days: days, times: times.times), policy)
    }

    mutating func times() throws(ScheduleError) -> ReadTimes? {
        try clockTimes().map { ReadTimes(times: .at($0), followTheClock: false) }
    }

    private mutating func clockTimes() throws(ScheduleError) -> [Int]? {
        try list { (reader) throws(ScheduleError) in reader.time() }
    }
}

/// Times of the day, and whether they go round the clock rather than being named one by one.
struct ReadTimes {
    let times: DayTimes
    let followTheClock: Bool
}

extension ClockChangePolicy {
    /// For what goes round the clock: nothing to make up for in a gap, and both passes through an overlap.
    static let round = ClockChangePolicy(gap: .skip, overlap: .both)
}

/// `every 10 minutes between 08:00 and 18:00`.
private struct EveryInterval {
    let count: Int
    let unit: IntervalUnit
    /// Seconds of the day; `until` is one of the times where the steps meet it.
    var from: Int?
    var until: Int?

    var period: Int { count * unit.seconds }
    var isByTheClock: Bool { from != nil }

    func times() throws(ScheduleError) -> ReadTimes {
        let start = from ?? 0
        var length = 86_399
        if let until { length = (until - start + 86_400) % 86_400 }
        let times = stride(from: 0, through: length, by: period).map { (start + $0) % 86_400 }
        guard times.count <= ScheduleLimits.timesOfDay else {
            throw ScheduleError(
                "`\(unit.text(count))` by the clock has more than \(ScheduleLimits.timesOfDay) times a day; without "
                    + "`from`, `between` and `on` it counts elapsed time")
        }
        // Longer steps name times of the day, which are not to be lost.
        return ReadTimes(times: .at(times), followTheClock: period <= 3600)
    }
}
