import Host
public import Schedules

/// Compares what the program says with the walk, around one change after the other.
public struct ClockProof {
    /// Compiled once for all the zones.
    private struct Subject {
        let walked: WalkedSchedule
        let policies: [(name: String, policy: ClockChangePolicy, schedule: Schedule)]
    }

    private let subjects: [Subject]
    public private(set) var changes = 0
    public private(set) var comparisons = 0
    /// The first of each schedule and policy, with as much as is needed to see it again.
    public private(set) var differences: [String] = []
    public private(set) var differing = 0

    public static let years: Range<Int64> = 946_684_800..<2_145_916_800

    public init(_ schedules: [WalkedSchedule] = WalkedSchedule.all) throws {
        subjects = try schedules.map { walked in
            var policies = [("default", walked.policy, try Schedule(walked.text))]
            for gap in ClockChangePolicy.Gap.allCases {
                for overlap in ClockChangePolicy.Overlap.allCases {
                    let policy = ClockChangePolicy(gap: gap, overlap: overlap)
                    let choice = ClockChangeChoice(gap: gap, overlap: overlap)
                    policies.append(("\(gap)/\(overlap)", policy, try Schedule(walked.text, policy: choice)))
                }
            }
            return Subject(walked: walked, policies: policies)
        }
    }

    /// Every schedule with every policy around one change.
    public mutating func compare(_ change: TransitionTable.Change, of table: TransitionTable, in zone: Zone) {
        changes += 1
        for subject in subjects {
            let walk = ClockWalk(subject.walked, around: change.at, in: table)
            for (name, policy, schedule) in subject.policies {
                let expected = walk.occurrences(policy)
                let wrong =
                    forward(expected, schedule, zone, walk.window) ?? backward(expected, schedule, zone, walk.window)
                    ?? probe(expected, schedule, zone, walk.window, around: change.at)
                if let wrong {
                    differing += 1
                    if differences.count < 20 {
                        differences.append("\(table.name), \(schedule.text), \(name), change \(change.at): \(wrong)")
                    }
                }
            }
        }
    }

    /// From before the window on: the same instants, each later than the one before.
    private mutating func forward(
        _ expected: [Int64], _ schedule: Schedule, _ zone: Zone, _ window: Range<Int64>
    ) -> String? {
        var at = window.lowerBound - 1
        for expected in expected {
            comparisons += 1
            let next = schedule.next(after: Instant(secondsSinceEpoch: at), in: zone)?.secondsSinceEpoch
            guard next == expected else { return "next after \(at) is \(String(describing: next)), not \(expected)" }
            at = expected
        }
        comparisons += 1
        let next = schedule.next(after: Instant(secondsSinceEpoch: at), in: zone)?.secondsSinceEpoch
        guard next.map({ $0 < window.upperBound }) ?? false else { return nil }
        return "next after \(at) is \(String(describing: next)), where none is left"
    }

    private mutating func backward(
        _ expected: [Int64], _ schedule: Schedule, _ zone: Zone, _ window: Range<Int64>
    ) -> String? {
        var at = window.upperBound - 1
        for expected in expected.reversed() {
            comparisons += 1
            let last = schedule.previous(atOrBefore: Instant(secondsSinceEpoch: at), in: zone)?.secondsSinceEpoch
            guard last == expected else { return "previous to \(at) is \(String(describing: last)), not \(expected)" }
            at = expected - 1
        }
        comparisons += 1
        let last = schedule.previous(atOrBefore: Instant(secondsSinceEpoch: at), in: zone)?.secondsSinceEpoch
        guard last.map({ $0 >= window.lowerBound }) ?? false else { return nil }
        return "previous to \(at) is \(String(describing: last)), where none is left"
    }

    /// From instants that are no occurrences: just about the change, and where its hours are shown again.
    private mutating func probe(
        _ expected: [Int64], _ schedule: Schedule, _ zone: Zone, _ window: Range<Int64>, around change: Int64
    ) -> String? {
        for distance in [
            -86_399, -7201, -3601, -3599, -1801, -61, -2, -1, 0, 1, 59, 1799, 1801, 3599, 3601, 7199, 86_401,
        ] {
            let at = change + Int64(distance)
            guard window.contains(at) else { continue }
            let instant = Instant(secondsSinceEpoch: at)
            if let after = expected.first(where: { $0 > at }) {
                comparisons += 1
                let next = schedule.next(after: instant, in: zone)?.secondsSinceEpoch
                if next != after { return "next after \(at) is \(String(describing: next)), not \(after)" }
            }
            if let before = expected.last(where: { $0 <= at }) {
                comparisons += 1
                let last = schedule.previous(atOrBefore: instant, in: zone)?.secondsSinceEpoch
                if last != before { return "previous to \(at) is \(String(describing: last)), not \(before)" }
            }
        }
        return nil
    }
}
