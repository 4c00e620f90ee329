/// Reads words that are no schedule for what was probably meant by them, in whatever order they are.
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
        "monthly": ["month"], "quarterly": ["quarter"], "yearly": ["year"], "annually": ["year"], "s": ["seconds"],
        "sec": ["seconds"], "secs": ["seconds"], "m": ["minutes"], "min": ["minutes"], "mins": ["minutes"],
        "h": ["hours"], "hr": ["hours"], "hrs": ["hours"],
    ]
    private static let noise: Set<String> = ["and", ",", "of", "the", "at", "on", "in", "each", "a", "utc", "o'clock"]
    private static let ordinals = ["first", "second", "third", "fourth", "last"]

    private init(_ words: [String]) {
        for word in words.flatMap(Self.separated).flatMap({ Self.synonyms[$0] ?? [$0] }) { read(word) }
        // A lone number is an hour, unless it counts a unit.
        if unit == nil, let hour = number, times.isEmpty, (0..<24).contains(hour) {
            times = [hour * 3600]
            number = nil
        }
    }

    /// What is wrong, and what would be right.
    static func complaint(about text: String, furthest: Int, _ calendars: [String: HolidayCalendar]) -> String {
        let words = PhraseReader.words(of: text)
        let bag = LenientPhrase(words.map { $0.lowercased() })
        func isUnderstood(_ text: String) -> Bool {
            var reader = PhraseReader(text, nil, calendars)
            return (try? reader.wholeRule()) != nil
        }
        if let suggestion = bag.suggestion ?? CorrectedPhrase.variants(of: words).first(where: isUnderstood) {
            return "`\(text)` is no schedule, did you mean `\(suggestion)`?"
        }
        let timeless = bag.timeless ?? CorrectedPhrase.variants(of: words).first { isUnderstood("\($0) 02:00") }
        if let timeless { return "`\(text)` has no time of day; write it like `\(timeless) 02:00`" }
        let place =
            furthest > 0 && furthest < words.count ? ": `\(words[furthest])` is not understood there; " : "; "
        return "`\(text)` is no schedule\(place)one is written like "
            + Schedule.examples.prefix(10).map { "`\($0)`" }.joined(separator: ", ")
    }

    private var timeless: String? { hasStrangers || !times.isEmpty || number != nil ? nil : days }

    private var suggestion: String? {
        guard !hasStrangers else { return nil }
        if isEvery, let unit, times.isEmpty {
            let count = number ?? 1
            return unit.divides(count) ? unit.text(count) : nil
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
        let first = word.prefix { $0 != "-" && $0 != "–" }
        guard first.utf8.first.map({ (48...57).contains($0) }) ?? false, synonyms[word] == nil else { return [word] }
        let figures = first.prefix { $0.isASCII && $0.isNumber || ":.".contains($0) }
        return [String(figures), String(first.dropFirst(figures.count))].filter { !$0.isEmpty }
    }

    private mutating func read(_ word: String) {
        if Self.noise.contains(word) || word == "z" { return }
        if word == "am" || word == "pm" { return readHalf(isAfternoon: word == "pm") }
        if let first = word.utf8.first, (48...57).contains(first) { return readNumber(word) }
        let known = Spelling.closest(word, among: Phrase.vocabulary) ?? ""
        switch known {
        case "every": isEvery = true
        case "daily", "weekdays", "weekends":
            hasStrangers = hasStrangers || group != nil && group != known
            group = known
        case _ where Phrase.weekdays.contains(known): if !weekdays.contains(known) { weekdays.append(known) }
        case _ where DaySet.Span(rawValue: known) != nil: span = known
        case "second" where isEvery: unit = .second
        case _ where Self.ordinals.contains(known):
            hasStrangers = hasStrangers || ordinal != nil
            ordinal = known
        default:
            if let interval = IntervalUnit(word: known) { unit = interval } else { hasStrangers = true }
        }
    }

    private mutating func readNumber(_ word: String) {
        if let time = CorrectedPhrase.time(word) {
            times.append(time)
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
        guard times.count == 1, let time = CorrectedPhrase.half(times[0], isAfternoon: isAfternoon) else {
            hasStrangers = true
            return
        }
        times[0] = time
    }
}
