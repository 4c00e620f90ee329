import Glibc

/// A day as the C library splits it up.
public struct CivilDay: Sendable {
    public let number: Int64
    public let year: Int
    public let month: Int
    public let day: Int
    /// Days of its month.
    public let length: Int
    /// 0 is Sunday.
    public let weekday: Int

    /// Counted from 1970-01-01.
    public init(number: Int64) {
        let parts = Self.parts(number)
        self.number = number
        year = Int(parts.tm_year) + 1900
        month = Int(parts.tm_mon) + 1
        day = Int(parts.tm_mday)
        weekday = Int(parts.tm_wday)
        length = (28...31).first { Self.parts(number + Int64($0 - Int(parts.tm_mday)) + 1).tm_mday == 1 } ?? 31
    }

    /// The day of a local time, and the second of that day.
    public static func split(_ local: Int64) -> (number: Int64, second: Int64) {
        let number = local / 86_400 - (local % 86_400 < 0 ? 1 : 0)
        return (number, local - number * 86_400)
    }

    private static func parts(_ number: Int64) -> tm {
        var parts = tm()
        var seconds = Int(number * 86_400)
        gmtime_r(&seconds, &parts)
        return parts
    }
}
