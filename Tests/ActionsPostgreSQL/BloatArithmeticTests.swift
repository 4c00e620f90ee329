import Testing

@testable import ActionsPostgreSQL

/// The arithmetic by itself, against pages counted by hand and against what a server was seen to build.
struct BloatArithmeticTests {
    private func shape(_ columns: (Int, Int, ColumnShape.Storage)...) -> RowShape {
        RowShape(columns: columns.map { ColumnShape(length: $0.0, alignment: $0.1, storage: $0.2) })
    }

    @Test func valuesAreAlignedAndShortOnesAreNot() {
        // bool, bigint, bool, bigint, smallint, float8: half of it is padding.
        let padded = shape(
            (1, 1, .plain), (8, 8, .plain), (1, 1, .plain), (8, 8, .plain), (2, 2, .plain), (8, 8, .plain))
        #expect(padded.row([1, 8, 1, 8, 2, 8]) == .init(length: 72, chunks: []))
        let text = shape((4, 4, .plain), (-1, 4, .extended), (8, 8, .plain))
        #expect(text.end([4, 3, 8]) == 16)
        #expect(text.end([4, 6, 8]) == 24)
        // From 128 bytes on a value has a header of four and is aligned.
        #expect(text.end([1, 127, nil]) == 4 + 127)
        #expect(shape((1, 1, .plain), (-1, 4, .extended)).end([1, 200]) == 4 + 200)
        #expect(shape((1, 1, .plain), (-1, 4, .extended)).end([1, 100]) == 1 + 100)
        #expect(PageLayout.stored(126) == 127)
        #expect(PageLayout.stored(127) == 131)
        #expect(PageLayout.storedFromComputed(130) == 127)
        #expect(PageLayout.storedFromComputed(131) == 131)
    }

