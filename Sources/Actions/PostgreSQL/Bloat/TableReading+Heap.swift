import Maintenance

extension TableReading {
    /// What VACUUM FULL would make of the table with what is kept apart from it.
    func estimate() async throws(CouldNotLook) -> BloatEstimate {
        if table.isLocked, let denial { throw denial }
        // The index of an empty TOAST table has one page.
        let least = table.hasToast ? PageLayout.page : 0
        guard table.blocks > 0 else {
            return BloatEstimate(needed: least, error: 0, basis: .statistics, notes: ["empty"])
        }
        let live = try await liveRows()
        guard live.count > 0 else {
            return BloatEstimate(
                needed: least, error: 0, basis: .statistics, notes: [live.note, "no live rows"])
        }
        let why: CouldNotLook
        do throws(CouldNotLook) {
            let estimate = try await byStatistics(live, least)
            if estimate.error <= BloatLimits.trustedError { return estimate }
            why = CouldNotLook(.noData, "±\(estimate.error.tenths) points by statistics")
        } catch {
            why = error
        }
        if let denial {
            let counted =
                table.columns.contains { $0.isDropped || $0.isMissingInRows } ? nil : try await tupleCount()
            let reason = why.cause.code == .noPermission ? why : denial.because(why.cause.sentence)
            guard let estimate = try await counted?.estimate(self, reason.cause.sentence) else {
                throw reason
            }
            return estimate
        }
        return try await bySample(live, least, why.cause.sentence)
    }

    private func byStatistics(_ live: LiveRows, _ least: Int) async throws(CouldNotLook)
        -> BloatEstimate
    {
        guard table.toastBytes == 0 else {
            throw CouldNotLook(.noData, "values kept apart are in no statistics")
        }
        let draws = try await describedColumns()
        let shape = table.shape
        let lengths = (0..<(draws.first?.sizes.count ?? 1)).map { row in
            shape.row(draws.map { $0.sizes[row] }, target: table.toastTarget).length
        }
        let error =
            table.isFixed
            ? 0 : try widthError(draws, Double(lengths.reduce(0, +)) / Double(lengths.count))
        let perPage = HeapPacking.rowsPerPage(lengths, fillfactor: table.fillfactor)
        let needed = Int((live.count / perPage).rounded(.up)) * PageLayout.page + least
        let mayGrow = table.columns.contains(where: \.isMissingInRows)
        guard mayGrow || Double(needed) <= Double(table.bytes) * 1.03 + Double(PageLayout.page) else {
            throw CouldNotLook(.noData, "the statistics describe more than there is")
        }
        let rounding = table.isFixed ? 0 : rounding(files: 1)
        return BloatEstimate(
            needed: needed, error: points(needed) * (error + live.error) + rounding,
            basis: basis(live, .statistics),
            notes: [table.isFixed ? "fixed width" : "current statistics", live.note])
    }

    /// By what share the mean length of a row may be off.
    private func widthError(_ draws: [ColumnDraws], _ mean: Double) throws(CouldNotLook) -> Double {
        let item = mean + Double(PageLayout.linePointer)
        let used = zip(table.columns, draws).filter { !$0.0.isDropped }
        let unlisted = Double(used.count { !$0.1.isListed })
        let listed = Double(used.count { $0.1.isListed && $0.1.isVariable })
        var error = (0.5 * unlisted + (unlisted > 0 ? 1 : 0) + 0.3 * listed.squareRoot()) / item
        let nulls = used.map(\.0.nulls)
        guard nulls.count(where: { $0 > 0.05 && $0 < 0.95 }) <= 2 else {
            throw CouldNotLook(.noData, "several columns may be null together")
        }
        if table.columns.count > 8, !table.columns.contains(where: \.isDropped) {
            // Whether a row has a bitmap depends on how the nulls fall together.
            let (least, most) = (nulls.max() ?? 0, min(1, nulls.reduce(0, +)))
            let middle = 1 - nulls.reduce(1) { $0 * (1 - $1) }
            error += 6 * max(most - middle, middle - least) / item
        }
        if unlisted > 0, mean > 200 {
            error += mean / 2 / Double(PageLayout.page - PageLayout.pageHeader)
        }
        return error
    }

