import Maintenance

/// From the nodes of an estate's `channels` to channels.
enum ChannelReader {
    static func read(
        _ fields: Fields, _ estate: Estate, _ catalogue: Catalogue, _ log: inout MistakeLog
    ) -> [String: RunChannel] {
        var channels: [String: RunChannel] = [:]
        for entry in fields.named("channels", &log) {
            let kinds = catalogue.sortedChannels.map(\.name)
            guard let entries = entry.value.entries, entries.count == 1, let setting = entries.first else {
                log.report(
                    "a channel is one kind with its settings, such as `\(entry.key): { \(kinds.first ?? "kind"): … }`; "
                        + "the kinds are \(quoted(kinds))", at: entry.value.position)
                // Who names it has made no other mistake.
                channels[entry.key] = RunChannel(kind: "", settings: .null)
                continue
            }
            guard let kind = catalogue.channels[setting.key] else {
                log.report(unknown(setting.key, "kind of channel", among: kinds), at: setting.position)
                channels[entry.key] = RunChannel(kind: setting.key, settings: .null)
                continue
            }
            let recipients = Recipients(setting.value, kind, estate)
            log.add(recipients.mistakes)
            TargetSettings.check(
                recipients.settings, kind, of: "a channel", unread: recipients.mistakes.isEmpty ? nil : recipients.key,
                &log)
            reportClearSecrets(setting.value, kind, &log)
            channels[entry.key] = RunChannel(
                kind: kind.name, settings: recipients.settings.value, isIdempotent: kind.isIdempotent)
        }
        return channels
    }

    /// The address of a webhook is all that is needed to write to it, so that even one without a password is a secret.
    private static func reportClearSecrets(
        _ settings: PlanNode, _ kind: ChannelKindDefinition, _ log: inout MistakeLog
    ) {
        let secrets = TargetSettings.secretNames(of: kind.parameters)
        var found: [Diagnostic] = []
        settings.forEachText { path, text, position in
            let name = path.first ?? kind.shorthand
            guard secrets.contains(name), !text.isEmpty, (try? ReferenceText(text))?.references.isEmpty == true,
                ClearSecrets.mistake(in: text, path: path.isEmpty ? [name] : path, isSecret: true) == nil
            else { return }
            found.append(Diagnostic("`\(name)` stands here in clear; \(ClearSecrets.advice)", at: position))
        }
        log.add(found)
    }
}
