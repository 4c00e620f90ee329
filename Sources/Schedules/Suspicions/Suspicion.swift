public import Host

/// Something about a schedule that is most likely not what was meant.
public struct Suspicion: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case unsetMinute, unsetSecond, eitherDay, unevenStep, weekdayNumber, missingDay, never, past, tooOften
        case clockChange
    }

    public let kind: Kind
    /// To be refused as a mistake; else a remark.
    public let isRefused: Bool
    /// What the schedule does, and what was probably meant.
    public let message: String
}

extension Schedule {
    /// What is suspicious about it in a zone from an instant on, for a procedure that lasts so long.
    public func suspicions(in zone: Zone, from instant: Instant, lasting: Duration? = nil) -> [Suspicion] {
        let never = neverRuns(in: zone)
        let patterns = ScheduleText.parts(of: text).compactMap { part in
            CronPattern.text(in: part.body).flatMap { CronSuspicions(String($0)) }
        }
        let written = patterns.flatMap(\.found)
        if let never { return [never] + written.filter(\.isRefused) }
        return written + missingDays(rule) + [past(in: zone, from: instant)].compactMap { $0 }
            + [tooOften(lasting, from: instant), skipped(in: zone, from: instant)].compactMap { $0 }
    }

    // MARK: - Never, and never again

    private func neverRuns(in zone: Zone) -> Suspicion? {
        guard rule.next(after: .min / 2, in: zone) == nil, rule.previous(atOrBefore: .max / 2, in: zone) == nil else {
            return nil
        }
        var meant = "change its days or what is taken out of them"
        if case .calendar(let calendar, _) = rule, case .daysOfMonth(let mask) = calendar.days, mask != 0 {
            let day = mask.trailingZeroBitCount + 1
            meant =
                "\(DaySet.names(calendar.months)) \(calendar.months.nonzeroBitCount == 1 ? "has" : "have") no day \(day); "
                + "the last day is `L` in a cron pattern and `last day of the month` in words"
        }
        return Suspicion(
            kind: .never, isRefused: true,
            message: "`\(text)` never runs: no day from 1970 to 2199 meets it; \(meant)")
    }

    private func past(in zone: Zone, from instant: Instant) -> Suspicion? {
        guard next(after: instant, in: zone) == nil, let last = previous(atOrBefore: instant, in: zone) else {
            return nil
        }
        return Suspicion(
            kind: .past, isRefused: false,
            message:
                "`\(text)` does not run any more: its last time was \(zone.local(at: last)); remove it, or give it a "
                + "later date")
    }

    private func missingDays(_ rule: Rule) -> [Suspicion] {
        switch rule {
        case .joined(let rules): return rules.flatMap(missingDays)
        case .except(let rule, _), .shifted(let rule, _), .moved(let rule, _, _): return missingDays(rule)
        case .calendar(let calendar, _):
            guard case .daysOfMonth(let mask) = calendar.days, mask & 0x0FFF_FFFF == 0, mask != 0 else { return [] }
            let missing = (1...12).filter { month in
                calendar.months >> UInt16(month) & 1 == 1
                    && mask & UInt32.max >> UInt32(32 - Month.length(of: 2001, month: Int64(month))) == 0
            }
            guard !missing.isEmpty else { return [] }
            let months = DaySet.names(missing.reduce(0) { $0 | 1 << UInt16($1) })
            let day = mask.trailingZeroBitCount + 1
            let what =
                missing == [2] && day == 29
                ? "runs in leap years only, when February has a day 29"
                : "does not run in \(months), which \(missing.count == 1 ? "has" : "have") no day \(day)"
            return [
                Suspicion(
                    kind: .missingDay, isRefused: false,
                    message:
                        "`\(text)` \(what); for the month's end write `L` in a cron pattern or `last day of the month` in "
                        + "words")
            ]
        default: return []
        }
    }

    // MARK: - Too often

    /// Clock changes left aside, which bring times together once a year.
    private func tooOften(_ lasting: Duration?, from instant: Instant) -> Suspicion? {
        guard let lasting, var last = next(after: instant, in: .utc) else { return nil }
        var least: Duration?
        for _ in 0..<ScheduleLimits.comparedOccurrences {
            guard let next = next(after: last, in: .utc) else { break }
            least = min(least ?? next - last, next - last)
            last = next
        }
        guard let least, least < lasting else { return nil }
        return Suspicion(
            kind: .tooOften, isRefused: true,
            message:
                "`\(text)` comes again after \(Offset.words(seconds: least.components.seconds)), and its procedure may "
                + "take \(Offset.words(seconds: max(lasting.components.seconds, 1))): it would be due again while it runs; let "
                + "it come more rarely, or bound the procedure's time")
    }

    // MARK: - Clock changes

    private func skipped(in zone: Zone, from instant: Instant) -> Suspicion? {
        let words = ClockChangeWords(rule, zone, from: instant)
        guard let hit = words.hit(isGap: true), hit.policy != .round else { return nil }
        return Suspicion(
            kind: .clockChange, isRefused: false, message: "`\(text)`: \(words.gapWords(hit))")
    }
}
