import ClientPostgreSQL
import Maintenance

/// The figures of one step, asked together, and what keeps some of them from being known.
struct FigureAnswers {
    private(set) var tables: [String: FigureTable] = [:]
    private(set) var failures: [String: Cause] = [:]
    private let figures: [(name: String, figure: Figure, sql: FigureSQL)]

    /// All on one snapshot. Where one is refused, the others are asked again without it.
    init(_ figures: [String: Figure], _ access: PostgreSQLAccess, _ span: FigureSpan) async throws {
        var parsed: [(name: String, figure: Figure, sql: FigureSQL)] = []
        for (name, figure) in figures.sorted(by: { $0.key < $1.key }) {
            do throws(ValueError) { parsed.append((name, figure, try FigureSQL(figure.sql))) } catch {
                throw CouldNotLook(.malformed, "\(name): \(error.message)")
            }
        }
        self.figures = parsed
        var asked = parsed
        do {
            try await ask(asked, access, span)
        } catch let error as CouldNotLook where asked.count > 1 && Self.isOfOneStatement(error) {
            for one in parsed {
                do { _ = try await access.look([one.sql.statement(span)]) } catch let error as CouldNotLook {
                    guard Self.isOfOneStatement(error) else { throw error }
                    failures[one.name] = error.cause
                }
            }
            asked = parsed.filter { failures[$0.name] == nil }
            if !asked.isEmpty { try await ask(asked, access, span) }
        }
    }

    private mutating func ask(
        _ asked: [(name: String, figure: Figure, sql: FigureSQL)], _ access: PostgreSQLAccess, _ span: FigureSpan
    ) async throws {
        let answers = try await access.look(asked.map { $0.sql.statement(span) })
        for (one, rows) in zip(asked, answers) {
            do throws(CouldNotLook) { tables[one.name] = try FigureTable(one.name, one.figure, rows, span) } catch {
                failures[one.name] = error.cause
            }
        }
    }

    /// What the server says to one statement; of a lost connection or a deadline all of them would hear.
    private static func isOfOneStatement(_ error: CouldNotLook) -> Bool {
        [.noPermission, .notFound, .rejected, .malformed, .notSupported, .tooLarge].contains(error.cause.code)
            || error.cause.sentence.contains("SQLSTATE 22")
    }

    /// In the order of their names.
    func details(_ span: FigureSpan) -> [[String: JSONValue]] {
        figures.map { one in
            if let table = tables[one.name] { return table.detail(span, isOfThePeriod: one.sql.isOfThePeriod) }
            var detail: [String: JSONValue] = [
                "figure": .text(one.name), "columns": [], "rows": [],
                "notKnown": .text(failures[one.name]?.sentence ?? "It was not asked."),
            ]
            if let title = one.figure.title { detail["title"] = .text(title) }
            return detail
        }
    }

    func measure(into observation: inout Observation) {
        for (name, _, _) in figures {
            guard let table = tables[name] else { continue }
            observation.measurements.append(Measurement("\(name).rows", table.given))
            guard table.isOneRow, let row = table.rows.first else { continue }
            for (index, column) in table.columns.enumerated() where column.type.isNumeric {
                let measure = "\(name).\(column.name)"
                if let value = table.number(index, of: row) {
                    observation.measurements.append(Measurement(measure, value, table.unit(index)))
                } else {
                    let what = table.isEmpty ? "There was nothing to count" : "It has no value"
                    observation.missing[measure] = Cause(.noData, "\(what), so \(measure) is not known.")
                }
            }
        }
    }

    var findings: [Finding] {
        figures.flatMap { one -> [Finding] in
            if let cause = failures[one.name] {
                let advice =
                    cause.sentence.contains("SQLSTATE 22012")
                    ? "Divide by `NULLIF(…, 0)`: what has nothing to count is then not known rather than an error."
                    : nil
                return [Finding(one.name, .unknown, cause, advice: advice)]
            }
            guard let table = tables[one.name] else { return [] }
            var findings: [Finding] = []
            if table.rows.count > PostgreSQLActionLimits.figureRows {
                findings.append(
                    Finding(
                        one.name, .warn,
                        Cause(
                            .tooLarge,
                            "It gave \(table.given) rows, of which \(PostgreSQLActionLimits.figureRows) are kept."),
                        advice: "Group it more coarsely, or end it with a LIMIT."))
            }
            return findings + (one.figure.total.map { [reconciled(table, $0)].compactMap { $0 } } ?? [])
        }
    }

    /// The days must sum to the whole: where they do not, the two statements count different rows.
    private func reconciled(_ table: FigureTable, _ total: FigureTotal) -> Finding? {
        let subject = "\(table.name).\(total.column)"
        func unknown(_ sentence: String) -> Finding { Finding(subject, .unknown, Cause(.noData, sentence)) }
        guard let other = tables[total.figure] else {
            return unknown("`\(total.figure)` is not known, so the days cannot be compared with it.")
        }
        guard let own = table.index(of: total.column), table.columns[own].type.isNumeric else {
            return unknown("It has no column of numbers named \(total.column).")
        }
        guard let foreign = other.index(of: total.otherColumn), other.isOneRow, let row = other.rows.first else {
            return unknown("`\(total.figure)` has not one row with the column \(total.otherColumn).")
        }
        let sum = table.rows.compactMap { table.number(own, of: $0) }.reduce(0, +)
        guard let whole = other.number(foreign, of: row) else {
            if table.given == 0 { return nil }
            return unknown("`\(total.figure)` has no value in \(total.otherColumn), and there are days.")
        }
        if abs(sum - whole) <= 1e-9 * max(abs(sum), abs(whole)) { return nil }
        return Finding(
            subject, .fail,
            Cause(
                .totalsDiffer,
                "The days sum to \(sum.written), and \(total.figure).\(total.otherColumn) is \(whole.written)."),
            advice: "Compare the conditions of the two statements: they do not count the same rows.")
    }
}

extension Cause.Code {
    /// Two counts of one thing that are not the same.
    static let totalsDiffer = Cause.Code(rawValue: "totals-differ")
}
