import Host

extension DaySet {
    /// To stand before a time: `every Sunday`, `on day 15 of the month`.
    func onWords(in months: UInt16? = nil) -> String {
        let words = words(in: months)
        switch self {
        case .shifted: return words
        case .moved(_, let count, _) where count != 0: return words
        default: break
        }
        return words.hasPrefix("every ") || words.hasPrefix("the ") && !words.contains(" and also on ")
            ? words : "on \(words)"
    }

    /// Behind `but not on`.
    var excludedWords: String {
        if case .union(let sets) = self, joinedOrdinals(in: nil) == nil {
            return sets.map(\.excludedWords).joined(separator: " and not on ")
        }
        if case .weekdays(let mask) = self, self != .workdays {
            return "any \(Self.weekdayNames(mask).replacing(" and ", with: " or "))"
        }
        let words = words(in: nil)
        return words.hasPrefix("every ") ? "any " + words.dropFirst(6) : words
    }

    /// Of these months; of every one without.
    func words(in months: UInt16?) -> String {
        let scope = months.map(Self.names) ?? "every month"
        switch self {
        case .all: return months == nil ? "every day" : "every day of \(scope)"
        case .weekdays(let mask): return "every \(Self.weekdayNames(mask))" + (months == nil ? "" : " in \(scope)")
        case .daysOfMonth(let mask): return Self.dayWords(mask, in: months)
        case .daysFromEnd(let mask): return "the \(Self.ordinals(fromEnd: mask)) day of \(scope)"
        case .nth(let number, let weekday, let span):
            return Self.ordinal([number], Phrase.weekdays[weekday], span, scope)
        case .position(let number, let days, let span): return Self.ordinal([number], days.singular, span, scope)
        case .nearestWorkday(0): return "the last Monday to Friday of \(scope)"
        case .nearestWorkday(let day):
            return "the Monday to Friday nearest to day \(day) of the month" + (months == nil ? "" : " in \(scope)")
        case .months(let mask): return "every day of \(Self.names(mask & (months ?? mask)))"
        case .named(let name, _): return name.isEmpty ? "the holidays" : "the holidays of \(name)"
        case .union(let sets):
            return joinedOrdinals(in: months) ?? Self.joinedDates(sets)
                ?? sets.map { $0.words(in: months) }.joined(separator: " and also on ")
        case .intersection(let sets): return Self.both(sets, months)
        case .excluding(.weekdays(0b0111110), _): return "every \(singular)"
        case .excluding(let days, let others): return "\(days.words(in: months)) but not \(others.excludedWords)"
        default: return plainWords + (months == nil ? "" : ", in \(scope)")
        }
    }

    /// Of the cases that months do not touch.
    private var plainWords: String {
        switch self {
        case .weeks(let every, let anchor, let weekdays):
            let weeks = every == 2 ? "every second week" : "every \(every) weeks"
            return "\(weeks) on \(Self.weekdayNames(weekdays)), in weeks counted from \(Self.date(anchor))"
        case .stride(let every, let anchor): return "every \(every) days, counted from \(Self.date(anchor))"
        case .everyMonths(let every, let anchor):
            return
                "every day of every \(every) months, counted from \(anchor / 12)-\(anchor % 12 < 9 ? "0" : "")\(anchor % 12 + 1)"
        case .daysOfYear(let numbers): return "day \(Self.signed(numbers)) of the year"
        case .weeksOfYear(let numbers, _): return "every day of week \(Self.signed(numbers)) of the year"
        case .dates(let dates):
            let shown = Schedule.list(dates.prefix(10).map(Self.date))
            return dates.isEmpty ? "no day" : shown + (dates.count > 10 ? ", and \(dates.count - 10) days more" : "")
        case .range(let range):
            return range.upperBound == ScheduleLimits.days.upperBound
                ? "every day from \(Self.date(range.lowerBound)) on"
                : "\(Self.date(range.lowerBound)) to \(Self.date(range.upperBound))"
        case .shifted(let days, let count): return "\(DayOffset(count: Int(count)).words) \(days.words(in: nil))"
        case .moved(let days, 0, let along):
            return "\(days.words(in: nil)), or on the next \(along.singular) where it is none,"
        case .moved(let days, let count, let along):
            return "\(DayOffset(count: count, along: along).words) \(days.words(in: nil))"
        default: return ""
        }
    }
}

extension DaySet {
    private static func both(_ sets: [DaySet], _ months: UInt16?) -> String {
        if sets.count == 2 {
            if case .months(let mask) = sets[0] { return sets[1].words(in: mask & (months ?? mask)) }
            if case .range(let range) = sets[1], range.upperBound == ScheduleLimits.days.upperBound {
                if case .weeks(2, range.lowerBound, let days) = sets[0], days.nonzeroBitCount == 1 {
                    return "every second \(weekdayNames(days)) from \(date(range.lowerBound)) on"
                }
                if case .weeks(_, range.lowerBound, _) = sets[0] { return "\(sets[0].words(in: months)) on," }
                if case .stride(let every, range.lowerBound) = sets[0] {
                    return "every \(every) days from \(date(range.lowerBound)) on"
                }
                return "\(sets[0].words(in: months)), from \(date(range.lowerBound)) on,"
            }
        }
        return sets.map { $0.words(in: nil) }.joined(separator: ", where it is also ")
            + (months.map { ", in \(names($0))" } ?? "")
    }

