import ClockWalk

/// Why a peer may differ: each with the standard that decides, and who is right by it.
enum DifferenceClass: String, CaseIterable {
    case bothDays, dayBeginningWithStar, nearestToNoDay, refusedDays, oneOfTwoWeeks, nthInMonthOfChange
    case madeUpAfterTheGap, runInBothPasses, lostInOnePass, searchedAcrossTheChange, searchFailed
    case movedBehindTheGap, positionsOfTheFirstWeek, weekAcrossNewYear

    /// What the peer does.
    var text: String {
        switch self {
        case .bothDays: "asks for both days where one of them is `MON#2`, `15W` or a range of all days"
        case .nearestToNoDay: "moves `31W` to another day in months that have no 31st"
        case .dayBeginningWithStar: "takes `*/2` in a day for unrestricted, so that both days must hold"
        case .refusedDays: "refuses a pattern whose days of the month never come, though its weekdays do"
        case .oneOfTwoWeeks: "of `MON#4,MON#L` looks at one only"
        case .nthInMonthOfChange:
            "counts a weekday or the last day of the month wrongly where clocks change in that month"
        case .madeUpAfterTheGap: "makes up for a time that clocks skip, just after the gap"
        case .runInBothPasses: "names a time of the day twice on the day on which clocks show it twice"
        case .lostInOnePass: "names times of a wildcard hour in one pass only of the hour that comes twice"
        case .searchedAcrossTheChange: "misses or invents a time where its search passes a clock change"
        case .searchFailed: "fails at a local time that does not exist or comes twice, or searches without end"
        case .positionsOfTheFirstWeek: "counts BYSETPOS in the first week from the day on which the search begins"
        case .weekAcrossNewYear:
            "counts the weeks wrongly about New Year where they begin on another day than Monday, or from the end"
        case .movedBehindTheGap: "names a time that clocks skip, as far behind the gap as it lies in it"
        }
    }

    /// The sentence that decides, and for whom.
    var standard: String {
        switch self {
        case .bothDays:
            "OCPS 1.4 §4.1.1: two restricted days MUST mean either; 1.0 §6.1: restricted is what is not `*`. Millwright."
        case .nearestToNoDay:
            "OCPS 1.3 §4.3 speaks of a given date; 1.0 §6.2 calls one that does not exist valid and without occurrence. "
                + "Millwright."
        case .dayBeginningWithStar:
            "OCPS 1.0 §6.1: restricted is what is not `*`: Millwright. crontab(5) of Debian: what does not contain `*`: "
                + "the peer, for Debian's cron."
        case .refusedDays: "OCPS 1.0 §6.2: impossible dates MUST NOT be a parsing error; §6.1: either day. Millwright."
        case .oneOfTwoWeeks: "OCPS 1.0 §5.1: a list is the union of its parts. Millwright."
        case .nthInMonthOfChange: "OCPS 1.3 §4.1 and §4.2: days of the calendar, which no clock moves. Millwright."
        case .madeUpAfterTheGap:
            "OCPS 1.4 §4.3.1: SHOULD be skipped: Millwright. cron(8) of Debian: run immediately: the peer; here "
                + "`gap: after` says so."
        case .runInBothPasses:
            "OCPS 1.4 §4.3.1: SHOULD run only once, at the first. Millwright; here `overlap: both` says so."
        case .lostInOnePass:
            "OCPS 1.4 §4.3.1 aligns with Vixie's cron, whose wildcard jobs go by the changed time at once (cron(8)): "
                + "Millwright. By the letter of the same section, once: the peer."
        case .searchedAcrossTheChange: "OCPS 1.0 §5: every field matches, or the pattern does not. Millwright."
        case .searchFailed:
            "OCPS 1.4 §4.3.1: a time in a gap is skipped, one that comes twice taken first; §4.3.2: no infinite loops. "
                + "Millwright."
        case .positionsOfTheFirstWeek:
            "RFC 5545 §3.3.10: BYSETPOS counts within one interval, here the week from WKST on. Millwright."
        case .weekAcrossNewYear:
            "RFC 5545 §3.3.10: week one is the first with at least four days of the year, so others reach over. Millwright."
        case .movedBehindTheGap:
            "RFC 5545 §3.3.10: a local time that does not exist MUST be ignored and not counted. Millwright. (§3.3.5 moves a "
                + "single DTSTART so.)"
        }
    }

