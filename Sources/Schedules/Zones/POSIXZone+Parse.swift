extension POSIXZone {
    /// Reads a TZ string as RFC 9636 has it: names of letters or in angle brackets, times from -167 to 167 hours.
    init?(_ text: String) {
        var rest = Array(text.utf8)[...]
        guard Self.name(&rest), let west = Self.time(&rest, hours: 24) else { return nil }
        standard = -west
        guard !rest.isEmpty else {
            summer = nil
            return
        }
        guard Self.name(&rest) else { return nil }
        var offset = standard + 3600
        if rest.first != UInt8(ascii: ",") {
            guard let west = Self.time(&rest, hours: 24) else { return nil }
            offset = -west
        }
        guard let start = Self.change(&rest), let end = Self.change(&rest), rest.isEmpty else { return nil }
        summer = Summer(offset: offset, start: start, end: end)
    }

    private static func accept(_ character: Unicode.Scalar, _ rest: inout ArraySlice<UInt8>) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    /// `CET`, or `<+03>`.
    private static func name(_ rest: inout ArraySlice<UInt8>) -> Bool {
        let isQuoted = accept("<", &rest)
        let name = rest.prefix { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"): isQuoted
            default: false
            }
        }
        rest = rest.dropFirst(name.count)
        return name.count >= 3 && (!isQuoted || accept(">", &rest))
    }

    /// `[+-]hh[:mm[:ss]]` in seconds.
    private static func time(_ rest: inout ArraySlice<UInt8>, hours: Int64) -> Int? {
        let isNegative = accept("-", &rest)
        if !isNegative { _ = accept("+", &rest) }
        guard let hour = number(&rest, in: 0...hours) else { return nil }
        var seconds = hour * 3600
        for factor in [Int64(60), 1] {
            guard accept(":", &rest) else { break }
            guard let value = number(&rest, in: 0...59) else { return nil }
            seconds += value * factor
        }
        return Int(isNegative ? -seconds : seconds)
    }

    private static func number(_ rest: inout ArraySlice<UInt8>, in range: ClosedRange<Int64>) -> Int64? {
        let figures = rest.prefix { (48...57).contains($0) }
        guard (1...3).contains(figures.count) else { return nil }
        rest = rest.dropFirst(figures.count)
        let value = figures.reduce(Int64(0)) { $0 * 10 + Int64($1 - 48) }
        return range.contains(value) ? value : nil
    }

    /// `,M3.5.0/3`, `,J60` or `,59/2:30`; at 02:00 where no time is given.
    private static func change(_ rest: inout ArraySlice<UInt8>) -> Change? {
        guard accept(",", &rest), let day = day(&rest) else { return nil }
        guard accept("/", &rest) else { return Change(day: day, time: 7200) }
        guard let time = time(&rest, hours: 167) else { return nil }
        return Change(day: day, time: time)
    }

    private static func day(_ rest: inout ArraySlice<UInt8>) -> Change.Day? {
        if accept("J", &rest) { return number(&rest, in: 1...365).map(Change.Day.julian) }
        guard accept("M", &rest) else { return number(&rest, in: 0...365).map(Change.Day.ordinal) }
        guard let month = number(&rest, in: 1...12), accept(".", &rest), let week = number(&rest, in: 1...5),
            accept(".", &rest), let weekday = number(&rest, in: 0...6)
        else { return nil }
        return .weekday(month: month, week: week, weekday: Int(weekday))
    }
}
