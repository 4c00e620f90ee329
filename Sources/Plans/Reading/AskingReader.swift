import Host
import Maintenance
import Schedules

/// When the people are asked of those procedures of which a step says `ahead`.
extension RelativeTimes {
    func asking(_ procedures: [Procedure], _ times: TimeContext, _ log: inout MistakeLog) -> [Procedure] {
        procedures.map { procedure in
            var asking = procedure
            asking.asking = self.asking(procedure, among: procedures, times, &log)
            return asking
        }
    }

    private func asking(
        _ procedure: Procedure, among procedures: [Procedure], _ times: TimeContext, _ log: inout MistakeLog
    ) -> AskingAhead? {
        let said = (procedure.steps + procedure.finalSteps).compactMap { $0.approval?.ahead }
        guard let ahead = said.first else { return nil }
        for other in said where other.value != ahead.value {
            log.report(
                "the steps of a procedure ask their people together: write `ahead: \(ahead.value)` here as well",
                at: other.position)
        }
        let name = AskingAhead.name(of: procedure.name)
        if let twin = procedures.first(where: { $0.name == name }) {
            log.report(
                "`\(name)` is the name under which people are asked ahead of `\(procedure.name)`; take another",
                at: twin.position)
        }
        do throws(ScheduleError) {
            let relative = try Self.before(procedure, ahead.value, times)
            guard let anchor = anchor(procedure.name, besides: []) else {
                // A schedule that is wrong is reported where it stands.
                if procedure.scheduleText == nil || procedure.occasion != nil {
                    log.report(Self.noTime, at: ahead.position)
                }
                return nil
            }
            guard let schedule = try relative.schedule({ _ in anchor }) else { return nil }
            return try made(name, schedule, anchor.schedule, relative, times)
        } catch {
            log.report(error.message, at: ahead.position)
            return nil
        }
    }

    private func made(
        _ name: String, _ schedule: Schedule, _ occurrences: Schedule, _ relative: RelativeOccasion,
        _ times: TimeContext
    ) throws(ScheduleError) -> AskingAhead {
        let first = occurrences.next(after: times.now, in: times.zone)
        var last = first
        for _ in 0..<PlanLimits.askedAhead {
            guard let before = last, let next = occurrences.next(after: before, in: times.zone) else { break }
            if let asked = relative.instant(from: next, in: times.zone), asked < before {
                throw ScheduleError(
                    "`ahead` reaches behind the occurrence before: people would be asked about two at once; ask later")
            }
            last = next
        }
        let lead = first.flatMap { first in relative.instant(from: first, in: times.zone).map { first - $0 } }
        return AskingAhead(
            name: name, schedule: schedule, lead: lead ?? .zero, occurrences: occurrences, relative: relative)
    }

    private static func before(
        _ procedure: Procedure, _ ahead: String, _ times: TimeContext
    ) throws(ScheduleError) -> RelativeOccasion {
        let occasion = try? Occasion("\(ahead) before \(procedure.name)", calendars: times.calendars)
        guard case .relative(let relative)? = occasion,
            case .beside(_, isEarlier: true, name: _, isEnd: false) = relative.kind
        else {
            throw ScheduleError(
                "`\(ahead)` is no time before an occurrence; write it in hours, days or weeks, like `2 days`")
        }
        return relative
    }

    private static var noTime: String {
        "people can be asked ahead where the clock tells when the procedure is due: give it `in:` or a `schedule:`, or "
            + "leave `ahead` out"
    }
}
