import ClientPostgreSQL
import Host
import Journal
import Maintenance

extension [Batch] {
    /// What stores the batches, for one round trip and one transaction; the same as storing them one after the other.
    /// Nil where that cannot be done for all at once.
    var statements: [SQLStatement]? {
        var records = Batch(records: flatMap(\.records))
        records.fences = Set(flatMap(\.fences)).sorted { ($0.name, $0.token) < ($1.name, $1.token) }
        // Of several of one run each must be compared with what the one before it leaves.
        guard records.continuedRuns.count == map(\.continuedRuns.count).reduce(0, +) else { return nil }
        var statements: [SQLStatement] = []
        if !records.fences.isEmpty { statements.append(records.holdingLeases) }
        for batch in self where !batch.checkpoints.isEmpty { statements.append(Checkpoint.storing(batch.checkpoints)) }
        for batch in self { statements += batch.rows.map(\.storing) + batch.missed.map(\.storing) }
        if !records.records.isEmpty { statements.append(records.storingRecords) }
        let bodies = flatMap { batch in batch.bodies.map { (owner: batch.records.first?.run, body: $0) } }
        if !bodies.isEmpty {
            statements.append(
                SQLStatement(
                    prepared: "SELECT millwright.store_bodies($1::text[], $2, $3)",
                    [
                        .array(bodies.map(\.owner)), .digests(bodies.map(\.body.digest)),
                        .contents(bodies.map(\.body.bytes)),
                    ]))
        }
        let points = flatMap(\.finitePoints)
        if !points.isEmpty {
            statements.append(
                SQLStatement(
                    prepared: "SELECT millwright.store_points($1, $2, $3, $4)",
                    [
                        .texts(points.map(\.key)), .texts(points.map(\.name)), .moments(points.map(\.at)),
                        .fractions(points.map(\.value)),
                    ]))
        }
        return statements
    }
}

extension Batch {
    /// Where each of its chains must stand for it.
    var expectedTips: [String: ChainTip] {
        records.reduce(into: [:]) { tips, record in
            if tips[record.run] == nil {
                tips[record.run] = ChainTip(sequence: record.sequence - 1, digest: record.previous)
            }
        }
    }

    /// Where each of its chains stands after it.
    var newTips: [String: ChainTip] { records.reduce(into: [:]) { $0[$1.run] = ChainTip($1) } }

    /// Refuses what no store could take, whatever is in it: this needs no server.
    func checkItself() throws(JournalError) {
        try checkSizes()
        let expected = expectedTips
        // A first record with something before it would pass as the continuation of a record 0.
        for (run, tip) in expected where tip.sequence < 1 && tip != .none {
            throw .notContinued(run, records.first { $0.run == run }?.sequence ?? 0)
        }
        try checkContinuation(of: expected)
        var ids: [Occurrence: String] = [:]
        for row in rows {
            if let other = ids.updateValue(row.id, forKey: row.occurrence), other != row.id {
                throw .occurrenceTaken(row.occurrence, by: other)
            }
        }
    }

    fileprivate var holdingLeases: SQLStatement {
        SQLStatement(
            prepared: "SELECT millwright.hold_leases($1, $2, $3)",
            [.texts(fences.map(\.name)), .texts(fences.map(\.node)), .numbers(fences.map(\.token))])
    }

    fileprivate var storingRecords: SQLStatement {
        let tips = expectedTips.sorted { $0.key < $1.key }
        return SQLStatement(
            prepared: "SELECT millwright.store_records($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            [
                .texts(tips.map(\.key)), .numbers(tips.map(\.value.sequence)), .digests(tips.map(\.value.digest)),
                .texts(records.map(\.run)), .numbers(records.map(\.sequence)), .moments(records.map(\.at)),
                .texts(records.map(\.kind)), .contents(records.map(\.body)), .digests(records.map(\.bodyDigest)),
                .digests(records.map(\.previous)), .digests(records.map(\.digest)),
            ])
    }
}

extension RunRow {
    fileprivate var storing: SQLStatement {
        SQLStatement(
            prepared:
                "SELECT millwright.store_row(ROW($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)::millwright.run)",
            [
                SQLParameter(id), SQLParameter(service), SQLParameter(environment), SQLParameter(procedure),
                .moment(nominal), .moment(startedAt), .moment(endedAt), SQLParameter(state.rawValue),
                SQLParameter(verdict?.rawValue), SQLParameter(owner.map { String($0.pid) }),
                SQLParameter(owner.map { String(Int64(bitPattern: $0.startTime)) }), SQLParameter(owner?.bootID),
            ])
    }
}

extension MissedRow {
    fileprivate var storing: SQLStatement {
        SQLStatement(
            prepared: "SELECT millwright.store_missed(ROW($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)::millwright.missed)",
            occurrence.parameters + [
                .moment(last), SQLParameter(count), SQLParameter(isAtLeast ? "t" : "f"), SQLParameter(cause),
                SQLParameter(sentence), .moment(decidedAt),
            ])
    }
}

extension Occurrence {
    var parameters: [SQLParameter] {
        [SQLParameter(service), SQLParameter(environment), SQLParameter(procedure), .moment(nominal)]
    }
}

extension Checkpoint {
    static func storing(_ all: [Checkpoint]) -> SQLStatement {
        SQLStatement(
            prepared: "SELECT millwright.store_checkpoints($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            [
                .numbers(all.map(\.number)), .texts(all.map(\.kind.rawValue)), .texts(all.map(\.run)),
                .numbers(all.map(\.head.sequence)), .texts(all.map(\.head.digest)), .texts(all.map(\.rowDigest)),
                .moments(all.map(\.at)), .texts(all.map(\.previous)), .texts(all.map(\.key)),
                .texts(all.map(\.signature)), .texts(all.map(\.digest)),
            ])
    }
}
