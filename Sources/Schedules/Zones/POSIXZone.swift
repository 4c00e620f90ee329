import Host

/// The rule at the end of a TZif file, for all times after its table: `CET-1CEST,M3.5.0,M10.5.0/3`.
struct POSIXZone: Hashable, Sendable {
    /// Seconds ahead of UTC in standard time.
    let standard: Int
    let summer: Summer?

    struct Summer: Hashable, Sendable {
        let offset: Int
        let start: Change
        let end: Change
    }

    /// A day of the year, and seconds after its midnight by the time before the change; may be negative or beyond a day.
    struct Change: Hashable, Sendable {
        enum Day: Hashable, Sendable {
            /// `J60` is 1 March in every year: 29 February is not counted.
            case julian(Int64)
            /// `59` is the sixtieth day, counted from 0, with 29 February.
            case ordinal(Int64)
            /// `M3.5.0`: of the month the week'th weekday; 5 is the last.
            case weekday(month: Int64, week: Int64, weekday: Int)
        }

        let day: Day
        let time: Int

        /// Seconds since the epoch by the clock before the change.
        func seconds(in year: Int64) -> Int64 {
            let newYear = Month.firstDay(of: year, month: 1)
            let days: Int64 =
                switch day {
                case .ordinal(let number): newYear + number
                case .julian(let number):
                    newYear + number - 1 + (number >= 60 && Month.isLeap(year) ? 1 : 0)
                case .weekday(let month, let week, let weekday):
                    Month.day(of: year, month: month, number: week == 5 ? -1 : Int(week), weekday: weekday)
                }
            return days * 86_400 + Int64(time)
        }
    }

    func offset(at seconds: Int64) -> Int {
        guard let summer else { return standard }
        let year = CivilDate(daysSinceEpoch: LocalTime(seconds: seconds).date.daysSinceEpoch).year
        // A change's instant may lie in the year before or after by UTC.
        let last = moments(in: (year - 1)...(year + 1)).last { $0.at <= seconds }
        return last?.isStart == true ? summer.offset : standard
    }

    /// The instants at which clocks may change.
    func changes(in range: ClosedRange<Int64>) -> [Int64] {
        let first = LocalTime(seconds: range.lowerBound).date.year
        let last = LocalTime(seconds: range.upperBound).date.year
        return moments(in: (first - 1)...(last + 1)).map(\.at).filter(range.contains)
    }

    /// In order. Where the end of one summer is the start of the next, the start comes last: it is summer all year.
    private func moments(in years: ClosedRange<Int64>) -> [(at: Int64, isStart: Bool)] {
        guard let summer else { return [] }
        return years.flatMap { year in
            [
                (at: summer.start.seconds(in: year) - Int64(standard), isStart: true),
                (at: summer.end.seconds(in: year) - Int64(summer.offset), isStart: false),
            ]
        }.sorted { ($0.at, $0.isStart ? 1 : 0) < ($1.at, $1.isStart ? 1 : 0) }
    }
}
