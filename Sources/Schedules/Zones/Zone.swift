public import Host

/// The history and the future of civil time at a place, as a TZif file tells it.
public struct Zone: Sendable {
    /// The name in the time zone database: `Europe/Berlin`.
    public let name: String
    /// Where the clocks' offset changed, as instants; strictly ascending. The first entry stands for all time before.
    private let starts: [Int64]
    /// Seconds ahead of UTC from the entry of `starts` on; neighbours differ.
    private let offsets: [Int64]
    /// For what comes after the table; without one, the last offset stays.
    private let rule: POSIXZone?

    public static let utc = Zone(name: "UTC", transitions: [], initial: 0, rule: nil)

    /// The table is made to reach to the end of the years that schedules know, so that most questions are a search in it.
    init(name: String, transitions: [(at: Int64, offset: Int)], initial: Int, rule: POSIXZone?) {
        self.name = name
        self.rule = rule
        var starts = [Int64.min]
        var offsets = [Int64(rule != nil && transitions.isEmpty ? rule?.standard ?? initial : initial)]
        func append(_ at: Int64, _ offset: Int) {
            guard offsets.last != Int64(offset) else { return }
            starts.append(at)
            offsets.append(Int64(offset))
        }
        for transition in transitions { append(transition.at, transition.offset) }
        if let rule {
            let first = transitions.last?.at ?? ScheduleLimits.firstInstant
            append(first, rule.offset(at: first))
            if first < ScheduleLimits.lastInstant {
                for at in rule.changes(in: first...ScheduleLimits.lastInstant) { append(at, rule.offset(at: at)) }
            }
        }
        self.starts = starts
        self.offsets = offsets
    }

    /// Seconds that clocks are ahead of UTC.
    public func offset(at instant: Instant) -> Int { Int(span(at: instant.secondsSinceEpoch).offset) }

    public func local(at instant: Instant) -> LocalTime {
        let seconds = instant.secondsSinceEpoch
        return LocalTime(seconds: seconds + span(at: seconds).offset)
    }

    /// The instants at which clocks show this time: one, none where they were put forward over it, two where they were
    /// put back; earliest first.
    public func instants(of local: LocalTime) -> [Instant] {
        let shown =
            switch reading(of: local.seconds, near: span(at: local.seconds)) {
            case .once(let at): [at]
            case .never: [] as [Int64]
            case .twice(let first, let last, _): [first, last]
            }
        return shown.map(Instant.init(secondsSinceEpoch:))
    }

    /// The instant at which clocks were put forward over this time; `nil` where it exists.
    public func endOfGap(over local: LocalTime) -> Instant? {
        guard case .never(let at, _) = reading(of: local.seconds, near: span(at: local.seconds)) else { return nil }
        return Instant(secondsSinceEpoch: at)
    }

    /// The instants at which the offset changes, of those that are listed with the zone or follow from its rule.
    public func changes(after instant: Instant, until end: Instant) -> [Instant] {
        var found: [Instant] = []
        var at = span(at: instant.secondsSinceEpoch).until
        while at <= end.secondsSinceEpoch {
            found.append(Instant(secondsSinceEpoch: at))
            at = span(at: at).until
        }
        return found
    }
}

extension Zone: Hashable {
    public static func == (left: Zone, right: Zone) -> Bool {
        left.name == right.name && left.starts == right.starts && left.offsets == right.offsets
            && left.rule == right.rule
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

/// A time during which the clocks' offset stays the same.
struct ClockSpan {
    /// Instants; `until` does not belong to it.
    let from: Int64
    let until: Int64
    let offset: Int64

    func shows(_ local: Int64) -> Bool {
        let at = local - offset
        return from <= at && at < until
    }
}

/// What becomes of a time on the clock: the instants at which it is shown.
enum ClockReading: Equatable {
    case once(Int64)
    /// Clocks are put forward over it at this instant, and show `resumes` then.
    case never(at: Int64, resumes: Int64)
    /// Times from `until` on are shown once again.
    case twice(first: Int64, last: Int64, until: Int64)
}

extension Zone {
    @inline(__always)
    func span(at seconds: Int64) -> ClockSpan {
        if rule != nil, seconds > ScheduleLimits.lastInstant { return lateSpan(at: seconds) }
        // The last start at or before the instant, by halving.
        var low = 0
        var high = starts.count
        starts.withUnsafeBufferPointer { starts in
            while high - low > 1 {
                let middle = (low + high) >> 1
                if starts[middle] <= seconds { low = middle } else { high = middle }
            }
        }
        return ClockSpan(
            from: starts[low], until: high < starts.count ? starts[high] : endOfTable, offset: offsets[low])
    }

    /// Where the rule goes on, the first change after the table; else never.
    private var endOfTable: Int64 { rule?.summer == nil ? .max : ScheduleLimits.lastInstant + 1 }

    /// After the table: in the years that follow from the rule alone.
    private func lateSpan(at seconds: Int64) -> ClockSpan {
        let year: Int64 = 366 * 86_400
        let offset = rule?.offset(at: seconds) ?? 0
        let until = rule?.changes(in: (seconds + 1)...(seconds + year)).first { rule?.offset(at: $0) != offset }
        let from = rule?.changes(in: (seconds - year)...seconds).last { rule?.offset(at: $0 - 1) != offset }
        return ClockSpan(from: from ?? .min, until: until ?? .max, offset: Int64(offset))
    }

    /// The instants that show a time. The span is where the search begins: that of an instant near it is best.
    @inline(__always)
    func reading(of local: Int64, near span: ClockSpan) -> ClockReading {
        let guess = local - span.offset
        // Far enough from the span's ends no other can show the time.
        if guess > span.from &+ ClockChange.reach, guess < span.until &- ClockChange.reach { return .once(guess) }
        return slowReading(of: local)
    }

    private func slowReading(of local: Int64) -> ClockReading {
        var span = span(at: local - ClockChange.reach)
        var found: (first: ClockSpan, last: ClockSpan)?
        var previous: ClockSpan?
        while true {
            if span.shows(local) {
                found = (found?.first ?? span, span)
            } else if found == nil, let previous, previous.until + previous.offset <= local,
                local < span.from + span.offset
            {
                return .never(at: span.from, resumes: span.from + span.offset)
            }
            guard span.until <= local + ClockChange.reach else { break }
            previous = span
            span = self.span(at: span.until)
        }
        guard let found else { return .once(local - span.offset) }
        let first = local - found.first.offset
        let last = local - found.last.offset
        return first == last
            ? .once(first) : .twice(first: first, last: last, until: found.first.until + found.first.offset)
    }
}
