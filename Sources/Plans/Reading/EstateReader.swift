import Host
import Maintenance
import Schedules

/// From the nodes of an `estate.yaml` to an estate.
enum EstateReader {
    /// The calendars' files lie in `folder`.
    static func read(
        _ node: PlanNode, _ catalogue: Catalogue, folder: String, host: Host, _ log: inout MistakeLog
    ) -> Estate? {
        guard let fields = Fields(node, PlanKeys.estate, &log) else { return nil }
        var estate = Estate()
        for entry in fields.named("people", &log) {
            ClearSecrets.report(in: entry.value, &log)
            guard let fields = Fields(entry.value, PlanKeys.person, &log) else { continue }
            let fullName = fields.text("name", &log)?.value
            guard let mail = fields.text("mail", &log) else { continue }
            if mail.value.split(separator: "@", omittingEmptySubsequences: false).count != 2 {
                log.report("`\(mail.value)` is not a mail address", at: mail.position)
            }
            estate.people[entry.key] = Estate.Person(
                fullName: fullName, mail: mail.value, user: fields.name("user", &log)?.value ?? entry.key)
        }
        for entry in fields.named("groups", &log) { readGroup(entry, into: &estate, &log) }
        estate.channels = ChannelReader.read(fields, estate, catalogue, &log)
        estate.notices = NoticeReader(catalogue, estate).rules(fields, &log)
        estate.calendars = CalendarReader(folder: folder, host: host).read(fields, &log)
        let times = TimeContext(zone: .utc, calendars: estate.calendars, now: host.now())
        estate.freezes = FreezeReader.read(fields, times, &log)
        estate.programs = ProgramReader(catalogue: catalogue, host: host, folder: folder).read(fields, &log)
        estate.places = Set(fields.list("places", &log).compactMap { $0.read(String.self, &log) })
        if let node = fields.take("policy", &log) { estate.policy = readPolicy(node, &log) }
        if let node = fields.take("retention", &log) { estate.retention = readRetention(node, &log) }
        return estate
    }

    private static func readGroup(_ entry: PlanNode.Entry, into estate: inout Estate, _ log: inout MistakeLog) {
        if estate.people[entry.key] != nil {
            log.report("`\(entry.key)` is a person already; give the group another name", at: entry.position)
        }
        guard let members = entry.value.read([String].self, &log) else { return }
        for (index, member) in members.enumerated() where estate.people[member] == nil {
            log.report(
                unknown(member, "person", among: Array(estate.people.keys)),
                at: entry.value.position(at: [String(index)]))
        }
        if members.isEmpty { log.report("the group has no member", at: entry.position) }
        estate.groups[entry.key] = members
    }

    private static func readRetention(_ node: PlanNode, _ log: inout MistakeLog) -> Estate.Retention {
        guard let fields = Fields(node, PlanKeys.retention, &log) else { return Estate.Retention() }
        let runs = fields.read("runs", as: Duration.self, &log)
        let evidence = fields.read("evidence", as: Duration.self, &log)
        for kept in [runs, evidence].compactMap({ $0 }) where kept.value < PlanLimits.shortestRetention {
            log.report("what runs saw is kept for a day at least", at: kept.position)
        }
        if let runs, let evidence, evidence.value > runs.value {
            log.report("evidence is not kept longer than the records that it belongs to", at: evidence.position)
        }
        return Estate.Retention(runs: runs?.value, evidence: evidence?.value)
    }

    private static func readPolicy(_ node: PlanNode, _ log: inout MistakeLog) -> Estate.Policy {
        var policy = Estate.Policy()
        guard let fields = Fields(node, PlanKeys.policy, &log) else { return policy }
        for entry in fields.named("limits", &log) {
            guard let most = entry.value.read(Double.self, &log) else { continue }
            if most < 0 { log.report("a limit is not negative", at: entry.value.position) }
            policy.limits[entry.key] = most
        }
        policy.longestTimeout = fields.read("longest-timeout", as: Duration.self, &log)?.value
        policy.longestWindow = fields.read("longest-window", as: Duration.self, &log)?.value
        policy.windowFrom = fields.read("window-from", as: WindowRule.self, &log)?.value ?? .disruptive
        policy.highestImpact = fields.read("highest-impact", as: ImpactRule.self, &log)?.value
        policy.disruptiveAtOnce = PolicyReader.disruptiveAtOnce(fields, allowed: nil, &log)
        return policy
    }
}

/// The message for a name that nothing bears.
func unknown(_ name: String, _ what: String, among names: [String]) -> String {
    if let meant = name.closest(among: names.sorted()) {
        return "no \(what) is named `\(name)`; did you mean `\(meant)`?"
    }
    guard let only = names.first else { return "no \(what) is named `\(name)`; there is none" }
    guard names.count > 1 else { return "no \(what) is named `\(name)`; there is `\(only)`" }
    let shown = quoted(Array(names.sorted().prefix(PlanLimits.namesInMessage)))
    let more = names.count > PlanLimits.namesInMessage ? " and \(names.count - PlanLimits.namesInMessage) more" : ""
    return "no \(what) is named `\(name)`; there are \(shown)\(more)"
}

/// "`a`, `b`".
func quoted(_ names: [String]) -> String { names.map { "`\($0)`" }.joined(separator: ", ") }
