public import Host

/// A time that hangs on another: on a procedure, a window, a fact, an event, or on what people agree on.
public struct RelativeOccasion: Hashable, Sendable, CustomStringConvertible {
    public enum Kind: Hashable, Sendable {
        /// When a procedure has run.
        case after(String)
        /// So long before or after a procedure or a window starts or, where `isEnd`, ends.
        case beside(Offset, isEarlier: Bool, name: String, isEnd: Bool)
        /// So long before or after a time that a fact has: `expiry of api`.
        case fact(Offset, isEarlier: Bool, fact: String, subject: String)
        /// When people agree on it; overdue when the last time is so long ago.
        case agreement(atLeastEvery: Offset?)
        /// As soon as people tell of an event, at the latest so long after it.
        case deadline(Offset, event: String)
    }

    /// As it was written.
    public let text: String
    public let kind: Kind
    /// What was asked for of clock changes.
    public let policy: ClockChangeChoice?
    let context: PhraseContext

    public var description: String { text }

    /// What a procedure or window is, for a time beside it.
    public struct Anchor: Sendable {
        public let schedule: Schedule
        /// How long a window is open; a procedure ends when it ends.
        public let lasts: Duration?

        public init(schedule: Schedule, lasts: Duration? = nil) {
            self.schedule = schedule
            self.lasts = lasts
        }
    }

    /// The schedule that it comes to, where the clock alone decides; `nil` where something has to happen first.
    public func schedule(_ anchor: (String) -> Anchor?) throws(ScheduleError) -> Schedule? {
        guard case .beside(let offset, let isEarlier, let name, let isEnd) = kind else { return nil }
        guard let found = anchor(name) else {
            throw ScheduleError(
                "`\(text)` names `\(name)`, and there is no procedure or window of that name with a schedule")
        }
        var rule = found.schedule.rule
        if isEnd {
            guard let lasts = found.lasts else { return nil }
            rule = .shifted(rule, seconds: lasts.components.seconds)
        }
        if case .seconds(let each) = offset.unit {
            rule = .shifted(rule, seconds: (isEarlier ? -1 : 1) * Int64(offset.count) * each)
        } else if let days = offset.dayOffset(isEarlier: isEarlier, context) {
            rule = .moved(rule, days, context.policy)
        }
        return Schedule(text: text, policy: found.schedule.policy, rule: rule, timezone: found.schedule.timezone)
    }

    /// The instant that it comes to, once that of the fact is known; for an agreement, when it is overdue; for an event, when
    /// it is too late.
    public func instant(from instant: Instant, in zone: Zone) -> Instant? {
        // It comes once: a day on which clocks skip its time must not lose it.
        let policy = ClockChangePolicy(
            gap: context.policy.gap == .skip ? .after : context.policy.gap, overlap: context.policy.overlap)
        let context = PhraseContext(policy: policy, businessDays: context.businessDays)
        switch kind {
        case .after: return instant
        case .beside(let offset, let isEarlier, _, _), .fact(let offset, let isEarlier, _, _):
            return offset.moved(instant, isEarlier: isEarlier, in: zone, context)
        case .agreement(let offset): return offset?.moved(instant, isEarlier: false, in: zone, context)
        case .deadline(let offset, _): return offset.moved(instant, isEarlier: false, in: zone, context)
        }
    }

    /// What it hangs on that no clock tells, however far from it: `expiry of api`.
    public var topic: String? {
        switch kind {
        case .fact(_, _, let fact, let subject): "\(fact) of \(subject)"
        case .agreement: "agreement"
        case .deadline(_, let event): "event \(event)"
        case .after, .beside: nil
        }
    }

    public var isAgreement: Bool { if case .agreement = kind { true } else { false } }

    /// The event of which people tell, where it hangs on one.
    public var event: String? { if case .deadline(_, let event) = kind { event } else { nil } }

    public var explanation: String {
        func beside(_ offset: Offset, _ isEarlier: Bool, _ what: String) -> String {
            "\(offset) \(isEarlier ? "before" : "after") \(what)"
                + (offset.keepsTimeOfDay ? ", at the same time of the day" : "")
        }
        switch kind {
        case .after(let name): return "each time that `\(name)` has run to its end"
        case .beside(let offset, let isEarlier, let name, let isEnd):
            return beside(offset, isEarlier, "each \(isEnd ? "end" : "start") of `\(name)`")
        case .fact(let offset, let isEarlier, let fact, let subject):
            return beside(offset, isEarlier, "the `\(fact)` of `\(subject)`")
        case .agreement(nil): return "at a time that people agree on"
        case .agreement(let offset?): return "at a time that people agree on; overdue \(offset) after the last one"
        case .deadline(let offset, let event): return "as soon as `\(event)` is told, at the latest \(offset) after it"
        }
    }
}