    private var isOfRecurrences: Bool {
        [.movedBehindTheGap, .positionsOfTheFirstWeek, .weekAcrossNewYear].contains(self)
    }

    func explains(_ difference: Difference) -> Bool {
        guard isOfRecurrences == (difference.peer == .rrule) else { return false }
        return isOfRecurrences ? explainsRecurrence(difference) : explainsPattern(difference)
    }

    private func explainsRecurrence(_ difference: Difference) -> Bool {
        let at = difference.at
        switch self {
        case .positionsOfTheFirstWeek:
            return at < difference.start + 7 * 86_400
                && ["FREQ=WEEKLY", "BYSETPOS="].allSatisfy(difference.expression.contains)
        case .weekAcrossNewYear:
            return WeekNumber.isListed(difference.day, in: difference.expression) == difference.isOurs
                && (difference.day.month == 1 && difference.day.day <= 7
                    || difference.day.month == 12 && difference.day.day >= 25)
        case .movedBehindTheGap:
            return !difference.isOurs
                && difference.place.table.changes(from: at - 86_400, to: at).contains { change in
                    // What clocks would show had they not been put forward.
                    let meant = at + change.before
                    return change.at + change.before <= meant && meant < change.at + change.after
                }
        default: return false
        }
    }

    private func explainsPattern(_ difference: Difference) -> Bool {
        let model = difference.model
        let at = difference.at
        let isSecondPass = difference.isScheduled && difference.showings.first != at
        switch self {
        case .bothDays:
            return difference.peer == .croniter && model.restrictsBoth
                && (!model.nth.isEmpty || model.workday != nil || model.namesEveryDay)
                && model.hasDayOfMonth(difference.day) != model.hasWeekday(difference.day)
        case .nearestToNoDay:
            return difference.peer == .croniter && !difference.isOurs && !difference.isScheduled
                && (model.workday ?? 0) > difference.day.length
        case .dayBeginningWithStar:
            return difference.peer == .cronsim && model.restrictsBoth
                && (model.daysOfMonth.beginsWithStar || model.weekdays.beginsWithStar)
                && model.hasDayOfMonth(difference.day) != model.hasWeekday(difference.day)
        case .oneOfTwoWeeks:
            return difference.peer == .fugit && difference.isOurs
                && Set(model.nth.map { $0.weekday % 7 }).count < model.nth.count
        case .refusedDays:
            guard case .error = difference.end else { return false }
            return difference.isOurs && model.restrictsBoth && !difference.model.hasDayOfMonthInSomeYear
        case .nthInMonthOfChange:
            let first = difference.local - Int64(difference.day.day) * 86_400
            return difference.peer == .fugit && (!model.nth.isEmpty || model.hasLastDay)
                && !difference.place.table.changes(from: first, to: first + 33 * 86_400).isEmpty
        case .madeUpAfterTheGap:
            guard !difference.isOurs, !difference.isScheduled, [.cronsim, .croniter].contains(difference.peer) else {
                return false
            }
            return difference.place.table.changes(from: at - 3600, to: at).contains { change in
                stride(from: change.before, to: change.after, by: 1).contains { difference.isScheduled(change.at + $0) }
            }
        case .runInBothPasses: return !difference.isOurs && isSecondPass
        case .lostInOnePass: return difference.isOurs && difference.isScheduled && difference.showings.count > 1
        case .searchedAcrossTheChange:
            return [.robfig, .cronsim, .fugit, .systemd].contains(difference.peer)
                && difference.isOurs == difference.isScheduled
                // Its search goes back to the beginning of the month.
                && !difference.place.table.changes(from: difference.before - 31 * 86_400, to: at).isEmpty
        case .searchFailed:
            guard case .error(let error) = difference.end, error == "endless" || error.hasSuffix("local time.") else {
                return false
            }
            return difference.isOurs && !difference.place.table.changes(from: difference.before, to: .max).isEmpty
        case .positionsOfTheFirstWeek, .weekAcrossNewYear, .movedBehindTheGap: return false
        }
    }
}
