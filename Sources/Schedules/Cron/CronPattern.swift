/// A pattern of the Open Cron Pattern Specification 1.4: five fields, six with seconds, seven with seconds and years, or
/// a nickname. Years reach from 1970 to 2199, the specification's portable range.
struct CronPattern: Hashable, Sendable {
    var seconds: UInt64 = 1
    var minutes: UInt64 = 0
    var hours: UInt64 = 0
    var years: YearSet?
    var months: UInt16 = 0
    var dayOfMonth = CronDays(bits: 0, isWildcard: true)
    var dayOfWeek = CronWeekdays()
    /// The hour begins with `*`: the pattern follows the clock round, rather than naming a time of the day.
    var followsTheClock = false
    /// `@reboot`: an event and no time.
    var isStartup = false

    /// The pattern in a schedule's text; `nil` where it is none. One is known by its `cron:`, its `@` or its first field.
    static func text(in text: String) -> Substring? {
        let trimmed = text[...].trimmed
        if trimmed.hasPrefix("cron:") { return trimmed.dropFirst(5) }
        guard let first = trimmed.utf8.first else { return nil }
        if first == UInt8(ascii: "@") { return trimmed }
        guard first == UInt8(ascii: "*") || first == UInt8(ascii: "?") || (48...57).contains(first) else { return nil }
        // A second field that is a word belongs to a phrase: `2 business days after …`, or a date.
        let fields = trimmed.utf8.split { $0 == 32 || $0 == 9 }
        guard (5...7).contains(fields.count) else { return nil }
        if fields[0].count > 4, fields[0].prefix(4).allSatisfy({ (48...57).contains($0) }) { return nil }
        return fields.prefix(3).allSatisfy { $0.allSatisfy { byte in CronField.isPart(byte) } } ? trimmed : nil
    }

    /// The pattern, where it is one of times. `@reboot` is valid, and refused where times are asked for (OCPS 1.1, 4.2).
    func timed() throws(ScheduleError) -> CronPattern {
        guard !isStartup else {
            throw ScheduleError(
                "`@reboot` is an event and no time, and nothing here starts with the machine; let the machine's own cron or a "
                    + "unit of systemd run `millwright run`, or write a time such as `@daily`")
        }
        return self
    }

    /// What it means: its days, its times, and what becomes of clock changes where the policy does not say.
    ///
    /// A time that clocks skip is skipped, one that they show twice is taken first (OCPS 1.4, 4.3.1). A pattern whose hour
    /// is a wildcard goes on in both passes, as Vixie's cron does, to which the specification aligns itself: it names no
    /// time of the day that could be there twice.
    func rule(_ policy: ClockChangeChoice?) -> Rule {
        .calendar(
            CalendarRule(
                years: years, months: months, days: days,
                times: .grid(hours: UInt32(truncatingIfNeeded: hours), minutes: minutes, seconds: seconds)),
            policy.over(ClockChangePolicy(gap: .skip, overlap: followsTheClock ? .both : .first)))
    }

    /// Either field where both are restricted, both after `+` (OCPS 1.4, 4.1).
    private var days: DaySet {
        switch (dayOfMonth.isWildcard, dayOfWeek.isWildcard) {
        case (true, true): .all
        case (false, true): dayOfMonth.days
        case (true, false): dayOfWeek.days
        case (false, false):
            dayOfWeek.isAnd
                ? .intersection([dayOfMonth.days, dayOfWeek.days]) : .union([dayOfMonth.days, dayOfWeek.days])
        }
    }
}

/// The day of the month: single days, the last, or the workday nearest to one.
struct CronDays: Hashable, Sendable {
    var bits: UInt32
    var isWildcard: Bool
    var hasLast = false
    /// 0 is the last day.
    var nearestWorkday: Int?

    var days: DaySet {
        if let nearestWorkday { return .nearestWorkday(to: nearestWorkday) }
        if hasLast { return bits == 0 ? .daysFromEnd(1) : .union([.daysOfMonth(bits), .daysFromEnd(1)]) }
        return .daysOfMonth(bits)
    }
}

/// The day of the week: each, or the so manieth of the month.
struct CronWeekdays: Hashable, Sendable {
    /// Bit 0 is Sunday.
    var each: UInt8 = 0
    /// A number for each weekday of the month; -1 is the last.
    var nth: [Nth] = []
    var isWildcard = true
    var isAnd = false

    struct Nth: Hashable, Sendable {
        let weekday: Int
        let number: Int
    }

    var days: DaySet {
        let sets = nth.map { DaySet.nth(number: $0.number, weekday: $0.weekday, of: .month) }
        if sets.isEmpty { return .weekdays(each) }
        if each == 0, sets.count == 1 { return sets[0] }
        return .union(sets + (each == 0 ? [] : [.weekdays(each)]))
    }
}

extension Substring {
    /// Without spaces and tabs at its ends.
    var trimmed: Substring {
        var rest = self
        while let first = rest.utf8.first, first == 32 || first == 9 { rest.removeFirst() }
        while let last = rest.utf8.last, last == 32 || last == 9 { rest.removeLast() }
        return rest
    }
}
