import Maintenance

/// Reads who is told of what; the channels are the estate's.
struct NoticeReader {
    let catalogue: Catalogue
    let channels: [String: RunChannel]
    /// Said after an unknown name where there is no estate at all.
    var advice = ""
    /// False where the estate cannot be read: then no name is known to be wrong.
    var isComplete = true

    init(_ catalogue: Catalogue, _ estate: Estate?, isUnreadable: Bool = false) {
        self.catalogue = catalogue
        channels = estate?.channels ?? [:]
        advice = estate == nil ? "; write an `estate.yaml` beside the plan with `channels`" : ""
        isComplete = !isUnreadable
    }

    func rules(_ fields: Fields, _ log: inout MistakeLog) -> [NoticeRule] {
        var rules: [NoticeRule] = []
        for node in fields.list("notices", &log) {
            guard let fields = Fields(node, PlanKeys.notice, &log) else { continue }
            let events = readAll(NoticeEvent.self, fields.take("on", &log), "on", &log)
            let names = readAll(String.self, fields.take("to", &log), "to", &log)
            for name in names { check(name, is: .notices, &log) }
            rules.append(NoticeRule(on: events.map(\.value), to: names.map(\.value)))
        }
        return rules
    }

    /// By environment. A watchdog hears one environment: another's run must not quieten it.
    func heartbeat(
        _ fields: Fields, _ environments: [String], _ log: inout MistakeLog
    ) -> [String: RunHeartbeat] {
        guard let node = fields.take("heartbeat", &log) else { return [:] }
        var found: [String: RunHeartbeat] = [:]
        if let entries = node.entries {
            for entry in entries {
                if !environments.contains(entry.key) {
                    log.report(unknown(entry.key, "environment", among: environments), at: entry.position)
                }
                guard let name = entry.value.read(String.self, &log) else { continue }
                found[entry.key] = heartbeat(Located(value: name, position: entry.value.position), &log)
            }
            return found
        }
        guard let name = node.read(String.self, &log) else { return [:] }
        if environments.count > 1 {
            let example = environments.map { "\($0): …" }.joined(separator: ", ")
            log.report(
                "a heartbeat hears one environment, or a run of one would hide that the other's did not come; write "
                    + "`heartbeat: { \(example) }`", at: node.position)
        }
        for environment in environments {
            found[environment] = heartbeat(Located(value: name, position: node.position), &log)
        }
        return found
    }

    private func heartbeat(_ name: Located<String>, _ log: inout MistakeLog) -> RunHeartbeat? {
        check(name, is: .heartbeat, &log)
        guard let channel = channels[name.value], let kind = catalogue.channels[channel.kind] else { return nil }
        let key = kind.failureParameter
        return RunHeartbeat(channel: name.value, tellsFailures: key.map { channel.settings[$0] != nil } ?? false)
    }

    private func check(_ name: Located<String>, is use: ChannelUse, _ log: inout MistakeLog) {
        guard isComplete else { return }
        guard let channel = channels[name.value] else {
            log.report(unknown(name.value, "channel", among: Array(channels.keys)) + advice, at: name.position)
            return
        }
        guard let kind = catalogue.channels[channel.kind], kind.use != use else { return }
        switch use {
        case .notices:
            log.report(
                "`\(name.value)` is a heartbeat, which a notice of a failure would quieten; name it under a procedure's "
                    + "`heartbeat`", at: name.position)
        case .heartbeat:
            let kinds = catalogue.sortedChannels.filter { $0.use == .heartbeat }.map(\.name)
            log.report(
                "`\(name.value)` is a channel of kind `\(channel.kind)`, and a heartbeat goes to one of kind "
                    + quoted(kinds), at: name.position)
        }
    }

    /// A list, or its only item; each with its place.
    private func readAll<Value: ParameterValue>(
        _ type: Value.Type, _ node: PlanNode?, _ key: String, _ log: inout MistakeLog
    ) -> [Located<Value>] {
        guard let node else { return [] }
        var items = [node]
        if case .list(let list) = node.content {
            items = list
            if list.isEmpty { log.report("`\(key)` is empty", at: node.position) }
        }
        var found: [Located<Value>] = []
        for item in items {
            if let value = item.read(type, &log) { found.append(Located(value: value, position: item.position)) }
        }
        return found
    }
}
