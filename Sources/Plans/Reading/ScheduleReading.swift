import Host
import Maintenance
import Schedules

/// What times in a plan are read by.
struct TimeContext {
    let zone: Zone
    /// Under the empty name the plan's own.
    let calendars: [String: HolidayCalendar]
    let now: Instant
}

/// The one place where this module meets schedules and zones: their errors become a plan's mistakes here.
enum ScheduleReading {
    static func zone(_ name: String, host: Host) -> Result<Zone, ValueError> {
        do { return .success(try Zone.load(name, host: host)) } catch { return .failure(ValueError(error.message)) }
    }

    /// `nil` where it is wrong or most likely not meant, which is reported.
    static func schedule(_ text: Located<String>, _ context: TimeContext, _ log: inout MistakeLog) -> Schedule? {
        do {
            let schedule = try Schedule(text.value, calendars: context.calendars)
            return isPlain(schedule, text, context, lasting: nil, &log) ? schedule : nil
        } catch {
            log.report(error.message, at: text.position)
            return nil
        }
    }

    /// Likewise; also relative to something else.
    static func occasion(
        _ text: Located<String>, _ policy: ClockChangeChoice?, _ context: TimeContext, lasting: Duration?,
        _ log: inout MistakeLog
    ) -> Occasion? {
        do {
            let occasion = try Occasion(text.value, policy: policy, calendars: context.calendars)
            guard case .schedule(let schedule) = occasion else { return occasion }
            return isPlain(schedule, text, context, lasting: lasting, &log) ? occasion : nil
        } catch {
            log.report(error.message, at: text.position)
            return nil
        }
    }

    private static func isPlain(
        _ schedule: Schedule, _ text: Located<String>, _ context: TimeContext, lasting: Duration?,
        _ log: inout MistakeLog
    ) -> Bool {
        if let own = schedule.timezone, own != context.zone.name {
            log.report(
                "the schedule names the time zone `\(own)`, and the plan's is `\(context.zone.name)`", at: text.position
            )
            return false
        }
        let suspicions = schedule.suspicions(in: context.zone, from: context.now, lasting: lasting)
        guard let refusal = suspicions.first(where: \.isRefused) else { return true }
        log.report(refusal.message, at: text.position)
        return false
    }

    /// Likewise.
    static func window(
        opens: Schedule, lasts: Located<Duration>, cutoff: Located<Duration>?, _ log: inout MistakeLog
    ) -> Window? {
        do {
            return try Window(opens: opens, lasts: lasts.value, cutoff: cutoff?.value ?? .zero)
        } catch {
            log.report(error.message, at: cutoff?.position ?? lasts.position)
            return nil
        }
    }
}
