extension CronPattern {
    /// Reads a pattern; the error names the field, what is wrong with it, and what would be right.
    init(_ text: some StringProtocol) throws(ScheduleError) {
        var text = String(text)
        let result: Result<CronPattern, ScheduleError> = text.withUTF8 { bytes in
            var reader = CronReader(bytes: bytes)
            do throws(ScheduleError) { return .success(try reader.pattern()) } catch { return .failure(error) }
        }
        self = try result.get()
    }
}

/// Reads a pattern byte by byte.
struct CronReader {
    let bytes: UnsafeBufferPointer<UInt8>
    private var place = 0
    private var end = 0

    init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    mutating func pattern() throws(ScheduleError) -> CronPattern {
        let fields = fields()
        if fields.count > 0, bytes[fields[0].lowerBound] == UInt8(ascii: "@") { return try nickname(fields.count) }
        guard (5...7).contains(fields.count) else {
            throw ScheduleError(
                "a cron pattern has 5 fields (minute, hour, day of month, month, day of week), 6 with seconds before them "
                    + "or 7 with a year after them; this one has \(fields.count)")
        }
        var pattern = CronPattern()
        var field = fields.count == 5 ? CronField.minute : .second
        for index in 0..<fields.count {
            place = fields[index].lowerBound
            end = fields[index].upperBound
            try read(field, into: &pattern)
            if index < fields.count - 1, let next = CronField(rawValue: field.rawValue + 1) { field = next }
        }
        return pattern
    }

    /// Where the fields are; a pattern with more than seven is cut at eight.
    private func fields() -> Fields {
        var found = Fields()
        var start: Int?
        for index in 0...bytes.count {
            let isGap = index == bytes.count || bytes[index] == 32 || bytes[index] == 9
            if let from = start, isGap {
                found.append(from..<index)
                start = nil
            } else if start == nil, !isGap {
                start = index
            }
        }
        return found
    }

    /// At most eight ranges, without an array: patterns are read by the hundred thousand.
    private struct Fields {
        private(set) var count = 0
        private var starts = SIMD8<Int32>()
        private var ends = SIMD8<Int32>()

        mutating func append(_ range: Range<Int>) {
            if count < 8 {
                starts[count] = Int32(range.lowerBound)
                ends[count] = Int32(range.upperBound)
            }
            count += 1
        }

        subscript(index: Int) -> Range<Int> { Int(starts[index])..<Int(ends[index]) }
    }

    private func nickname(_ count: Int) throws(ScheduleError) -> CronPattern {
        let text = String(decoding: bytes, as: UTF8.self)[...].trimmed
        let pattern: String
        switch text {
        case "@yearly", "@annually": pattern = "0 0 1 1 *"
        case "@monthly": pattern = "0 0 1 * *"
        case "@weekly": pattern = "0 0 * * 0"
        case "@daily", "@midnight": pattern = "0 0 * * *"
        case "@hourly": pattern = "0 * * * *"
        case "@reboot":
            var startup = CronPattern()
            startup.isStartup = true
            return startup
        default:
            throw ScheduleError(
                "`\(text)` is no nickname of a cron pattern; they are @yearly, @annually, @monthly, @weekly, @daily, "
                    + "@midnight, @hourly and @reboot, in lower case and alone")
        }
        return try CronPattern(pattern)
    }

    // MARK: - One field

    private mutating func read(_ field: CronField, into pattern: inout CronPattern) throws(ScheduleError) {
        switch field {
        case .second: pattern.seconds = try bits(field)
        case .minute: pattern.minutes = try bits(field)
        case .hour:
            pattern.followsTheClock = bytes[place] == UInt8(ascii: "*")
            pattern.hours = try bits(field)
        case .dayOfMonth: pattern.dayOfMonth = try dayOfMonth()
        case .month: pattern.months = UInt16(truncatingIfNeeded: try bits(field))
        case .dayOfWeek: pattern.dayOfWeek = try dayOfWeek()
        case .year: pattern.years = try years()
        }
    }

