import Maintenance
import Schedules

/// From the nodes of an estate's freezes to freezes.
enum FreezeReader {
    static func read(_ fields: Fields, _ context: TimeContext, _ log: inout MistakeLog) -> [EstateFreeze] {
        var freezes: [EstateFreeze] = []
        for entry in fields.named("freezes", &log) {
            guard let fields = Fields(entry.value, PlanKeys.freeze, &log) else { continue }
            let services = fields.read("services", as: [String].self, &log)?.value
            if let freeze = freeze(entry, fields, context, &log) {
                freezes.append(EstateFreeze(freeze: freeze, services: services.map(Set.init)))
            }
        }
        return freezes
    }

    /// Once, from one time until another, or again and again.
    private static func freeze(
        _ entry: PlanNode.Entry, _ fields: Fields, _ context: TimeContext, _ log: inout MistakeLog
    ) -> Freeze? {
        let reason = fields.text("reason", &log)
        let (from, until) = (fields.text("from", &log), fields.text("until", &log))
        let begins = fields.text("begins", &log)
        let lasts = fields.read("lasts", as: Duration.self, &log)
        do throws(ScheduleError) {
            switch (from, until, begins, lasts) {
            case (let from?, let until?, nil, nil):
                return try reason.map { reason throws(ScheduleError) in
                    try Freeze(entry.key, reason: reason.value, from: from.value, until: until.value)
                }
            case (nil, nil, let begins?, let lasts?):
                guard let schedule = ScheduleReading.schedule(begins, context, &log) else { return nil }
                return try reason.map { reason throws(ScheduleError) in
                    try Freeze(entry.key, reason: reason.value, begins: schedule, lasts: lasts.value)
                }
            default:
                log.report("a freeze has `from` and `until`, or `begins` and `lasts`", at: entry.position)
                return nil
            }
        } catch {
            log.report(error.message, at: until?.position ?? lasts?.position ?? entry.position)
            return nil
        }
    }
}
