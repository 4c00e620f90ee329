/// What is suspicious about the fields of a cron pattern as they are written.
struct CronSuspicions {
    private let text: String
    private let fields: [String]
    private let pattern: CronPattern
    /// Before the minute there may be seconds.
    private let minute: Int

    init?(_ text: String) {
        fields = text.split { $0 == " " || $0 == "\t" }.map(String.init)
        guard (5...7).contains(fields.count), let pattern = try? CronPattern(text) else { return nil }
        self.text = fields.joined(separator: " ")
        self.pattern = pattern
        minute = fields.count == 5 ? 0 : 1
    }

    var found: [Suspicion] {
        [unsetSecond ?? unsetMinute, eitherDay, weekdayNumber].compactMap { $0 } + unevenSteps
    }

    private var hour: Int { minute + 1 }
    private var day: Int { minute + 2 }
    private var weekday: Int { minute + 4 }

    private func replacing(_ changes: [Int: String]) -> String {
        fields.indices.map { changes[$0] ?? fields[$0] }.joined(separator: " ")
    }

    private var words: String { pattern.rule(nil).words }

    // MARK: - Empty fields

    private var unsetSecond: Suspicion? {
        guard minute == 1, fields[0] == "*" else { return nil }
        return Suspicion(
            kind: .unsetSecond, isRefused: true,
            message:
                "`\(text)` has six fields or seven, so its first is the second: it runs \(words); for once a minute write "
                + "`\(replacing([0: "0"]))`, and where every second is meant `\(replacing([0: "0-59"]))`")
    }

    private var unsetMinute: Suspicion? {
        guard fields[minute] == "*" else { return nil }
        let namesHour = fields[hour] != "*"
        let namesDay = !pattern.dayOfMonth.isWildcard
        guard namesHour || namesDay else { return nil }
        // Every minute of a span of hours is what somebody may want.
        let isSpan = namesHour && fields[hour].contains("-") && !fields[hour].contains("/")
        let meant = replacing(namesHour ? [minute: "0"] : [minute: "0", hour: "0"])
        return Suspicion(
            kind: .unsetMinute, isRefused: !isSpan,
            message: "`\(text)` runs \(words), \(pattern.minutes.nonzeroBitCount) times in each hour; for once write "
                + "`\(meant)`, and where every minute is meant `\(replacing([minute: "0-59"]))`")
    }

    // MARK: - Two days

    private var eitherDay: Suspicion? {
        guard !pattern.dayOfMonth.isWildcard, !pattern.dayOfWeek.isWildcard, !pattern.dayOfWeek.isAnd else {
            return nil
        }
        let both = replacing([weekday: "+" + fields[weekday]])
        var meant = "for days that are both write `\(both)`"
        if let nth = weekOfMonth {
            meant = "for the \(nth.words) write `\(replacing([day: "*", weekday: nth.field]))`"
        }
        let joined = "\(replacing([weekday: "*"])); \(replacing([day: "*"]))"
        return Suspicion(
            kind: .eitherDay, isRefused: true,
            message: "`\(text)` runs \(words), as cron joins the two days with OR; \(meant), and where either is meant "
                + "`\(joined)`")
    }

    /// Seven days in a row have one of each weekday.
    private var weekOfMonth: (words: String, field: String)? {
        let bits = pattern.dayOfMonth.bits
        let each = pattern.dayOfWeek.each
        guard each.nonzeroBitCount == 1, pattern.dayOfWeek.nth.isEmpty, !pattern.dayOfMonth.hasLast,
            bits.nonzeroBitCount == 7, bits >> UInt32(bits.trailingZeroBitCount) == 0x7F
        else { return nil }
        let name = Phrase.weekdays[each.trailingZeroBitCount]
        let first = bits.trailingZeroBitCount
        let short = name.prefix(3).uppercased()
        if first >= 22 { return ("last \(name) of the month", "\(short)#L") }
        guard first.isMultiple(of: 7) else { return nil }
        let number = first / 7 + 1
        return ("\(DaySet.ordinal(number)) \(name) of the month", "\(short)#\(number)")
    }

    /// Quartz and its kin count weekdays from 1 for Sunday.
    private var weekdayNumber: Suspicion? {
        let field = fields[weekday]
        guard minute == 1, field.split(separator: ",").contains(where: { $0.first?.isNumber == true }) else {
            return nil
        }
        let isQuartz = fields[day] == "?"
        let here = Schedule.list(
            (0..<7).filter { number in
                pattern.dayOfWeek.each >> UInt8(number) & 1 == 1
                    || pattern.dayOfWeek.nth.contains { $0.weekday == number }
            }.map { Phrase.weekdays[$0] })
        return Suspicion(
            kind: .weekdayNumber, isRefused: isQuartz,
            message:
                "`\(text)` has the weekday `\(field)`, which is \(here) here and the day before in Quartz, where 1 is "
                + "Sunday; write names: `\(replacing([weekday: names(in: field)]))`")
    }

    /// The numbers of weekdays as names.
    private func names(in field: String) -> String {
        var result = ""
        var isCount = false
        for letter in field {
            if let number = letter.wholeNumberValue, !isCount, (0...7).contains(number) {
                result += Phrase.weekdays[number % 7].prefix(3).uppercased()
            } else {
                result.append(letter)
            }
            isCount = letter == "#" || letter == "/"
        }
        return result
    }

    // MARK: - Steps

    private var unevenSteps: [Suspicion] {
        fields.indices.compactMap { index in
            guard let field = CronField(rawValue: index + (minute == 0 ? 1 : 0)), field != .year else { return nil }
            let parts = fields[index].split(separator: "/")
            guard parts.count == 2, parts[0] == "*", let step = Int(parts[1]), step > 1 else { return nil }
            return uneven(step, field)
        }
    }

    private func uneven(_ step: Int, _ field: CronField) -> Suspicion? {
        let size = field.all.count
        guard field == .dayOfMonth || !size.isMultiple(of: step) else { return nil }
        let values = Array(stride(from: field.all.lowerBound, through: field.all.upperBound, by: step))
        let shown =
            values.count > 6
            ? "\(values[0]), \(values[1]) … \(values[values.count - 1])" : Schedule.list(values.map(String.init))
        let rest = field.all.lowerBound + size - values[values.count - 1]
        let what = "`*/\(step)` in the \(field.name) of `\(text)` is \(shown), and then \(values[0]) again"
        guard let unit = IntervalUnit(rawValue: field.name) else {
            return Suspicion(
                kind: .unevenStep, isRefused: false,
                message:
                    "\(what): the last step is shorter\(field == .dayOfMonth ? " or longer, as months end" : ""); a steady "
                    + "one is counted from a date, as in `every 2 days 02:00 from 2026-01-04`")
        }
        let meant =
            unit.divides(step)
            ? "`\(unit.text(step))` counts evenly"
            : "steps that fit are \(Schedule.list((2..<size).filter { size.isMultiple(of: $0) }.map(String.init)))"
        return Suspicion(
            kind: .unevenStep, isRefused: step * 2 > size,
            message: "\(what)" + (values.count > 1 ? ", \(rest) \(unit.rawValue)\(rest == 1 ? "" : "s") later" : "")
                + "; \(meant)")
    }
}
