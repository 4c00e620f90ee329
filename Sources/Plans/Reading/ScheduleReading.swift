import Host
import Maintenance
import Schedules

/// The one place where this module meets schedules and zones: their errors become a plan's mistakes here.
enum ScheduleReading {
    static func zone(_ name: String, host: Host) -> Result<Zone, ValueError> {
        do { return .success(try Zone.load(name, host: host)) } catch { return .failure(ValueError(error.message)) }
    }

    /// `nil` where it is wrong, which is reported.
    static func schedule(_ text: Located<String>, _ log: inout MistakeLog) -> Schedule? {
        do {
            return try Schedule(text.value)
        } catch {
            log.report(error.message, at: text.position)
            return nil
        }
    }

    /// Likewise.
    static func window(opens: Schedule, lasts: Located<Duration>, _ log: inout MistakeLog) -> Window? {
        do {
            return try Window(opens: opens, lasts: lasts.value)
        } catch {
            log.report(error.message, at: lasts.position)
            return nil
        }
    }
}
