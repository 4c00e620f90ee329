import Maintenance

/// What REINDEX would make of an index.
final class IndexReading {
    let reading: TableReading
    let index: BloatIndex
    /// What the figure rests on, and by what share of it that may be off.
    var notes: [String] = []
    var error = 0.0
    var usesSample = false

    var table: BloatTable { reading.table }

    init(_ index: BloatIndex, of reading: TableReading) {
        self.index = index
        self.reading = reading
    }

    func estimate() async throws(CouldNotLook) -> BloatEstimate {
        if index.isLocked {
            throw CouldNotLook(.busy, "another session holds or awaits it or its table exclusively")
        }
        guard ["btree", "hash", "brin"].contains(index.method) else {
            throw CouldNotLook(
                .notSupported,
                "no model: the size of a rebuilt \(index.method) index depends on how its keys lie")
        }
        guard index.isValid else {
            throw CouldNotLook(.notSupported, "it is not valid: a build that failed or is under way")
        }
        if index.method == "brin" { return try ranges() }
        guard table.blocks > 0 else { return exactly(try emptyPages(), "empty") }
        let live = try await reading.liveRows()
        guard live.count > 0 else { return exactly(try emptyPages(), "\(live.note); no live rows") }
        if index.method == "hash" { return try await buckets(live) }
        return try await tree(live)
    }

    private func exactly(_ pages: Int, _ note: String) -> BloatEstimate {
        BloatEstimate(needed: pages * PageLayout.page, error: 0, basis: .statistics, notes: [note])
    }

    private func emptyPages() throws(CouldNotLook) -> Int {
        index.method == "btree" ? 1 : HeapPacking.hashPages(rows: 0, &reading.dice)
    }

    private func ranges() throws(CouldNotLook) -> BloatEstimate {
        let sizes = index.keys.map(\.shape.length)
        guard sizes.allSatisfy({ $0 > 0 }) else {
            throw CouldNotLook(.notSupported, "no model: a BRIN index over values of variable length")
        }
        let pages = HeapPacking.rangePages(
            tablePages: table.blocks, pagesPerRange: index.pagesPerRange, sizes: sizes)
        return BloatEstimate(
            needed: pages * PageLayout.page, error: 0.5, basis: .statistics,
            notes: ["ranges of the table"])
    }

    /// Buckets for the rows, and overflow pages for keys that many rows have.
    private func buckets(_ live: TableReading.LiveRows) async throws(CouldNotLook) -> BloatEstimate {
        guard let key = index.keys.first, index.predicate == nil, let column = table.column(key.column),
            let statistics = column.statistics
        else { throw reading.hiddenStatistics }
        try await reading.requireFreshStatistics()
        let rows = live.count * (1 - column.nulls)
        let big = statistics.frequencies.map { $0 * live.count }
        let rest = rows - big.reduce(0, +)
        let keys = max(1, statistics.distinct(of: live.count) - Double(big.count))
        var pages: [Int] = []
        for factor in rest / keys < 20 ? [1] : [1, 0.9, 1.1] {
            let others =
                rest / keys < 20 || rest <= 0.01 * rows
                ? [] : Array(repeating: rest / keys / factor, count: Int(keys * factor))
            pages.append(
                HeapPacking.hashPages(
                    rows: rows, fillfactor: index.fillfactor ?? 75, keys: big + others, &reading.dice))
        }
        let spread = Double((pages.max() ?? 0) - (pages.min() ?? 0)) + 0.01 * Double(pages[0])
        return BloatEstimate(
            needed: pages[0] * PageLayout.page, error: 100 * spread / Double(max(1, index.pages)),
            basis: reading.basis(live, .statistics), notes: ["buckets for the rows", live.note])
    }

    // MARK: B-trees

    private func tree(_ live: TableReading.LiveRows) async throws(CouldNotLook) -> BloatEstimate {
        let rows = try await rowsInIndex(live)
        guard rows > 0 else {
            let isCertain = index.pages <= 1 || live.source == .counted || !usesSample
            return BloatEstimate(
                needed: PageLayout.page, error: isCertain ? 0 : 100, basis: .statistics,
                notes: notes + ["no row in the predicate"])
        }
        let entries = try await entries(rows: rows)
        let tree = try TreeShape(self, live, rows: rows, entries: entries)
        error += tree.widthError
        guard index.deduplicates else {
            let leaves = rows / TreePacking.rowsPerLeaf(entries: tree.sizes, fillfactor: tree.fillfactor)
            return try finish(
                tree, TreeLeaves(pages: leaves, error: 0, pivot: tree.pivot, note: "no deduplication"))
        }
        if tree.keyedRows < 1 {
            return try finish(
                tree, TreeLeaves(pages: tree.nullLeaves, error: 0.01, pivot: 24, note: "all null"))
        }
        return try await deduplicated(tree)
    }

