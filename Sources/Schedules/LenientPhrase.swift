/// Reads words that are no schedule for what was probably meant by them.
struct LenientPhrase {
    private var ordinal: String?
    private var weekdays: [String] = []
    private var span: String?
    /// `daily`, `weekdays` or `weekends`.
    private var group: String?
    private var isEvery = false
    private var number: Int?
    private var unit: IntervalUnit?
    private var times: [Int] = []
    private var hasStrangers = false

    /// What people write, and the words for it here.
    private static let synonyms: [String: [String]] = [
        "1st": ["first"], "2nd": ["second"], "3rd": ["third"], "4th": ["fourth"], "fifth": ["last"], "5th": ["last"],
        "everyday": ["daily"], "day": ["daily"], "days": ["daily"], "nightly": ["daily"], "hourly": ["every", "hour"],
        "weekday": ["weekdays"], "weekend": ["weekends"], "midnight": ["00:00"], "noon": ["12:00"],
        "monthly": ["month"], "quarterly": ["quarter"], "yearly": ["year"], "m": ["minutes"], "mins": ["minutes"],
        "h": ["hours"],
        "hr": ["hours"], "hrs": ["hours"],
    ]
    private static let noise: Set<String> = ["and", ",", "of", "the", "at", "on", "in", "each", "a", "utc", "o'clock"]
    private static let vocabulary =
        Phrase.weekdays + Phrase.ordinals.map(\.word) + Rule.Span.allCases.map(\.rawValue) + [
            "daily", "weekdays", "weekends", "every", "minutes", "hours",
        ]

    init(_ words: [String]) {
        for word in words.flatMap(Self.separated).flatMap({ Self.synonyms[$0] ?? [$0] }) { read(word) }
        // A lone number is an hour, unless it counts a unit.
        if unit == nil, let hour = number, times.isEmpty, (0..<24).contains(hour) {
            times = [hour * 3600]
            number = nil
        }
    }

    /// What is wrong, and what would be right.
    func complaint(about text: String) -> String {
        if let suggestion { return "`\(text)` is no schedule, did you mean `\(suggestion)`?" }
        if let days, !hasStrangers, times.isEmpty, number == nil {
            return "`\(text)` has no time of day; write it like `\(days) 02:00`"
        }
        return "`\(text)` is no schedule; one is written like "
            + Schedule.examples.map { "`\($0)`" }.joined(separator: ", ")
    }

    private var suggestion: String? {
        guard !hasStrangers else { return nil }
        if isEvery, let unit, times.isEmpty {
            let count = number ?? 1
            return unit.divisors.contains(count) ? unit.text(count) : nil
        }
        guard let days, times.count == 1, number == nil, unit == nil else { return nil }
        return "\(days) \(TimeOfDay.text(times[0]))"
    }

    private var days: String? {
        switch (ordinal, weekdays.count, group) {
        case (let ordinal?, 1, nil): "\(ordinal) \(weekdays[0]) of the \(span ?? "month")"
        case (nil, 1..., nil) where span == nil: Schedule.list(weekdays)
        case (nil, 0, let group?) where span == nil: group
        default: nil
        }
    }

    /// `9am` is a number and a word, `02:00-03:00` a time and its end, which belongs to a window.
    private static func separated(_ word: String) -> [String] {
        let word = String(word.prefix { $0 != "-" && $0 != "–" })
        let figures = word.prefix { $0.isASCII && $0.isNumber || ":.".contains($0) }
        let rest = word.dropFirst(figures.count)
        guard !figures.isEmpty, !rest.isEmpty, synonyms[word] == nil else { return word.isEmpty ? [] : [word] }
        return [String(figures), String(rest)]
    }

    private mutating func read(_ word: String) {
        if Self.noise.contains(word) || word == "z" { return }
        if word == "am" || word == "pm" { return readHalf(isAfternoon: word == "pm") }
        if let first = word.utf8.first, (48...57).contains(first) { return readNumber(word) }
        switch Spelling.closest(word, among: Self.vocabulary) {
        case "every"?: isEvery = true
        case "minutes"?: unit = .minute
        case "hours"?: unit = .hour
        case let known? where Phrase.weekdays.contains(known): if !weekdays.contains(known) { weekdays.append(known) }
        case let known? where Rule.Span(rawValue: known) != nil: span = known
        case let known? where Phrase.ordinals.contains { $0.word == known }: ordinal = known
        case let known?: group = known
        case nil: hasStrangers = true
        }
    }

    private mutating func readNumber(_ word: String) {
        let figures = word.replacing(".", with: ":")
        if let time = TimeOfDay(figures == "24:00" ? "00:00" : figures) {
            times.append(time.second)
        } else if word.utf8.count == 4, let time = TimeOfDay("\(word.prefix(2)):\(word.suffix(2))") {
            times.append(time.second)
        } else if let value = Int(word), number == nil {
            number = value
        } else {
            hasStrangers = true
        }
    }

    private mutating func readHalf(isAfternoon: Bool) {
        if let hour = number, times.isEmpty {
            times = [hour * 3600]
            number = nil
        }
        guard times.count == 1, (3600..<13 * 3600).contains(times[0]) else {
            hasStrangers = true
            return
        }
        times[0] = times[0] % (12 * 3600) + (isAfternoon ? 12 * 3600 : 0)
    }
}
