/// What is written for another scheduler, and how that is written here.
enum Dialect {
    static func error(about text: String) -> ScheduleError? {
        let text = String(text[...].trimmed)
        let lower = text.lowercased()
        if let inner = inside("cron(", lower) { return ScheduleError(amazon(inner, text)) }
        if let inner = inside("rate(", lower) { return ScheduleError(rate(inner, text)) }
        if lower.hasPrefix("at("), lower.hasSuffix(")") {
            return named("AWS", text, inside("at(", text)?.replacing("T", with: " "))
        }
        if lower.hasPrefix("@every ") {
            return named("Go cron", text, "every " + interval(String(lower.dropFirst(7))))
        }
        if lower.hasPrefix("cron_tz=") || lower.hasPrefix("tz=") {
            return ScheduleError(
                "`\(text)` names a time zone as some crons do; here the service has one, and the pattern follows alone")
        }
        if lower.hasPrefix("r/") || lower.hasPrefix("p") && lower.dropFirst().first.map(\.isNumber) ?? false {
            return ScheduleError(
                "`\(text)` is an interval of ISO 8601; write it in words, such as `every 2 weeks on Sunday 02:00 from 2026-01-04`"
            )
        }
        let words = text.split(separator: " ").map(String.init)
        if words.count == 5, words.contains(where: { $0 == "H" || $0.hasPrefix("H/") || $0.hasPrefix("H(") }) {
            return ScheduleError("`\(text)` is Jenkins' cron, where `H` is any value; write the value: `15 2 * * *`")
        }
        if let meant = systemd(words) { return named("a systemd timer", text, meant) }
        return cronLine(words, text)
    }

    private static func named(_ dialect: String, _ text: String, _ meant: String?) -> ScheduleError {
        let meant = meant.flatMap { text in (try? ScheduleText.rule(of: text, nil, [:])) == nil ? nil : text }
        return ScheduleError(
            "`\(text)` is how \(dialect) writes it; "
                + (meant.map { "here it is `\($0)`" }
                    ?? "write it as a cron pattern or in words: `first Sunday of the month 02:00`"))
    }

    private static func inside(_ start: String, _ text: String) -> String? {
        guard text.hasPrefix(start), text.hasSuffix(")") else { return nil }
        return String(text.dropFirst(start.count).dropLast())
    }

    // MARK: - AWS

    /// Minute, hour, day of month, month, day of week from 1 for Sunday, year.
    private static func amazon(_ inner: String, _ text: String) -> String {
        var fields = inner.uppercased().split(separator: " ").map(String.init)
        guard fields.count == 6 else { return named("AWS", text, nil).message }
        fields[4] = renumbered(fields[4])
        let year = fields.removeLast()
        let pattern = fields.map { $0 == "?" ? "*" : $0 }.joined(separator: " ")
        return named("AWS", text, year == "*" ? pattern : "0 \(pattern) \(year)").message
    }

    /// Weekdays from 1 for Sunday as names.
    static func renumbered(_ field: String) -> String {
        var result = ""
        var isNumberOfWeek = false
        for letter in field {
            if let number = letter.wholeNumberValue, !isNumberOfWeek, (1...7).contains(number) {
                result += Phrase.weekdays[number - 1].prefix(3).uppercased()
            } else {
                result.append(letter)
            }
            isNumberOfWeek = letter == "#" || letter == "/"
        }
        return result.hasSuffix("L") && !result.hasSuffix("#L") && result.count == 4 ? "\(result.dropLast())#L" : result
    }

    private static func rate(_ inner: String, _ text: String) -> String {
        let isDaily = ["1 day", "24 hours"].contains(inner)
        return named(
            "AWS", text, isDaily ? "daily 00:00" : "every \(inner.hasPrefix("1 ") ? String(inner.dropFirst(2)) : inner)"
        )
        .message
    }

    /// `1h30m` as `90 minutes`.
    private static func interval(_ text: String) -> String {
        var (seconds, number) = (0, 0)
        for letter in text {
            if let figure = letter.wholeNumberValue, number < 100_000 {
                number = number * 10 + figure
            } else if let unit = ["s": 1, "m": 60, "h": 3600][String(letter)] {
                seconds += number * unit
                number = 0
            } else {
                return ""
            }
        }
        guard seconds > 0 else { return "" }
        let unit: IntervalUnit = seconds.isMultiple(of: 3600) ? .hour : seconds.isMultiple(of: 60) ? .minute : .second
        return String(unit.text(seconds / unit.seconds).dropFirst(6))
    }

    // MARK: - systemd

    /// `Sun *-*-* 02:00:00`, `Mon..Fri 08:00`, `*-*-01 02:00`; an empty text where it is one that is not translated.
    private static func systemd(_ words: [String]) -> String? {
        guard
            let date = words.first(where: { $0.split(separator: "-").count == 3 && $0.contains("*") })
                ?? words.first(where: { $0.contains("..") })
        else { return nil }
        let time = words.last.flatMap(TimeOfDay.init).map { TimeOfDay.text($0.second) } ?? "00:00"
        let weekday = words.first.flatMap { word in
            word.count >= 3 ? Phrase.weekdays.first { $0.lowercased().hasPrefix(word.lowercased()) } : nil
        }
        let day = date.split(separator: "-").last.map(String.init) ?? ""
        switch (date.hasPrefix("*-*-"), weekday, day) {
        case (true, let weekday?, "*"): return "\(weekday) \(time)"
        case (true, let weekday?, "1..7"), (true, let weekday?, "01..07"):
            return "first \(weekday) of the month \(time)"
        case (true, nil, "*"): return words[0].lowercased() == "mon..fri" ? "weekdays \(time)" : "daily \(time)"
        case (true, nil, _): return Int(day).map { "day \($0) of the month \(time)" } ?? ""
        default: return date.lowercased() == "mon..fri" ? "weekdays \(time)" : ""
        }
    }

    // MARK: - Lines of crontabs

    private static func cronLine(_ words: [String], _ text: String) -> ScheduleError? {
        guard words.count >= 5 else { return nil }
        if words.count > 5, let pattern = pattern(words.prefix(5)),
            words[5].first.map({ "/.".contains($0) || $0.isLowercase }) ?? false
        {
            return ScheduleError("`\(text)` has more behind its five fields; the pattern is alone here: `\(pattern)`")
        }
        // Quartz' `L2` and `L-2` count from the month's end.
        if let field = words.first(where: {
            $0.hasPrefix("L") && $0.count > 1 && $0.dropFirst().allSatisfy { "-0123456789".contains($0) }
        }) {
            let count = field.filter(\.isNumber)
            return ScheduleError(
                "`\(field)` in `\(text)` is no part of a pattern here: the last day is `L`, the last Tuesday `TUE#L`; for the day "
                    + "\(count) days before the month's last write `\(count) days before the last day of the month 02:00`"
            )
        }
        return nil
    }

    private static func pattern(_ fields: ArraySlice<String>) -> String? {
        let text = fields.joined(separator: " ")
        return (try? CronPattern(text)) == nil ? nil : text
    }
}
