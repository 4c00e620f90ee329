extension RecurrenceRule {
    /// Reads `FREQ=MONTHLY;BYDAY=2TU`, in any order and case; the error names the part and what would be right.
    init(_ text: some StringProtocol) throws(ScheduleError) {
        var values: [(name: String, value: String)] = []
        for piece in text.uppercased().split(separator: ";", omittingEmptySubsequences: false) {
            let pair = piece.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2, !pair[1].isEmpty else {
                throw ScheduleError("an RRULE has parts like `FREQ=MONTHLY;BYDAY=2TU`; `\(piece)` is none")
            }
            let name = String(pair[0])
            guard !values.contains(where: { $0.name == name }) else {
                throw ScheduleError("\(name) stands twice in the RRULE; write its values in one list, with commas")
            }
            values.append((name, String(pair[1])))
        }
        guard let value = values.first(where: { $0.name == "FREQ" })?.value else {
            throw ScheduleError("the RRULE has no FREQ; begin it with one, like `FREQ=MONTHLY`")
        }
        guard let frequency = Frequency(rawValue: value) else {
            let names = Frequency.allCases.map(\.rawValue)
            throw ScheduleError(
                "FREQ=\(value) is no frequency; "
                    + (Spelling.closest(value, among: names).map { "did you mean FREQ=\($0)?" }
                        ?? "they are \(Schedule.list(names))"))
        }
        self.init(frequency)
        for (name, value) in values where name != "FREQ" { try read(name, value) }
        try check()
    }

    private static let names = [
        "FREQ", "INTERVAL", "COUNT", "UNTIL", "BYSECOND", "BYMINUTE", "BYHOUR", "BYDAY", "BYMONTHDAY", "BYYEARDAY",
        "BYWEEKNO", "BYMONTH", "BYSETPOS", "WKST",
    ]

    private mutating func read(_ name: String, _ value: String) throws(ScheduleError) {
        switch name {
        case "INTERVAL": interval = Int64(try Self.number(name, value, 1...ScheduleLimits.interval))
        case "COUNT": count = try Self.number(name, value, 1...ScheduleLimits.countedOccurrences)
        case "UNTIL":
            guard let time = ICalendarTime(value) else {
                throw ScheduleError("UNTIL=\(value) is no time; write it like `UNTIL=20261231T235959`, in UTC with a Z")
            }
            until = time
        case "BYSECOND": seconds = try Self.numbers(name, value, 0...60).reduce(0) { $0 | 1 << UInt64(min($1, 59)) }
        case "BYMINUTE": minutes = try Self.numbers(name, value, 0...59).reduce(0) { $0 | 1 << UInt64($1) }
        case "BYHOUR": hours = try Self.numbers(name, value, 0...23).reduce(0) { $0 | 1 << UInt32($1) }
        case "BYMONTH": months = try Self.numbers(name, value, 1...12).reduce(0) { $0 | 1 << UInt16($1) }
        case "BYDAY": weekdays = try Self.weekdays(value)
        case "BYMONTHDAY": monthDays = try Self.numbers(name, value, 1...31, isSigned: true)
        case "BYYEARDAY": yearDays = try Self.numbers(name, value, 1...366, isSigned: true)
        case "BYWEEKNO": weekNumbers = try Self.numbers(name, value, 1...53, isSigned: true)
        case "BYSETPOS": positions = try Self.numbers(name, value, 1...366, isSigned: true)
        case "WKST":
            guard let day = Self.weekdayNames.firstIndex(of: value) else {
                throw ScheduleError("WKST=\(value) is no day of the week; write it like `WKST=MO`")
            }
            weekStart = day
        case "RSCALE", "SKIP":
            throw ScheduleError("\(name) belongs to RFC 7529; rules here are RFC 5545, in the Gregorian calendar")
        default:
            throw ScheduleError(
                "\(name) is no part of an RRULE"
                    + (Spelling.closest(name, among: Self.names).map { ", did you mean \($0)?" }
                        ?? "; they are \(Schedule.list(Self.names))"))
        }
    }

    private static func number(
        _ name: String, _ value: some StringProtocol, _ range: ClosedRange<Int>, isSigned: Bool = false
    ) throws(ScheduleError) -> Int {
        let figures = isSigned && (value.first == "-" || value.first == "+") ? value.dropFirst() : value[...]
        guard (1...10).contains(figures.utf8.count), figures.utf8.allSatisfy({ (48...57).contains($0) }),
            let number = Int(figures), range.contains(number)
        else {
            let ends = "\(range.lowerBound) to \(range.upperBound)"
            throw ScheduleError(
                "\(name) has values from \(ends)\(isSigned ? ", or negative from the end" : ""); `\(value)` is none")
        }
        return value.first == "-" ? -number : number
    }

    private static func numbers(
        _ name: String, _ value: String, _ range: ClosedRange<Int>, isSigned: Bool = false
    ) throws(ScheduleError) -> [Int] {
        var numbers: Set<Int> = []
        for item in value.split(separator: ",", omittingEmptySubsequences: false) {
            numbers.insert(try number(name, item, range, isSigned: isSigned))
        }
        return numbers.sorted()
    }

    private static func weekdays(_ value: String) throws(ScheduleError) -> [Weekday] {
        var result: [Weekday] = []
        for item in value.split(separator: ",", omittingEmptySubsequences: false) {
            guard let weekday = weekdayNames.firstIndex(of: String(item.suffix(2))) else {
                throw ScheduleError("BYDAY has days like `MO`, and `2TU` or `-1FR` with a number; `\(item)` is none")
            }
            let figures = item.dropLast(2)
            let number = figures.isEmpty ? nil : try number("BYDAY", figures, 1...53, isSigned: true)
            result.append(Weekday(number: number, weekday: weekday))
        }
        return result
    }
}
