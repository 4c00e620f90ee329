import Host
import Maintenance
import Schedules

/// From the nodes of a plan to its model. What names another thing is looked at later, when all things are known.
struct PlanReader {
    /// With the programs that the estate and the plan declare, once they are read.
    var catalogue: Catalogue
    let host: Host
    let estate: Estate?
    /// It is there, and its mistakes are reported: who is in it is not known.
    let estateIsUnreadable: Bool
    let digest: String
    /// The folder of the plan's file.
    let folder: String

    mutating func read(_ node: PlanNode, _ log: inout MistakeLog) -> Plan? {
        if case .null = node.content {
            log.report("the file is empty; a plan begins with `service: NAME`", at: node.position)
            return nil
        }
        guard let fields = Fields(node, PlanKeys.plan, &log) else { return nil }
        let service = fields.name("service", &log)
        let zone = readZone(fields, &log)
        let owner = readOwner(fields, &log)
        let programs = readPrograms(fields, &log)
        catalogue = catalogue.adding(programs)
        let targets = readTargets(fields, &log)
        var environments: [EnvironmentSource] = []
        let place = readPlace(fields, &log)
        for entry in fields.named("environments", &log) {
            environments.append(readEnvironment(entry, place, &log))
        }
        if environments.isEmpty {
            environments = [EnvironmentSource(name: "default", targets: [], place: place, position: node.position)]
        }
        var windows: [String: PlanWindow] = [:]
        let names = Set((targets + environments.flatMap(\.targets)).map(\.name))
        let times = TimeContext(
            zone: zone?.zone ?? .utc, calendars: readCalendars(fields, &log), now: host.now())
        for entry in fields.named("windows", &log) { windows[entry.key] = readWindow(entry, names, times, &log) }
        let declared = Set(node["windows"]?.value.entries?.map(\.key) ?? [])
        let told = NoticeReader(catalogue, estate, isUnreadable: estateIsUnreadable)
        let notices = told.rules(fields, &log)
        let disruptiveAtOnce = readDisruptiveAtOnce(fields, &log)
        var procedures: [Procedure] = []
        for entry in fields.named("procedures", &log) {
            let reader = ProcedureReader(
                catalogue: catalogue, windows: windows, declaredWindows: declared, told: told,
                environments: environments.map(\.name), times: times)
            if let procedure = reader.read(entry, &log) { procedures.append(procedure) }
        }
        let relative = RelativeTimes(procedures, windows)
        procedures = relative.asking(relative.resolved(&log), times, &log)
        if procedures.isEmpty, node["procedures"] != nil, log.isEmpty {
            log.report("the plan has no procedure", at: node.position)
        }
        guard let zone else { return nil }
        return Plan(
            service: service?.value ?? "", owner: owner, timezone: zone.name, zone: zone.zone,
            calendars: times.calendars,
            windows: windows,
            procedures: procedures, notices: notices, estate: estate, disruptiveAtOnce: disruptiveAtOnce,
            programs: programs, file: node.position.file, digest: digest,
            targets: targets,
            environmentSources: environments, position: node.position)
    }

    private func readDisruptiveAtOnce(_ fields: Fields, _ log: inout MistakeLog) -> Int? {
        let allowed = estate?.policy.disruptiveAtOnce
        guard let node = fields.take("policy", &log), let policy = Fields(node, PlanKeys.planPolicy, &log) else {
            return allowed
        }
        return PolicyReader.disruptiveAtOnce(policy, allowed: allowed, &log)
    }

    /// The estate's, and under the empty name the one that the plan chose.
    private func readCalendars(_ fields: Fields, _ log: inout MistakeLog) -> [String: HolidayCalendar] {
        var calendars = estate?.calendars ?? [:]
        if let chosen = fields.name("calendar", &log), !estateIsUnreadable {
            if let calendar = calendars[chosen.value] {
                calendars[""] = calendar
            } else {
                log.report(unknown(chosen.value, "calendar", among: Array(calendars.keys)), at: chosen.position)
            }
        }
        return calendars
    }

    /// The estate's, then the plan's own.
    private func readPrograms(_ fields: Fields, _ log: inout MistakeLog) -> [ActionProgram] {
        let shared = estate?.programs ?? []
        let reader = ProgramReader(
            catalogue: catalogue.adding(shared), host: host, folder: folder, known: shared)
        return shared + reader.read(fields, &log)
    }

