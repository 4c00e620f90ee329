import Schedules

/// What a schedule must say around a change of the clocks, by its definition alone: every instant is visited, the time
/// that clocks show then is worked out, and looked up in the schedule.
struct ClockWalk {
    /// An instant at which clocks show one of the schedule's times.
    private struct Showing {
        let at: Int64
        let isFirst: Bool
        let isLast: Bool
    }

    let window: Range<Int64>
    private var showings: [Showing] = []
    /// Where clocks were put forward over one of the times, which they show never.
    private var gaps: [Int64] = []

    init(_ schedule: WalkedSchedule, around change: Int64, in table: TransitionTable) {
        window = (change - schedule.reach)..<(change + schedule.reach)
        var day = CivilDay(number: window.lowerBound / 86_400)
        func has(_ local: Int64) -> Bool {
            let (number, second) = CivilDay.split(local)
            if number != day.number { day = CivilDay(number: number) }
            return schedule.has(day, second)
        }
        var offset = table.offset(at: window.lowerBound)
        var changes = table.changes(from: window.lowerBound + 1, to: window.upperBound)[...]
        for at in stride(from: window.lowerBound, to: window.upperBound, by: Int(schedule.step)) {
            if let next = changes.first, next.at <= at {
                offset = next.after
                changes.removeFirst()
            }
            guard has(at + offset) else { continue }
            let all = table.instants(showing: at + offset)
            showings.append(Showing(at: at, isFirst: all.first == at, isLast: all.last == at))
        }
        for change in table.changes(from: window.lowerBound, to: window.upperBound) where change.after > change.before {
            let skipped = stride(from: change.at + change.before, to: change.at + change.after, by: Int(schedule.step))
            if skipped.contains(where: { has($0) && table.instants(showing: $0).isEmpty }) { gaps.append(change.at) }
        }
    }

    /// Ascending, each once.
    func occurrences(_ policy: ClockChangePolicy) -> [Int64] {
        var found = Set<Int64>()
        for showing in showings {
            switch policy.overlap {
            case .first: if showing.isFirst { found.insert(showing.at) }
            case .last: if showing.isLast { found.insert(showing.at) }
            case .both: found.insert(showing.at)
            }
        }
        switch policy.gap {
        case .skip: break
        case .after: found.formUnion(gaps)
        case .before: found.formUnion(gaps.map { $0 - 1 })
        }
        return found.filter(window.contains).sorted()
    }
}
