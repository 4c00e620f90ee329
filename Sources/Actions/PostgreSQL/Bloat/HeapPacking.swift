/// How many pages a table, a BRIN index and a hash index take once they are written anew.
enum HeapPacking {
    /// Rows that VACUUM FULL puts into a page: the next one begins when a row and the fillfactor's reserve do not fit.
    static func rowsPerPage(_ lengths: [Int], fillfactor: Int = 100) -> Double {
        guard let first = lengths.first else { return 1 }
        let room = PageLayout.page - PageLayout.pageHeader
        let reserve = PageLayout.reserve(fillfactor)
        if !lengths.contains(where: { $0 != first }) {
            return Double(
                max(1, min(PageLayout.rowsPerPage, (room - reserve) / (first + PageLayout.linePointer))))
        }
        var (pages, free, onPage, rows) = (0, room, 0, 0)
        // The list stands for all rows: a few rounds through a short one make its beginning and end not matter.
        for _ in 0..<max(1, 2000 / lengths.count) {
            for length in lengths {
                let bytes = length + PageLayout.linePointer
                if onPage > 0, bytes + reserve > free {
                    pages += 1
                    free = room
                    onPage = 0
                }
                free -= bytes
                onPage += 1
                rows += 1
            }
        }
        return Double(rows) / (Double(pages) + Double(room - free) / Double(room - reserve))
    }

    /// Metapage, bitmap, buckets and the overflow pages of crowded ones; `keys` are the rows of each key.
    static func hashPages(rows: Double, fillfactor: Int = 75, keys: [Double] = [], _ dice: inout Dice)
        -> Int
    {
        let item = 20
        let perBucket = max(10, PageLayout.page * fillfactor / 100 / item)
        var buckets = 2
        let wanted = rows / Double(perBucket)
        if wanted > 2 {
            let count = Int(wanted.rounded(.up))
            let bits = Int.bitWidth - (count - 1).leadingZeroBitCount
            // Up to nine bits in powers of two, from then on in quarters of one.
            if bits < 10 {
                buckets = 1 << bits
            } else {
                let base = 1 << (bits - 1)
                buckets = base + PageLayout.rounded(count - base, to: base / 4)
            }
        }
        var overflow = 0
        if !keys.isEmpty, rows > 0 {
            var load = [Double](repeating: 0, count: min(buckets, 1 << 20))
            for key in keys { load[dice.index(below: load.count)] += key }
            for rows in load { overflow += max(0, Int((rows / 407).rounded(.up)) - 1) }
        }
        return 2 + buckets + overflow
    }

    /// Metapage, map and summaries of ranges.
    static func rangePages(tablePages: Int, pagesPerRange: Int, sizes: [Int]) -> Int {
        let ranges = (tablePages + pagesPerRange - 1) / pagesPerRange
        guard ranges > 0 else { return 2 }
        let summary = PageLayout.rounded(8 + 2 * sizes.reduce(0) { $0 + PageLayout.rounded($1) })
        let perPage = (PageLayout.page - PageLayout.pageHeader - 8) / (summary + PageLayout.linePointer)
        return 1 + max(1, (ranges + 1359) / 1360) + max(1, (ranges + perPage - 1) / perPage)
    }
}

/// The same sequence each time, so that a look repeated comes to the same figures.
struct Dice {
    private var state: UInt64

    init(_ seed: UInt64 = 7) { state = seed }

    /// From 0 up to 1.
    mutating func next() -> Double {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Double(state >> 33) / 2_147_483_648
    }

    mutating func index(below count: Int) -> Int { min(count - 1, Int(next() * Double(count))) }

    mutating func shuffle<Element>(_ list: inout [Element]) {
        for index in list.indices.reversed() where index > 0 {
            list.swapAt(index, self.index(below: index + 1))
        }
    }
}
