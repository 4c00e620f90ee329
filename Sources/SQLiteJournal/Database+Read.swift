import FoundationEssentials
import GRDB
import Host
import Journal
import Maintenance

extension Database {
    func records(of run: String) throws -> [Journal.Record] {
        try records(ofEach: [run])[run] ?? []
    }

    func records(ofEach runs: [String]) throws -> [String: [Journal.Record]] {
        var records: [String: [Journal.Record]] = [:]
        for part in runs.parts(of: SQLiteJournalLimits.namesInQuestion) {
            let statement = try cachedStatement(
                sql: """
                    SELECT \(Journal.Record.columns) FROM record
                    WHERE run IN (\(Self.marks(part))) ORDER BY run, sequence
                    """)
            let rows = try Row.fetchCursor(statement, arguments: StatementArguments(part))
            while let row = try rows.next() {
                let record = try Journal.Record(Cells(row))
                records[record.run, default: []].append(record)
            }
        }
        return records
    }

    func records(of run: String, fromLast kind: String) throws -> [Journal.Record] {
        let last = try cachedStatement(
            sql: "SELECT sequence FROM record WHERE run = ? AND kind = ? ORDER BY sequence DESC LIMIT 1")
        let from = try Int.fetchOne(last, arguments: [run, kind]) ?? 0
        let statement = try cachedStatement(
            sql: "SELECT \(Journal.Record.columns) FROM record WHERE run = ? AND sequence >= ? ORDER BY sequence")
        return try Row.fetchAll(statement, arguments: [run, from]).map { try Journal.Record(Cells($0)) }
    }

    func bodies(_ digests: [String]) throws -> [String: [UInt8]] {
        var bodies: [String: [UInt8]] = [:]
        for part in digests.parts(of: SQLiteJournalLimits.namesInQuestion) {
            let statement = try cachedStatement(
                sql: "SELECT digest, bytes FROM body WHERE digest IN (\(Self.marks(part)))")
            let rows = try Row.fetchCursor(statement, arguments: StatementArguments(part))
            while let row = try rows.next() {
                var cells = Cells(row)
                let digest = try cells.text()
                bodies[digest] = try cells.bytes()
            }
        }
        return bodies
    }

    private static func marks(_ names: ArraySlice<String>) -> String { names.map { _ in "?" }.joined(separator: ", ") }

    func body(_ digest: String) throws -> [UInt8]? {
        let statement = try cachedStatement(sql: "SELECT bytes FROM body WHERE digest = ?")
        return try Row.fetchOne(statement, arguments: [digest]).map { row in
            var cells = Cells(row)
            return try cells.bytes()
        }
    }

    func row(exactly id: String) throws -> RunRow? {
        let statement = try cachedStatement(sql: "SELECT \(RunRow.columns) FROM run WHERE id = ?")
        return try Row.fetchOne(statement, arguments: [id]).map { try RunRow(Cells($0)) }
    }

    func row(_ prefix: String) throws -> RunRow? {
        guard !prefix.isEmpty else { return nil }
        let statement = try cachedStatement(sql: "SELECT \(RunRow.columns) FROM run WHERE id >= ? ORDER BY id LIMIT 2")
        let following = try Row.fetchAll(statement, arguments: [prefix]).map { try RunRow(Cells($0)) }
        return try RunRow.one(of: following, named: prefix)
    }

    func rows(_ filter: RunFilter) throws -> [RunRow] {
        var selection = Selection()
        selection.add("service = ?", filter.service)
        selection.add("environment = ?", filter.environment)
        selection.add("procedure = ?", filter.procedure)
        selection.add("started_at >= ?", filter.startedFrom?.microsecondsSinceEpoch)
        selection.add("started_at < ?", filter.startedBefore?.microsecondsSinceEpoch)
        if filter.states.count < RunState.allCases.count {
            selection.add(anyOf: "state", filter.states.map(\.rawValue))
        }
        let statement = try cachedStatement(
            sql: "SELECT \(RunRow.columns) FROM run \(selection.text) ORDER BY started_at DESC, id DESC LIMIT ?")
        return try Row.fetchAll(statement, arguments: selection.arguments(limit: filter.limit)).map {
            try RunRow(Cells($0))
        }
    }

    func missed(_ filter: MissedFilter) throws -> [MissedRow] {
        var selection = Selection()
        selection.add("service = ?", filter.service)
        selection.add("environment = ?", filter.environment)
        selection.add("procedure = ?", filter.procedure)
        selection.add("nominal >= ?", filter.nominalFrom?.microsecondsSinceEpoch)
        selection.add("nominal < ?", filter.nominalBefore?.microsecondsSinceEpoch)
        let statement = try cachedStatement(
            sql: """
                SELECT \(MissedRow.columns) FROM missed \(selection.text)
                ORDER BY nominal DESC, service DESC, environment DESC, procedure DESC LIMIT ?
                """)
        return try Row.fetchAll(statement, arguments: selection.arguments(limit: filter.limit)).map {
            try MissedRow(Cells($0))
        }
    }

    func points(key: String, name: String, limit: Int) throws -> [PastMeasurement] {
        let statement = try cachedStatement(
            sql: """
                SELECT at, value FROM point WHERE series = (SELECT id FROM series WHERE key = ? AND name = ?)
                ORDER BY at DESC, rowid DESC LIMIT ?
                """)
        return try Row.fetchAll(statement, arguments: [key, name, JournalLimits.bounded(limit)]).map { row in
            var cells = Cells(row)
            return PastMeasurement(at: try cells.instant(), value: try cells.number())
        }
    }
}

extension Database {
    func series() throws -> [PointSeries] {
        try Row.fetchAll(try cachedStatement(sql: "SELECT key, name FROM series ORDER BY key, name")).map { row in
            var cells = Cells(row)
            return PointSeries(key: try cells.text(), name: try cells.text())
        }
    }
}

/// The conditions of a listing, with their values.
private struct Selection {
    private var conditions: [String] = []
    private var values: [(any DatabaseValueConvertible)?] = []

    /// Nothing, where no value is asked for.
    mutating func add(_ condition: String, _ value: (any DatabaseValueConvertible)?) {
        guard let value else { return }
        conditions.append(condition)
        values.append(value)
    }

    mutating func add(anyOf column: String, _ wanted: [String]) {
        conditions.append("\(column) IN (\(wanted.map { _ in "?" }.joined(separator: ", ")))")
        values += wanted
    }

    var text: String { conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ") }

    func arguments(limit: Int) -> StatementArguments { StatementArguments(values + [JournalLimits.bounded(limit)]) }
}

extension Occurrence {
    /// In the order of the columns that name one.
    var arguments: StatementArguments { [service, environment, procedure, nominal.microsecondsSinceEpoch] }
}

extension RunRow {
    /// In the order of `columns`.
    var arguments: StatementArguments {
        [
            id, service, environment, procedure, nominal.microsecondsSinceEpoch, startedAt.microsecondsSinceEpoch,
            endedAt?.microsecondsSinceEpoch, state.rawValue, verdict?.rawValue, owner?.pid,
            owner.map { Int64(bitPattern: $0.startTime) }, owner?.bootID,
        ]
    }
}