    @Test func aNullCostsABitmapOnce() {
        let columns = (0..<9).map { _ in ColumnShape(length: 4, alignment: 4, storage: .plain) }
        let wide = RowShape(columns: columns)
        #expect(wide.row(Array(repeating: 4, count: 9)).length == 24 + 40)
        // Nine columns need two bytes of bitmap, which do not fit into the header's padding any more.
        #expect(wide.row([nil] + Array(repeating: 4, count: 8)).length == 32 + 32)
        #expect(
            RowShape(columns: Array(columns.prefix(8))).row([nil] + Array(repeating: 4, count: 7)).length == 24 + 32)
    }

    @Test func longValuesAreKeptApartUntilTheRowFits() {
        let row = shape((4, 4, .plain), (-1, 4, .extended), (-1, 4, .external), (-1, 4, .main))
        #expect(row.row([4, 900, 900, nil]).chunks.isEmpty)
        let one = row.row([4, 1000, 3000, 500])
        #expect(one.chunks == [2032, PageLayout.rounded(36 + 3000 - 1996)])
        #expect(one.length == PageLayout.rounded(24 + 4 + 1000 + 18 + 2 + 500))
        // What is MAIN stays as long as the row fits a page.
        #expect(row.row([4, nil, nil, 5000]).chunks.isEmpty)
        #expect(row.row([4, nil, nil, 9000]).chunks.count == 5)
        #expect(shape((-1, 4, .plain)).row([5000]).chunks.isEmpty)
    }

    @Test func rowsArePackedAsARewriteDoes() {
        #expect(HeapPacking.rowsPerPage([40]) == 185)
        #expect(HeapPacking.rowsPerPage([40], fillfactor: 50) == 92)
        #expect(HeapPacking.rowsPerPage([24]) == 291)
        // Three rows of 2,000 and one of 4,000 do not share a page without loss.
        let mixed = HeapPacking.rowsPerPage([2000, 4000, 2000, 4000])
        #expect(mixed > 2 && mixed < 3)
        #expect(HeapPacking.rowsPerPage([]) == 1)
    }

    @Test func leavesArePackedAsABuildDoes() {
        #expect(TreePacking.rowsPerLeaf(entries: [16], fillfactor: 90).rounded() == 366)
        #expect(TreePacking.rowsPerLeaf(entries: [16], fillfactor: 70).rounded() < 290)
        // 132 row addresses beside a key of 16 bytes.
        let full = TreePacking.items(.init(rows: 132, entry: 16))
        #expect(full == [TreePacking.Item(size: 808, posting: 792, rows: 132)])
        #expect(TreePacking.items(.init(rows: 1, entry: 16)) == [TreePacking.Item(size: 16, posting: 0, rows: 1)])
        #expect(TreePacking.items(.init(rows: 300, entry: 16)).map(\.rows) == [132, 132, 36])
        // A key without room for a second address is not shared.
        #expect(TreePacking.items(.init(rows: 3, entry: 808)).map(\.rows) == [1, 1, 1])
        #expect(TreePacking.pages(leaves: 0, pivot: 16) == 1)
        #expect(TreePacking.pages(leaves: 1, pivot: 16) == 2)
        #expect(TreePacking.pages(leaves: 2, pivot: 16) == 4)
        #expect(TreePacking.pages(leaves: 1000, pivot: 16) == 1 + 1000 + 4 + 1)
    }

    @Test func otherIndexesFollowTheirOwnRules() {
        var dice = Dice()
        #expect(HeapPacking.rangePages(tablePages: 0, pagesPerRange: 128, sizes: [8]) == 2)
        #expect(HeapPacking.rangePages(tablePages: 1000, pagesPerRange: 128, sizes: [8]) == 3)
        // Buckets by powers of two, later by quarters of one.
        #expect(HeapPacking.hashPages(rows: 0, &dice) == 4)
        #expect(HeapPacking.hashPages(rows: 100_000, &dice) == 2 + 512)
        #expect(HeapPacking.hashPages(rows: 200_000, &dice) == 2 + 768)
        #expect(HeapPacking.hashPages(rows: 1000, keys: [1000], &dice) == 2 + 4 + 2)
    }

    @Test func groupsHaveTheMeanThatWasAsked() {
        var dice = Dice()
        for mean in [1.0, 1.5, 4, 40, 400] {
            let poisson = KeyGroups.poisson(mean: mean, count: 2000, &dice)
            let found = Double(poisson.reduce(0, +)) / 2000
            #expect(abs(found - mean) < 0.03 * mean, "\(mean): \(found)")
            let geometric = KeyGroups.geometric(mean: mean, count: 2000, &dice)
            #expect(abs(Double(geometric.reduce(0, +)) / 2000 - mean) < 0.1 * mean)
        }
        #expect(KeyGroups.draws([(1, "a"), (3, "b")], count: 4) == ["a", "b", "b", "b"])
    }

    @Test func statisticsThatDoNotFitTheirMeanAreNotBelieved() throws {
        var dice = Dice()
        func column(width: Int, bounds: [Int]) -> BloatColumn {
            BloatColumn(
                number: 1, name: "a", shape: ColumnShape(length: -1, alignment: 4, storage: .extended), type: "text",
                isRequired: true, isDropped: false, isMissingInRows: false, target: 100,
                statistics: ColumnStatistics(
                    nulls: 0, width: width, distinct: -1, frequencies: [], common: [], bounds: bounds))
        }
        let listed = try #require(ColumnDraws(column(width: 21, bounds: [10, 20, 30]), count: 90, &dice))
        #expect(listed.isListed)
        #expect(Set(listed.sizes.compactMap { $0 }) == [11, 21, 31])
        // Compressed, or moved out: the bounds say nothing of what is stored.
        let other = try #require(ColumnDraws(column(width: 18, bounds: [2000, 3000, 4000]), count: 90, &dice))
        #expect(!other.isListed)
    }

    @Test func aSampleOfBlocksTellsItsError() {
        #expect(TableReading.standardError([5, 5, 5, 5]) == 0)
        // Rows that lie together: each block is like its neighbours, and the mean is known well.
        let together = Array(repeating: 0.0, count: 50) + Array(repeating: 100.0, count: 50)
        #expect(TableReading.standardError(together) < 1)
        #expect(TableReading.shareError([[10, 10], [10, 10], [10]]) == 0)
        #expect(TableReading.shareError([[10, 20]]) > 1)
    }

    @Test func anErrorThatIsTooLargeIsNoFigure() {
        func trust(_ error: Double, bytes: Int = 1 << 20) -> RelationBloat.Trust {
            let estimate = BloatEstimate(needed: 0, error: error, basis: .sample, notes: [])
            return RelationBloat("a", .index, table: 1, bytes: bytes, .success(estimate)).trust
        }
        #expect(trust(2.5) == .trusted)
        #expect(trust(2.6) == .sampled)
        #expect(trust(10) == .sampled)
        #expect(trust(11) == .unknown)
        // One page of a small index.
        #expect(trust(14, bytes: 7 * 8192) == .sampled)
        let growing = RelationBloat(
            "a", .index, table: 1, bytes: 8192,
            .success(BloatEstimate(needed: 16_384, error: 0, basis: .read, notes: [])))
        #expect(growing.bloatBytes == 0)
        #expect(growing.bloatPercent == 0)
    }
}
