import ClockWalk

/// A cron pattern in its parts: written down in every peer's dialect, and looked up by its definition.
struct CronModel {
    enum Values: Hashable {
        case all
        case range(Int, Int)
    }

    struct Item: Hashable {
        var values: Values
        var step: Int?

        func contains(_ value: Int, of bounds: ClosedRange<Int>) -> Bool {
            switch values {
            case .all: return (value - bounds.lowerBound) % (step ?? 1) == 0
            case .range(let low, let high): return low <= value && value <= high && (value - low) % (step ?? 1) == 0
            }
        }
    }

    struct Field {
        let bounds: ClosedRange<Int>
        var items: [Item] = [Item(values: .all)]
        /// Letters for months and weekdays.
        var isNamed = false

        var isWildcard: Bool { items == [Item(values: .all)] }
        /// `*` or `*/n`: crons differ in whether that restricts a day.
        var beginsWithStar: Bool { items.first?.values == .all }

        func contains(_ value: Int) -> Bool { items.contains { $0.contains(value, of: bounds) } }
        var values: [Int] { bounds.filter(contains) }
    }

    var seconds: Field?
    var minutes = Field(bounds: 0...59)
    var hours = Field(bounds: 0...23)
    var daysOfMonth = Field(bounds: 1...31)
    var months = Field(bounds: 1...12)
    /// 7 is Sunday too.
    var weekdays = Field(bounds: 0...7)
    var years: ClosedRange<Int>?
    /// `L` beside the days of the month, which are none where it stands alone.
    var hasLastDay = false
    /// `15W` instead of the days of the month; 0 is `LW`.
    var workday: Int?
    /// `MON#2` beside the weekdays; -1 is the last.
    var nth: [Nth] = []
    /// `+`: both days.
    var isAnd = false

    struct Nth: Hashable {
        let weekday: Int
        let number: Int
    }

    /// All days of the month or all weekdays, and no `*`.
    var namesEveryDay: Bool {
        !daysOfMonth.isWildcard && daysOfMonth.values.count == 31
            || !weekdays.isWildcard && Set(weekdays.values.map { $0 % 7 }).count == 7
    }

    var restrictsDayOfMonth: Bool { !daysOfMonth.isWildcard || hasLastDay || workday != nil }
    var restrictsWeekday: Bool { !weekdays.isWildcard || !nth.isEmpty }
    var restrictsBoth: Bool { restrictsDayOfMonth && restrictsWeekday }
}

extension CronModel {
    func has(_ day: CivilDay, _ second: Int64) -> Bool { hasTime(second) && hasDay(day) }

    func hasTime(_ second: Int64) -> Bool {
        hours.contains(Int(second / 3600)) && minutes.contains(Int(second / 60 % 60))
            && (seconds.map { $0.contains(Int(second % 60)) } ?? (second % 60 == 0))
    }

    func hasDay(_ day: CivilDay) -> Bool {
        guard months.contains(day.month), years?.contains(day.year) ?? true else { return false }
        switch (restrictsDayOfMonth, restrictsWeekday) {
        case (false, false): return true
        case (true, false): return hasDayOfMonth(day)
        case (false, true): return hasWeekday(day)
        case (true, true): return isAnd ? hasDayOfMonth(day) && hasWeekday(day) : hasDayOfMonth(day) || hasWeekday(day)
        }
    }

    func hasDayOfMonth(_ day: CivilDay) -> Bool {
        if let workday { return day.day == nearest(to: workday == 0 ? day.length : workday, day) }
        return daysOfMonth.contains(day.day) || hasLastDay && day.day == day.length
    }

    func hasWeekday(_ day: CivilDay) -> Bool {
        if weekdays.contains(day.weekday) || day.weekday == 0 && weekdays.contains(7) { return true }
        return nth.contains { nth in
            nth.weekday % 7 == day.weekday
                && (nth.number < 0 ? day.day + 7 > day.length : (day.day - 1) / 7 + 1 == nth.number)
        }
    }

    /// Whether one of the days of the month comes in one of the months, in leap years at least.
    var hasDayOfMonthInSomeYear: Bool {
        let lengths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return hasLastDay
            || months.values.contains { month in daysOfMonth.values.contains { $0 <= lengths[month - 1] } }
    }

    /// Monday to Friday nearest to a day, in its month; 0 where the month has no such day.
    private func nearest(to wanted: Int, _ day: CivilDay) -> Int {
        guard wanted <= day.length else { return 0 }
        let weekday = ((day.weekday + wanted - day.day) % 7 + 7) % 7
        if weekday == 6 { return wanted == 1 ? 3 : wanted - 1 }
        if weekday == 0 { return wanted == day.length ? wanted - 2 : wanted + 1 }
        return wanted
    }
}
