/// How many pages a B-tree takes once it is built anew, with and without deduplication.
enum TreePacking {
    /// An index tuple as a build writes it.
    struct Item: Equatable {
        let size: Int
        /// Bytes of its posting list, which may be cut off when its page is full.
        let posting: Int
        let rows: Int
    }

    /// A key, or many alike: how many rows have it, and the bytes of an entry with it.
    struct Group {
        let rows: Int
        let entry: Int
    }

    static let fillfactor = 90

    /// Rows that a build puts on a leaf page: it is full when the next item does not fit, or the fillfactor is reached.
    static func rowsPerLeaf(_ items: [Item], fillfactor: Int) -> Double {
        guard !items.isEmpty else { return 1 }
        let full = PageLayout.reserve(fillfactor)
        // Less the pointer of the high key and what the server keeps back for one more.
        let room =
            PageLayout.page - PageLayout.pageHeader - PageLayout.treeSpecial - 2 * PageLayout.linePointer
        var (free, onPage, pages, rows, posting, last) = (room, 0, 0, 0, 0, 0)
        for _ in 0..<max(1, 4000 / items.count) {
            for item in items {
                if onPage > 1, free < item.size + 8 || free + posting < full {
                    pages += 1
                    // The last item moves on; its copy becomes the high key.
                    free = room - (last + PageLayout.linePointer)
                    onPage = 1
                }
                free -= item.size + PageLayout.linePointer
                onPage += 1
                posting = item.posting
                last = item.size
                rows += item.rows
            }
        }
        return Double(rows) / (Double(pages) + min(1, Double(room - free) / Double(room - full)))
    }

    static func rowsPerLeaf(entries: [Int], fillfactor: Int) -> Double {
        rowsPerLeaf(entries.map { Item(size: $0, posting: 0, rows: 1) }, fillfactor: fillfactor)
    }

    /// With the metapage and the levels above the leaves, whose fillfactor is fixed.
    static func pages(leaves: Double, pivot: Double) -> Int {
        guard leaves > 0 else { return 1 }
        var level = Int(leaves.rounded(.up))
        var total = 1 + level
        let room =
            PageLayout.page - PageLayout.pageHeader - PageLayout.treeSpecial - 2 * PageLayout.linePointer
        let perPage = max(
            2, Int(Double(room - PageLayout.reserve(70)) / (pivot + Double(PageLayout.linePointer))))
        while level > 1 {
            level = (level + perPage - 1) / perPage
            total += level
        }
        return total
    }

    /// The tuples that a build makes of one key's rows.
    static func items(_ group: Group) -> [Item] {
        let most =
            group.entry < 800
            ? max(1, (PageLayout.postingList / 8 * 8 - group.entry) / PageLayout.rowAddress) : 1
        let single = Item(size: group.entry, posting: 0, rows: 1)
        guard most > 1 else { return Array(repeating: single, count: min(group.rows, 20_000)) }
        func list(_ rows: Int) -> Item {
            guard rows > 1 else { return single }
            let size = PageLayout.rounded(group.entry + rows * PageLayout.rowAddress)
            return Item(size: size, posting: size - group.entry, rows: rows)
        }
        let (full, rest) = group.rows.quotientAndRemainder(dividingBy: most)
        // More than forty alike pack as forty do.
        return Array(repeating: list(most), count: min(full, 40)) + (rest > 0 ? [list(rest)] : [])
    }

    /// Leaf pages of so many rows whose keys are as the groups, in the order of the keys.
    static func leaves(rows: Double, groups: [Group], fillfactor: Int) -> Double {
        guard !groups.isEmpty, rows > 0 else { return 0 }
        var all: [Item] = []
        for group in groups {
            all += items(group)
            if all.count > 20_000 { break }
        }
        return rows / rowsPerLeaf(all, fillfactor: fillfactor)
    }

    /// Leaf pages of rows of few keys with very many rows each: full posting lists only.
    static func leavesOfGiants(rows: Double, entries: [Int], fillfactor: Int) -> Double {
        guard !entries.isEmpty, rows > 0 else { return 0 }
        let pagesOfRow = entries.reduce(0.0) { sum, entry in
            let most = max(1, (808 - entry) / PageLayout.rowAddress)
            let size = PageLayout.rounded(entry + most * PageLayout.rowAddress)
            return sum + 1
                / rowsPerLeaf([Item(size: size, posting: size - entry, rows: most)], fillfactor: fillfactor)
        }
        return rows * pagesOfRow / Double(entries.count)
    }

    /// Bytes of a row in the leaves, for one key with so many rows.
    static func bytesOfRow(_ group: Group) -> Double {
        let bytes = items(group).reduce(0) { $0 + $1.size + PageLayout.linePointer }
        return Double(bytes) / Double(max(1, group.rows))
    }
}
