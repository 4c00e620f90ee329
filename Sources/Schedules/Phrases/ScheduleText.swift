/// The parts of a schedule's text: rules joined by `;`, each with what is taken out of it behind `except`.
enum ScheduleText {
    static func rule(
        of text: String, _ policy: ClockChangeChoice?, _ calendars: [String: HolidayCalendar]
    ) throws(ScheduleError) -> Rule {
        // No cron pattern has either letter: most are read without another look at them.
        var text = text
        let hasParts = text.withUTF8 { bytes in
            bytes.contains { $0 == UInt8(ascii: ";") || $0 | 32 == UInt8(ascii: "x") }
        }
        guard hasParts else { return try body(text, policy, calendars) }
        var rules: [Rule] = []
        for part in parts(of: text) {
            guard !part.body.isEmpty else {
                throw ScheduleError("`;` joins two schedules, and `except` follows one: there is none at its side")
            }
            let rule = try body(part.body, policy, calendars)
            rules.append(try part.exceptions.isEmpty ? rule : excepted(rule, part.exceptions, calendars))
        }
        return rules.count == 1 ? rules[0] : .joined(rules)
    }

    struct Part {
        var body: String
        var exceptions: [String] = []
    }

    static func parts(of text: String) -> [Part] {
        text.split(separator: ";", omittingEmptySubsequences: false).map { text in
            var pieces: [[Substring]] = [[]]
            for word in text.split(whereSeparator: \.isWhitespace) {
                if word.lowercased() == "except" { pieces.append([]) } else { pieces[pieces.count - 1].append(word) }
            }
            let texts = pieces.map { words -> String in
                let text = words.joined(separator: " ")
                return text.hasSuffix(",") ? String(text.dropLast()) : text
            }
            return Part(body: texts[0], exceptions: Array(texts.dropFirst()))
        }
    }

    private static func excepted(
        _ rule: Rule, _ exceptions: [String], _ calendars: [String: HolidayCalendar]
    ) throws(ScheduleError) -> Rule {
        var days: [DaySet] = []
        var rule = rule
        for text in exceptions {
            for exclusion in try Phrase.exclusions(in: text, calendars) {
                switch exclusion {
                case .days(let set): days.append(set)
                case .rule: rule = .except(rule, exclusion)
                }
            }
        }
        guard !days.isEmpty else { return rule }
        return .except(rule, .days(days.count == 1 ? days[0] : .union(days)))
    }

    private static func body(
        _ text: String, _ policy: ClockChangeChoice?, _ calendars: [String: HolidayCalendar]
    ) throws(ScheduleError) -> Rule {
        do throws(ScheduleError) {
            if let pattern = CronPattern.text(in: text) { return try CronPattern(pattern).timed().rule(policy) }
            return try Phrase.rule(of: text, policy, calendars)
        } catch {
            throw Dialect.error(about: text) ?? error
        }
    }
}
