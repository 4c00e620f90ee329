import Maintenance
import Schedules

/// Puts a schedule in the place of each time that hangs on another procedure or a window, as far as the clock alone decides.
struct RelativeTimes {
    private let procedures: [Procedure]
    private let windows: [String: PlanWindow]

    init(_ procedures: [Procedure], _ windows: [String: PlanWindow]) {
        self.procedures = procedures
        self.windows = windows
    }

    func resolved(_ log: inout MistakeLog) -> [Procedure] {
        procedures.map { procedure in
            guard case .relative(let relative)? = procedure.occasion else { return procedure }
            var resolved = procedure
            do throws(ScheduleError) {
                try check(relative)
                if let schedule = try relative.schedule({ anchor($0, besides: [procedure.name]) }) {
                    resolved.occasion = .schedule(schedule)
                }
            } catch {
                log.report(error.message, at: procedure.occasionPosition ?? procedure.position)
            }
            return resolved
        }
    }

    /// Refuses what nothing here would ever set off: a schedule that never comes must not look like one.
    private func check(_ relative: RelativeOccasion) throws(ScheduleError) {
        switch relative.kind {
        case .beside, .fact, .agreement, .deadline: return
        case .after(let name):
            guard procedures.contains(where: { $0.name == name }) else {
                throw ScheduleError(unknown(name, "procedure", among: procedures.map(\.name)))
            }
        }
    }

    /// A procedure's schedule, which may be relative itself, or a window's openings. A circle has none.
    func anchor(_ name: String, besides passed: [String]) -> RelativeOccasion.Anchor? {
        if let procedure = procedures.first(where: { $0.name == name }), !passed.contains(name) {
            let window = procedure.window.flatMap { windows[$0] }
            if procedure.beginsWithWindow { return window.map(anchor) }
            switch procedure.occasion {
            case .schedule(let schedule)?: return .init(schedule: schedule, lasts: window?.window.lasts)
            case .relative(let relative)?:
                let schedule = try? relative.schedule { anchor($0, besides: passed + [name]) }
                return schedule.map { .init(schedule: $0, lasts: window?.window.lasts) }
            case nil: return nil
            }
        }
        return windows[name].map(anchor)
    }

    private func anchor(_ window: PlanWindow) -> RelativeOccasion.Anchor {
        .init(schedule: window.window.opens, lasts: window.window.lasts)
    }
}
