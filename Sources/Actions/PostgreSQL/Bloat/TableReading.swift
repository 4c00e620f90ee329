import Maintenance

/// What is found out of one table, once for it and all its indexes.
final class TableReading {
    let table: BloatTable
    let reader: BloatReader
    var dice = Dice()
    private var rows: LiveRows?
    private var described: [ColumnDraws]?
    private var sampled: BlockSample?
    private var tuples: TupleCount?

    /// The live rows of the table.
    struct LiveRows {
        enum Source { case empty, counters, counted, sampled }

        let count: Double
        /// By what share of it the count may be off.
        let error: Double
        let source: Source
        let note: String
    }

    init(_ table: BloatTable, _ reader: BloatReader) {
        self.table = table
        self.reader = reader
    }

    /// Why its rows cannot be read; `nil` where they can.
    var denial: CouldNotLook? {
        if table.isLocked {
            return CouldNotLook(.busy, "another session holds or awaits it exclusively")
        }
        guard !table.isReadable else { return nil }
        return CouldNotLook(
            .noPermission,
            table.hasRowSecurity
                ? "no privilege: row security hides rows from the role"
                : "no privilege: the role may not read the table")
    }

    /// The counters count where they agree: each of them alone is wrong after a crash, a reset or a bulk load.
    func liveRows() async throws(CouldNotLook) -> LiveRows {
        if let rows { return rows }
        let found = try await countRows()
        rows = found
        return found
    }

    private func countRows() async throws(CouldNotLook) -> LiveRows {
        guard table.blocks > 0 else {
            return LiveRows(count: 0, error: 0, source: .empty, note: "empty")
        }
        let (estimated, live) = (table.tuples, table.live)
        let isKnown = table.isAnalyzed || table.isVacuumed
        let apart = abs(estimated - live)
        if isKnown, estimated >= 0, apart <= 0.02 * max(estimated, live) + 10 {
            let error = 0.003 + apart / max(1, estimated, live) / 2
            return LiveRows(count: live, error: error, source: .counters, note: "counters agree")
        }
        let why =
            isKnown
            ? "reltuples \(Int(estimated)) and n_live_tup \(Int(live)) differ"
            : estimated > 0 ? "counters were lost" : "never analyzed"
        if let denial {
            guard let exact = try await tupleCount() else { throw denial.because(why) }
            return LiveRows(
                count: exact.liveRows, error: 0, source: .counted, note: "\(why); counted by pgstattuple")
        }
        if table.blocks <= BloatLimits.countedBlocks, reader.takes(table.blocks) {
            let count = try await reader.number("SELECT count(*) FROM ONLY \(table.name)")
            return LiveRows(count: count, error: 0, source: .counted, note: "\(why); counted")
        }
        return try await density(why)
    }

    /// The rows of evenly spaced blocks; their neighbours tell the error, also where dead rows lie together.
    private func density(_ why: String) async throws(CouldNotLook) -> LiveRows {
        let count = min(BloatLimits.densityBlocks, table.blocks)
        guard reader.takes(count) else { throw reader.exhausted(why) }
        let blocks = BloatReader.spaced(count, of: table.blocks)
        let answer = try await reader.rows(
            "SELECT (ctid::text::point)[0]::bigint, count(*) FROM ONLY \(table.name) "
                + "WHERE \(BloatReader.blocks(blocks)) GROUP BY 1")
        var found: [Int: Double] = [:]
        for row in answer {
            if let block = Int(row[0] ?? ""), let rows = Double(row[1] ?? "") { found[block] = rows }
        }
        let rows = blocks.map { found[$0] ?? 0 }
        let mean = rows.reduce(0, +) / Double(count)
        let error = mean > 0 ? 2 * Self.standardError(rows) / mean : 0
        return LiveRows(
            count: (mean * Double(table.blocks)).rounded(), error: error, source: .sampled,
            note: "\(why); rows counted in \(count) of \(table.blocks) blocks")
    }

    /// Of the mean of a systematic sample: by successive differences.
    static func standardError(_ values: [Double]) -> Double {
        guard values.count > 1 else { return 0 }
        var squares = 0.0
        for index in 1..<values.count {
            squares += (values[index] - values[index - 1]) * (values[index] - values[index - 1])
        }
        return (squares / 2 / Double(values.count - 1) / Double(values.count)).squareRoot()
    }

    /// Throws where the statistics of ANALYZE do not describe the rows of now.
    func requireFreshStatistics() async throws(CouldNotLook) {
        guard table.blocks > 0 else { return }
        guard table.isAnalyzed else {
            throw CouldNotLook(
                .noData,
                table.isVacuumed
                    ? "no statistics since the counters were reset or never analyzed" : "never analyzed")
        }
        let rows = try await liveRows().count
        guard table.modified <= BloatLimits.freshShare * max(1, rows) + 50 else {
            throw CouldNotLook(.noData, "stale statistics")
        }
    }

    /// Rows made up by the statistics, a column each.
    func describedColumns() async throws(CouldNotLook) -> [ColumnDraws] {
        if let described { return described }
        if !table.isFixed { try await requireFreshStatistics() }
        var draws: [ColumnDraws] = []
        for column in table.columns {
            let count = table.isFixed ? 1 : BloatLimits.rows
            guard let drawn = ColumnDraws(column, count: count, &dice) else { throw hiddenStatistics }
            draws.append(drawn)
        }
        described = draws
        return draws
    }

    var hiddenStatistics: CouldNotLook {
        denial.map { $0.cause.code == .noPermission ? $0.because("its statistics are hidden") : $0 }
            ?? CouldNotLook(.noData, "no statistics")
    }

    func sample() async throws(CouldNotLook) -> BlockSample {
        if let sampled { return sampled }
        if let denial { throw denial }
        let rows = try await liveRows().count
        let sample = try await BlockSample.read(table, rows: rows, reader)
        sampled = sample
        return sample
    }

    /// The sample, where there is one already.
    var sampleSoFar: BlockSample? { sampled }

    /// By pgstattuple, where the role may call it and may not read the rows.
    func tupleCount() async throws(CouldNotLook) -> TupleCount? {
        if let tuples { return tuples }
        guard !table.isLocked, table.blocks <= BloatLimits.countedBlocks else { return nil }
        tuples = try await TupleCount.read(table.oid, blocks: table.blocks, reader)
        return tuples
    }
}

extension CouldNotLook {
    /// The same with what made it necessary to look.
    func because(_ why: String) -> CouldNotLook {
        CouldNotLook(cause.code, "\(cause.sentence); \(why)")
    }
}