    private mutating func bits(_ field: CronField) throws(ScheduleError) -> UInt64 {
        var bits: UInt64 = 0
        try list(field) { (reader) throws(ScheduleError) in
            try reader.values(field) { bits |= 1 << UInt64($0) }
        }
        return bits
    }

    private mutating func years() throws(ScheduleError) -> YearSet? {
        if end - place == 1, bytes[place] == UInt8(ascii: "*") { return nil }
        var years = YearSet()
        try list(.year) { (reader) throws(ScheduleError) in
            try reader.values(.year) { years.insert(Int64($0)) }
        }
        return years
    }

    /// `*`, or `?` where it is allowed, and nothing more.
    private var isWildcard: Bool {
        end - place == 1 && (bytes[place] == UInt8(ascii: "*") || bytes[place] == UInt8(ascii: "?"))
    }

    /// A field that begins with `*` restricts nothing as far as the two days are joined (Vixie's rule).
    private mutating func dayOfMonth() throws(ScheduleError) -> CronDays {
        var days = CronDays(bits: 0, isWildcard: isWildcard)
        if !days.isWildcard, let workday = try nearestWorkday() {
            days.nearestWorkday = workday
            return days
        }
        try list(.dayOfMonth) { (reader) throws(ScheduleError) in
            if reader.skip(UInt8(ascii: "L")) {
                days.hasLast = true
            } else {
                try reader.values(.dayOfMonth) { days.bits |= 1 << UInt32($0 - 1) }
            }
        }
        return days
    }

    /// `15W` or `LW`, alone in the field.
    private mutating func nearestWorkday() throws(ScheduleError) -> Int? {
        guard bytes[place..<end].contains(UInt8(ascii: "W")) else { return nil }
        let start = place
        let isLast = skip(UInt8(ascii: "L"))
        let day = isLast ? 0 : number(.dayOfMonth)
        guard let day, skip(UInt8(ascii: "W")), place == end else {
            place = start
            throw ScheduleError("`W` belongs to a single day of the month, as in `15W`, not to `\(rest)`")
        }
        guard isLast || CronField.dayOfMonth.values.contains(day) else { throw outOfRange(day, .dayOfMonth) }
        return day
    }

    private mutating func dayOfWeek() throws(ScheduleError) -> CronWeekdays {
        var days = CronWeekdays()
        days.isAnd = skip(UInt8(ascii: "+"))
        guard place < end else { throw ScheduleError("nothing follows `+` in the day of week; write it like `+MON`") }
        days.isWildcard = isWildcard
        try list(.dayOfWeek) { (reader) throws(ScheduleError) in
            if let nth = try reader.nthWeekday() {
                days.nth.append(nth)
            } else {
                try reader.values(.dayOfWeek) { days.each |= 1 << UInt8($0 % 7) }
            }
        }
        return days
    }

    /// `MON#1`, `FRI#L`, `5L`.
    private mutating func nthWeekday() throws(ScheduleError) -> CronWeekdays.Nth? {
        let start = place
        guard let weekday = number(.dayOfWeek) else { return nil }
        if skip(UInt8(ascii: "L")), isAtEnd { return try checked(.init(weekday: weekday, number: -1)) }
        if skip(UInt8(ascii: "#")) {
            if skip(UInt8(ascii: "L")), isAtEnd { return try checked(.init(weekday: weekday, number: -1)) }
            if let number = figures(), (1...5).contains(number), isAtEnd {
                return try checked(.init(weekday: weekday, number: number))
            }
            throw ScheduleError("`#` is followed by 1 to 5 or by L, as in `MON#1` and `FRI#L`")
        }
        place = start
        return nil
    }

    private func checked(_ nth: CronWeekdays.Nth) throws(ScheduleError) -> CronWeekdays.Nth {
        guard CronField.dayOfWeek.values.contains(nth.weekday) else { throw outOfRange(nth.weekday, .dayOfWeek) }
        return .init(weekday: nth.weekday % 7, number: nth.number)
    }

    // MARK: - Parts of a field

