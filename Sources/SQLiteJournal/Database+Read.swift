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
        for part in Self.parts(of: runs) {
            let statement = try cachedStatement(
                sql: """
                    SELECT \(Self.recordColumns) FROM record
                    WHERE run IN (\(Self.marks(part))) ORDER BY run, sequence
                    """)
            let rows = try Row.fetchCursor(statement, arguments: StatementArguments(part))
            while let row = try rows.next() {
                let record = try Journal.Record(row)
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
            sql: "SELECT \(Self.recordColumns) FROM record WHERE run = ? AND sequence >= ? ORDER BY sequence")
        return try Row.fetchAll(statement, arguments: [run, from]).map { try Journal.Record($0) }
    }

    private static let recordColumns = "sequence, at, kind, body, body_digest, previous, digest, run"

    func bodies(_ digests: [String]) throws -> [String: [UInt8]] {
        var bodies: [String: [UInt8]] = [:]
        for part in Self.parts(of: digests) {
            let statement = try cachedStatement(
                sql: "SELECT digest, bytes FROM body WHERE digest IN (\(Self.marks(part)))")
            let rows = try Row.fetchCursor(statement, arguments: StatementArguments(part))
            while let row = try rows.next() { bodies[try row.decode(String.self, atIndex: 0)] = try row.bytes(1) }
        }
        return bodies
    }

    /// Each at most as long as one statement takes parameters.
    private static func parts(of names: [String]) -> [[String]] {
        stride(from: 0, to: names.count, by: SQLiteJournalLimits.namesInQuestion).map { start in
            Array(names[start..<min(names.count, start + SQLiteJournalLimits.namesInQuestion)])
        }
    }

    private static func marks(_ names: [String]) -> String { names.map { _ in "?" }.joined(separator: ", ") }

    func body(_ digest: String) throws -> [UInt8]? {
        let statement = try cachedStatement(sql: "SELECT bytes FROM body WHERE digest = ?")
        return try Row.fetchOne(statement, arguments: [digest])?.bytes(0)
    }

    func row(exactly id: String) throws -> RunRow? {
        let statement = try cachedStatement(sql: "SELECT \(RunRow.columns) FROM run WHERE id = ?")
        return try Row.fetchOne(statement, arguments: [id]).map { try RunRow($0) }
    }

    /// In the order of their bytes the ids that begin with a text follow it, and the text itself comes first.
    func row(_ prefix: String) throws -> RunRow? {
        guard !prefix.isEmpty else { return nil }
        let statement = try cachedStatement(sql: "SELECT \(RunRow.columns) FROM run WHERE id >= ? ORDER BY id LIMIT 2")
        let matches = try Row.fetchAll(statement, arguments: [prefix]).map { try RunRow($0) }
            .filter { $0.id.utf8.starts(with: prefix.utf8) }
        if let first = matches.first, first.id == prefix { return first }
        guard matches.count <= 1 else { throw JournalError.ambiguous(prefix) }
        return matches.first
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
        return try Row.fetchAll(statement, arguments: selection.arguments(limit: filter.limit)).map { try RunRow($0) }
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
            try MissedRow($0)
        }
    }

    func points(key: String, name: String, limit: Int) throws -> [PastMeasurement] {
        let statement = try cachedStatement(
            sql: """
                SELECT at, value FROM point WHERE series = (SELECT id FROM series WHERE key = ? AND name = ?)
                ORDER BY at DESC, rowid DESC LIMIT ?
                """)
        return try Row.fetchAll(statement, arguments: [key, name, JournalLimits.bounded(limit)]).map { row in
            PastMeasurement(at: try row.instant(0), value: try row.decode(Double.self, atIndex: 1))
        }
    }
}

extension Database {
    func series() throws -> [PointSeries] {
        try Row.fetchAll(try cachedStatement(sql: "SELECT key, name FROM series ORDER BY key, name")).map { row in
            PointSeries(key: try row.decode(String.self, atIndex: 0), name: try row.decode(String.self, atIndex: 1))
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

extension Journal.Record {
    fileprivate init(_ row: Row) throws {
        self.init(
            run: try row.decode(String.self, atIndex: 7), sequence: try row.decode(Int.self, atIndex: 0),
            at: try row.instant(1), kind: try row.decode(String.self, atIndex: 2), body: try row.bytes(3),
            bodyDigest: try row.decode(String.self, atIndex: 4), previous: try row.decode(String.self, atIndex: 5),
            digest: try row.decode(String.self, atIndex: 6))
    }
}

extension MissedRow {
    static let columns =
        "service, environment, procedure, nominal, last, count, is_at_least, cause, sentence, decided_at"

    fileprivate init(_ row: Row) throws {
        self.init(
            occurrence: Occurrence(
                service: try row.decode(String.self, atIndex: 0), environment: try row.decode(String.self, atIndex: 1),
                procedure: try row.decode(String.self, atIndex: 2), nominal: try row.instant(3)),
            last: try row.instant(4), count: try row.decode(Int.self, atIndex: 5),
            isAtLeast: try row.decode(Bool.self, atIndex: 6), cause: try row.decode(String.self, atIndex: 7),
            sentence: try row.decode(String.self, atIndex: 8), decidedAt: try row.instant(9))
    }
}

extension Row {
    fileprivate func instant(_ index: Int) throws -> Instant {
        Instant(microsecondsSinceEpoch: try decode(Int64.self, atIndex: index))
    }

    fileprivate func bytes(_ index: Int) throws -> [UInt8] {
        try withUnsafeData(atIndex: index) { data in data.map(Array.init) ?? [] }
    }
}

/// A stored value that no version ever wrote.
struct DamagedRow: Error {}

extension RunRow {
    static let columns = """
        id, service, environment, procedure, nominal, started_at, ended_at, state, verdict, owner_pid, \
        owner_start_time, owner_boot_id
        """

    /// In the order of `columns`.
    var arguments: StatementArguments {
        [
            id, service, environment, procedure, nominal.microsecondsSinceEpoch, startedAt.microsecondsSinceEpoch,
            endedAt?.microsecondsSinceEpoch, state.rawValue, verdict?.rawValue, owner?.pid,
            owner.map { Int64(bitPattern: $0.startTime) }, owner?.bootID,
        ]
    }

    init(_ row: Row) throws {
        guard let state = RunState(rawValue: try row.decode(String.self, atIndex: 7)) else {
            throw DamagedRow()
        }
        let verdict = try row.decode(String?.self, atIndex: 8)
        guard verdict == nil || verdict.flatMap(Verdict.init) != nil else { throw DamagedRow() }
        var owner: ProcessIdentity?
        if let pid = try row.decode(Int32?.self, atIndex: 9), let start = try row.decode(Int64?.self, atIndex: 10),
            let boot = try row.decode(String?.self, atIndex: 11)
        {
            owner = ProcessIdentity(pid: pid, startTime: UInt64(bitPattern: start), bootID: boot)
        }
        self.init(
            id: try row.decode(String.self, atIndex: 0), service: try row.decode(String.self, atIndex: 1),
            environment: try row.decode(String.self, atIndex: 2), procedure: try row.decode(String.self, atIndex: 3),
            nominal: try row.instant(4), startedAt: try row.instant(5),
            endedAt: try row.decode(Int64?.self, atIndex: 6).map(Instant.init(microsecondsSinceEpoch:)), state: state,
            verdict: verdict.flatMap(Verdict.init), owner: owner)
    }
}