    /// `the first and third Sunday of every month`, where all of a union are so.
    private func joinedOrdinals(in months: UInt16?) -> String? {
        guard case .union(let sets) = self else { return nil }
        var numbers: [Int] = []
        var kinds: Set<String> = []
        var spans: Set<Span> = []
        for set in sets {
            switch set {
            case .nth(let number, let weekday, let span):
                numbers.append(number)
                kinds.insert(Phrase.weekdays[weekday])
                spans.insert(span)
            case .position(let number, let days, let span):
                numbers.append(number)
                kinds.insert(days.singular)
                spans.insert(span)
            default: return nil
            }
        }
        guard kinds.count == 1, let kind = kinds.first, spans.count == 1, let span = spans.first else { return nil }
        return Self.ordinal(numbers, kind, span, months.map(Self.names) ?? "every month")
    }

    /// `24 December and 1 January`.
    private static func joinedDates(_ sets: [DaySet]) -> String? {
        var words: [String] = []
        for set in sets {
            guard case .intersection(let parts) = set, parts.count == 2, case .months(let months) = parts[0],
                case .daysOfMonth(let days) = parts[1], months.nonzeroBitCount == 1
            else { return nil }
            words.append(dayWords(days, in: months))
        }
        return words.isEmpty ? nil : Schedule.list(words)
    }

    /// What one of it is called.
    var singular: String {
        switch self {
        case .all: "day"
        case .weekdays(0b0111110): "business day (Monday to Friday)"
        case .excluding(.weekdays(0b0111110), let others):
            "business day (Monday to Friday without \(others.words(in: nil).replacing(" and also on ", with: " and ")))"
        case .weekdays(let mask): mask.nonzeroBitCount == 1 ? Self.weekdayNames(mask) : "of \(Self.weekdayNames(mask))"
        default: "of \(words(in: nil))"
        }
    }

    private static func ordinal(_ numbers: [Int], _ kind: String, _ span: Span, _ scope: String) -> String {
        let ordinals = Schedule.list(numbers.map(ordinal))
        guard span != .month else { return "the \(ordinals) \(kind) of \(scope)" }
        let isFirst = numbers.allSatisfy { $0 == 1 }
        let isLast = numbers.allSatisfy { $0 == -1 }
        var months = ""
        if span != .year, isFirst || isLast {
            let step = Int(span.months)
            let names = Swift.stride(from: isFirst ? 0 : step - 1, to: 12, by: step).map { Phrase.months[$0] }
            months = kind.hasPrefix("day") || isFirst || isLast ? " (\(Schedule.list(names)))" : ""
        }
        return "the \(ordinals) \(kind) of every \(span.rawValue)\(months)"
            + (scope == "every month" ? "" : ", in \(scope)")
    }

    static func ordinal(_ number: Int) -> String {
        let count = abs(number)
        let word = count <= Phrase.ordinals.count ? Phrase.ordinals[count - 1] : "\(count)th"
        return number > 0 ? word : count == 1 ? "last" : "\(word) last"
    }

    private static func ordinals(fromEnd mask: UInt32) -> String {
        Schedule.list((0..<31).filter { mask >> UInt32($0) & 1 == 1 }.map { ordinal(-$0 - 1) })
    }

    /// `day 1 to 7 of the month`, `24 December`.
    private static func dayWords(_ mask: UInt32, in months: UInt16?) -> String {
        let days = NumberWords.ranges(in: UInt64(mask) << 1)
        guard let months else { return "day \(days) of the month" }
        let names = monthNames(months)
        guard mask.nonzeroBitCount == 1 else { return "day \(days) of \(Schedule.list(names))" }
        return Schedule.list(names.map { "\(days) \($0)" })
    }

    private static func signed(_ numbers: [Int]) -> String {
        Schedule.list(numbers.map { $0 < 0 ? "\(-$0) from the end" : "\($0)" })
    }

    static func date(_ day: Int64) -> String { CivilDate(daysSinceEpoch: day).description }

    /// A week begins on Monday.
    static func weekdayNames(_ mask: UInt8) -> String {
        if mask == 0b0111110 { return "Monday to Friday" }
        return Schedule.list([1, 2, 3, 4, 5, 6, 0].filter { mask >> UInt8($0) & 1 == 1 }.map { Phrase.weekdays[$0] })
    }

    private static func monthNames(_ mask: UInt16) -> [String] {
        (1...12).filter { mask >> UInt16($0) & 1 == 1 }.map { Phrase.months[$0 - 1] }
    }

    static func names(_ mask: UInt16) -> String { mask & 0x1FFE == 0 ? "no month" : Schedule.list(monthNames(mask)) }
}
