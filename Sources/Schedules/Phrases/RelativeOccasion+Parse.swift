extension RelativeOccasion {
    /// Reads a relative time; `nil` where the words are none.
    init?(
        parsing text: String, _ policy: ClockChangeChoice?, _ calendars: [String: HolidayCalendar]
    ) throws(ScheduleError) {
        var reader = PhraseReader(text, policy, calendars)
        let kind: Kind?
        if reader.skip("after") || reader.skip("after:") {
            kind = reader.reference().map(Kind.after)
            _ = reader.skip("ends")
            try Self.demand(kind, reader, "`after backup`")
        } else if reader.skip("by", "agreement") {
            kind = try Self.agreement(&reader)
            try Self.demand(kind, reader, "`by agreement, at least every 3 months`")
        } else if reader.skip("within") {
            kind = try Self.deadline(&reader)
            try Self.demand(kind, reader, "`within 24 hours of detection`")
        } else {
            kind = try Self.beside(&reader)
        }
        guard let kind, reader.isAtEnd else { return nil }
        self.text = text
        self.kind = kind
        self.policy = policy
        context = PhraseContext(policy: policy.over(ClockChangePolicy()), businessDays: reader.businessDays)
    }

    private static func demand(_ kind: Kind?, _ reader: PhraseReader, _ example: String) throws(ScheduleError) {
        guard kind == nil || !reader.isAtEnd else { return }
        throw ScheduleError("`\(reader.text)` is no time; it is written like \(example)")
    }

    private static func agreement(_ reader: inout PhraseReader) throws(ScheduleError) -> Kind? {
        if reader.isAtEnd { return .agreement(atLeastEvery: nil) }
        _ = reader.skip(",")
        guard reader.skip("at", "least", "every"), let offset = try Offset(&reader) else { return nil }
        return .agreement(atLeastEvery: offset)
    }

    private static func deadline(_ reader: inout PhraseReader) throws(ScheduleError) -> Kind? {
        guard let offset = try Offset(&reader), reader.skip("of"), let event = reader.reference() else { return nil }
        return .deadline(offset, event: event)
    }

    private static func beside(_ reader: inout PhraseReader) throws(ScheduleError) -> Kind? {
        guard let offset = try Offset(&reader) else { return nil }
        let isEarlier = reader.skip("before")
        guard isEarlier || reader.skip("after"), let name = reader.reference() else { return nil }
        if reader.skip("of") {
            guard let subject = reader.reference() else { return nil }
            return .fact(offset, isEarlier: isEarlier, fact: name, subject: subject)
        }
        let isEnd = reader.skip("ends")
        if !isEnd { _ = reader.skip("starts") }
        guard reader.isAtEnd else { return nil }
        if case .months = offset.unit {
            throw ScheduleError("`\(reader.text)` counts months, which differ in length; write it in days or weeks")
        }
        return .beside(offset, isEarlier: isEarlier, name: name, isEnd: isEnd)
    }
}

extension PhraseReader {
    /// The name of a procedure, a window, a fact or an event.
    fileprivate mutating func reference() -> String? {
        guard let word = next, word.first?.isLetter == true, !Self.reserved.contains(word),
            word.utf8.allSatisfy({ (48...57).contains($0) || (97...122).contains($0) || [45, 46, 95].contains($0) })
        else { return nil }
        return takeName()
    }

    /// With these begin the days of a schedule.
    private static let reserved = Set(
        (Phrase.weekdays + Phrase.months + Phrase.ordinals).map { $0.lowercased() }
            + ["last", "the", "day", "days", "week", "weeks", "holidays", "business", "every", "weekdays", "weekends"])
}
