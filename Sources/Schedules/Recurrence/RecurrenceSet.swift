/// What a schedule written as iCalendar lines names: the times of its RRULEs and RDATEs, without its EXDATEs (RFC 5545,
/// 3.8.5).
///
/// An RDATE and a DTSTART are times that somebody named, and 3.3.5 does not let them be lost where clocks skip them:
/// without a policy they come after the gap.
struct RecurrenceSet: Hashable, Sendable {
    private(set) var start: ICalendarTime?
    private(set) var rules: [RecurrenceRule] = []
    private(set) var added: [ICalendarTime] = []
    private(set) var excluded: [ICalendarTime] = []
    /// The TZID of the lines.
    private(set) var timezone: String?

    /// Whether a schedule is written so: it begins with the name of such a line.
    static func isText(_ text: String) -> Bool {
        let trimmed = text[...].trimmed
        return trimmed.first.map { "rRdDeEfF".contains($0) } == true
            && ["RRULE:", "DTSTART:", "DTSTART;", "RDATE:", "RDATE;", "EXDATE:", "EXDATE;", "FREQ="].contains {
                trimmed.prefix($0.utf8.count).uppercased() == $0
            }
    }

    /// Reads lines that spaces or line ends separate.
    init(_ text: String) throws(ScheduleError) {
        guard text.utf8.count <= ScheduleLimits.recurrence else {
            throw ScheduleError("an RRULE with its times has at most \(ScheduleLimits.recurrence) characters")
        }
        // A space after a colon, a semicolon or a comma separates nothing.
        var pieces: [String] = []
        for word in text.split(whereSeparator: \.isWhitespace) {
            if let last = pieces.last, let end = last.last, ":;,".contains(end) {
                pieces[pieces.count - 1] = last + word
            } else {
                pieces.append(String(word))
            }
        }
        for piece in pieces { try read(piece) }
        try check()
    }

    private mutating func read(_ piece: String) throws(ScheduleError) {
        guard !piece.uppercased().hasPrefix("FREQ=") else {
            throw ScheduleError("a rule is written like `RRULE:FREQ=…`; put `RRULE:` before `\(piece.prefix(40))`")
        }
        guard let line = ContentLine(piece) else {
            throw ScheduleError(
                "`\(piece.prefix(40))` is none of the lines DTSTART:…, RRULE:…, RDATE:… and EXDATE:… of an RRULE")
        }
        switch line.name {
        case "RRULE": rules.append(try RecurrenceRule(line.value))
        case "DTSTART":
            let times = try line.times()
            guard start == nil, times.count == 1 else {
                throw ScheduleError("DTSTART is one time; for more of them use RDATE")
            }
            start = times[0]
        case "RDATE": added += try line.times()
        case "EXDATE": excluded += try line.times()
        default:
            throw ScheduleError(
                "\(line.name) is no line of a schedule; they are DTSTART:…, RRULE:…, RDATE:… and EXDATE:…")
        }
        guard let zone = line.zone else { return }
        guard timezone == nil || timezone == zone else {
            throw ScheduleError("the lines have different zones in TZID; a schedule has one")
        }
        timezone = zone
    }

    private func check() throws(ScheduleError) {
        guard !rules.isEmpty || start != nil || !added.isEmpty else {
            throw ScheduleError("EXDATE alone takes out of nothing; add a line RRULE:…")
        }
        for (name, times) in [("RDATE", added), ("EXDATE", excluded)] {
            if let time = times.first(where: { $0.isDate != (start?.isDate ?? false) }) {
                let right = time.isDate ? "\(time.text)T020000" : String(time.text.prefix(8))
                throw ScheduleError(
                    "\(name) has a \(time.isDate ? "date" : "time") where the schedule has \(time.isDate ? "times" : "dates"); "
                        + "write it like `\(name)\(time.isDate ? "" : ";VALUE=DATE"):\(right)`")
            }
        }
        for time in (start.map { [$0] } ?? []) + added
        where time.seconds.dayOfSeconds > ScheduleLimits.days.upperBound {
            throw ScheduleError("\(time.text) lies after 2199, the last year of schedules")
        }
    }
}

