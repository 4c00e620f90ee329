import ClientPostgreSQL
import Host
import Journal
import Maintenance

/// Why a batch was refused, found out by looking at what is in its way.
struct Refusal {
    private let session: RecordSession
    private let opening: SessionOpening
    private let deadline: Duration

    init(_ session: RecordSession, _ opening: SessionOpening) {
        self.session = session
        self.opening = opening
        deadline = opening.host.steady() + PostgreSQLJournalLimits.opening
    }

    func error(of failure: SQLFailure, for batch: Batch) throws -> JournalError {
        switch failure.state {
        case RefusedState.conflict: return try conflict(batch)
        case RefusedState.occurrenceTaken: return try taken(batch) ?? JournalError(failure, opening.identity)
        case RefusedState.occurrenceChanged: return try changed(batch) ?? JournalError(failure, opening.identity)
        case RefusedState.stale: return .stale(batch.fences.map(\.name).joined(separator: ", "))
        case RefusedState.forked: return .forked(opening.identity, "a node found records of its own gone")
        case RefusedState.checkpointConflict: return .checkpointRefused
        default: return JournalError(failure, opening.identity)
        }
    }

    /// Somebody else wrote to the chain; or the store lost its end, which only who remembers it can tell.
    private func conflict(_ batch: Batch) throws -> JournalError {
        do { try opening.verifyHeads(session, until: deadline) } catch let error as JournalError { return error }
        let rows = try ask(
            "SELECT run, sequence, substring(digest::text FROM 3) FROM millwright.record AS r WHERE run = ANY ($1) "
                + "AND NOT EXISTS (SELECT FROM millwright.record AS n WHERE n.run = r.run AND n.sequence > r.sequence)",
            [.texts(batch.continuedRuns)])
        var tips: [String: ChainTip] = [:]
        for row in rows {
            guard let run = row[0], let sequence = row[1].flatMap({ Int($0) }), let digest = row[2] else { continue }
            tips[run] = ChainTip(sequence: sequence, digest: digest)
        }
        do throws(JournalError) { try batch.checkContinuation(of: tips) } catch { return error }
        return .notContinued(batch.records.first?.run ?? "", batch.records.first?.sequence ?? 0)
    }

    private func taken(_ batch: Batch) throws -> JournalError? {
        let rows = try answers(
            batch.rows.map(\.occurrence) + batch.missed.map(\.occurrence),
            "SELECT coalesce(run, '') FROM millwright.occurrence WHERE (service, environment, procedure, nominal) "
                + "= ($1, $2, $3, $4::bigint)")
        for (row, answer) in zip(batch.rows, rows) {
            guard let run = answer else { continue }
            if run.isEmpty { return .occurrenceMissed(row.occurrence) }
            if run != row.id { return .occurrenceTaken(row.occurrence, by: run) }
        }
        for (row, answer) in zip(batch.missed, rows.dropFirst(batch.rows.count)) {
            if let run = answer, !run.isEmpty { return .occurrenceTaken(row.occurrence, by: run) }
        }
        return nil
    }

    private func changed(_ batch: Batch) throws -> JournalError? {
        for row in batch.rows {
            let same = try ask(
                "SELECT (service, environment, procedure, nominal) = ($1, $2, $3, $4::bigint) FROM millwright.run "
                    + "WHERE id = $5", row.occurrence.parameters + [SQLParameter(row.id)])
            if same.first?.first == "f" { return .occurrenceChanged(row) }
        }
        return nil
    }

    /// The first value of the answer for each occurrence, in one round trip.
    private func answers(_ occurrences: [Occurrence], _ sql: String) throws -> [String?] {
        try session.exchange(occurrences.map { SQLStatement(sql, $0.parameters) }, until: deadline)
            .map { $0.values.first?.first ?? nil }
    }

    private func ask(_ sql: String, _ parameters: [SQLParameter]) throws -> [[String?]] {
        try session.exchange([SQLStatement(sql, parameters)], until: deadline)[0].values
    }
}
