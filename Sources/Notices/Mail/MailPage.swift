import Maintenance

/// A notice as a mail: its subject, its text, and the same as HTML without outside parts.
struct MailPage {
    let subject: String
    let text: String
    let html: String

    init(_ notice: Notice) {
        let words = NoticeText(notice)
        subject = words.heading
        let width = words.facts.map(\.name.count).max() ?? 0
        var lines = [words.heading, ""]
        lines += words.lines.map { line in "- " + (line.severity.map { "\($0.rawValue): " } ?? "") + line.text }
        if !words.lines.isEmpty { lines.append("") }
        lines += words.facts.map { fact in
            fact.name + ":" + String(repeating: " ", count: width - fact.name.count + 1) + fact.value
        }
        text = lines.joined(separator: "\n") + "\n"
        html = Self.html(words, notice.verdict)
    }

    private static func html(_ words: NoticeText, _ verdict: Verdict?) -> String {
        let items = words.lines.map { line in
            let word = line.severity.map { "<b style=\"color:\(colour($0))\">\($0.rawValue)</b> " } ?? ""
            return "<li>\(word)\(escaped(line.text))</li>"
        }
        let facts = words.facts.map { fact in
            "<tr><td style=\"color:#57606a;padding-right:1em\">\(fact.name)</td><td>\(escaped(fact.value))</td></tr>"
        }
        return """
            <!doctype html>
            <html><body style="font:15px/1.5 sans-serif;color:#1f2328">
            <h2 style="border-left:6px solid \(verdict.map(colour) ?? "#57606a");padding-left:.6em">\(escaped(words.heading))</h2>
            \(items.isEmpty ? "" : "<ul>\n\(items.joined(separator: "\n"))\n</ul>")
            <table>
            \(facts.joined(separator: "\n"))
            </table>
            </body></html>

            """
    }

    private static func colour(_ verdict: Verdict) -> String {
        switch verdict {
        case .pass: "#1a7f37"
        case .warn: "#9a6700"
        case .fail: "#cf222e"
        case .unknown: "#6639ba"
        }
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.append(character)
            }
        }
        return result
    }
}
