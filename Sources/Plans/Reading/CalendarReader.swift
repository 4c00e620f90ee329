import Host
import Maintenance
import Schedules

/// From the nodes of an estate's calendars to holidays.
struct CalendarReader {
    let folder: String
    let host: Host

    func read(_ fields: Fields, _ log: inout MistakeLog) -> [String: HolidayCalendar] {
        var calendars: [String: HolidayCalendar] = [:]
        for entry in fields.named("calendars", &log) {
            guard let fields = Fields(entry.value, PlanKeys.calendar, &log) else { continue }
            let file = fields.text("file", &log)
            let days = fields.read("days", as: [String].self, &log)
            switch (file, days) {
            case (let file?, nil): calendars[entry.key] = calendar(entry.key, file, &log)
            case (nil, let days?):
                do throws(ScheduleError) {
                    calendars[entry.key] = try HolidayCalendar(name: entry.key, days: days.value)
                } catch {
                    log.report(error.message, at: days.position)
                }
            default: log.report("a calendar has a `file` or `days`", at: entry.position)
            }
        }
        return calendars
    }

    private func calendar(_ name: String, _ file: Located<String>, _ log: inout MistakeLog) -> HolidayCalendar? {
        do {
            let path = file.value.hasPrefix("/") ? file.value : folder + file.value
            return try HolidayCalendar(name: name, file: host.readFile(path, ScheduleLimits.calendarFile))
        } catch let error as ScheduleError {
            log.report(error.message, at: file.position)
        } catch {
            log.report("the calendar's file cannot be read: \(error)", at: file.position)
        }
        return nil
    }
}