    private var isAtEnd: Bool { place == end || bytes[place] == UInt8(ascii: ",") }

    private mutating func list(
        _ field: CronField, _ element: (inout CronReader) throws(ScheduleError) -> Void
    ) throws(ScheduleError) {
        repeat {
            let start = place
            try element(&self)
            guard isAtEnd, place > start else {
                place = start
                throw ScheduleError(complaint(about: rest, in: field))
            }
        } while skip(UInt8(ascii: ","))
        guard place == end else { throw ScheduleError(complaint(about: rest, in: field)) }
    }

    /// `*`, `5`, `1-5`, and each with a step but the single value.
    private mutating func values(_ field: CronField, _ take: (Int) -> Void) throws(ScheduleError) {
        var range: ClosedRange<Int>
        let isRange: Bool
        if skip(UInt8(ascii: "*")) || field.isDay && skip(UInt8(ascii: "?")) {
            range = field.all
            isRange = true
        } else {
            guard let low = number(field) else { return }
            guard field.values.contains(low) else { throw outOfRange(low, field) }
            range = low...low
            isRange = skip(UInt8(ascii: "-"))
            if isRange { range = try self.range(from: low, field) }
        }
        var step = 1
        if skip(UInt8(ascii: "/")) {
            guard let number = figures() else {
                throw ScheduleError("a number is missing after `/` in the \(field.name)")
            }
            guard number > 0 else { throw ScheduleError("a step of 0 in the \(field.name) would never come to an end") }
            guard isRange else {
                throw ScheduleError(
                    "a step needs a range or `*` before it in the \(field.name): `\(range.lowerBound)-\(field.all.upperBound)/\(number)`"
                )
            }
            step = number
        }
        var value = range.lowerBound
        while value <= range.upperBound {
            take(value)
            value += step
        }
    }

    private mutating func range(from low: Int, _ field: CronField) throws(ScheduleError) -> ClosedRange<Int> {
        guard let high = number(field) else { throw ScheduleError("a range in the \(field.name) has no end") }
        guard field.values.contains(high) else { throw outOfRange(high, field) }
        guard low <= high else {
            // OCPS 1.0, 6.2. Some crons wrap such a range, others take it for empty.
            let end = field == .dayOfWeek && high == 0 ? "" : ",\(field.all.lowerBound)-\(high)"
            let last = field == .dayOfWeek && high == 0 ? 7 : field.all.upperBound
            throw ScheduleError(
                "the range \(low)-\(high) in the \(field.name) goes backwards, which crons read differently; did you mean "
                    + "`\(low)-\(last)\(end)`?")
        }
        return low...high
    }

    /// A number or a name.
    private mutating func number(_ field: CronField) -> Int? {
        if let figures = figures() { return figures }
        guard end - place >= 3,
            let value = field.value(ofName: (bytes[place], bytes[place + 1], bytes[place + 2]))
        else { return nil }
        place += 3
        return value
    }

    private mutating func figures() -> Int? {
        var value: Int?
        while place < end, bytes[place] &- 48 < 10 {
            let grown = (value ?? 0) * 10 + Int(bytes[place] - 48)
            value = min(grown, 100_000)
            place += 1
        }
        return value
    }

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard place < end, bytes[place] == byte else { return false }
        place += 1
        return true
    }

    // MARK: - Errors

    private var rest: String { String(decoding: bytes[min(place, end)..<end], as: UTF8.self) }

    private func outOfRange(_ value: Int, _ field: CronField) -> ScheduleError {
        ScheduleError(
            "\(value) is no \(field.name): it goes from \(field.values.lowerBound) to \(field.values.upperBound)")
    }

    private func complaint(about text: String, in field: CronField) -> String {
        if text.isEmpty { return "a value is missing in the \(field.name)" }
        if text.contains("+") { return "`+` stands before the day of week only, as in `+MON`" }
        if text.contains("?") { return "`?` is for the day of month and the day of week only" }
        return "`\(text)` is no \(field.name)"
    }
}