/// What it compiles to.
extension RecurrenceSet {
    func rule(_ policy: ClockChangeChoice?) throws(ScheduleError) -> Rule {
        // RFC 5545: 3.3.10 ignores times of a rule that clocks skip, 3.3.5 takes the first of two.
        let ruled = policy.over(ClockChangePolicy(gap: .skip, overlap: .first))
        var recurrences: [Recurrence] = []
        for rule in rules {
            try rule.check(start: start, hasZone: timezone != nil)
            if start == nil { try rule.checkWithoutStart() }
            recurrences.append(try Recurrence(rule, start: start))
        }
        try checkStart(recurrences)
        let named = (added + (rules.isEmpty ? start.map { [$0] } ?? [] : [])).filter { !excluded.contains($0) }
        let parts = recurrences.map { Rule.recurrence($0, ruled) } + Self.rules(named, policy.over(ClockChangePolicy()))
        guard !parts.isEmpty else { throw ScheduleError("EXDATE takes out every time; nothing is left") }
        let all = parts.count == 1 ? parts[0] : .joined(parts)
        guard !excluded.isEmpty else { return all }
        try checkExcluded(recurrences)
        let exceptions = Self.rules(excluded, ruled)
        return .except(all, .rule(exceptions.count == 1 ? exceptions[0] : .joined(exceptions)))
    }

    private static func rules(_ times: [ICalendarTime], _ policy: ClockChangePolicy) -> [Rule] {
        let instants = Set(times.filter(\.isUTC).map(\.seconds)).sorted()
        let locals = Set(times.filter { !$0.isUTC }.map(\.seconds)).sorted()
        return (locals.isEmpty ? [] : [.listed(ListedTimes(times: locals), policy)])
            + (instants.isEmpty ? [] : [.instants(instants)])
    }

    /// RFC 5545 leaves the times undefined where DTSTART is none of the rule's, and programs differ; its own example takes
    /// such a DTSTART out with EXDATE.
    private func checkStart(_ recurrences: [Recurrence]) throws(ScheduleError) {
        guard let start, start.seconds >= 0, let first = recurrences.compactMap(\.first).min(),
            !recurrences.contains(where: { $0.contains(start.seconds) })
        else { return }
        if excluded.contains(start) {
            guard rules.allSatisfy({ $0.count == nil }) else {
                throw ScheduleError(
                    "COUNT counts DTSTART as the first, and EXDATE takes it out; begin with \(text(first))")
            }
            return
        }
        throw ScheduleError("DTSTART is no time of the RRULE; the first that is one is \(text(first))")
    }

    /// An EXDATE that takes out nothing has most likely another time of the day than was meant.
    private func checkExcluded(_ recurrences: [Recurrence]) throws(ScheduleError) {
        let isUTC = start?.isUTC == true
        for time in excluded where time != start && !added.contains(time) {
            // By another clock than the rule's: only the zone can tell.
            guard time.isUTC == isUTC, added.allSatisfy({ $0.isUTC == isUTC }),
                !recurrences.contains(where: { $0.contains(time.seconds) })
            else { continue }
            let midnight = time.seconds.dayOfSeconds * 86_400
            let meant = recurrences.compactMap { $0.next(atOrAfter: midnight) }.min().flatMap {
                $0 < midnight + 86_400 ? ", did you mean \(text($0))?" : ""
            }
            throw ScheduleError("EXDATE \(time.text) takes out nothing, as no time is there\(meant ?? "")")
        }
    }

    /// As DTSTART is written.
    private func text(_ seconds: Int64) -> String {
        switch start {
        case .date: ICalendarTime.date(seconds.dayOfSeconds).text
        case .utc: ICalendarTime.utc(seconds).text
        default: ICalendarTime.local(seconds).text
        }
    }
}
