import FoundationEssentials
import GRDB
import Host
import Journal

extension Database {
    /// Writes a batch; runs inside a transaction.
    func store(_ batch: Batch) throws {
        var tips: [String: ChainTip] = [:]
        for run in batch.continuedRuns { tips[run] = try tip(of: run) }
        try batch.checkContinuation(of: tips)
        try store(batch.checkpoints)
        for row in batch.rows { try store(row) }
        for row in batch.missed { try store(row) }
        for record in batch.records { try store(record) }
        if !batch.bodies.isEmpty {
            let insert = try cachedStatement(
                sql: "INSERT INTO body (digest, bytes) VALUES (?, ?) ON CONFLICT DO NOTHING")
            for body in batch.bodies { try insert.execute(arguments: [body.digest, Data(body.bytes)]) }
            try note(batch.bodies.map(\.digest), usedBy: batch.records.first?.run)
        }
        try store(batch.finitePoints)
    }

    private func tip(of run: String) throws -> ChainTip {
        let statement = try cachedStatement(
            sql: "SELECT sequence, digest FROM record WHERE run = ? ORDER BY sequence DESC LIMIT 1")
        guard let row = try Row.fetchOne(statement, arguments: [run]) else { return .none }
        return ChainTip(
            sequence: try row.decode(Int.self, atIndex: 0), digest: try row.decode(String.self, atIndex: 1))
    }

    private func store(_ record: Journal.Record) throws {
        let insert = try cachedStatement(
            sql: """
                INSERT INTO record (run, sequence, at, kind, body, body_digest, previous, digest)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """)
        try insert.execute(arguments: [
            record.run, record.sequence, record.at.microsecondsSinceEpoch, record.kind, Data(record.body),
            record.bodyDigest, record.previous, record.digest,
        ])
    }

    /// The unique index stands behind these two questions; they are asked so that the refusal can name the other run.
    private func store(_ row: RunRow) throws {
        if let known = try self.row(exactly: row.id) {
            guard known.occurrence == row.occurrence else { throw JournalError.occurrenceChanged(row) }
        } else {
            if let other = try run(of: row.occurrence) {
                throw JournalError.occurrenceTaken(row.occurrence, by: other)
            }
            let missed = try cachedStatement(
                sql: "SELECT 1 FROM missed WHERE service = ? AND environment = ? AND procedure = ? AND nominal = ?")
            guard try Int.fetchOne(missed, arguments: row.occurrence.arguments) == nil else {
                throw JournalError.occurrenceMissed(row.occurrence)
            }
        }
        let upsert = try cachedStatement(
            sql: """
                INSERT INTO run (\(RunRow.columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET started_at = excluded.started_at, ended_at = excluded.ended_at,
                    state = excluded.state, verdict = excluded.verdict, owner_pid = excluded.owner_pid,
                    owner_start_time = excluded.owner_start_time, owner_boot_id = excluded.owner_boot_id
                """)
        try upsert.execute(arguments: row.arguments)
    }

    /// What was decided first stays.
    private func store(_ row: MissedRow) throws {
        if let run = try run(of: row.occurrence) { throw JournalError.occurrenceTaken(row.occurrence, by: run) }
        let insert = try cachedStatement(
            sql:
                "INSERT INTO missed (\(MissedRow.columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
        )
        try insert.execute(
            arguments: row.occurrence.arguments
                + [
                    row.last.microsecondsSinceEpoch, row.count, row.isAtLeast, row.cause, row.sentence,
                    row.decidedAt.microsecondsSinceEpoch,
                ])
    }

    func run(of occurrence: Occurrence) throws -> String? {
        let holder = try cachedStatement(
            sql: "SELECT id FROM run WHERE service = ? AND environment = ? AND procedure = ? AND nominal = ?")
        return try String.fetchOne(holder, arguments: occurrence.arguments)
    }

    private func store(_ points: [HistoryPoint]) throws {
        guard !points.isEmpty else { return }
        let series = try cachedStatement(sql: "INSERT INTO series (key, name) VALUES (?, ?) ON CONFLICT DO NOTHING")
        let insert = try cachedStatement(
            sql: "INSERT INTO point (series, at, value) SELECT id, ?, ? FROM series WHERE key = ? AND name = ?")
        for point in points {
            try series.execute(arguments: [point.key, point.name])
            try insert.execute(arguments: [point.at.microsecondsSinceEpoch, point.value, point.key, point.name])
        }
    }
}
