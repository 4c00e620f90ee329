import ClockWalk

/// An RRULE drawn at random, with the local time it begins at where it counts from one.
struct RecurrenceDraw {
    /// `20260104T020000`; without one the rule names every part of its times.
    private(set) var start: String?
    private var parts: [String] = []

    var rule: String { parts.joined(separator: ";") }
    var text: String { (start.map { "DTSTART:\($0) " } ?? "") + "RRULE:" + rule }

    private static let weekdays = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"]

    /// Beginning at a local time.
    init(_ draw: inout Draw, at local: Int64) {
        let (number, second) = CivilDay.split(local)
        if draw.percent(30) {
            counted(&draw, CivilDay(number: number), second)
            return
        }
        switch draw.number(0...99) {
        case ..<25: yearly(&draw)
        case ..<60: monthly(&draw)
        case ..<75: weekly(&draw)
        case ..<92: daily(&draw)
        default:
            parts = ["FREQ=HOURLY"]
            if draw.percent(50) { parts.append("BYHOUR=" + Self.list(&draw, 0...23)) }
            parts.append("BYMINUTE=" + Self.list(&draw, 0...59))
            parts.append("BYSECOND=0")
            return
        }
        parts.append("BYHOUR=" + Self.list(&draw, 0...23))
        parts.append("BYMINUTE=" + Self.list(&draw, 0...59))
        parts.append("BYSECOND=\(draw.percent(80) ? 0 : draw.number(0...59))")
    }

    /// With an INTERVAL, which counts from a start that is itself a time of the rule.
    private mutating func counted(_ draw: inout Draw, _ day: CivilDay, _ second: Int64) {
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let clock = [second / 3600, second / 60 % 60, second % 60].map { two(Int($0)) }.joined()
        start = "\(day.year)\(two(day.month))\(two(day.day))T\(clock)"
        let own = Self.weekdays[day.weekday]
        switch draw.number(0...5) {
        case 0: parts = ["FREQ=MINUTELY", "INTERVAL=\(draw.number(1...300))"]
        case 1: parts = ["FREQ=HOURLY", "INTERVAL=\(draw.number(1...60))"]
        case 2: parts = ["FREQ=DAILY", "INTERVAL=\(draw.number(1...40))"]
        case 3:
            let others = (0..<draw.number(0...2)).map { _ in draw.one(of: Self.weekdays) }
            parts = [
                "FREQ=WEEKLY", "INTERVAL=\(draw.number(1...6))", "WKST=\(draw.one(of: Self.weekdays))",
                "BYDAY=" + Set(others + [own]).sorted().joined(separator: ","),
            ]
        case 4: parts = ["FREQ=MONTHLY", "INTERVAL=\(draw.number(1...18))", "BYMONTHDAY=\(day.day)"]
        default:
            parts = ["FREQ=YEARLY", "INTERVAL=\(draw.number(1...4))", "BYMONTH=\(day.month)", "BYMONTHDAY=\(day.day)"]
        }
    }

    private mutating func yearly(_ draw: inout Draw) {
        parts = ["FREQ=YEARLY"]
        switch draw.number(0...5) {
        case 0: parts += ["BYMONTH=" + Self.list(&draw, 1...12), "BYMONTHDAY=" + Self.signed(&draw, 31)]
        case 1: parts += ["BYMONTH=" + Self.list(&draw, 1...12), "BYDAY=" + Self.numbered(&draw, 5)]
        case 2: parts.append("BYDAY=" + Self.numbered(&draw, 53))
        case 3: parts.append("BYYEARDAY=" + Self.signed(&draw, 366))
        case 4:
            parts += [
                "BYWEEKNO=" + Self.signed(&draw, 53), "BYDAY=" + Self.days(&draw),
                "WKST=\(draw.one(of: Self.weekdays))",
            ]
        default:
            parts += [
                "BYMONTH=" + Self.list(&draw, 1...12), "BYMONTHDAY=" + Self.list(&draw, 1...31),
                "BYDAY=" + Self.days(&draw),
            ]
        }
        if draw.percent(20) { parts.append("BYSETPOS=" + Self.signed(&draw, 3)) }
    }

    private mutating func monthly(_ draw: inout Draw) {
        parts = ["FREQ=MONTHLY"]
        if draw.percent(20) { parts.append("BYMONTH=" + Self.list(&draw, 1...12)) }
        switch draw.number(0...3) {
        case 0: parts.append("BYMONTHDAY=" + Self.signed(&draw, 31))
        case 1: parts.append("BYDAY=" + Self.numbered(&draw, 5))
        case 2: parts += ["BYDAY=" + Self.days(&draw), "BYSETPOS=" + Self.signed(&draw, 4)]
        default: parts += ["BYDAY=" + Self.days(&draw), "BYMONTHDAY=" + Self.list(&draw, 1...31)]
        }
    }

    private mutating func weekly(_ draw: inout Draw) {
        parts = ["FREQ=WEEKLY", "BYDAY=" + Self.days(&draw), "WKST=\(draw.one(of: Self.weekdays))"]
        if draw.percent(20) { parts.append("BYMONTH=" + Self.list(&draw, 1...12)) }
        if draw.percent(20) { parts.append("BYSETPOS=" + Self.signed(&draw, 2)) }
    }

    private mutating func daily(_ draw: inout Draw) {
        parts = ["FREQ=DAILY"]
        if draw.percent(40) { parts.append("BYMONTH=" + Self.list(&draw, 1...12)) }
        if draw.percent(40) { parts.append("BYMONTHDAY=" + Self.signed(&draw, 31)) }
        if draw.percent(40) { parts.append("BYDAY=" + Self.days(&draw)) }
    }

    // MARK: - Values

    private static func list(_ draw: inout Draw, _ values: ClosedRange<Int>) -> String {
        let numbers = (0..<(draw.percent(60) ? 1 : draw.number(2...3))).map { _ in draw.number(values) }
        return Set(numbers).sorted().map(String.init).joined(separator: ",")
    }

    /// From the end where negative.
    private static func signed(_ draw: inout Draw, _ most: Int) -> String {
        let numbers = (0..<(draw.percent(60) ? 1 : 2)).map { _ in draw.number(1...most) * (draw.percent(40) ? -1 : 1) }
        return Set(numbers).sorted().map(String.init).joined(separator: ",")
    }

    private static func days(_ draw: inout Draw) -> String {
        if draw.percent(20) { return "MO,TU,WE,TH,FR" }
        return Set((0..<draw.number(1...3)).map { _ in draw.one(of: weekdays) }).sorted().joined(separator: ",")
    }

    private static func numbered(_ draw: inout Draw, _ most: Int) -> String {
        "\(draw.number(1...most) * (draw.percent(40) ? -1 : 1))\(draw.one(of: weekdays))"
    }
}
