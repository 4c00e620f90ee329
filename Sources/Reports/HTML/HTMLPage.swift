import Maintenance

/// The frame of every HTML report: one file, no script, nothing from outside, light and dark, screen and paper.
enum HTMLPage {
    static func page(title: String, body: String) -> String {
        """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
        <meta name="color-scheme" content="light dark"><meta name="generator" content="millwright">
        <title>\(HTMLText.escaped(title))</title>
        <style>\(HTMLStyle.text)</style></head><body><main>
        \(body)
        </main></body></html>

        """
    }

    /// Service and title, the verdict in a sentence, and the facts of the run.
    static func header(
        _ service: String, _ title: String, verdict: Verdict?, _ sentence: String, facts: [(String, String)]
    ) -> String {
        """
        <header><p class="service">\(HTMLText.escaped(service))</p><h1>\(HTMLText.escaped(title))</h1>
        <p class="banner \(HTMLText.word(verdict))"><span class="sign" aria-hidden="true">\(HTMLText.sign(verdict))</span>\
        <span><b>\(HTMLText.word(verdict))</b> \(HTMLText.escaped(sentence))</span></p>
        <dl class="facts">\(facts.map { "<div><dt>\(HTMLText.escaped($0.0))</dt><dd>\(HTMLText.escaped($0.1))</dd></div>" }
            .joined())</dl></header>
        """
    }

    static func section(_ title: String, id: String, _ body: String, lead: String? = nil) -> String {
        let lead = lead.map { "<p class=\"lead\">\(HTMLText.escaped($0))</p>" } ?? ""
        return """
            <section aria-labelledby="\(id)"><h2 id="\(id)">\(HTMLText.escaped(title))</h2>\(lead)
            \(body)</section>
            """
    }

    /// Where the numbers come from.
    static func notes(_ notes: [EvidenceNote]) -> String {
        guard !notes.isEmpty else { return "" }
        let items = notes.map { note in
            let looks = note.looks.map { look in
                """
                <li><code>\(HTMLText.escaped(look.statement))</code> <span class="soft">\(HTMLText.escaped(look.source)), \
                \(look.observedAt), SHA-256 <code title="\(HTMLText.escaped(look.digest))">\
                \(HTMLText.escaped(String(look.digest.prefix(16))))</code></span></li>
                """
            }
            let more = note.more > 0 ? "<li class=\"soft\">and \(note.more) more looks, in the journal</li>" : ""
            let none = note.looks.isEmpty ? "<li class=\"soft\">no look was recorded</li>" : ""
            return """
                <li id="n\(note.number)" value="\(note.number)"><b>\(HTMLText.escaped(note.step))</b> \
                <span class="soft">run \(HTMLText.escaped(note.run))</span><ul>\(looks.joined())\(more)\(none)</ul></li>
                """
        }
        return section(
            "Evidence", id: "evidence", "<ol class=\"notes\">\(items.joined(separator: "\n"))</ol>",
            lead:
                "What was asked, of whom, when, and the digest of the answer. The journal has the whole: millwright show RUN --format json."
        )
    }
}

/// Texts as HTML.
enum HTMLText {
    /// What was read from a target must not become markup.
    static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case _ where Words.isSteering(character): result += " "
            default: result.append(character)
            }
        }
        return result
    }

    static func word(_ verdict: Verdict?) -> String { verdict?.rawValue ?? "none" }

    /// Verdicts are told apart without colour too.
    static func sign(_ verdict: Verdict?) -> String { Words.sign(verdict) }

    static func pill(_ verdict: Verdict?, _ word: String? = nil) -> String {
        "<span class=\"pill \(self.word(verdict))\"><span aria-hidden=\"true\">\(sign(verdict))</span> "
            + "\(escaped(word ?? self.word(verdict)))</span>"
    }

    static func note(_ number: Int?) -> String {
        number.map { "<sup><a href=\"#n\($0)\" aria-label=\"evidence \($0)\">\($0)</a></sup>" } ?? ""
    }

    /// A number, or `n/a` with why.
    static func number(_ number: ReportNumber, note: Int? = nil) -> String {
        guard number.value == nil else { return "\(escaped(number.text))\(self.note(note))" }
        let why = number.why.map { " title=\"\(escaped($0))\"" } ?? ""
        return "<span class=\"na\"\(why)>n/a</span>\(self.note(note))"
    }
}

/// A table that becomes a list of small cards where the page is narrow.
struct HTMLTable {
    struct Column {
        enum Kind: String { case text, number, wide }

        let title: String
        let kind: Kind

        static func text(_ title: String) -> Column { Column(title: title, kind: .text) }
        /// Numbers stand one below the other.
        static func number(_ title: String) -> Column { Column(title: title, kind: .number) }
        /// Sentences: on a narrow page they have a line of their own.
        static func wide(_ title: String) -> Column { Column(title: title, kind: .wide) }

        fileprivate var mark: String {
            switch kind {
            case .text: ""
            case .number: " class=\"n\""
            case .wide: " class=\"wide\""
            }
        }
    }

    let columns: [Column]
    /// Markup, one a column.
    var rows: [[String]] = []

    var text: String {
        guard !rows.isEmpty else { return "" }
        let head = columns.map { "<th scope=\"col\"\($0.mark)>\(HTMLText.escaped($0.title))</th>" }
        let body = rows.map { row in
            let cells = zip(columns, row).map { column, cell in
                "<td\(column.mark) data-label=\"\(HTMLText.escaped(column.title))\"><span>\(cell)</span></td>"
            }
            return "<tr>\(cells.joined())</tr>"
        }
        return """
            <table class="stack"><thead><tr>\(head.joined())</tr></thead><tbody>
            \(body.joined(separator: "\n"))
            </tbody></table>
            """
    }
}