    private func readZone(_ fields: Fields, _ log: inout MistakeLog) -> (name: String, zone: Zone)? {
        let given = fields.text("timezone", &log)
        let name = given?.value ?? "UTC"
        switch ScheduleReading.zone(name, host: host) {
        case .success(let zone): return (name, zone)
        case .failure(let error):
            log.report(error.message, at: given?.position ?? fields.node.position)
            return nil
        }
    }

    private func readOwner(_ fields: Fields, _ log: inout MistakeLog) -> String? {
        guard let owner = fields.name("owner", &log), !estateIsUnreadable else { return nil }
        let known = Array((estate?.people ?? [:]).keys) + Array((estate?.groups ?? [:]).keys)
        if !known.contains(owner.value) {
            let place = estate == nil ? "; write an `estate.yaml` beside the plan with people and groups" : ""
            log.report(unknown(owner.value, "person or group", among: known) + place, at: owner.position)
        }
        return owner.value
    }

    private func readPlace(_ fields: Fields, _ log: inout MistakeLog) -> String? {
        guard let place = fields.name("place", &log), !estateIsUnreadable else { return nil }
        let known = estate?.places ?? []
        // A place that no node is ever given would let its runs wait for ever.
        if !known.contains(place.value) {
            let hint = known.isEmpty ? "; name it under `places` of an `estate.yaml` beside the plan" : ""
            log.report(unknown(place.value, "place", among: Array(known)) + hint, at: place.position)
        }
        return place.value
    }

    private func readEnvironment(
        _ entry: PlanNode.Entry, _ elsewhere: String?, _ log: inout MistakeLog
    ) -> EnvironmentSource {
        var targets: [TargetSource] = []
        var place = elsewhere
        // `production:` with nothing below is an environment in which nothing differs.
        if entry.value.content != .null, let fields = Fields(entry.value, PlanKeys.environment, &log) {
            targets = readTargets(fields, &log)
            place = readPlace(fields, &log) ?? elsewhere
        }
        return EnvironmentSource(name: entry.key, targets: targets, place: place, position: entry.position)
    }

    private func readTargets(_ fields: Fields, _ log: inout MistakeLog) -> [TargetSource] {
        var targets: [TargetSource] = []
        for entry in fields.named("targets", &log) {
            let kinds = catalogue.sortedKinds.map(\.name)
            guard let entries = entry.value.entries, entries.count == 1, let setting = entries.first else {
                log.report(
                    "a target is one kind with its settings, such as `\(entry.key): { \(kinds.first ?? "kind"): … }`; the kinds "
                        + "are \(quoted(kinds))", at: entry.value.position)
                continue
            }
            let target = TargetSource(
                name: entry.key, kind: setting.key, settings: setting.value, position: entry.position)
            TargetSettings.check(target, kindPosition: setting.position, catalogue, &log)
            targets.append(target)
        }
        return targets
    }

    private func readWindow(
        _ entry: PlanNode.Entry, _ known: Set<String>, _ times: TimeContext, _ log: inout MistakeLog
    ) -> PlanWindow? {
        guard let fields = Fields(entry.value, PlanKeys.window, &log) else { return nil }
        let opens = fields.text("opens", &log)
        let lasts = fields.read("lasts", as: Duration.self, &log)
        if let lasts, let longest = estate?.policy.longestWindow, lasts.value > longest {
            log.report(
                "the estate's policy lets a window stay open for \(longest.shortText) at most", at: lasts.position)
        }
        let schedule = opens.flatMap { ScheduleReading.schedule($0, times, &log) }
        let cutoff = fields.read("cutoff", as: Duration.self, &log)
        let end = fields.read("at-end", as: WindowEnd.self, &log)?.value ?? .finish
        let targets = fields.read("targets", as: [String].self, &log)
        for name in targets?.value ?? [] where !known.contains(name) {
            log.report(unknown(name, "target", among: Array(known)), at: targets?.position ?? entry.position)
        }
        guard let opens, let schedule, let lasts,
            let window = ScheduleReading.window(opens: schedule, lasts: lasts, cutoff: cutoff, &log)
        else { return nil }
        return PlanWindow(
            name: entry.key, opensText: opens.value, window: window, end: end, targets: Set(targets?.value ?? []))
    }
}
