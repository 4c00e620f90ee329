extension CronModel {
    private static let monthNames = [
        "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
    ]
    private static let weekdayNames = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]

    /// The Open Cron Pattern Specification's.
    var text: String { cron(weekday: weekdayText { "\($0.weekday)#\($0.number < 0 ? "L" : "\($0.number)")" }) }

    /// What cronsim reads: Debian's cron, `L`, `LW`, `5L` and `5#2`.
    var cronsim: String? {
        guard !isAnd, years == nil, workday ?? 0 == 0 else { return nil }
        return cron(weekday: weekdayText { $0.number < 0 ? "\($0.weekday)L" : "\($0.weekday)#\($0.number)" })
    }

    /// What croniter reads: `L` alone, `15W`, `L5` and `5#2`; a year after the rest.
    var croniter: String? {
        guard !isAnd, workday != 0, nth.isEmpty || weekdays.items.isEmpty else { return nil }
        return cron(weekday: weekdayText { $0.number < 0 ? "L\($0.weekday % 7)" : "\($0.weekday % 7)#\($0.number)" })
    }

    /// What robfig/cron reads: nothing beyond 1.0, and no 7 for Sunday.
    var robfig: String? {
        guard !isAnd, years == nil, !hasLastDay, workday == nil, nth.isEmpty else { return nil }
        return cron(
            weekday: !weekdays.isWildcard && weekdays.values.contains(7)
                ? Self.list(weekdays.values.map { $0 % 7 }) : weekdayText { _ in "" })
    }

    /// What fugit reads: `L` and `5#-1` among others.
    var fugit: String? {
        guard !isAnd, years == nil, workday == nil else { return nil }
        return cron(weekday: weekdayText { "\($0.weekday)#\($0.number)" })
    }

    /// A calendar event of systemd, whose parts all hold together: no either-or of the days.
    var systemd: String? {
        guard isAnd || !restrictsBoth, workday == nil, nth.count + (weekdays.items.isEmpty ? 0 : 1) <= 1,
            !hasLastDay || daysOfMonth.items.isEmpty
        else { return nil }
        var day = hasLastDay ? "~01" : "-" + Self.systemd(daysOfMonth)
        if let nth = nth.first {
            if restrictsDayOfMonth { return nil }
            // The second of a weekday is among the days 8 to 14; the last among the last seven.
            day = nth.number < 0 ? "~07/1" : "-\(nth.number * 7 - 6)..\(nth.number == 5 ? 31 : nth.number * 7)"
        }
        let names = (nth.map(\.weekday) + (restrictsWeekday ? weekdays.values : [])).map { Self.weekdayNames[$0] }
        let weekday = names.isEmpty ? "" : Self.list(names.map { $0.prefix(1) + $0.dropFirst().lowercased() }) + " "
        let year = years.map { Self.range($0.lowerBound, $0.upperBound, "..") } ?? "*"
        let time = [hours, minutes].map(Self.systemd) + [seconds.map(Self.systemd) ?? "00"]
        return "\(weekday)\(year)-\(Self.systemd(months))\(day) \(time.joined(separator: ":"))"
    }

    private static func systemd(_ field: Field) -> String {
        list(
            field.items.map { item in
                switch item.values {
                case .all:
                    // `0/7` alone goes on to hour 28, and loses the midnight that it passes.
                    item.step.map { "\(field.bounds.lowerBound)..\(field.bounds.upperBound)/\($0)" } ?? "*"
                case .range(let low, let high): Self.range(low, high, "..") + (item.step.map { "/\($0)" } ?? "")
                }
            })
    }

    // MARK: - The five, six or seven fields

    private func cron(weekday: String) -> String {
        var days = Self.items(daysOfMonth, names: [])
        if hasLastDay { days.append("L") }
        if let workday { days = [workday == 0 ? "LW" : "\(workday)W"] }
        var fields = [
            Self.list(Self.items(minutes, names: [])), Self.list(Self.items(hours, names: [])), Self.list(days),
            Self.list(Self.items(months, names: [""] + Self.monthNames)), (isAnd ? "+" : "") + weekday,
        ]
        if let seconds { fields.insert(Self.list(Self.items(seconds, names: [])), at: 0) }
        if let years { fields.append(Self.range(years.lowerBound, years.upperBound, "-")) }
        return fields.joined(separator: " ")
    }

    private func weekdayText(_ text: (Nth) -> String) -> String {
        Self.list(Self.items(weekdays, names: Self.weekdayNames) + nth.map(text))
    }

    private static func items(_ field: Field, names: [String]) -> [String] {
        field.items.map { item in
            let step = item.step.map { "/\($0)" } ?? ""
            switch item.values {
            case .all: return "*" + step
            case .range(let low, let high)
            where field.isNamed && high < 7 || field.isNamed && field.bounds.contains(12):
                return low == high ? names[low] : "\(names[low])-\(names[high])\(step)"
            case .range(let low, let high): return range(low, high, "-") + step
            }
        }
    }

    private static func range(_ low: Int, _ high: Int, _ between: String) -> String {
        low == high ? "\(low)" : "\(low)\(between)\(high)"
    }

    private static func list(_ items: [some CustomStringConvertible]) -> String {
        items.map(\.description).joined(separator: ",")
    }
}
