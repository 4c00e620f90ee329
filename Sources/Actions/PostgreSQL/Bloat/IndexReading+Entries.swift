import Maintenance

extension IndexReading {
    /// Stored sizes of the keys of many entries: by statistics where they tell them, else by sampled rows.
    func entries(rows: Double) async throws(CouldNotLook) -> [[Int?]] {
        let before = error
        let why: CouldNotLook
        do throws(CouldNotLook) {
            let described = try await describedEntries()
            notes.append(hasFixedKeys ? "fixed width" : "widths by statistics")
            return try checked(described)
        } catch {
            why = error
        }
        error = before
        if index.hasForeignCode, index.keys.contains(where: { $0.expression != nil }) {
            throw CouldNotLook(.notSupported, "its expression runs code that is not PostgreSQL's own")
        }
        if why.cause.code == .noPermission { throw why }
        let sample = try await reading.sample()
        var entries = sample.rows.filter { sample.holds($0, predicateOf: index) }.map {
            entry($0, sample)
        }
        if entries.count < 50, !sample.isWhole, let predicate = index.predicate {
            entries = try await entriesThroughIndex(predicate)
        }
        let least = sample.isWhole || Double(entries.count) >= rows ? 1 : 50
        guard entries.count >= least else {
            throw CouldNotLook(.noData, "too few rows of it in the sample")
        }
        usesSample = usesSample || !sample.isWhole
        notes.append("\(why.cause.sentence): widths by \(sample.describe(of: table.blocks))")
        // What is longer may be compressed in the index and not in the table.
        if entries.contains(where: { $0.contains { $0 ?? 0 > 500 } }) { error += 0.03 }
        return try checked(entries)
    }

    var hasFixedKeys: Bool {
        index.keys.allSatisfy { $0.shape.length > 0 && table.column($0.column)?.isFixed == true }
    }

    private func checked(_ entries: [[Int?]]) throws(CouldNotLook) -> [[Int?]] {
        if entries.contains(where: { $0.contains { $0 ?? 0 > 1500 } }) {
            throw CouldNotLook(.notSupported, "no model: keys so long that the index compresses them")
        }
        return entries
    }

    /// The table's column of a key, or the expression's statistics.
    func column(_ place: Int) -> BloatColumn? {
        let key = index.keys[place]
        return key.expression == nil
            ? table.column(key.column) : index.columns.first { $0.number == place + 1 }
    }

    private func describedEntries() async throws(CouldNotLook) -> [[Int?]] {
        if hasFixedKeys { return [index.keys.map(\.shape.length)] }
        let columns = index.keys.indices.map { column($0) }
        let areOfTable = index.keys.allSatisfy { $0.expression == nil }
        if index.predicate != nil, !areOfTable || columns.contains(where: { $0?.isFixed != true }) {
            throw CouldNotLook(.noData, "widths within the predicate")
        }
        try await reading.requireFreshStatistics()
        let partlyNull = zip(index.keys, columns).count { key, column in
            guard key.expression == nil, let nulls = column?.nulls else { return false }
            return nulls > 0.005 && nulls < 0.995
        }
        if partlyNull > 1 { throw CouldNotLook(.noData, "keys may be null together") }
        var draws: [ColumnDraws] = []
        for (place, key) in index.keys.enumerated() {
            guard let column = columns[place], key.expression == nil || column.statistics != nil else {
                throw CouldNotLook(.noData, "no statistics of the expression")
            }
            let origin: ColumnDraws.Origin =
                key.expression != nil ? .computed : key.isName ? .name : .stored
            guard let drawn = ColumnDraws(column, origin: origin, count: BloatLimits.rows, &reading.dice)
            else {
                throw reading.hiddenStatistics
            }
            draws.append(drawn)
        }
        let entries = (0..<BloatLimits.rows).map { row in draws.map { $0.sizes[row] } }
        if draws.contains(where: { !$0.isListed }) {
            let shape = index.shape
            let mean = Double(entries.reduce(0) { $0 + shape.entry($1) }) / Double(entries.count)
            error += 2.5 / (mean + Double(PageLayout.linePointer))
            guard 100 * error <= 4 else {
                throw CouldNotLook(.noData, "widths are not known well enough")
            }
        }
        return entries
    }

    private func entry(_ row: BlockSample.SampledRow, _ sample: BlockSample) -> [Int?] {
        index.keys.enumerated().map { place, key in
            if key.expression != nil || key.isName { return sample.value(row, .key(index.oid, place)) }
            return table.columns.firstIndex { $0.number == key.column }.flatMap { row.sizes[$0] }
        }
    }

    /// For a predicate that few rows of the sample meet: the index leads to those that do.
    private func entriesThroughIndex(_ predicate: String) async throws(CouldNotLook) -> [[Int?]] {
        let sizes = index.keys.map { $0.size(of: $0.sql(in: table) ?? "NULL") }.joined(separator: ", ")
        let answer = try await reading.reader.rows(
            "SELECT \(sizes) FROM ONLY \(table.name) WHERE \(predicate) LIMIT 1000", throughIndex: true)
        return answer.map { line in
            zip(index.keys, line).map { key, text in text.flatMap { Int($0) }.map { key.stored($0) } }
        }
    }

    /// Entries above the leaves keep only the key columns that tell neighbours apart, and never included ones.
    func keysOfPivot(rows: Double, of total: Double) -> Int {
        var product = 1.0
        for place in 0..<index.keyCount {
            guard index.keys[place].expression == nil, let statistics = column(place)?.statistics else {
                break
            }
            product *= statistics.distinct(of: total)
            if product >= 0.5 * rows { return place + 1 }
        }
        return index.keyCount
    }
}
