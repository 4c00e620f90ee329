import ClockWalk
import Host
import Schedules

/// One instant that only one of both names.
struct Difference {
    let peer: Peer
    let example: Case
    /// Where the peer's answer stops.
    let end: Answer.End
    /// What the peer named last before this, or where the search began.
    let before: Int64
    let at: Int64
    /// Named by Millwright and not by the peer.
    let isOurs: Bool

    var model: CronModel { example.model }
    var place: Place { example.zone }
    var start: Int64 { example.start }
    var expression: String { peer.expression(example) ?? "" }
    var local: Int64 { at + place.table.offset(at: at) }
    /// The instants at which clocks show the same time.
    var showings: [Int64] { place.table.instants(showing: local) }
    /// By the definition of the fields, whatever both say.
    var isScheduled: Bool { isScheduled(local) }
    var day: CivilDay { CivilDay(number: CivilDay.split(local).number) }

    func isScheduled(_ local: Int64) -> Bool {
        let (number, second) = CivilDay.split(local)
        return model.has(CivilDay(number: number), second)
    }
}

/// Compares answers, and counts what differs by its class.
struct Judge {
    struct Count {
        var answers = 0
        var comparisons = 0
        var differences: [DifferenceClass: Int] = [:]
        var unexplained = 0
    }

    private(set) var counts: [Peer: Count] = [:]
    /// Of what is not explained, for each peer the one with the shortest expression.
    private(set) var smallest: [Peer: Difference] = [:]

    mutating func compare(_ answer: Answer, of peer: Peer, to example: Case) throws {
        let (ours, last) = try instants(example, of: peer, like: answer)
        let theirs = Set(answer.instants.filter { $0 <= last })
        var count = counts[peer] ?? Count()
        count.answers += 1
        count.comparisons += theirs.union(ours).count
        for at in theirs.symmetricDifference(ours).sorted() {
            let difference = Difference(
                peer: peer, example: example, end: answer.end,
                before: answer.instants.last { $0 < at } ?? example.start, at: at, isOurs: !theirs.contains(at))
            if let kind = DifferenceClass.allCases.first(where: { $0.explains(difference) }) {
                count.differences[kind, default: 0] += 1
            } else {
                count.unexplained += 1
                if difference.expression.count < smallest[peer]?.expression.count ?? .max {
                    smallest[peer] = difference
                }
            }
        }
        counts[peer] = count
    }

    /// As far as the peer's answer reaches, or to the end where the peer says that none are left; and the instant up to
    /// which that is: where Millwright has many more than the peer was asked for, some of them are enough.
    private func instants(
        _ example: Case, of peer: Peer, like answer: Answer
    ) throws -> (found: Set<Int64>, last: Int64) {
        let last = answer.end == .count ? answer.instants.max() ?? example.start : Case.until
        let schedule: Schedule
        do throws(ScheduleError) {
            schedule = try Schedule(peer.text(example))
        } catch {
            // A cron pattern without occurrence is valid; an RRULE without one is refused, and must be without one there.
            guard peer == .rrule, error.message.contains("never happens") else { throw error }
            return ([], last)
        }
        var found: Set<Int64> = []
        var at = Instant(secondsSinceEpoch: example.start)
        while let next = schedule.next(after: at, in: example.zone.zone), next.secondsSinceEpoch <= last {
            found.insert(next.secondsSinceEpoch)
            if found.count == 2 * Case.instants { return (found, next.secondsSinceEpoch) }
            at = next
        }
        return (found, last)
    }
}

extension Difference: CustomStringConvertible {
    var description: String {
        "\(peer) `\(expression)`, here `\(peer.text(example))`, in \(place.table.name) after "
            + "\(Instant(secondsSinceEpoch: start)): \(Instant(secondsSinceEpoch: at)), which clocks show as "
            + "\(LocalTimeText(local)), is named \(isOurs ? "here" : "there") only; the peer's answer ends with \(end)"
    }
}

/// A local time as people write it.
private struct LocalTimeText: CustomStringConvertible {
    let description: String

    init(_ local: Int64) {
        let text = Instant(secondsSinceEpoch: local).description
        description = String(text.prefix(19)).replacing("T", with: " ")
    }
}
