import Host

/// How long before or after: hours and less are elapsed time; days, weeks and months go by the calendar and keep the time
/// of the day.
public struct Offset: Hashable, Sendable, CustomStringConvertible {
    enum Unit: Hashable, Sendable {
        case seconds(Int64)
        case days(Int)
        case businessDays
        case months
    }

    let count: Int
    let unit: Unit
    public let description: String

    /// `24 hours`, `2 business days`, `3 months` at the beginning of the words.
    init?(_ reader: inout PhraseReader) throws(ScheduleError) {
        let count = reader.number()
        guard let count else { return nil }
        let isBusiness = reader.skip("business")
        guard let word = reader.take({ $0 }) else { return nil }
        let unit: Unit
        switch isBusiness ? "business " + word : word {
        case "second", "seconds": unit = .seconds(1)
        case "minute", "minutes": unit = .seconds(60)
        case "hour", "hours": unit = .seconds(3600)
        case "day", "days": unit = .days(1)
        case "week", "weeks": unit = .days(7)
        case "month", "months": unit = .months
        case "year", "years": unit = .months
        case "business day", "business days": unit = .businessDays
        default: return nil
        }
        guard (1...ScheduleLimits.offset).contains(count) else {
            throw ScheduleError("what lies before or after lies 1 to \(ScheduleLimits.offset) \(word) away")
        }
        self.count = word.hasPrefix("year") ? count * 12 : count
        self.unit = unit
        description = "\(count) \(isBusiness ? "business " : "")\(word)"
    }

    /// The instant so much later, or earlier; `nil` where a clock change or the calendar leaves none.
    func moved(_ instant: Instant, isEarlier: Bool, in zone: Zone, _ context: PhraseContext) -> Instant? {
        let sign = isEarlier ? -1 : 1
        switch unit {
        case .seconds(let each): return instant + .seconds(Int64(count * sign) * each)
        case .days, .businessDays:
            guard let offset = dayOffset(isEarlier: isEarlier, context) else { return nil }
            return offset.moved(instant.secondsSinceEpoch, in: zone, context.policy).first
                .map(Instant.init(secondsSinceEpoch:))
        case .months:
            let date = zone.local(at: instant).date
            let month = date.year * 12 + date.month - 1 + Int64(count * sign)
            let target = Month(month.quotient(by: 12), month.remainder(by: 12) + 1)
            // A month without that day has it on its last.
            let day = target.firstDay + min(date.day, Int64(target.length)) - 1
            return DayOffset(count: Int(day - date.daysSinceEpoch))
                .moved(instant.secondsSinceEpoch, in: zone, context.policy).first.map(Instant.init(secondsSinceEpoch:))
        }
    }

    func dayOffset(isEarlier: Bool, _ context: PhraseContext) -> DayOffset? {
        let sign = isEarlier ? -1 : 1
        switch unit {
        case .days(let each): return DayOffset(count: count * each * sign)
        case .businessDays: return DayOffset(count: count * sign, along: context.businessDays)
        case .seconds, .months: return nil
        }
    }

    var keepsTimeOfDay: Bool { if case .seconds = unit { false } else { true } }

    /// `90 minutes`.
    static func words(seconds: Int64) -> String {
        let text = DayTimes.every(Int(seconds)).dropFirst(6)
        return text.first?.isNumber == true ? String(text) : "1 \(text)"
    }
}

/// What a relative time is read with.
struct PhraseContext: Hashable, Sendable {
    let policy: ClockChangePolicy
    let businessDays: DaySet
}
