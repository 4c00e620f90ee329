extension DayTimes {
    /// `at 09:00 and 17:30`, `every 5 minutes by the clock`, `every minute from 04:00 to 04:59`.
    var words: String {
        let few = prefix(25)
        if few.count <= 6 { return "at \(Schedule.list(few.map(TimeOfDay.text)))" }
        if let progression { return progression }
        if few.count <= 24 { return "at \(Schedule.list(few.map(TimeOfDay.text)))" }
        switch self {
        case .listed(let times): return "at \(Schedule.list(times.map(TimeOfDay.text)))"
        case .grid(let hours, let minutes, let seconds): return Self.fields(UInt64(hours), minutes, seconds)
        }
    }

    /// `every 90 minutes`.
    static func every(_ seconds: Int) -> String {
        let unit: IntervalUnit =
            seconds.isMultiple(of: 3600) ? .hour : seconds.isMultiple(of: 60) ? .minute : .second
        return unit.text(seconds / unit.seconds)
    }

    /// Where all lie equally far apart, on the day or round the clock.
    private var progression: String? {
        if case .grid(let hours, let minutes, let seconds) = self, count == 86_400, hours != 0, minutes != 0,
            seconds != 0
        {
            return "every second"
        }
        guard count <= ScheduleLimits.timesOfDay else { return nil }
        let times = prefix(ScheduleLimits.timesOfDay)
        var gaps = zip(times, times.dropFirst()).map { $1 - $0 }
        gaps.append(times[0] + 86_400 - times[times.count - 1])
        guard let step = gaps.min() else { return nil }
        let wide = gaps.indices.filter { gaps[$0] != step }
        switch wide.count {
        case 0:
            let phase = times[0] == 0 ? "" : ", from \(TimeOfDay.text(times[0])) on"
            return "\(Self.every(step)) by the clock\(phase)"
        case 1:
            let first = times[(wide[0] + 1) % times.count]
            return "\(Self.every(step)) from \(TimeOfDay.text(first)) to \(TimeOfDay.text(times[wide[0]]))"
        default: return nil
        }
    }

    private static func fields(_ hours: UInt64, _ minutes: UInt64, _ seconds: UInt64) -> String {
        let hour = hours == 0xFF_FFFF ? "every hour" : "hour \(NumberWords.ranges(in: hours))"
        let every: UInt64 = (1 << 60) - 1
        let minute = minutes == every ? "every minute" : "minute \(NumberWords.ranges(in: minutes))"
        if seconds == 1 { return minutes == every ? "every minute of \(hour)" : "at \(minute) of \(hour)" }
        let second = seconds == every ? "every second" : "at second \(NumberWords.ranges(in: seconds))"
        return "\(second) of \(minute) of \(hour)"
    }
}
