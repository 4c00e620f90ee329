import Maintenance

/// The page of the channel kinds.
enum ChannelsPage {
    static func text(_ catalogue: Catalogue) -> String {
        var lines = [
            "# Channels", "",
            "What an estate's `channels:` can name. Secrets are references: `${env:NAME}`, `${file:PATH}`; so are the URLs "
                + "of webhooks and heartbeats.", "",
            "```yaml", "channels:", "  ops-chat: { webhook: { url: \"${env:OPS_CHAT}\", shape: slack } }",
            "  ops-mail: { mail: { server: \"smtp.example.com\", from: millwright@example.com, to: [ops@example.com] } }",
            "  watchdog: { heartbeat: \"${env:WATCHDOG}\" }", "notices:",
            "  - { on: [fail, unknown, missed], to: [ops-chat, ops-mail] }", "```", "",
            "| `on` | told when |", "| --- | --- |",
            "| `fail`, `unknown`, `warn`, `pass` | a run ended with this verdict |",
            "| `missed` | occurrences of the schedule passed without a run before this one, or the window's end left steps "
                + "undone |",
            "| `recovered` | a whole run passed, after one that had failed or could not be known |",
            "| `ended` | a run ended, whatever its verdict |", "",
            "A channel is told once a run, of the most telling of the events that it asked for. What the receiver's answer "
                + "does not confirm is `unknown: perhaps sent` and is not sent again by itself; what certainly was not sent is "
                + "tried again a few times. The outcome is recorded with the run and alters neither its verdict nor the exit "
                + "code. `millwright notify PLAN CHANNEL` tries a channel.",
        ]
        for kind in catalogue.sortedChannels {
            lines += ["", "## \(kind.name)", "", kind.summary, "", "A lone text sets `\(kind.shorthand)`.", ""]
            lines += ["| parameter | type | default | |", "| --- | --- | --- | --- |"]
            lines += kind.parameters.map {
                "| `\($0.name)` | \($0.typeName) | \($0.isRequired ? "required" : "`\($0.defaultText ?? "")`") | \($0.summary) |"
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
