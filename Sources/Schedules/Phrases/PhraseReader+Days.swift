extension PhraseReader {
    /// Which days, up to the time.
    mutating func days() throws(ScheduleError) -> DaySet? {
        _ = skip("on")
        guard let days = try term() else { return nil }
        guard skip("or", "the", "next", "business", "day") else { return days }
        return .moved(days, by: 0, along: businessDays)
    }

    private mutating func term() throws(ScheduleError) -> DaySet? {
        if let days = try attempt({ (reader) throws(ScheduleError) in try reader.offsetDays() }) { return days }
        return try plainTerm()
    }

    /// Without `after` and `before`.
    private mutating func plainTerm() throws(ScheduleError) -> DaySet? {
        if skip("daily") || skip("every", "day") { return .all }
        if skip("weekdays") { return .workdays }
        if skip("weekends") { return .weekdays(0b1000001) }
        if skip("every", "business", "day") || skip("business", "days") { return businessDays }
        if let days = try attempt({ (reader) throws(ScheduleError) in try reader.holidays() }) { return days }
        if let days = try attempt({ (reader) throws(ScheduleError) in try reader.numbered() }) { return days }
        if let days = try attempt({ (reader) throws(ScheduleError) in try reader.adverb() }) { return days }
        if let days = try attempt({ (reader) throws(ScheduleError) in try reader.ordinalDays(within: nil) }) {
            return days
        }
        if let days = try attempt({ (reader) throws(ScheduleError) in try reader.daysOfYear() }) { return days }
        return try attempt { (reader) throws(ScheduleError) in
            _ = reader.skip("every")
            guard let mask = try reader.weekdays() else { return nil }
            return .weekdays(mask)
        }
    }

    // MARK: - monthly on the first Sunday

    private mutating func adverb() throws(ScheduleError) -> DaySet? {
        if skip("weekly", "on") {
            guard let mask = try weekdays() else { return nil }
            return .weekdays(mask)
        }
        if skip("yearly", "on") {
            if let days = try daysOfYear() { return days }
            return try ordinalDays(within: nil)
        }
        let spans: [(word: String, span: DaySet.Span)] = [
            ("monthly", .month), ("quarterly", .quarter), ("semi-annually", .half),
        ]
        for (word, span) in spans where skip(word, "on") {
            if span == .month, skip("day") || skip("days") {
                guard let mask = try dayNumbers() else { return nil }
                return .daysOfMonth(mask)
            }
            return try ordinalDays(within: .span(span))
        }
        return nil
    }

    // MARK: - first and third Sunday of the month

    /// Where an ordinal counts.
    private enum Scope {
        case span(DaySet.Span)
        case months(UInt16)
    }

    private mutating func ordinalDays(within implied: Scope?) throws(ScheduleError) -> DaySet? {
        _ = skip("the")
        guard let numbers = try list({ (reader) throws(ScheduleError) in reader.ordinal() }) else { return nil }
        let kind: DaySet
        var weekday: Int?
        if skip("business", "day") {
            kind = businessDays
        } else if skip("day") {
            kind = .all
        } else {
            weekday = self.weekday()
            guard let weekday else { return nil }
            kind = .weekdays(1 << UInt8(weekday))
        }
        guard let scope = try scope() ?? implied else { return nil }
        let span: DaySet.Span
        var months: UInt16?
        switch scope {
        case .span(let named): span = named
        case .months(let mask): (span, months) = (.month, mask)
        }
        // A month does not have a fifth of each.
        if weekday != nil, span == .month, numbers.contains(where: { abs($0) > 4 }) { return nil }
        let sets = numbers.map { Self.set(number: $0, weekday: weekday, of: kind, in: span) }
        let days = sets.count == 1 ? sets[0] : DaySet.union(sets)
        return months.map { .intersection([.months($0), days]) } ?? days
    }

    private static func set(number: Int, weekday: Int?, of kind: DaySet, in span: DaySet.Span) -> DaySet {
        if let weekday { return .nth(number: number, weekday: weekday, of: span) }
        guard case .all = kind, span == .month else { return .position(number: number, of: kind, in: span) }
        return number > 0 ? .daysOfMonth(1 << UInt32(number - 1)) : .daysFromEnd(1 << UInt32(-number - 1))
    }

    private mutating func scope() throws(ScheduleError) -> Scope? {
        try attempt { (reader) throws(ScheduleError) in
            guard reader.skip("of") else { return nil }
            if let months = try reader.months() { return .months(months) }
            guard reader.skip("the") else { return nil }
            return reader.take(DaySet.Span.init(rawValue:)).map(Scope.span)
        }
    }

    private mutating func months() throws(ScheduleError) -> UInt16? {
        try list { (reader) throws(ScheduleError) in reader.take(Phrase.month) }?.reduce(0) { $0 | 1 << UInt16($1) }
    }

    // MARK: - day 15 of the month, weeks 1 and 3 on Sunday

    private mutating func numbered() throws(ScheduleError) -> DaySet? {
        if skip("week") || skip("weeks") { return try weeksOfMonth() }
        let isBusiness = skip("business")
        guard skip("day") || skip("days"), let mask = try dayNumbers(), let scope = try scope() else { return nil }
        var days = DaySet.daysOfMonth(mask)
        if isBusiness {
            let sets = (1...31).filter { mask >> UInt32($0 - 1) & 1 == 1 }.map {
                DaySet.position(number: $0, of: businessDays, in: .month)
            }
            days = sets.count == 1 ? sets[0] : .union(sets)
        }
        switch scope {
        case .span(.month): return days
        case .span: return nil
        case .months(let months): return .intersection([.months(months), days])
        }
    }

    /// `15`, `1 and 15`, `1 to 7`.
    private mutating func dayNumbers() throws(ScheduleError) -> UInt32? {
        let ranges = try list { (reader) throws(ScheduleError) -> ClosedRange<Int>? in
            guard let first = reader.number() else { return nil }
            let last = reader.skip("to") ? reader.number() : first
            guard let last else { return nil }
            guard (1...31).contains(first), (first...31).contains(last) else {
                throw ScheduleError("the days of a month are numbered from 1 to at most 31, and ranges go upwards")
            }
            return first...last
        }
        return ranges?.joined().reduce(0) { $0 | 1 << UInt32($1 - 1) }
    }

    private mutating func weeksOfMonth() throws(ScheduleError) -> DaySet? {
        guard let weeks = try list({ (reader) throws(ScheduleError) in reader.number() }) else { return nil }
        _ = skip("of", "the", "month")
        guard skip("on"), let weekday = weekday() else { return nil }
        guard weeks.allSatisfy({ (1...4).contains($0) }) else {
            throw ScheduleError(
                "the weeks of a month are numbered from 1 to 4, as every month has them; for its end write "
                    + "`last \(Phrase.weekdays[weekday]) of the month`")
        }
        let sets = Set(weeks).sorted().map { DaySet.nth(number: $0, weekday: weekday, of: .month) }
        return sets.count == 1 ? sets[0] : .union(sets)
    }

    // MARK: - 1 January and 1 July

    private mutating func daysOfYear() throws(ScheduleError) -> DaySet? {
        guard let days = try list({ (reader) throws(ScheduleError) in try reader.dayOfYear() }) else { return nil }
        if Set(days.map(\.day)).count == 1 {
            return Self.set(of: days[0].day, in: days.reduce(0) { $0 | 1 << UInt16($1.month) })
        }
        return .union(days.map { Self.set(of: $0.day, in: 1 << UInt16($0.month)) })
    }

    private static func set(of day: Int, in months: UInt16) -> DaySet {
        .intersection([.months(months), .daysOfMonth(1 << UInt32(day - 1))])
    }

    /// `24 December`.
    mutating func dayOfYear() throws(ScheduleError) -> (day: Int, month: Int)? {
        try attempt { (reader) throws(ScheduleError) in
            guard let day = reader.number(), let month = reader.take(Phrase.month) else { return nil }
            guard (1...Month.length(of: 2000, month: Int64(month))).contains(day) else {
                throw ScheduleError("\(Phrase.months[month - 1]) has no day \(day)")
            }
            return (day, month)
        }
    }

    // MARK: - 2 business days after the second Tuesday

    private mutating func offsetDays() throws(ScheduleError) -> DaySet? {
        guard let count = skip("the") ? 1 : number() else { return nil }
        let isBusiness = skip("business")
        let isWeeks = !isBusiness && (skip("week") || skip("weeks"))
        guard isWeeks || skip("day") || skip("days") else { return nil }
        let isAfter = skip("after")
        guard isAfter || skip("before"), let base = try offsetBase() else { return nil }
        guard (1...ScheduleLimits.offsetDays).contains(count) else {
            throw ScheduleError("days and weeks before or after a day are 1 to \(ScheduleLimits.offsetDays)")
        }
        let signed = isAfter ? count : -count
        return isBusiness
            ? .moved(base, by: signed, along: businessDays) : .shifted(base, days: Int64(isWeeks ? signed * 7 : signed))
    }

    /// The month may be left out: `the second Tuesday`.
    private mutating func offsetBase() throws(ScheduleError) -> DaySet? {
        if let days = try attempt({ (reader) throws(ScheduleError) in try reader.ordinalDays(within: .span(.month)) }) {
            return days
        }
        if let date = date() { return .dates([date]) }
        return try plainTerm()
    }
}
