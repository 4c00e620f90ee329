import Maintenance

/// A notice as Slack's incoming webhooks take it (and what took over their form): a heading, sections, a context line.
enum SlackMessage {
    static func json(_ notice: Notice) -> JSONValue {
        let text = NoticeText(notice)
        var blocks: [JSONValue] = [
            ["type": "header", "text": ["type": "plain_text", "text": .text(text.heading), "emoji": false]]
        ]
        for section in sections(text.lines) { blocks.append(["type": "section", "text": markup(section)]) }
        let facts = text.facts.map { "\($0.name) \($0.value)" }.joined(separator: " · ")
        blocks.append(["type": "context", "elements": [markup(escaped(facts, NoticeLimits.section))]])
        return [
            "text": .text(escaped(text.heading, NoticeLimits.section)), "blocks": .list(blocks), "link_names": false,
            "unfurl_links": false, "unfurl_media": false,
        ]
    }

    /// `verbatim`: names of people and channels in the text are not looked for, so that nobody is called by a finding.
    private static func markup(_ text: String) -> JSONValue {
        ["type": "mrkdwn", "text": .text(text), "verbatim": true]
    }

    /// As many lines together as a section takes.
    private static func sections(_ lines: [NoticeText.Line]) -> [String] {
        var sections: [String] = []
        for line in lines {
            let mark = line.severity.map { "\(sign($0)) " } ?? ""
            let text = mark + escaped(line.text, NoticeLimits.section - 20)
            if let last = sections.last, last.count + text.count < NoticeLimits.section {
                sections[sections.count - 1] = last + "\n" + text
            } else {
                sections.append(text)
            }
        }
        return sections
    }

    private static func sign(_ verdict: Verdict) -> String {
        switch verdict {
        case .pass: "✓ pass"
        case .warn: "! warn"
        case .fail: "✗ fail"
        case .unknown: "? unknown"
        }
    }

    /// Without these three no mention, link or command can begin. A cut never parts an escape.
    static func escaped(_ text: String, _ limit: Int) -> String {
        var result = ""
        var count = 0
        for character in text {
            let piece =
                switch character {
                case "&": "&amp;"
                case "<": "&lt;"
                case ">": "&gt;"
                default: String(character)
                }
            count += piece.unicodeScalars.count
            guard count < limit else { return result + "…" }
            result += piece
        }
        return result
    }
}
