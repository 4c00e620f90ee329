import Maintenance

/// Texts as Markdown.
enum MarkdownText {
    /// Text that a table cell or a line can hold: what was read from a target must not become markup.
    static func cell(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "|", "\\", "`", "<", ">", "[", "]", "*", "_", "~", "#", "$": result += "\\\(character)"
            case "&": result += "&amp;"
            case "@": result += "&#64;"
            case _ where Words.isSteering(character) || character.isNewline: result += " "
            default: result.append(character)
            }
        }
        return result
    }

    /// A code span in a cell: fenced by more backticks than it holds.
    static func code(_ text: String) -> String {
        var plain = ""
        var (run, longest) = (0, 0)
        for character in text {
            run = character == "`" ? run + 1 : 0
            longest = max(longest, run)
            plain +=
                character == "|" ? "\\|" : Words.isSteering(character) || character.isNewline ? " " : "\(character)"
        }
        let fence = String(repeating: "`", count: longest + 1)
        let room = longest > 0 ? " " : ""
        return "\(fence)\(room)\(plain)\(room)\(fence)"
    }

    static func note(_ number: Int?) -> String { number.map { "[^\($0)]" } ?? "" }

    static func number(_ number: ReportNumber, note: Int? = nil) -> String {
        let why = number.value == nil ? number.why.map { " (\($0))" } ?? "" : ""
        return cell(number.text + why) + self.note(note)
    }

    static func verdict(_ verdict: Verdict?, _ instead: String = "none") -> String {
        "\(Words.sign(verdict)) \(verdict?.rawValue ?? instead)"
    }

    static func table(_ titles: [String], _ rows: [[String]]) -> [String] {
        guard !rows.isEmpty else { return [] }
        return ["", "| \(titles.map(cell).joined(separator: " | ")) |", "|\(titles.map { _ in " --- |" }.joined())"]
            + rows.map { "| \($0.joined(separator: " | ")) |" }
    }

    /// Where the numbers come from, as footnotes.
    static func notes(_ notes: [EvidenceNote]) -> [String] {
        guard !notes.isEmpty else { return [] }
        var lines = ["", "## Evidence", ""]
        for note in notes {
            let looks = note.looks.map { look in
                "\(code(look.statement)) (\(cell(look.source)), \(look.observedAt), SHA-256 `\(look.digest.prefix(16))`)"
            }
            let more = note.more > 0 ? ["and \(note.more) more looks"] : []
            let none = note.looks.isEmpty ? ["no look was recorded"] : []
            lines.append(
                "[^\(note.number)]: \(cell(note.step)), run \(cell(note.run)): "
                    + (looks + more + none).joined(separator: "; "))
        }
        return lines
    }

    static func gaps(_ gaps: [String]) -> [String] {
        gaps.isEmpty ? [] : ["", "## Not in this report", ""] + gaps.map { "- \(cell($0))" }
    }

    static func figures(_ figures: [ReportFigure]) -> [String] {
        guard !figures.isEmpty else { return [] }
        return ["", "## Figures"] + figures.flatMap(figure)
    }

    private static func figure(_ figure: ReportFigure) -> [String] {
        let head = ["", "### \(cell(figure.title))\(note(figure.note))", ""]
        if let why = figure.notKnown { return head + ["n/a: \(cell(why))"] }
        var span = figure.span
        if figure.filledDays > 0 { span += "; \(figure.filledDays) of \(figure.rows.count) days have no row" }
        guard !figure.rows.isEmpty else { return head + [cell(span), "", "n/a: there are no rows."] }
        let shown = figure.rows.indices.prefix(ReportLimits.figureRows)
        let rows = shown.map { row in figure.columns.indices.map { cell(figure.text(row, $0)) } }
        let left = max(figure.rowsGiven, figure.rows.count) - shown.count
        let tail = left > 0 ? ["", "and \(left) more rows"] : []
        return head + [cell(span)] + table(figure.columns, rows) + tail
    }
}
