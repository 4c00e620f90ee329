import Maintenance

/// Figures as HTML: one row as large numbers, days as columns and a table, anything else as a table.
enum FigureHTML {
    static func section(_ figures: [ReportFigure]) -> String {
        guard !figures.isEmpty else { return "" }
        return HTMLPage.section("Figures", id: "figures", figures.map(figure).joined(separator: "\n"))
    }

    private static func figure(_ figure: ReportFigure) -> String {
        let title = "<h3>\(HTMLText.escaped(figure.title))\(HTMLText.note(figure.note))</h3>"
        if let why = figure.notKnown {
            return """
                <div class="card figure">\(title)<p><span class="na">n/a</span> \
                <span class="soft">\(HTMLText.escaped(why))</span></p></div>
                """
        }
        var span = figure.span
        if figure.filledDays > 0 { span += "; \(figure.filledDays) of \(figure.rows.count) days have no row" }
        let body =
            figure.rows.isEmpty
            ? "<p><span class=\"na\">n/a</span> <span class=\"soft\">There are no rows.</span></p>"
            : figure.isOneRow ? stats(figure) : charts(figure) + table(figure)
        return "<div class=\"card figure\">\(title)<span class=\"sub\">\(HTMLText.escaped(span))</span>\(body)</div>"
    }

    private static func stats(_ figure: ReportFigure) -> String {
        let stats = figure.columns.indices.map { column in
            let text = figure.text(0, column)
            let value = text == NumberText.notKnown ? "<span class=\"na\">n/a</span>" : HTMLText.escaped(text)
            return "<div><b>\(value)</b><span class=\"sub\">\(HTMLText.escaped(figure.columns[column]))</span></div>"
        }
        return "<div class=\"stats\">\(stats.joined())</div>"
    }

    private static func charts(_ figure: ReportFigure) -> String {
        guard figure.byDay != nil else { return "" }
        let columns = figure.columns.indices.filter { figure.isNumeric($0) && figure.columns[$0] != figure.byDay }
        let charts = columns.prefix(2).map { column in
            let svg = BarChart.svg(figure, column: column)
            return svg.isEmpty
                ? ""
                : "<figure class=\"chart\"><figcaption>\(HTMLText.escaped(figure.columns[column]))</figcaption>\(svg)</figure>"
        }
        return "<div class=\"charts\">\(charts.joined())</div>"
    }

    private static func table(_ figure: ReportFigure) -> String {
        var table = HTMLTable(
            columns: figure.columns.indices.map {
                figure.isNumeric($0) ? .number(figure.columns[$0]) : .text(figure.columns[$0])
            })
        table.rows = figure.rows.indices.prefix(ReportLimits.figureRows).map { row in
            figure.columns.indices.map { column in
                let text = figure.text(row, column)
                return text == NumberText.notKnown ? "<span class=\"na\">n/a</span>" : HTMLText.escaped(text)
            }
        }
        let left = max(figure.rowsGiven, figure.rows.count) - table.rows.count
        return table.text
            + (left > 0 && figure.byDay == nil || figure.rows.count > table.rows.count
                ? "<p class=\"sub\">and \(max(left, figure.rows.count - table.rows.count)) more rows</p>" : "")
    }
}
