import Host

/// What the coming changes of a zone's clocks do to a rule: the first over which it would be lost, and the first that
/// would have it twice.
struct ClockChangeWords {
    private let leaves: [Leaf]
    private let zone: Zone
    private let start: Instant
    private static let years = 10

    private struct Leaf {
        let times: any LocalTimes
        let policy: ClockChangePolicy
    }

    /// Times of a rule that clocks skip or show twice.
    struct Hit {
        let date: CivilDate
        /// The first of its times in it.
        let time: LocalTime
        let policy: ClockChangePolicy
        /// Of the clocks, in seconds of the day that they show.
        let from: Int
        let until: Int
        let at: Int64
    }

    init(_ rule: Rule, _ zone: Zone, from start: Instant) {
        leaves = Self.leaves(of: rule)
        self.zone = zone
        self.start = start
    }

    var sentences: [String] {
        let changes = changes
        guard !changes.isEmpty else { return [] }
        guard !leaves.isEmpty else { return ["It does not go by the clocks, so that their changes do not touch it"] }
        let gap = hit(isGap: true)
        let overlap = hit(isGap: false)
        guard gap != nil || overlap != nil else {
            return ["No clock change in \(zone.name) meets its times in the \(Self.years) years from then on"]
        }
        return [gap.map(gapWords), overlap.map(overlapWords)].compactMap { $0 }
    }

    /// The first change that meets the rule.
    func hit(isGap: Bool) -> Hit? {
        for change in changes {
            let at = change.secondsSinceEpoch
            let (before, after) = (at + zone.span(at: at - 1).offset, at + zone.span(at: at).offset)
            guard (before < after) == isGap else { continue }
            let (from, until) = (min(before, after), max(before, after))
            for leaf in leaves {
                guard let time = leaf.times.next(atOrAfter: from), time < until else { continue }
                return Hit(
                    date: LocalTime(seconds: from).date, time: LocalTime(seconds: time), policy: leaf.policy,
                    from: LocalTime(seconds: from).secondOfDay, until: LocalTime(seconds: until).secondOfDay, at: at)
            }
        }
        return nil
    }

    private var changes: [Instant] {
        zone.changes(after: start, until: start + .seconds(Self.years * 366 * 86_400))
    }

    func gapWords(_ hit: Hit) -> String {
        let what =
            switch hit.policy.gap {
            case .skip: "it does not run then"
            case .after: "it runs at \(TimeOfDay.text(hit.until)), the first instant after"
            case .before: "it runs at \(zone.local(at: Instant(secondsSinceEpoch: hit.at - 1))), the last second before"
            }
        return "On \(hit.date) clocks in \(zone.name) are put forward from \(TimeOfDay.text(hit.from)) to "
            + "\(TimeOfDay.text(hit.until)), over \(TimeOfDay.text(hit.time.secondOfDay)): \(what)"
    }

    private func overlapWords(_ hit: Hit) -> String {
        let what =
            switch hit.policy.overlap {
            case .first: "it runs the first time only"
            case .last: "it runs the second time only"
            case .both: "it runs both times"
            }
        return
            "On \(hit.date) they are put back from \(TimeOfDay.text(hit.until)) to \(TimeOfDay.text(hit.from)) and show "
            + "\(TimeOfDay.text(hit.time.secondOfDay)) twice: \(what)"
    }

    private static func leaves(of rule: Rule) -> [Leaf] {
        switch rule {
        case .interval, .instants: []
        case .calendar(let times, let policy): [Leaf(times: times, policy: policy)]
        case .listed(let times, let policy): [Leaf(times: times, policy: policy)]
        case .recurrence(let times, let policy): times.start.isUTC ? [] : [Leaf(times: times, policy: policy)]
        case .joined(let rules): rules.flatMap(leaves)
        case .except(let rule, _), .shifted(let rule, _), .moved(let rule, _, _): leaves(of: rule)
        }
    }
}
