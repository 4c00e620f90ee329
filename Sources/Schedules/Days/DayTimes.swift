/// The times of a day, as seconds after its midnight by the clock.
enum DayTimes: Hashable, Sendable {
    /// All combinations of these hours, minutes and seconds, a bit each.
    case grid(hours: UInt32, minutes: UInt64, seconds: UInt64)
    /// Ascending.
    case listed([Int])

    static func at(_ second: Int) -> DayTimes {
        .grid(hours: 1 << (second / 3600), minutes: 1 << (second / 60 % 60), seconds: 1 << (second % 60))
    }

    /// As they were asked for, in any order.
    static func at(_ times: [Int]) -> DayTimes {
        var (hours, minutes, seconds): (UInt32, UInt64, UInt64) = (0, 0, 0)
        for time in times {
            hours |= 1 << UInt32(time / 3600)
            minutes |= 1 << UInt64(time / 60 % 60)
            seconds |= 1 << UInt64(time % 60)
        }
        let times = Set(times).sorted()
        let grid = DayTimes.grid(hours: hours, minutes: minutes, seconds: seconds)
        return grid.count == times.count ? grid : .listed(times)
    }

    @inline(__always)
    func next(atOrAfter second: Int) -> Int? {
        switch self {
        case .listed(let times): return times.first { $0 >= second }
        case .grid(let hours, let minutes, let seconds):
            let hour = UInt32(second / 3600)
            let minute = UInt64(second / 60 % 60)
            if hours >> hour & 1 == 1 {
                if minutes >> minute & 1 == 1 {
                    let rest = seconds >> UInt64(second % 60)
                    if rest != 0 { return second + rest.trailingZeroBitCount }
                }
                let rest = minutes >> (minute + 1)
                if rest != 0 {
                    return Int(hour) * 3600 + (Int(minute) + 1 + rest.trailingZeroBitCount) * 60
                        + seconds.trailingZeroBitCount
                }
            }
            let rest = hours >> (hour + 1)
            guard rest != 0 else { return nil }
            return (Int(hour) + 1 + rest.trailingZeroBitCount) * 3600 + minutes.trailingZeroBitCount * 60
                + seconds.trailingZeroBitCount
        }
    }

    func previous(atOrBefore second: Int) -> Int? {
        switch self {
        case .listed(let times): return times.last { $0 <= second }
        case .grid(let hours, let minutes, let seconds):
            let (hour, minute) = (second / 3600, second / 60 % 60)
            if hours >> UInt32(hour) & 1 == 1 {
                if minutes >> UInt64(minute) & 1 == 1, let last = Self.last(of: seconds, upTo: second % 60) {
                    return hour * 3600 + minute * 60 + last
                }
                if let last = Self.last(of: minutes, upTo: minute - 1) {
                    return hour * 3600 + last * 60 + 63 - seconds.leadingZeroBitCount
                }
            }
            return Self.last(of: UInt64(hours), upTo: hour - 1).map {
                $0 * 3600 + (63 - minutes.leadingZeroBitCount) * 60 + 63 - seconds.leadingZeroBitCount
            }
        }
    }

    private static func last(of bits: UInt64, upTo place: Int) -> Int? {
        guard place >= 0 else { return nil }
        let below = bits & UInt64.max >> UInt64(63 - place)
        return below == 0 ? nil : 63 - below.leadingZeroBitCount
    }

    var first: Int { next(atOrAfter: 0) ?? 0 }
    var last: Int { previous(atOrBefore: 86_399) ?? 0 }

    var count: Int {
        switch self {
        case .listed(let times): times.count
        case .grid(let hours, let minutes, let seconds):
            hours.nonzeroBitCount * minutes.nonzeroBitCount * seconds.nonzeroBitCount
        }
    }

    /// At most so many of them, from the first on.
    func prefix(_ limit: Int) -> [Int] {
        var found: [Int] = []
        var next = next(atOrAfter: 0)
        while let second = next, found.count < limit {
            found.append(second)
            next = second < 86_399 ? self.next(atOrAfter: second + 1) : nil
        }
        return found
    }
}