    /// Rows that the predicate of a partial index holds for.
    private func rowsInIndex(_ live: TableReading.LiveRows) async throws(CouldNotLook) -> Double {
        guard let predicate = index.predicate else { return live.count }
        if isShareKnown(live) {
            notes.append("share by ANALYZE")
            let rows = index.tuples * live.count / max(1, table.tuples)
            // ANALYZE read so many rows of the table.
            let read = 300.0 * 100
            if live.count > read, rows > 0 { error += 1 / max(1, read * rows / live.count).squareRoot() }
            return rows
        }
        if index.hasForeignCode {
            throw CouldNotLook(.notSupported, "its predicate runs code that is not PostgreSQL's own")
        }
        let sample = try await reading.sample()
        if !sample.isWhole, index.pages <= BloatLimits.countedIndexBlocks,
            reading.reader.takes(index.pages)
        {
            notes.append("rows in the predicate counted")
            return try await reading.reader.number(
                "SELECT count(*) FROM ONLY \(table.name) WHERE \(predicate)", throughIndex: true)
        }
        let hits = sample.rows.count { sample.holds($0, predicateOf: index) }
        if !sample.isWhole {
            usesSample = true
            error += 2 / Double(max(1, hits)).squareRoot()
        }
        notes.append("share by sample")
        return live.count * Double(hits) / Double(max(1, sample.rows.count))
    }

    private func isShareKnown(_ live: TableReading.LiveRows) -> Bool {
        guard table.isAnalyzed, live.source == .counters, index.tuples >= 0,
            table.modified <= BloatLimits.freshShare * live.count,
            abs(table.tuples - live.count) <= 0.02 * live.count + 10
        else { return false }
        return live.count <= 30_000 || index.tuples / live.count * 30_000 >= 100
            || index.bytes == PageLayout.page
    }

    func isGood(_ tree: TreeShape, _ pages: Double, _ error: Double) -> Bool {
        tree.points(pages) * error <= BloatLimits.trustedError - 0.3
    }

    func finish(_ tree: TreeShape, _ leaves: TreeLeaves) throws(CouldNotLook) -> BloatEstimate {
        let notes = notes + [leaves.note, tree.live.note]
        let basis: BloatEstimate.Basis =
            usesSample
            ? .sample
            : reading.sampleSoFar?.isWhole == true ? .read : reading.basis(tree.live, .statistics)
        let pages = index.pages
        if tree.rows > 0, pages <= 2 {
            // The metapage and a leaf: nothing smaller exists.
            return BloatEstimate(needed: index.bytes, error: 0, basis: basis, notes: notes)
        }
        let needed =
            TreePacking.pages(leaves: (leaves.pages - 1e-9).rounded(.up), pivot: leaves.pivot)
            * PageLayout.page
        guard
            Double(needed) <= Double(index.bytes) * (usesSample ? 1.5 : 1.05)
                + Double(2 * PageLayout.page)
        else {
            throw CouldNotLook(.noData, "the model needs more than there is: \(leaves.note)")
        }
        let inputs = error + leaves.error
        // Rounding to whole pages weighs more in a small index.
        let rounding = inputs == 0 ? 0 : (pages >= 40 ? 30.0 : pages >= 20 ? 60 : 100) / Double(pages)
        let points =
            100 * Double(needed) / Double(max(1, index.bytes)) * (inputs + tree.live.error) + rounding
        return BloatEstimate(needed: needed, error: points, basis: basis, notes: notes)
    }
}

/// Leaf pages of an index, the bytes of an entry above them, and how they are known.
struct TreeLeaves {
    let pages: Double
    let error: Double
    let pivot: Double
    let note: String
}

/// What a B-tree holds.
struct TreeShape {
    let live: TableReading.LiveRows
    let rows: Double
    let entries: [[Int?]]
    /// Bytes of the entries, and of those that are not all null.
    let sizes: [Int]
    let keyedSizes: [Int]
    let nullShare: Double
    let fillfactor: Int
    let pivot: Double
    let widthError: Double
    private let indexPages: Int

    var keyedRows: Double { rows * (1 - nullShare) }

    func points(_ pages: Double) -> Double { 100 * pages / Double(max(1, indexPages)) }

    /// Leaves of the rows whose keys are null: they are one key.
    var nullLeaves: Double {
        guard nullShare > 0 else { return 0 }
        let nulls = rows * nullShare
        let group = TreePacking.Group(
            rows: Int(max(1, min(nulls, Double(BloatLimits.rowsOfGiant)))), entry: 16)
        return TreePacking.leaves(rows: nulls, groups: [group], fillfactor: fillfactor)
    }

    init(
        _ reading: IndexReading, _ live: TableReading.LiveRows, rows: Double, entries: [[Int?]]
    ) throws(CouldNotLook) {
        let index = reading.index
        self.live = live
        self.rows = rows
        self.entries = entries
        fillfactor = index.fillfactor ?? TreePacking.fillfactor
        indexPages = index.pages
        let shape = index.shape
        let sizes = entries.map { shape.entry($0) }
        let keyed = zip(entries, sizes).filter { $0.0.contains { $0 != nil } }.map(\.1)
        keyedSizes = keyed.isEmpty ? [16] : keyed
        nullShare = 1 - Double(keyed.count) / Double(entries.count)
        self.sizes = sizes
        let mean = Double(sizes.reduce(0, +)) / Double(sizes.count)
        let spread =
            (sizes.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(sizes.count))
            .squareRoot()
        let isExact = reading.hasFixedKeys || reading.reading.sampleSoFar?.isWhole == true
        let off =
            reading.usesSample ? 2 * spread / Double(sizes.count).squareRoot() : min(1, spread / 5)
        widthError = isExact ? 0 : off / (mean + Double(PageLayout.linePointer))
        let kept = reading.keysOfPivot(rows: rows, of: live.count)
        let keyShape = RowShape(columns: Array(shape.columns.prefix(kept)))
        pivot =
            Double(entries.reduce(0) { $0 + keyShape.entry(Array($1.prefix(kept))) })
            / Double(entries.count)
    }
}