    private func bySample(_ live: LiveRows, _ least: Int, _ why: String) async throws(CouldNotLook)
        -> BloatEstimate
    {
        let sample = try await sample()
        guard !sample.rows.isEmpty else {
            throw CouldNotLook(.noData, "\(why); no live row in the sample")
        }
        let shape = table.shape
        var (lengths, chunks): ([Int], [Int]) = ([], [])
        var byBlock: [(block: Int, lengths: [Double], chunks: [Double])] = []
        for row in sample.rows {
            let built = shape.row(row.sizes, target: table.toastTarget)
            lengths.append(built.length)
            chunks += built.chunks
            if byBlock.last?.block != row.block { byBlock.append((row.block, [], [])) }
            byBlock[byBlock.count - 1].lengths.append(Double(built.length))
            byBlock[byBlock.count - 1].chunks.append(
                Double(built.chunks.reduce(0) { $0 + $1 + PageLayout.linePointer }))
        }
        let heap =
            Int(
                (live.count / HeapPacking.rowsPerPage(lengths, fillfactor: table.fillfactor)).rounded(.up))
            * PageLayout.page
        var apart = least
        if table.hasToast, !chunks.isEmpty {
            let count = live.count * Double(chunks.count) / Double(lengths.count)
            let leaves =
                count / TreePacking.rowsPerLeaf(entries: [16], fillfactor: TreePacking.fillfactor)
            apart =
                (Int((count / HeapPacking.rowsPerPage(chunks)).rounded(.up))
                    + TreePacking.pages(leaves: leaves.rounded(.up), pivot: 16)) * PageLayout.page
        }
        let mayGrow = table.columns.contains(where: \.isMissingInRows)
        guard mayGrow || Double(heap + apart) <= Double(table.bytes) * 1.1 + Double(2 * PageLayout.page)
        else {
            throw CouldNotLook(.noData, "\(why); the sample needs more than there is")
        }
        let error = sample.isWhole ? 0 : Self.shareError(byBlock.map(\.lengths))
        let apartError = sample.isWhole || chunks.isEmpty ? 0 : Self.shareError(byBlock.map(\.chunks))
        return BloatEstimate(
            needed: heap + apart,
            error: points(heap) * (error + live.error) + points(apart) * (apartError + live.error)
                + rounding(files: chunks.isEmpty ? 1 : 2),
            basis: basis(live, sample.isWhole ? .read : .sample),
            notes: [why, sample.describe(of: table.blocks), live.note])
    }

    /// Twice the standard error of a mean over rows that were drawn by whole blocks, as a share of it.
    static func shareError(_ blocks: [[Double]]) -> Double {
        guard blocks.count > 1 else { return 2 }
        let rows = Double(blocks.reduce(0) { $0 + $1.count })
        let mean = blocks.reduce(0) { $0 + $1.reduce(0, +) } / rows
        guard mean > 0 else { return 0 }
        let off = blocks.map { $0.reduce(0, +) - mean * Double($0.count) }
        return 2 * standardError(off) / (rows / Double(blocks.count)) / mean
    }

    func basis(_ live: LiveRows, _ basis: BloatEstimate.Basis) -> BloatEstimate.Basis {
        live.source == .sampled
            ? .sample : live.source == .counted && basis == .statistics ? .read : basis
    }

    /// Rows of unequal length do not fall into pages as the packed ones do to the last.
    private func rounding(files: Int) -> Double { points(files * PageLayout.page) + 0.2 }

    private func points(_ bytes: Int) -> Double { 100 * Double(bytes) / Double(max(1, table.bytes)) }
}

extension Double {
    /// For people: one figure after the point.
    var tenths: String { ((self * 10).rounded() / 10).written }
}
