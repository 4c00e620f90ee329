import Schedules

/// A schedule beside what it says of a day and a second of it, written out by hand.
public struct WalkedSchedule: Sendable {
    public let text: String
    /// Seconds from one time that is looked at to the next.
    let step: Int64
    /// What holds where no policy is given.
    let policy: ClockChangePolicy
    let has: @Sendable (CivilDay, _ second: Int64) -> Bool

    /// Days on both sides of a change that are walked: fewer where every second is looked at.
    var reach: Int64 { step == 1 ? 6 * 3600 : 2 * 86_400 }

    init(
        _ text: String, step: Int64 = 60, overlap: ClockChangePolicy.Overlap = .first,
        has: @escaping @Sendable (CivilDay, Int64) -> Bool
    ) {
        self.text = text
        self.step = step
        policy = ClockChangePolicy(gap: text.first?.isLetter == true ? .after : .skip, overlap: overlap)
        self.has = has
    }

    public static let all: [WalkedSchedule] = [
        WalkedSchedule("*/5 * * * *", overlap: .both) { $1 % 300 == 0 },
        WalkedSchedule("30 2 * * *") { $1 == 9000 },
        WalkedSchedule("15 */2 * * *", overlap: .both) { $1 % 7200 == 900 },
        WalkedSchedule("0 0 * * *") { $1 == 0 },
        WalkedSchedule("59 23 * * *") { $1 == 86_340 },
        WalkedSchedule("0,30 0-4,23 * * *") { $1 % 1800 == 0 && ($1 < 5 * 3600 || $1 >= 23 * 3600) },
        WalkedSchedule("7-59/13 1-3 * * 0,6") { day, second in
            [0, 6].contains(day.weekday) && (1...3).contains(second / 3600)
                && [7, 20, 33, 46, 59].contains(second / 60 % 60) && second % 60 == 0
        },
        WalkedSchedule("45 1 1,L * *") { ($0.day == 1 || $0.day == $0.length) && $1 == 6300 },
        WalkedSchedule("15 2 * * SUN#2") { $0.weekday == 0 && (8...14).contains($0.day) && $1 == 8100 },
        WalkedSchedule("30 0 25-31 * +SUN") { $0.weekday == 0 && $0.day >= 25 && $1 == 1800 },
        WalkedSchedule("daily 02:30") { $1 == 9000 },
        WalkedSchedule("first Sunday of the month 02:00") { $0.weekday == 0 && $0.day <= 7 && $1 == 7200 },
        WalkedSchedule("last Sunday of the month 01:30") { $0.weekday == 0 && $0.day > $0.length - 7 && $1 == 5400 },
        WalkedSchedule("*/20 0,30 0-3 * * *", step: 1) { $1 % 20 == 0 && $1 / 60 % 30 == 0 && $1 < 4 * 3600 },
        WalkedSchedule("17 */7 * * * *", step: 1, overlap: .both) { $1 % 60 == 17 && $1 / 60 % 60 % 7 == 0 },
    ]
}
