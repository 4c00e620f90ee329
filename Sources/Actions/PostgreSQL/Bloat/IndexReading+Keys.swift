import Maintenance

extension IndexReading {
    /// How many rows share the keys of sampled rows, counted through the index. A key comes into the sample as often as
    /// it has rows; weighed by one over that number the sample stands for all keys.
    func countedLeaves(_ tree: TreeShape, _ why: String) async throws(CouldNotLook) -> TreeLeaves {
        let sample = try await reading.sample()
        let patterns = patterns(tree)
        guard !patterns.isEmpty else { throw CouldNotLook(.noData, "\(why); too few keys sampled") }
        var (pages, counted, giants) = (tree.nullLeaves, 0, 0.0)
        var error = 0.0
        for wanted in [BloatLimits.keys, BloatLimits.keysAgain] {
            (pages, counted, giants) = (tree.nullLeaves, 0, 0)
            var variance = 0.0
            for pattern in patterns {
                let found = try await lookUp(
                    pattern.isNull, count: max(40, Int(Double(wanted) * pattern.share)),
                    limit: BloatLimits.rowsOfKey,
                    sample)
                guard found.count >= 30 || !found.isEmpty && (sample.isWhole || isSparse(sample)) else {
                    throw CouldNotLook(.noData, "\(why); only \(found.count) keys sampled")
                }
                counted += found.count
                let costs = found.map { TreePacking.bytesOfRow($0) }
                let mean = costs.reduce(0, +) / Double(costs.count)
                let squares = costs.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(costs.count)
                variance += pattern.share * 2 * (squares / Double(costs.count)).squareRoot() / mean
                let part = try await leaves(of: found, pattern, tree, sample)
                pages += part.pages
                giants += part.giantShare * pattern.share
            }
            error = variance
            // Good enough, or more keys would not help.
            if isGood(tree, pages, self.error + tree.live.error + error)
                || !isGood(tree, pages, self.error + tree.live.error)
            {
                break
            }
        }
        return TreeLeaves(
            pages: pages, error: error, pivot: tree.pivot + (giants > 0.5 ? 8 : 0),
            note: "duplicates of \(counted) keys counted")
    }

    /// Which of the keys are null, and how often so.
    private struct Pattern {
        let isNull: [Bool]
        let share: Double
    }

    private func patterns(_ tree: TreeShape) -> [Pattern] {
        var counts: [[Bool]: Int] = [:]
        for entry in tree.entries where entry.contains(where: { $0 != nil }) {
            counts[entry.map { $0 == nil }, default: 0] += 1
        }
        let all = Double(counts.values.reduce(0, +))
        let often = counts.filter { Double($0.value) / all > 0.02 }
        let kept = Double(often.values.reduce(0, +))
        let order = often.sorted {
            $0.key.map { $0 ? "1" : "0" }.joined() < $1.key.map { $0 ? "1" : "0" }.joined()
        }
        return order.map { Pattern(isNull: $0.key, share: Double($0.value) / kept) }
    }

    private func leaves(
        of found: [TreePacking.Group], _ pattern: Pattern, _ tree: TreeShape, _ sample: BlockSample
    ) async throws(CouldNotLook) -> (pages: Double, giantShare: Double) {
        let rows = tree.keyedRows * pattern.share
        let giants = found.filter { $0.rows >= BloatLimits.rowsOfKey }
        let giantShare = Double(giants.count) / Double(found.count)
        var pages = packed(
            tree, rows: rows * (1 - giantShare), found.filter { $0.rows < BloatLimits.rowsOfKey }, 1000)
        guard !giants.isEmpty else { return (pages, 0) }
        let deep = try await lookUp(pattern.isNull, count: 24, limit: BloatLimits.rowsOfGiant, sample)
            .filter { $0.rows >= BloatLimits.rowsOfKey }
        let bounded = deep.filter { $0.rows < BloatLimits.rowsOfGiant }
        let share = deep.isEmpty ? 0 : giantShare * Double(bounded.count) / Double(deep.count)
        pages += packed(tree, rows: rows * share, bounded, 60)
        if giantShare > share {
            pages += TreePacking.leavesOfGiants(
                rows: rows * (giantShare - share), entries: giants.map(\.entry), fillfactor: tree.fillfactor
            )
        }
        return (pages, giantShare)
    }

    /// In the order of the keys: neighbours share pages.
    private func packed(_ tree: TreeShape, rows: Double, _ groups: [TreePacking.Group], _ count: Int)
        -> Double
    {
        let weighted = groups.map { (weight: 1 / Double(max(1, $0.rows)), value: $0) }
        return TreePacking.leaves(
            rows: rows, groups: KeyGroups.draws(weighted, count: count), fillfactor: tree.fillfactor)
    }

    /// Few rows of the sample are in a small partial index: its own rows are taken instead.
    private func isSparse(_ sample: BlockSample) -> Bool {
        index.predicate != nil && index.pages <= BloatLimits.countedIndexBlocks
            && sample.rows.count { sample.holds($0, predicateOf: index) } < 50
    }

    private func lookUp(
        _ isNull: [Bool], count: Int, limit: Int, _ sample: BlockSample
    ) async throws(CouldNotLook) -> [TreePacking.Group] {
        let keys = index.keys.map { $0.sql(in: table) ?? "NULL" }
        let predicate = index.predicate.map { ["(\($0))"] } ?? []
        let nulls = zip(keys, isNull).map { "\($0) IS \($1 ? "" : "NOT ")NULL" }
        let same = zip(keys, isNull).enumerated().map { place, key in
            key.1 ? "\(key.0) IS NULL" : "\(key.0) = s.k\(place)"
        }
        let blocks = sample.condition.isEmpty || isSparse(sample) ? [] : [sample.condition]
        let sizes = index.keys.enumerated().map { ", " + $1.size(of: "s.k\($0)") }.joined()
        let names = keys.enumerated().map { "\($1) AS k\($0)" }.joined(separator: ", ")
        let answer = try await reading.reader.rows(
            """
            SELECT q.c\(sizes) FROM (SELECT \(names), ctid FROM ONLY \(table.name) \
            WHERE \((blocks + nulls + predicate).joined(separator: " AND ")) ORDER BY hashtext(ctid::text) \
            LIMIT \(count)) s, LATERAL (SELECT count(*) AS c FROM (SELECT 1 FROM ONLY \(table.name) \
            WHERE \((same + predicate).joined(separator: " AND ")) LIMIT \(limit)) l) q \
            ORDER BY \(keys.indices.map { "s.k\($0)" }.joined(separator: ", "))
            """, throughIndex: true)
        let shape = index.shape
        return answer.compactMap { line in
            guard let rows = Int((line.first ?? "") ?? "") else { return nil }
            let sizes = zip(index.keys, line.dropFirst()).map { key, text in
                text.flatMap { Int($0) }.map { key.stored($0) }
            }
            return TreePacking.Group(rows: max(1, rows), entry: shape.entry(sizes))
        }
    }
}
