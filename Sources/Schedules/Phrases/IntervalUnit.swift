/// The unit of `every 5 minutes`.
enum IntervalUnit: String, CaseIterable {
    case second, minute, hour

    init?(word: String) {
        self.init(rawValue: word.hasSuffix("s") ? String(word.dropLast()) : word)
    }

    var seconds: Int {
        switch self {
        case .second: 1
        case .minute: 60
        case .hour: 3600
        }
    }

    private var day: Int { 86_400 / seconds }

    /// Whether so many of it divide a day, so that the times are the same on each.
    func divides(_ count: Int) -> Bool { (1..<day).contains(count) && day.isMultiple(of: count) }

    func text(_ count: Int) -> String { count == 1 ? "every \(rawValue)" : "every \(count) \(rawValue)s" }

    func complaint(about count: Int) -> String {
        if count >= day { return "`\(text(count))` is a day or more; write it like `daily 09:00`" }
        let near = [(1..<day).last { $0 < count && divides($0) }, (1..<day).first { $0 > count && divides($0) }]
        return "`\(text(count))` does not divide a day, so its times would differ from day to day; did you mean "
            + near.compactMap { $0 }.map { "`\(text($0))`" }.joined(separator: " or ") + "?"
    }
}
