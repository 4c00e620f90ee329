public import Host

extension HolidayCalendar {
    /// Reads a calendar file (.ics) whose whole-day events are the holidays.
    ///
    /// An event counts for each day from DTSTART to before DTEND, or for DURATION, and whenever its RRULE and RDATE say,
    /// but for EXDATE and for what other events of its UID replace. Also one from midnight to midnight is a whole day.
    ///
    /// Left out, and counted in `leftOut`: events with STATUS:CANCELLED, as they do not take place, and events with times,
    /// as a day that is partly a holiday is a workday. STATUS:TENTATIVE counts, as days that depend on the moon have it.
    /// TRANSP says nothing here: feeds of holidays mark them TRANSPARENT, since nobody is busy on them.
    ///
    /// What cannot be read is an error and no missing holiday, and so is a file without any.
    public init(name: String? = nil, file bytes: [UInt8]) throws(ScheduleError) {
        let file = try ICalendarFile(bytes)
        var days = HolidayDays()
        for event in file.events {
            do {
                try days.replace(event)
            } catch {
                throw ICalendarFile.wrong(event.line, error.message)
            }
        }
        for event in file.events {
            do {
                try days.add(event)
            } catch {
                throw ICalendarFile.wrong(event.line, error.message)
            }
        }
        guard !days.days.isEmpty else {
            throw ScheduleError("the calendar file has no event of a whole day in the years 1970 to 2199")
        }
        self.init(name: name ?? file.name ?? "holidays", days: .dates(days.days.sorted()))
        leftOut = days.leftOut
    }

    /// The last day that it knows: a plan that asks for later ones has an old file.
    public var lastDay: CivilDate? {
        days.previous(atOrBefore: ScheduleLimits.days.upperBound).map(CivilDate.init(daysSinceEpoch:))
    }

    public func contains(_ date: CivilDate) -> Bool { days.contains(date.daysSinceEpoch) }
}

/// The days of a calendar file, as its events are read one after the other.
private struct HolidayDays {
    private(set) var days: Set<Int64> = []
    private(set) var leftOut: [HolidayCalendar.LeftOut: Int] = [:]
    /// Per UID the days on which another event takes the place of the recurring one.
    private var replaced: [String: Set<Int64>] = [:]
    private var work = 0

    mutating func replace(_ event: ICalendarFile.Event) throws(ScheduleError) {
        guard let line = event.replaces else { return }
        guard line.parameters["RANGE"] == nil else {
            throw ScheduleError("an event replaces all later ones (RANGE=THISANDFUTURE), which RFC 5545 has given up")
        }
        for time in try line.times() { replaced[event.uid, default: []].insert(time.seconds.dayOfSeconds) }
    }

    mutating func add(_ event: ICalendarFile.Event) throws(ScheduleError) {
        if event.status == "CANCELLED" {
            leftOut[.cancelled, default: 0] += 1
            return
        }
        guard let line = event.start, let start = try line.times().first else {
            throw ScheduleError("the event has no DTSTART")
        }
        guard let length = try Self.length(event, start) else {
            leftOut[.timed, default: 0] += 1
            return
        }
        let day = start.seconds.dayOfSeconds
        var except: Set<Int64> = event.replaces == nil ? replaced[event.uid] ?? [] : []
        for line in event.excluded { for time in try line.times() { except.insert(time.seconds.dayOfSeconds) } }
        try insert(day, length, except)
        for line in event.added {
            for time in try line.times() { try insert(time.seconds.dayOfSeconds, length, except) }
        }
        for text in event.rules {
            guard let recurrence = try Self.recurrence(text, day) else { continue }
            var next = recurrence.first
            while let found = next {
                try insert(found.dayOfSeconds, length, except)
                next = recurrence.next(atOrAfter: found + 1)
            }
        }
    }

    private mutating func insert(_ first: Int64, _ length: Int64, _ except: Set<Int64>) throws(ScheduleError) {
        work += Int(length)
        guard work <= ScheduleLimits.calendarDays else {
            throw ScheduleError("the events have more than \(ScheduleLimits.calendarDays) days in all")
        }
        guard !except.contains(first) else { return }
        for day in first..<(first + length) where ScheduleLimits.days.contains(day) { days.insert(day) }
    }

    /// In days; `nil` for an event that is not of whole days.
    private static func length(_ event: ICalendarFile.Event, _ start: ICalendarTime) throws(ScheduleError) -> Int64? {
        guard !start.isUTC, start.seconds % 86_400 == 0 else { return nil }
        let length: Int64
        if let line = event.end, let end = try line.times().first {
            guard end.isDate == start.isDate else {
                if end.isDate || start.isDate {
                    throw ScheduleError("one of DTSTART and DTEND is a date, and one a time")
                }
                return nil
            }
            guard !end.isUTC, line.zone == event.start?.zone else { return nil }
            length = end.seconds - start.seconds
        } else if let duration = event.duration {
            guard let seconds = Self.seconds(duration) else {
                throw ScheduleError("DURATION:\(duration.prefix(40)) is none")
            }
            length = seconds
        } else {
            length = start.isDate ? 86_400 : 0
        }
        guard length >= 0 else { throw ScheduleError("the event ends before it begins") }
        // Some programs write an end that is the start's own day.
        if start.isDate { return max(1, (length + 86_399) / 86_400) }
        return length > 0 && length % 86_400 == 0 ? length / 86_400 : nil
    }

    /// `P1D`, `P2W`, `PT24H`, `P1DT12H30M` (RFC 5545, 3.3.6); `nil` for what is none or goes backwards.
    private static func seconds(_ text: String) -> Int64? {
        let units: [Character: Int64] = ["W": 604_800, "D": 86_400, "H": 3600, "M": 60, "S": 1]
        let text = text.hasPrefix("+") ? text.dropFirst() : text[...]
        guard text.first == "P", text.count >= 3, text.utf8.count <= 30 else { return nil }
        var sum: Int64 = 0
        var figures = ""
        for character in text.dropFirst() {
            if character.isASCII, character.isNumber {
                figures.append(character)
            } else if character == "T", figures.isEmpty {
                continue
            } else if let unit = units[character], figures.count <= 6, let value = Int64(figures) {
                sum += value * unit
                figures = ""
            } else {
                return nil
            }
        }
        return figures.isEmpty ? sum : nil
    }

    /// `nil` where it ends before 1970 or before it starts. BYHOUR, BYMINUTE and BYSECOND are ignored, as 3.3.10 asks for dates, and of a time
    /// in UNTIL its day is taken.
    private static func recurrence(_ text: String, _ day: Int64) throws(ScheduleError) -> Recurrence? {
        guard text.utf8.count <= ScheduleLimits.recurrence else { throw ScheduleError("the RRULE is too long") }
        var rule = try RecurrenceRule(text)
        guard !rule.frequency.isWithinDay else {
            throw ScheduleError("FREQ=\(rule.frequency.rawValue) is nothing for whole days")
        }
        (rule.hours, rule.minutes, rule.seconds) = (nil, nil, nil)
        if let until = rule.until {
            rule.until = .date(until.seconds.dayOfSeconds)
            guard until.seconds.dayOfSeconds >= max(0, day) else { return nil }
        }
        guard day <= ScheduleLimits.days.upperBound else { return nil }
        return try Recurrence(rule, start: .date(day))
    }
}
