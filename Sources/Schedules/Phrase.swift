/// The plain words of a schedule.
enum Phrase {
    static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
    static let ordinals: [(number: Int, word: String)] = [
        (1, "first"), (2, "second"), (3, "third"), (4, "fourth"), (-1, "last"),
    ]

    static func rule(of text: String) throws(ScheduleError) -> Rule {
        guard text.utf8.count <= ScheduleLimits.text else {
            throw ScheduleError("a schedule has at most \(ScheduleLimits.text) characters")
        }
        let words = words(of: text)
        if let rule = try interval(words) ?? calendar(words) { return rule }
        throw ScheduleError(LenientPhrase(words).complaint(about: text))
    }

    /// In lower case; a comma is a word of its own.
    private static func words(of text: String) -> [String] {
        text.lowercased().split { $0.isWhitespace }.flatMap { word in
            word.last == "," && word.count > 1 ? [String(word.dropLast()), ","] : [String(word)]
        }
    }

    // MARK: - every 5 minutes

    private static func interval(_ words: [String]) throws(ScheduleError) -> Rule? {
        var rest = words[...]
        guard rest.popFirst() == "every" else { return nil }
        var count = 1
        if let number = rest.first.flatMap(Int.init) {
            count = number
            rest.removeFirst()
        }
        guard rest.count == 1, let unit = rest.first.flatMap(IntervalUnit.init(word:)) else { return nil }
        guard unit.divisors.contains(count) else { throw ScheduleError(unit.complaint(about: count)) }
        return .interval(seconds: Int64(count * unit.seconds))
    }

    // MARK: - first Sunday of the month 02:00

    private static func calendar(_ words: [String]) -> Rule? {
        guard let time = words.last.flatMap(TimeOfDay.init) else { return nil }
        var rest = words.dropLast()
        if rest.last == "at" { rest.removeLast() }
        guard let days = days(rest) else { return nil }
        return .calendar(days: days, times: [time.second])
    }

    private static func days(_ words: ArraySlice<String>) -> Rule.Days? {
        switch Array(words) {
        case ["daily"], ["every", "day"]: return .all
        case ["weekdays"]: return .weekdays([1, 2, 3, 4, 5])
        case ["weekends"]: return .weekdays([0, 6])
        default: break
        }
        if let ordinal = ordinals.first(where: { $0.word == words.first }) {
            let rest = Array(words.dropFirst())
            guard rest.count == 4, let weekday = weekday(rest[0]), rest[1] == "of", rest[2] == "the",
                let span = Rule.Span(rawValue: rest[3])
            else { return nil }
            return .nth(number: ordinal.number, weekday: weekday, of: span)
        }
        return list(words.first == "every" ? words.dropFirst() : words).map(Rule.Days.weekdays)
    }

    /// `Monday, Wednesday and Friday`, each once.
    private static func list(_ words: ArraySlice<String>) -> Set<Int>? {
        var result: Set<Int> = []
        for (place, word) in words.enumerated() {
            if place.isMultiple(of: 2) {
                guard let weekday = weekday(word), result.insert(weekday).inserted else { return nil }
            } else if word != "and", word != "," {
                return nil
            }
        }
        return words.count.isMultiple(of: 2) ? nil : result
    }

    private static func weekday(_ word: String) -> Int? { weekdays.firstIndex { $0.lowercased() == word } }
}

/// The unit of `every 5 minutes`.
enum IntervalUnit: String {
    case minute, hour

    init?(word: String) {
        self.init(rawValue: word.hasSuffix("s") ? String(word.dropLast()) : word)
    }

    var seconds: Int { self == .minute ? 60 : 3600 }

    /// How many of it divide a day, so that the times are the same on each.
    var divisors: [Int] {
        let day = 86_400 / seconds
        return (1..<day).filter { day.isMultiple(of: $0) }
    }

    func text(_ count: Int) -> String { count == 1 ? "every \(rawValue)" : "every \(count) \(rawValue)s" }

    func complaint(about count: Int) -> String {
        if count >= 86_400 / seconds { return "`\(text(count))` is a day or more; write it like `daily 09:00`" }
        let near = [divisors.last { $0 < count }, divisors.first { $0 > count }].compactMap { $0 }
        return "`\(text(count))` does not divide a day, so its times would differ from day to day; did you mean "
            + near.map { "`\(text($0))`" }.joined(separator: " or ") + "?"
    }
}

/// A time on the clock, as a schedule writes it: `09:00`.
struct TimeOfDay: Hashable {
    let second: Int

    init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count == 2, (1...2).contains(parts[0].count), parts[1].count == 2,
            parts.joined().allSatisfy({ (48...57).contains($0) }), let hour = Int(Substring(parts[0])),
            let minute = Int(Substring(parts[1])), hour < 24, minute < 60
        else { return nil }
        second = hour * 3600 + minute * 60
    }

    init(second: Int) { self.second = second }

    static func text(_ second: Int) -> String {
        let parts = [second / 3600, second / 60 % 60] + (second % 60 == 0 ? [] : [second % 60])
        return parts.map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
    }
}
