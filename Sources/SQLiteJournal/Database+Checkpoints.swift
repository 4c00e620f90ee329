import FoundationEssentials
import GRDB
import Host
import Journal

extension Database {
    func checkpoints(_ filter: CheckpointFilter) throws -> [Checkpoint] {
        let order = filter.newestFirst ? "DESC" : "ASC"
        let statement = try cachedStatement(
            sql: """
                SELECT \(Checkpoint.columns) FROM checkpoint WHERE number >= ? AND (?2 IS NULL OR run = ?2)
                ORDER BY number \(order) LIMIT ?
                """)
        let limit = JournalLimits.bounded(filter.limit)
        return try Row.fetchAll(statement, arguments: [filter.from, filter.run, limit])
            .map { try Checkpoint(Cells($0)) }
    }

    /// Runs inside a transaction.
    func store(_ checkpoints: [Checkpoint]) throws {
        guard !checkpoints.isEmpty else { return }
        try Batch(checkpoints: checkpoints).checkContinuation(of: try self.checkpoints(.newest).first)
        let insert = try cachedStatement(
            sql: "INSERT INTO checkpoint (\(Checkpoint.columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        for checkpoint in checkpoints { try insert.execute(arguments: checkpoint.arguments) }
    }

    func note(_ digests: [String], usedBy run: String?) throws {
        guard let run else { return }
        let insert = try cachedStatement(sql: "INSERT INTO body_use (run, digest) VALUES (?, ?) ON CONFLICT DO NOTHING")
        for digest in digests { try insert.execute(arguments: [run, digest]) }
    }

    func rowsWithoutCheckpoint(limit: Int) throws -> [RunRow] {
        let statement = try cachedStatement(
            sql: """
                SELECT \(RunRow.columns) FROM run WHERE state = 'ended'
                    AND NOT EXISTS (SELECT 1 FROM checkpoint WHERE checkpoint.run = run.id AND kind = 'ended')
                ORDER BY ended_at, id LIMIT ?
                """)
        return try Row.fetchAll(statement, arguments: [JournalLimits.bounded(limit)]).map { try RunRow(Cells($0)) }
    }

    func prunable(_ filter: PruningFilter) throws -> [RunRow] {
        let done = filter.done.map { "'\($0.rawValue)'" }.joined(separator: ", ")
        let statement = try cachedStatement(
            sql: """
                SELECT \(RunRow.columns) FROM run WHERE state = 'ended' AND ended_at < ?
                    AND EXISTS (SELECT 1 FROM checkpoint WHERE checkpoint.run = run.id AND kind = 'ended')
                    AND NOT EXISTS (SELECT 1 FROM checkpoint WHERE checkpoint.run = run.id AND kind IN (\(done)))
                    AND (verdict != 'pass' OR EXISTS (
                        SELECT 1 FROM run AS later WHERE later.service = run.service
                            AND later.environment = run.environment AND later.procedure = run.procedure
                            AND later.verdict = 'pass'
                            AND (later.started_at, later.id) > (run.started_at, run.id)))
                ORDER BY ended_at, id LIMIT ?
                """)
        return try Row.fetchAll(
            statement,
            arguments: [filter.endedBefore.microsecondsSinceEpoch, JournalLimits.bounded(filter.limit)]
        ).map { try RunRow(Cells($0)) }
    }

    /// Runs inside a transaction.
    func prune(_ part: PrunedPart, _ checkpoints: [Checkpoint]) throws {
        try store(checkpoints)
        let bodies = try cachedStatement(
            sql: """
                DELETE FROM body WHERE digest IN (SELECT digest FROM body_use WHERE run = ?1)
                    AND NOT EXISTS (SELECT 1 FROM body_use WHERE body_use.digest = body.digest AND run != ?1)
                """)
        let uses = try cachedStatement(sql: "DELETE FROM body_use WHERE run = ?")
        let records = try cachedStatement(sql: "DELETE FROM record WHERE run = ?")
        for run in checkpoints.map(\.run) {
            try bodies.execute(arguments: [run])
            try uses.execute(arguments: [run])
            if part == .records { try records.execute(arguments: [run]) }
        }
    }
}

extension Checkpoint {
    /// In the order of `columns`.
    fileprivate var arguments: StatementArguments {
        [
            number, kind.rawValue, run, head.sequence, head.digest, rowDigest, at.microsecondsSinceEpoch, previous, key,
            signature,
        ]
    }
}
