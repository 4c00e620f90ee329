/// What RFC 5545 forbids, and what has no clear meaning.
extension RecurrenceRule {
    func check() throws(ScheduleError) {
        if count != nil, until != nil {
            throw ScheduleError("COUNT and UNTIL exclude each other in an RRULE; keep the one that is meant")
        }
        if !weekNumbers.isEmpty, frequency != .yearly {
            throw forbidden("BYWEEKNO", "it belongs to FREQ=YEARLY")
        }
        if !yearDays.isEmpty, [.daily, .weekly, .monthly].contains(frequency) {
            throw forbidden("BYYEARDAY", "use it with FREQ=YEARLY")
        }
        if !monthDays.isEmpty, frequency == .weekly {
            throw forbidden("BYMONTHDAY", "use FREQ=MONTHLY, or FREQ=DAILY to take both as conditions")
        }
        if weekdays.contains(where: { $0.number != nil }) { try checkNumbers() }
        let others = [
            seconds == nil, minutes == nil, hours == nil, months == nil, weekdays.isEmpty, monthDays.isEmpty,
            yearDays.isEmpty, weekNumbers.isEmpty,
        ]
        if !positions.isEmpty, others.allSatisfy({ $0 }) {
            throw ScheduleError(
                "BYSETPOS picks from what other parts give, and there is none; add one like `BYDAY=MO,TU,WE,TH,FR`")
        }
    }

    /// `2TU`.
    private func checkNumbers() throws(ScheduleError) {
        guard frequency == .monthly || frequency == .yearly else {
            throw forbidden(
                "a number in BYDAY", "it counts within a month or a year, so use FREQ=MONTHLY or FREQ=YEARLY")
        }
        guard weekNumbers.isEmpty else {
            throw ScheduleError("a number in BYDAY cannot be together with BYWEEKNO: a week has each day once")
        }
        guard frequency == .monthly || months != nil else { return }
        if let number = weekdays.compactMap(\.number).first(where: { abs($0) > 5 }) {
            throw ScheduleError("\(number) in BYDAY counts within a month here, which has a weekday 5 times at most")
        }
    }

    private func forbidden(_ part: String, _ right: String) -> ScheduleError {
        ScheduleError("\(part) cannot be with FREQ=\(frequency.rawValue): \(right)")
    }

    /// Without a DTSTART everything is counted from 1970-01-01T00:00 by the clock, and what the rule does not name is taken
    /// from there: a time of the day that is not named is 00:00. Where that would surprise, it is refused.
    func checkWithoutStart() throws(ScheduleError) {
        let remedy = "a DTSTART before it, like `DTSTART:20260104T020000`"
        if count != nil { throw ScheduleError("COUNT counts from DTSTART, which is missing; add \(remedy)") }
        if interval > 1, !hasEvenInterval {
            let months =
                frequency == .monthly && 12 % interval == 0
                ? ", or in its place months like `BYMONTH=\(stride(from: 1, through: 12, by: Int(interval)).map(String.init).joined(separator: ","))`"
                : ""
            throw ScheduleError("INTERVAL=\(interval) counts from DTSTART, which is missing; add \(remedy)\(months)")
        }
        switch frequency {
        case .weekly where weekdays.isEmpty:
            throw ScheduleError("FREQ=WEEKLY has no day; add one like `BYDAY=SU`, or \(remedy)")
        case .monthly where weekdays.isEmpty && monthDays.isEmpty:
            throw ScheduleError("FREQ=MONTHLY has no day; add one like `BYDAY=1SU` or `BYMONTHDAY=1`, or \(remedy)")
        case .yearly where !namesDays:
            throw ScheduleError(
                "FREQ=YEARLY has no day; add one like `BYMONTH=\(months == nil ? "1;" : "…;")BYMONTHDAY=1`, or \(remedy)"
            )
        case .yearly where weekdays.isEmpty && monthDays.isEmpty && yearDays.isEmpty:
            throw ScheduleError("BYWEEKNO has no day of the week; add one like `BYDAY=MO`, or \(remedy)")
        default: break
        }
        if minutes != nil, hours == nil, !frequency.isWithinDay {
            throw ScheduleError("BYMINUTE has no hour; add one like `BYHOUR=2`, or use FREQ=HOURLY")
        }
        if seconds != nil, minutes == nil, frequency != .secondly, frequency != .minutely {
            throw ScheduleError("BYSECOND has no minute; add one like `BYMINUTE=0`, or use FREQ=MINUTELY")
        }
    }

    /// It divides the day, so that it is the same on each and counting from any midnight is.
    private var hasEvenInterval: Bool {
        switch frequency {
        case .secondly: 86_400 % interval == 0
        case .minutely: 1440 % interval == 0
        case .hourly: 24 % interval == 0
        default: false
        }
    }

    /// What 3.3.10 says of UNTIL beside a DTSTART. A DTSTART without a zone has the plan's here, so UNTIL may be in UTC.
    func check(start: ICalendarTime?, hasZone: Bool) throws(ScheduleError) {
        if let start, start.isDate {
            if frequency.isWithinDay {
                throw ScheduleError(
                    "FREQ=\(frequency.rawValue) needs a time in DTSTART, like `DTSTART:\(start.text)T000000`")
            }
            if hours != nil || minutes != nil || seconds != nil {
                throw ScheduleError(
                    "BYHOUR, BYMINUTE and BYSECOND cannot be with a DTSTART that is a date; give it a time, like "
                        + "`DTSTART:\(start.text)T000000`")
            }
            if let until, !until.isDate {
                throw ScheduleError("UNTIL must be a date as DTSTART is, like `UNTIL=\(until.text.prefix(8))`")
            }
            return
        }
        guard let until else { return }
        let isInUTC = start?.isUTC == true || hasZone
        if case .date(let day) = until {
            let end = ICalendarTime.local(day * 86_400 + 86_399).text(asUTC: isInUTC)
            throw ScheduleError("UNTIL needs a time as DTSTART has; write `UNTIL=\(end)` for the end of that day")
        }
        if isInUTC, !until.isUTC {
            throw ScheduleError("UNTIL must be in UTC beside this DTSTART, like `UNTIL=\(until.text(asUTC: true))`")
        }
    }
}
