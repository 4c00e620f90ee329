/// How PostgreSQL lays rows into pages, in bytes: the constants of bufpage.h, htup_details.h, itup.h and heaptoast.h for
/// its usual page of 8 KiB.
enum PageLayout {
    static let page = 8192
    static let pageHeader = 24
    static let linePointer = 4
    static let rowHeader = 23
    static let entryHeader = 8
    /// The bitmap of an index entry with a null, aligned.
    static let entryNulls = 8
    /// What a B-tree keeps at the end of each page.
    static let treeSpecial = 16
    /// The address of a row, as posting lists hold it.
    static let rowAddress = 6
    /// The largest posting list that a build makes.
    static let postingList = 812
    /// Bytes of a value in one row of a TOAST table, and what the row takes beside them.
    static let toastChunk = 1996
    static let toastChunkHeader = 36
    /// What is left in the row of a value that was moved out.
    static let toastPointer = 18
    /// The length that rows are brought down to, and the one for columns of storage MAIN.
    static let toastTarget = 2032
    static let toastTargetOfMain = 8160
    static let rowsPerPage = 291
    /// Payload up to which a value has a header of one byte.
    static let shortPayload = 126

    static func rounded(_ bytes: Int, to multiple: Int = 8) -> Int {
        (bytes + multiple - 1) / multiple * multiple
    }

    /// Bytes of a value of variable length with so many bytes of payload.
    static func stored(_ payload: Int) -> Int { payload <= shortPayload ? payload + 1 : payload + 4 }

    /// Bytes that a value takes once it is in a row, of which the server computed the size with a header of four bytes.
    static func storedFromComputed(_ size: Int) -> Int { size <= shortPayload + 4 ? size - 3 : size }

    /// Pages of so many bytes.
    static func pages(_ bytes: Int) -> Int { bytes / page }

    /// What a fillfactor leaves free in each page.
    static func reserve(_ fillfactor: Int) -> Int { page * (100 - fillfactor) / 100 }
}

/// How the values of a column lie in a row.
struct ColumnShape: Hashable, Sendable {
    /// What the column's storage lets the server do with long values.
    enum Storage: String, Hashable, Sendable {
        case plain = "p"
        case external = "e"
        case extended = "x"
        case main = "m"
    }

    /// Fixed bytes; -1 for a variable length with a header, -2 for a text that ends with a zero.
    let length: Int
    /// 1, 2, 4 or 8.
    let alignment: Int
    let storage: Storage

    /// As `pg_attribute` writes it.
    init?(length: Int, alignment: String, storage: String) {
        guard let bytes = ["c": 1, "s": 2, "i": 4, "d": 8][alignment],
            let storage = Storage(rawValue: storage)
        else {
            return nil
        }
        self.init(length: length, alignment: bytes, storage: storage)
    }

    init(length: Int, alignment: Int, storage: Storage) {
        self.length = length
        self.alignment = alignment
        self.storage = storage
    }

    /// The column of a `name` as an index holds it: a text that ends with a zero, at most 64 bytes.
    var asText: ColumnShape { ColumnShape(length: -1, alignment: 1, storage: .main) }

    /// Where the value ends that begins at `offset`.
    fileprivate func end(from offset: Int, size: Int) -> Int {
        if length > 0 { return PageLayout.rounded(offset, to: alignment) + length }
        // A short header is never aligned.
        if length == -1, size > PageLayout.shortPayload + 1 || storage == .plain {
            return PageLayout.rounded(offset, to: alignment) + size
        }
        return offset + size
    }
}

/// The columns of a row or an index entry in their order.
struct RowShape: Hashable, Sendable {
    let columns: [ColumnShape]

    /// A row of a table after it was rewritten.
    struct Row: Equatable {
        /// With its header, aligned.
        let length: Int
        /// Lengths of the rows of the TOAST table that its values take.
        let chunks: [Int]
    }

    /// `sizes` are stored bytes; `nil` is NULL.
    func end(_ sizes: [Int?], from start: Int = 0) -> Int {
        var offset = start
        for index in columns.indices {
            if let size = sizes[index] { offset = columns[index].end(from: offset, size: size) }
        }
        return offset
    }

    /// An entry of a B-tree.
    func entry(_ sizes: [Int?]) -> Int {
        let nulls = sizes.contains { $0 == nil } ? PageLayout.entryNulls : 0
        return PageLayout.rounded(end(sizes, from: PageLayout.entryHeader + nulls))
    }

    /// A row, with what the toaster moves out: the largest first, until it fits.
    func row(_ sizes: [Int?], target: Int = PageLayout.toastTarget) -> Row {
        let bitmap = sizes.contains { $0 == nil } ? (columns.count + 7) / 8 : 0
        let head = PageLayout.rounded(PageLayout.rowHeader + bitmap)
        var sizes = sizes
        var data = end(sizes)
        guard head + data > target else {
            return Row(length: PageLayout.rounded(head + data), chunks: [])
        }
        var chunks: [Int] = []
        let rounds: [(Set<ColumnShape.Storage>, Int)] = [
            ([.extended, .external], PageLayout.rounded(target)), ([.main], PageLayout.toastTargetOfMain),
        ]
        for (storages, target) in rounds {
            while data > target - head, let index = largest(sizes, storages), let size = sizes[index] {
                chunks += Self.chunks(size)
                sizes[index] = PageLayout.toastPointer
                data = end(sizes)
            }
        }
        return Row(length: PageLayout.rounded(head + data), chunks: chunks)
    }

    /// The largest value that moving out makes smaller.
    private func largest(_ sizes: [Int?], _ storages: Set<ColumnShape.Storage>) -> Int? {
        var best: (index: Int, size: Int)?
        for (index, column) in columns.enumerated()
        where column.length == -1 && storages.contains(column.storage) {
            if let size = sizes[index], size > best?.size ?? 24 { best = (index, size) }
        }
        return best?.index
    }

    private static func chunks(_ size: Int) -> [Int] {
        let (full, rest) = size.quotientAndRemainder(dividingBy: PageLayout.toastChunk)
        let whole = PageLayout.rounded(PageLayout.toastChunkHeader + PageLayout.toastChunk)
        return Array(repeating: whole, count: full)
            + (rest > 0 ? [PageLayout.rounded(PageLayout.toastChunkHeader + rest)] : [])
    }
}
