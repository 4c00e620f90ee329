import Glibc
import Maintenance

extension IndexReading {
    /// An index whose equal keys share entries: how many rows the keys have decides its size.
    func deduplicated(_ tree: TreeShape) async throws(CouldNotLook) -> BloatEstimate {
        var fallback: TreeLeaves?
        let why: CouldNotLook
        do throws(CouldNotLook) {
            let leaves = try await leavesByStatistics(tree)
            if isGood(tree, leaves.pages, leaves.error) { return try finish(tree, leaves) }
            fallback = leaves
            why = CouldNotLook(.noData, "duplicates ±\((100 * leaves.error).tenths) % by statistics")
        } catch {
            why = error
        }
        if let denial = reading.denial {
            guard let fallback else { throw denial.because(why.cause.sentence) }
            return try finish(tree, fallback)
        }
        if index.hasForeignCode {
            throw why.because("its keys would have to be looked up by code that is not PostgreSQL's own")
        }
        do throws(CouldNotLook) {
            let leaves = try await countedLeaves(tree, why.cause.sentence)
            notes.append(why.cause.sentence)
            usesSample = true
            return try finish(tree, leaves)
        } catch {
            guard let fallback else { throw error }
            notes.append(error.cause.sentence)
            return try finish(tree, fallback)
        }
    }

    /// The duplicates as `n_distinct` and the most common values tell them.
    private func leavesByStatistics(_ tree: TreeShape) async throws(CouldNotLook) -> TreeLeaves {
        var columns: [(nulls: Double, target: Double, statistics: ColumnStatistics)] = []
        for place in index.keys.indices {
            guard let column = column(place), let statistics = column.statistics else {
                throw CouldNotLook(.noData, "duplicates are not in the statistics")
            }
            columns.append((column.nulls, column.target, statistics))
        }
        try await reading.requireFreshStatistics()
        let all = tree.live.count
        if columns.contains(where: { $0.statistics.distinct <= -0.99 && $0.nulls < 0.01 }) {
            let groups = tree.keyedSizes.map { TreePacking.Group(rows: 1, entry: $0) }
            let pages = TreePacking.leaves(
                rows: tree.keyedRows, groups: groups, fillfactor: tree.fillfactor)
            return TreeLeaves(
                pages: tree.nullLeaves + pages, error: 0.003, pivot: tree.pivot, note: "keys distinct")
        }
        if index.predicate != nil { throw CouldNotLook(.noData, "duplicates within the predicate") }
        if columns.count > 1 {
            if columns.contains(where: { $0.nulls > 0.02 }) {
                throw CouldNotLook(.noData, "duplicates of several columns with nulls")
            }
            let isSkewed = columns.contains { column in
                let distinct = column.statistics.distinct(of: all)
                return (column.statistics.frequencies.max() ?? 0) > 3 / distinct
                    && tree.keyedRows / distinct < Double(BloatLimits.rowsOfGiant)
            }
            if isSkewed { throw CouldNotLook(.noData, "duplicates of several columns, skewed") }
            return together(tree, columns.map { $0.statistics.distinct(of: all) })
        }
        return one(tree, columns[0].statistics, target: columns[0].target)
    }

    /// Between the largest number of keys of one column and the product of all.
    private func together(_ tree: TreeShape, _ distinct: [Double]) -> TreeLeaves {
        let least = distinct.max() ?? 1
        let most = max(least, min(distinct.reduce(1, *), tree.keyedRows))
        let pages = [most, (most * least).squareRoot(), least].map { keys in
            let mean = max(1, tree.keyedRows / keys)
            let groups = KeyGroups.poisson(mean: mean, count: mean > 100 ? 100 : 400, &reading.dice)
            return tree.nullLeaves + packed(tree, rows: tree.keyedRows, groups)
        }
        let (low, high) = (pages.min() ?? 0, pages.max() ?? 0)
        let middle = (low + high) / 2
        return TreeLeaves(
            pages: middle, error: (high - low) / 2 / max(middle, 1e-9), pivot: tree.pivot + 8,
            note: "duplicates by statistics")
    }

