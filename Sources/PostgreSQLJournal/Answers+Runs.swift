import ClientPostgreSQL
import Host
import Journal
import Maintenance

extension Answers {
    func records(of run: String) throws -> [Record] {
        try pages { last in
            try rows(
                Self.page("run = $1 AND sequence > $2"), [SQLParameter(run), SQLParameter(last?.sequence ?? 0)])
        }
    }

    func records(of run: String, fromLast kind: String) throws -> [Record] {
        let last = try rows(
            "SELECT sequence FROM millwright.record WHERE run = $1 AND kind = $2 ORDER BY sequence DESC LIMIT 1",
            [SQLParameter(run), SQLParameter(kind)])
        let start = last.first?.first.flatMap { $0 }.flatMap { Int($0) } ?? 1
        return try pages { last in
            try rows(
                Self.page("run = $1 AND sequence > $2"), [SQLParameter(run), SQLParameter(last?.sequence ?? start - 1)])
        }
    }

    func records(ofEach runs: [String]) throws -> [String: [Record]] {
        var found: [String: [Record]] = [:]
        for part in runs.parts(of: PostgreSQLJournalLimits.namesInQuestion) {
            let records = try pages { last in
                try rows(
                    Self.page("run = ANY ($1) AND (run, sequence) > ($2, $3)"),
                    [.texts(part), SQLParameter(last?.run ?? ""), SQLParameter(last?.sequence ?? 0)])
            }
            for record in records { found[record.run, default: []].append(record) }
        }
        return found
    }

    /// Records in their order, so many and so large as an answer may be.
    private static func page(_ condition: String) -> String {
        """
        SELECT \(Record.columns) FROM (
            SELECT *, sum(length(body)) OVER (ORDER BY run, sequence) - length(body) AS before FROM (
                SELECT * FROM millwright.record WHERE \(condition)
                ORDER BY run, sequence LIMIT \(PostgreSQLJournalLimits.recordsInAnswer)) AS page
        ) AS measured WHERE before < \(PostgreSQLJournalLimits.answerBytes) ORDER BY run, sequence
        """
    }

    /// All records of a question that is asked from the last one on, again and again.
    private func pages(_ next: (Record?) throws -> [[String?]]) throws -> [Record] {
        var records: [Record] = []
        while true {
            let page = try next(records.last).map { try Record(Cells($0)) }
            records += page
            let bytes = page.reduce(0) { $0 + $1.body.count }
            if page.count < PostgreSQLJournalLimits.recordsInAnswer, bytes < PostgreSQLJournalLimits.answerBytes {
                return records
            }
        }
    }

    func row(exactly id: String) throws -> RunRow? {
        try rows("SELECT \(RunRow.columns) FROM millwright.run WHERE id = $1", [SQLParameter(id)]).first
            .map { try RunRow(Cells($0)) }
    }

    func row(_ prefix: String) throws -> RunRow? {
        guard !prefix.isEmpty else { return nil }
        let following = try rows(
            "SELECT \(RunRow.columns) FROM millwright.run WHERE id >= $1 ORDER BY id LIMIT 2", [SQLParameter(prefix)]
        ).map { try RunRow(Cells($0)) }
        return try RunRow.one(of: following, named: prefix)
    }

    func row(of occurrence: Occurrence) throws -> RunRow? {
        try rows(
            "SELECT \(RunRow.columns) FROM millwright.run WHERE id = (SELECT o.run FROM millwright.occurrence AS o "
                + "WHERE (o.service, o.environment, o.procedure, o.nominal) = ($1, $2, $3, $4::bigint))",
            occurrence.parameters
        ).first.map { try RunRow(Cells($0)) }
    }

    func rows(_ filter: RunFilter) throws -> [RunRow] {
        var selection = Selection()
        selection.add("service = ?", filter.service)
        selection.add("environment = ?", filter.environment)
        selection.add("procedure = ?", filter.procedure)
        selection.add("started_at >= ?::bigint", filter.startedFrom?.text)
        selection.add("started_at < ?::bigint", filter.startedBefore?.text)
        if !filter.states.contains(.ended) { selection.add("state <> 'ended'") }
        if filter.states.count < RunState.allCases.count {
            selection.add("state = ANY (?::text[])", SQLParameter.texts(filter.states.map(\.rawValue)).text)
        }
        return try rows(
            "SELECT \(RunRow.columns) FROM millwright.run \(selection.text) ORDER BY started_at DESC, id DESC LIMIT "
                + "\(JournalLimits.bounded(filter.limit))", selection.parameters
        ).map { try RunRow(Cells($0)) }
    }

    func missed(_ filter: MissedFilter) throws -> [MissedRow] {
        var selection = Selection()
        selection.add("service = ?", filter.service)
        selection.add("environment = ?", filter.environment)
        selection.add("procedure = ?", filter.procedure)
        selection.add("nominal >= ?::bigint", filter.nominalFrom?.text)
        selection.add("nominal < ?::bigint", filter.nominalBefore?.text)
        return try rows(
            "SELECT \(MissedRow.columns) FROM millwright.missed \(selection.text) "
                + "ORDER BY nominal DESC, service DESC, environment DESC, procedure DESC LIMIT "
                + "\(JournalLimits.bounded(filter.limit))", selection.parameters
        ).map { try MissedRow(Cells($0)) }
    }
}

/// The conditions of a listing, with their values.
private struct Selection {
    private var conditions: [String] = []
    private(set) var parameters: [SQLParameter] = []

    mutating func add(_ condition: String) { conditions.append(condition) }

    /// Nothing, where no value is asked for.
    mutating func add(_ condition: String, _ value: String?) {
        guard let value else { return }
        parameters.append(SQLParameter(value))
        conditions.append(condition.replacing("?", with: "$\(parameters.count)"))
    }

    var text: String { conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ") }
}

extension Instant {
    fileprivate var text: String { String(microsecondsSinceEpoch) }
}
