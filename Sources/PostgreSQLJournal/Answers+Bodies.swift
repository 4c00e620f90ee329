import ClientPostgreSQL
import Host
import Journal
import Maintenance

extension Answers {
    /// In parts, so that a large one is never in memory several times.
    func body(_ digest: String) throws -> [UInt8]? {
        guard Hexadecimal.isDigest(digest) else { return nil }
        let size = PostgreSQLJournalLimits.bodyPart
        var bytes: [UInt8] = []
        while true {
            let answer = try rows(
                "SELECT length(bytes), substring(bytes FROM $2::int FOR $3::int) FROM millwright.body WHERE digest = $1",
                [.digest(digest), SQLParameter(bytes.count + 1), SQLParameter(size)])
            // Gone, perhaps between two parts.
            guard let row = answer.first else { return nil }
            guard let length = row[0].flatMap({ Int($0) }), let part = row[1].flatMap(Hexadecimal.bytes) else {
                throw DamagedRow()
            }
            bytes += part
            if bytes.count >= length { return bytes }
            guard !part.isEmpty else { throw DamagedRow() }
        }
    }

    func bodies(_ digests: [String]) throws -> [String: [UInt8]] {
        var found: [String: [UInt8]] = [:]
        for part in digests.filter(Hexadecimal.isDigest).parts(of: PostgreSQLJournalLimits.namesInQuestion) {
            let small = try rows(
                "SELECT substring(digest::text FROM 3), CASE WHEN length(bytes) <= $2::int THEN bytes END "
                    + "FROM millwright.body WHERE digest = ANY ($1)",
                [.digests(part), SQLParameter(PostgreSQLJournalLimits.smallBody)])
            for row in small {
                guard let digest = row[0] else { throw DamagedRow() }
                found[digest] =
                    try row[1].map { text in
                        guard let bytes = Hexadecimal.bytes(text) else { throw DamagedRow() }
                        return bytes
                    } ?? body(digest)
            }
        }
        return found
    }

    func points(key: String, name: String, limit: Int) throws -> [PastMeasurement] {
        try rows(
            "SELECT at, value FROM millwright.point "
                + "WHERE series = (SELECT id FROM millwright.series WHERE key = $1 AND name = $2) "
                + "ORDER BY at DESC, id DESC LIMIT \(JournalLimits.bounded(limit))",
            [SQLParameter(key), SQLParameter(name)]
        ).map { row in
            var cells = Cells(row)
            return PastMeasurement(at: try cells.instant(), value: try cells.number())
        }
    }

    func series() throws -> [PointSeries] {
        try rows("SELECT key, name FROM millwright.series ORDER BY key, name").map { row in
            var cells = Cells(row)
            return PointSeries(key: try cells.text(), name: try cells.text())
        }
    }

    func checkpoints(_ filter: CheckpointFilter) throws -> [Checkpoint] {
        try rows(
            "SELECT \(Checkpoint.columns) FROM millwright.checkpoint "
                + "WHERE number >= $1 AND ($2::text IS NULL OR run = $2) "
                + "ORDER BY number \(filter.newestFirst ? "DESC" : "ASC") LIMIT \(JournalLimits.bounded(filter.limit))",
            [SQLParameter(filter.from), SQLParameter(filter.run)]
        ).map { try Checkpoint(Cells($0)) }
    }

    func rowsWithoutCheckpoint(limit: Int) throws -> [RunRow] {
        try rows(
            "SELECT \(RunRow.columns) FROM millwright.run AS r WHERE state = 'ended' "
                + "AND NOT EXISTS (SELECT FROM millwright.checkpoint AS c WHERE c.run = r.id AND c.kind = 'ended') "
                + "ORDER BY ended_at, id LIMIT \(JournalLimits.bounded(limit))"
        ).map { try RunRow(Cells($0)) }
    }

    func prunable(_ filter: PruningFilter) throws -> [RunRow] {
        try rows(
            """
            SELECT \(RunRow.columns) FROM millwright.run AS r WHERE state = 'ended' AND ended_at < $1
            AND EXISTS (SELECT FROM millwright.checkpoint AS c WHERE c.run = r.id AND c.kind = 'ended')
            AND NOT EXISTS (SELECT FROM millwright.checkpoint AS c WHERE c.run = r.id AND c.kind = ANY ($2))
            AND (verdict <> 'pass' OR EXISTS (
                SELECT FROM millwright.run AS later WHERE later.verdict = 'pass'
                AND (later.service, later.environment, later.procedure) = (r.service, r.environment, r.procedure)
                AND (later.started_at, later.id) > (r.started_at, r.id)))
            ORDER BY ended_at, id LIMIT \(JournalLimits.bounded(filter.limit))
            """,
            [.moment(filter.endedBefore), .texts(filter.done.map(\.rawValue))]
        ).map { try RunRow(Cells($0)) }
    }
}
