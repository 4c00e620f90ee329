public import Host

/// The history and the future of civil time at a place, as a TZif file tells it.
public struct Zone: Hashable, Sendable {
    /// The name in the time zone database: `Europe/Berlin`.
    public let name: String
    /// From `at` on, clocks are `offset` seconds ahead of UTC.
    struct Transition: Hashable, Sendable {
        let at: Int64
        let offset: Int
    }

    /// Strictly ascending.
    let transitions: [Transition]
    /// Before the first transition.
    let initial: Int
    /// From the last transition on; without one, its offset stays.
    let rule: POSIXZone?

    public static let utc = Zone(name: "UTC", transitions: [], initial: 0, rule: nil)

    /// Seconds that clocks are ahead of UTC.
    public func offset(at instant: Instant) -> Int { offset(at: instant.secondsSinceEpoch) }

    public func local(at instant: Instant) -> LocalTime {
        let seconds = instant.secondsSinceEpoch
        return LocalTime(seconds: seconds + Int64(offset(at: seconds)))
    }

    /// The instants at which clocks show this time: one, none where they were put forward over it, two where they were
    /// put back; earliest first.
    public func instants(of local: LocalTime) -> [Instant] {
        Set(changes(around: local.seconds).flatMap { [$0.before, $0.after] } + [offset(at: local.seconds)])
            .map { (offset: $0, at: local.seconds - Int64($0)) }
            .filter { offset(at: $0.at) == $0.offset }
            .map { Instant(secondsSinceEpoch: $0.at) }
            .sorted()
    }

    /// The instant at which clocks were put forward over this time; `nil` where it exists.
    public func endOfGap(over local: LocalTime) -> Instant? {
        changes(around: local.seconds)
            .first { $0.at + Int64($0.before) <= local.seconds && local.seconds < $0.at + Int64($0.after) }
            .map { Instant(secondsSinceEpoch: $0.at) }
    }

    func offset(at seconds: Int64) -> Int {
        guard let last = transitions.last else { return rule?.offset(at: seconds) ?? initial }
        if seconds >= last.at { return rule?.offset(at: seconds) ?? last.offset }
        // The number of transitions at or before the instant, by halving.
        var (low, high) = (0, transitions.count)
        while low < high {
            let middle = (low + high) / 2
            if transitions[middle].at <= seconds { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? initial : transitions[low - 1].offset
    }

    /// The changes of the clocks that can matter for what they show at `seconds` of their own: no offset exceeds 26 hours.
    private func changes(around seconds: Int64) -> [(at: Int64, before: Int, after: Int)] {
        let range = (seconds - 2 * 86_400)...(seconds + 2 * 86_400)
        var moments = transitions.filter { range.contains($0.at) }.map(\.at)
        if let rule, range.upperBound >= (transitions.last?.at ?? .min) { moments += rule.changes(in: range) }
        return Set(moments).sorted().map { ($0, offset(at: $0 - 1), offset(at: $0)) }
    }
}
