import Host

/// Reads the words of a schedule from left to right. A form that does not fit is `nil` and leaves the place where it
/// was; one that fits and cannot be is an error.
struct PhraseReader {
    let text: String
    private let originals: [String]
    private let words: [String]
    private(set) var place = 0
    /// The furthest word that was looked at: where the rest is not understood.
    private(set) var furthest = 0
    let policy: ClockChangeChoice?
    let calendars: [String: HolidayCalendar]

    init(_ text: String, _ policy: ClockChangeChoice?, _ calendars: [String: HolidayCalendar]) {
        self.text = text
        originals = Self.words(of: text)
        words = originals.map { $0.lowercased() }
        self.policy = policy
        self.calendars = calendars
    }

    /// A comma is a word of its own.
    static func words(of text: String) -> [String] {
        text.split { $0.isWhitespace }.flatMap { word in
            word.last == "," && word.count > 1 ? [String(word.dropLast()), ","] : [String(word)]
        }
    }

    var isAtEnd: Bool { place == words.count }
    var next: String? { place < words.count ? words[place] : nil }

    // MARK: - Steps

    /// Passes over these words, in this order.
    mutating func skip(_ expected: String...) -> Bool {
        for (index, word) in expected.enumerated() {
            furthest = max(furthest, min(place + index, words.count))
            guard place + index < words.count, words[place + index] == word else { return false }
        }
        place += expected.count
        return true
    }

    /// The next word, where it can be read so.
    mutating func take<Value>(_ read: (String) -> Value?) -> Value? {
        furthest = max(furthest, place)
        guard let word = next, let value = read(word) else { return nil }
        place += 1
        return value
    }

    /// The next word as it was written.
    mutating func takeName() -> String? {
        guard place < words.count else { return nil }
        place += 1
        return originals[place - 1]
    }

    mutating func attempt<Value>(
        _ read: (inout PhraseReader) throws(ScheduleError) -> Value?
    ) throws(ScheduleError) -> Value? {
        let start = place
        if let value = try read(&self) { return value }
        place = start
        return nil
    }

    /// `a`, `a and b`, `a, b and c`: at least one.
    mutating func list<Value>(
        _ read: (inout PhraseReader) throws(ScheduleError) -> Value?
    ) throws(ScheduleError) -> [Value]? {
        guard let first = try attempt(read) else { return nil }
        var values = [first]
        while true {
            let start = place
            guard skipSeparator(), let value = try attempt(read) else {
                place = start
                return values
            }
            values.append(value)
        }
    }

    private mutating func skipSeparator() -> Bool { skip(",", "and") || skip(",") || skip("and") }

    // MARK: - Words

    mutating func number() -> Int? {
        take { word in word.utf8.count <= 6 && word.utf8.allSatisfy { (48...57).contains($0) } ? Int(word) : nil }
    }

    mutating func weekday() -> Int? { take(Phrase.weekday) }
    mutating func time() -> Int? { take { TimeOfDay($0)?.second } }
    mutating func date() -> Int64? { take { $0.utf8.count == 10 ? CivilDate($0)?.daysSinceEpoch : nil } }

    /// `first`, `last`, `second last`; negative from the end.
    mutating func ordinal() -> Int? {
        if skip("last") { return -1 }
        guard let index = take({ Phrase.ordinals.firstIndex(of: $0) }) else { return nil }
        return index > 0 && skip("last") ? -index - 1 : index + 1
    }

    /// `Monday, Wednesday and Friday`, each once.
    mutating func weekdays() throws(ScheduleError) -> UInt8? {
        var mask: UInt8 = 0
        let days = try list { (reader) throws(ScheduleError) in reader.weekday() }
        for day in days ?? [] {
            guard mask >> UInt8(day) & 1 == 0 else { return nil }
            mask |= 1 << UInt8(day)
        }
        return mask == 0 ? nil : mask
    }

    /// The names of calendars after `holidays of`.
    mutating func holidays() throws(ScheduleError) -> DaySet? {
        guard skip("holidays") else { return nil }
        guard skip("of") else { return try allHolidays() }
        guard let first = takeName() else { return nil }
        guard let calendar = calendars[first] else { throw ScheduleError(complaint(aboutCalendar: first)) }
        var sets = [DaySet.named(first, calendar.days)]
        while true {
            let start = place
            guard skipSeparator(), let name = takeName(), let calendar = calendars[name] else {
                place = start
                return sets.count == 1 ? sets[0] : .union(sets)
            }
            sets.append(.named(name, calendar.days))
        }
    }

    private func complaint(aboutCalendar name: String) -> String {
        let known = calendars.keys.filter { !$0.isEmpty }.sorted()
        guard !known.isEmpty else { return "there is no holiday calendar `\(name)`: the plan names none" }
        let meant = Spelling.closest(name, among: known).map { "did you mean `\($0)`?" }
        return "there is no holiday calendar `\(name)`; "
            + (meant ?? "there is " + Schedule.list(known.map { "`\($0)`" }))
    }

    private func allHolidays() throws(ScheduleError) -> DaySet {
        guard let days = knownHolidays else {
            throw ScheduleError("`holidays` needs a holiday calendar, and the plan names none")
        }
        return days
    }

    /// Those of the calendar without a name; where there is none, of all.
    private var knownHolidays: DaySet? {
        if let calendar = calendars[""] { return .named("", calendar.days) }
        let sets = calendars.sorted { $0.key < $1.key }.map { DaySet.named($0.key, $0.value.days) }
        return sets.count > 1 ? .union(sets) : sets.first
    }

    /// Monday to Friday but for the holidays.
    var businessDays: DaySet { knownHolidays.map { .excluding(.workdays, $0) } ?? .workdays }
}