    private func one(_ tree: TreeShape, _ statistics: ColumnStatistics, target: Double) -> TreeLeaves {
        let all = tree.live.count
        let common = statistics.frequencies.map { $0 * all }
        let rest = max(0, tree.keyedRows - common.reduce(0, +))
        let keys = statistics.distinct(of: all) - Double(common.count)
        if keys < 0.5 || rest < 0.001 * tree.keyedRows {
            return TreeLeaves(
                pages: (tree.nullLeaves + listed(tree, statistics, common)).rounded(.up), error: 0.01,
                pivot: tree.pivot + 8, note: "all keys in the statistics")
        }
        let read = 300 * min(target, 10_000)
        // Rows of a key as ANALYZE saw them: the more, the better it counted the keys.
        let seen = max(1, rest / max(1, keys)) * min(1, read / all)
        let factors: [Double] =
            all <= read || seen >= 8
            ? [1] : seen >= 4 ? [1, 0.95, 1.05] : seen >= 1.5 ? [1, 0.8, 1.25] : [1, 0.67, 1.5]
        // No key stands out: nothing like a geometric distribution.
        let isEven =
            (statistics.frequencies.max() ?? 0) * min(all, read) <= seen + 5 * seen.squareRoot() + 2
        let base = tree.nullLeaves + commonLeaves(tree, common)
        var pages: [Double] = []
        for factor in factors {
            let mean = max(1, rest / max(1, keys * factor))
            let count = mean < 100 ? 400 : 150
            pages.append(
                base
                    + packed(
                        tree, rows: rest, KeyGroups.poisson(mean: min(mean, 2000), count: count, &reading.dice))
            )
            if !isEven {
                pages.append(
                    base
                        + packed(
                            tree, rows: rest,
                            KeyGroups.geometric(mean: min(mean, 2000), count: count, &reading.dice)))
            } else if mean >= 3 {
                pages.append(
                    base + packed(tree, rows: rest, Array(repeating: Int(mean.rounded()), count: 200)))
            }
        }
        let middle = pages[0]
        let off = max((pages.max() ?? middle) - middle, middle - (pages.min() ?? middle))
        return TreeLeaves(
            pages: middle, error: off / max(middle, 1e-9),
            pivot: tree.pivot + (rest / keys > 100 ? 8 : 0),
            note: "duplicates by statistics")
    }

    /// Every key is in the statistics, with its own length.
    private func listed(_ tree: TreeShape, _ statistics: ColumnStatistics, _ common: [Double])
        -> Double
    {
        let shape = index.shape
        let hasLengths = index.keys[0].shape.length < 0 && statistics.common.count == common.count
        var (pages, others): (Double, [Double]) = (0, [])
        for (place, rows) in common.enumerated() {
            guard rows > 5000 else {
                others.append(rows)
                continue
            }
            let entries =
                hasLengths ? [shape.entry([PageLayout.stored(statistics.common[place])])] : tree.keyedSizes
            pages += TreePacking.leavesOfGiants(rows: rows, entries: entries, fillfactor: tree.fillfactor)
        }
        return pages + packed(tree, rows: others.reduce(0, +), others.map { max(1, Int($0.rounded())) })
    }

    private func commonLeaves(_ tree: TreeShape, _ common: [Double]) -> Double {
        let (big, small) = (common.filter { $0 >= 300 }, common.filter { $0 < 300 })
        return packed(tree, rows: big.reduce(0, +), big.map { Int($0) })
            + packed(
                tree, rows: small.map { max(1, $0.rounded()) }.reduce(0, +),
                small.map { max(1, Int($0.rounded())) })
    }

    /// Leaves of rows whose keys have so many each, whatever their lengths.
    func packed(_ tree: TreeShape, rows: Double, _ groups: [Int]) -> Double {
        guard !groups.isEmpty, rows > 0 else { return 0 }
        let groups = (0..<max(groups.count, tree.keyedSizes.count)).map { place in
            TreePacking.Group(
                rows: min(groups[place % groups.count], 5000),
                entry: tree.keyedSizes[place % tree.keyedSizes.count])
        }
        return TreePacking.leaves(rows: rows, groups: groups, fillfactor: tree.fillfactor)
    }
}
