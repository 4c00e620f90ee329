/// The words of a phrase in their order, each made one that is understood.
enum CorrectedPhrase {
    private static let synonyms: [String: [String]] = [
        "1st": ["first"], "2nd": ["second"], "3rd": ["third"], "4th": ["fourth"], "5th": ["fifth"],
        "biweekly": ["every", "2", "weeks"], "bi-weekly": ["every", "2", "weeks"],
        "fortnightly": ["every", "2", "weeks"], "workday": ["business", "day"], "workdays": ["business", "days"],
        "working": ["business"], "annually": ["yearly"], "half-yearly": ["semi-annually"],
        "biannually": ["semi-annually"], "semiannually": ["semi-annually"], "midnight": ["00:00"], "noon": ["12:00"],
        "&": ["and"], "each": ["every"], "until": ["to"], "penultimate": ["second", "last"], "following": ["after"],
        "preceding": ["before"], "starting": ["from"], "o'clock": [], "utc": [],
    ]
    private static let small: Set<String> = ["of", "the", "on", "at", "and", ",", "to", "or"]

    /// What may have been meant, the likeliest first; nothing where a word is strange.
    static func variants(of words: [String]) -> [String] {
        guard let words = corrected(words) else { return [] }
        var found = [text(words)]
        if let first = words.first, ["every", "the", "on"].contains(first) {
            found.append(text(Array(words.dropFirst())))
        }
        return found
    }

    private static func text(_ words: [String]) -> String {
        words.joined(separator: " ").replacing(" ,", with: ",")
    }

    private static func corrected(_ words: [String]) -> [String]? {
        var result: [String] = []
        for word in words {
            let lower = word.lowercased()
            if let known = synonyms[lower] {
                result += known
            } else if lower == "am" || lower == "pm" {
                guard let last = result.popLast(), let time = time(last) ?? Int(last).map({ $0 * 3600 }),
                    let half = half(time, isAfternoon: lower == "pm")
                else { return nil }
                result.append(TimeOfDay.text(half))
            } else if small.contains(lower) {
                result.append(lower)
            } else if lower.utf8.first.map({ (48...57).contains($0) }) ?? false {
                result.append(number(lower))
            } else if let known = Spelling.closest(lower, among: Phrase.vocabulary) {
                result.append(known)
            } else {
                return nil
            }
        }
        return arranged(result)
    }

    /// `9am`, `09.00` and `24th` as they are written here.
    private static func number(_ word: String) -> String {
        for (suffix, isAfternoon) in [("am", false), ("pm", true)] where word.hasSuffix(suffix) {
            let figures = String(word.dropLast(2))
            if let time = time(figures) ?? Int(figures).map({ $0 * 3600 }),
                let half = half(time, isAfternoon: isAfternoon)
            {
                return TimeOfDay.text(half)
            }
        }
        if let suffix = ["st", "nd", "rd", "th", "."].first(where: word.hasSuffix) {
            return String(word.dropLast(suffix.count))
        }
        return time(word).map(TimeOfDay.text) ?? word
    }

    /// `December 24` becomes `24 December`, `of month` gets its article, `15 of the month` its `day`.
    private static func arranged(_ words: [String]) -> [String] {
        var words = words
        var index = 0
        while index + 1 < words.count {
            if Phrase.months.contains(words[index]), let day = Int(words[index + 1]), (1...31).contains(day) {
                words.swapAt(index, index + 1)
                index += 1
            } else if words[index] == "of", DaySet.Span(rawValue: words[index + 1]) != nil {
                words.insert("the", at: index + 1)
            } else if words[index] == "of", words[index + 1] == "every" {
                words[index + 1] = "the"
            } else if Int(words[index]) != nil, words[index + 1] == "of", index == 0 || words[index - 1] == "the" {
                if index > 0 { words[index - 1] = "day" } else { words.insert("day", at: 0) }
            }
            index += 1
        }
        return words
    }

    // MARK: - Times

    /// `09:00`, `9.00`, `0900`, `24:00`, in seconds of the day.
    static func time(_ word: String) -> Int? {
        let figures = word.replacing(".", with: ":")
        if let time = TimeOfDay(figures == "24:00" ? "00:00" : figures) { return time.second }
        guard word.utf8.count == 4 else { return nil }
        return TimeOfDay("\(word.prefix(2)):\(word.suffix(2))")?.second
    }

    static func half(_ time: Int, isAfternoon: Bool) -> Int? {
        guard (3600..<13 * 3600).contains(time) else { return nil }
        return time % (12 * 3600) + (isAfternoon ? 12 * 3600 : 0)
    }
}
