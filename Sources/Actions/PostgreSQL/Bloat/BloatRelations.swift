import ClientPostgreSQL
import Maintenance

/// A table as the catalog describes it, with its indexes.
struct BloatTable: Sendable {
    let oid: Int
    /// As SQL writes it: `public.orders`.
    let name: String
    let isLocked: Bool
    let isReadable: Bool
    let hasRowSecurity: Bool
    /// Of the heap alone, which is what is read of it.
    let heapBytes: Int
    let toastOID: Int?
    let toastBytes: Int
    let toastIndexBytes: Int
    /// `reltuples`; -1 or 0 where nobody counted.
    let tuples: Double
    let live: Double
    let modified: Double
    let isAnalyzed: Bool
    let isVacuumed: Bool
    let fillfactor: Int
    let toastTarget: Int
    let columns: [BloatColumn]
    let indexes: [BloatIndex]

    var hasToast: Bool { toastOID != nil }
    var bytes: Int { heapBytes + toastBytes + toastIndexBytes }
    var blocks: Int { PageLayout.pages(heapBytes) }
    var shape: RowShape { RowShape(columns: columns.map(\.shape)) }
    /// Every row is as long as any other.
    var isFixed: Bool { columns.allSatisfy { $0.isDropped || $0.isFixed } }

    func column(_ number: Int) -> BloatColumn? { columns.first { $0.number == number } }
}

struct BloatColumn: Sendable {
    let number: Int
    /// Quoted where it must be.
    let name: String
    let shape: ColumnShape
    let type: String
    let isRequired: Bool
    let isDropped: Bool
    /// It has a default that older rows do not hold.
    let isMissingInRows: Bool
    /// Rows that ANALYZE reads are three hundred times this.
    let target: Double
    /// `nil` where there is none, or none that this role is shown.
    let statistics: ColumnStatistics?

    var isFixed: Bool { shape.length > 0 && isRequired }
    var nulls: Double { isRequired ? 0 : statistics?.nulls ?? 0 }
}

struct ColumnStatistics: Sendable {
    let nulls: Double
    let width: Int
    /// `n_distinct`: below zero a share of the rows.
    let distinct: Double
    let frequencies: [Double]
    /// Payloads of the most common values and of the histogram's bounds.
    let common: [Int]
    let bounds: [Int]

    func distinct(of rows: Double) -> Double { distinct > 0 ? distinct : -distinct * rows }
}

struct BloatIndex: Sendable {
    struct Key: Sendable {
        /// The table's column; 0 for an expression.
        let column: Int
        let expression: String?
        let shape: ColumnShape
        let type: String

        /// Kept as a text that ends with a zero.
        var isName: Bool { shape.length == -2 && expression == nil }
        var isText: Bool { type == "text" || type == "character varying" }
    }

    let oid: Int
    let name: String
    let method: String
    let bytes: Int
    let isLocked: Bool
    let isValid: Bool
    let tuples: Double
    let fillfactor: Int?
    let pagesPerRange: Int
    let predicate: String?
    let deduplicates: Bool
    let hasForeignCode: Bool
    /// How many of the columns are keys; the others are included.
    let keyCount: Int
    let keys: [Key]
    /// Of expressions, by the place of the key.
    let columns: [BloatColumn]

    var pages: Int { PageLayout.pages(bytes) }
    var shape: RowShape { RowShape(columns: keys.map(\.shape)) }
}

extension BloatCatalog {
    init(relations: Rows, columns: Rows, keys: Rows) throws(CouldNotLook) {
        var columnsOf: [Int: [BloatColumn]] = [:]
        for row in columns.rows {
            columnsOf[try row.integer("relation"), default: []].append(try BloatColumn(row))
        }
        var keysOf: [Int: [BloatIndex.Key]] = [:]
        for row in keys.rows {
            keysOf[try row.integer("index"), default: []].append(try BloatIndex.Key(row))
        }
        var indexesOf: [Int: [BloatIndex]] = [:]
        for row in relations.rows where try row.optional("table") != nil {
            let oid = try row.integer("oid")
            indexesOf[try row.integer("table"), default: []].append(
                try BloatIndex(row, keys: keysOf[oid] ?? [], columns: columnsOf[oid] ?? []))
        }
        var tables: [BloatTable] = []
        for row in relations.rows where try row.optional("table") == nil {
            let oid = try row.integer("oid")
            tables.append(
                try BloatTable(row, columns: columnsOf[oid] ?? [], indexes: indexesOf[oid] ?? []))
        }
        self.tables = tables
    }
}

extension BloatTable {
    fileprivate init(_ row: Row, columns: [BloatColumn], indexes: [BloatIndex]) throws(CouldNotLook) {
        oid = try row.integer("oid")
        name = try row.text("name")
        isLocked = try row.boolean("locked")
        isReadable = try row.boolean("readable")
        hasRowSecurity = try row.boolean("row_security")
        heapBytes = try row.integer("bytes")
        toastOID = try row.boolean("has_toast") ? try row.integer("toast_oid") : nil
        toastBytes = try row.whole("toast") ?? 0
        toastIndexBytes = try row.whole("toast_index") ?? 0
        tuples = try row.number("tuples")
        live = try row.number("live")
        modified = try row.number("modified")
        isAnalyzed = try row.boolean("analyzed")
        isVacuumed = try row.boolean("vacuumed")
        fillfactor = try row.whole("fillfactor") ?? 100
        toastTarget = try row.whole("toast_tuple_target") ?? PageLayout.toastTarget
        self.columns = columns
        self.indexes = indexes
    }
}

extension BloatIndex {
    fileprivate init(_ row: Row, keys: [Key], columns: [BloatColumn]) throws(CouldNotLook) {
        oid = try row.integer("oid")
        name = try row.text("name")
        method = try row.optional("method") ?? ""
        bytes = try row.integer("bytes")
        isLocked = try row.boolean("locked")
        isValid = try row.boolean("valid")
        tuples = try row.number("tuples")
        fillfactor = try row.whole("fillfactor")
        pagesPerRange = try row.whole("pages_per_range") ?? 128
        predicate = try row.optional("predicate")
        deduplicates = try row.boolean("deduplicates")
        hasForeignCode = try row.boolean("foreign_code")
        keyCount = try row.integer("keys")
        self.keys = keys
        self.columns = columns
    }
}

extension BloatIndex.Key {
    fileprivate init(_ row: Row) throws(CouldNotLook) {
        column = try row.integer("column")
        expression = try row.optional("expression")
        shape = try row.shape()
        type = try row.text("type")
    }
}

extension BloatColumn {
    fileprivate init(_ row: Row) throws(CouldNotLook) {
        number = try row.integer("number")
        name = try row.text("name")
        isDropped = try row.boolean("dropped")
        shape = try row.shape()
        type = try row.text("type")
        isRequired = try row.boolean("required")
        isMissingInRows = try row.boolean("missing")
        target = try row.number("target")
        guard try row.optional("nulls") != nil, try row.optional("distinct") != nil else {
            statistics = nil
            return
        }
        statistics = ColumnStatistics(
            nulls: try row.number("nulls"), width: try row.integer("width"),
            distinct: try row.number("distinct"),
            frequencies: try row.list("frequencies"), common: try row.list("common").map { Int($0) },
            bounds: try row.list("bounds").map { Int($0) })
    }
}

extension Row {
    fileprivate func shape() throws(CouldNotLook) -> ColumnShape {
        let shape = ColumnShape(
            length: try integer("length"), alignment: try text("alignment"), storage: try text("storage"))
        guard let shape else {
            throw CouldNotLook(.malformed, "PostgreSQL describes a column in a way that is not known.")
        }
        return shape
    }

    /// A whole number that may be missing.
    func whole(_ name: String) throws(CouldNotLook) -> Int? {
        try optional(name) == nil ? nil : try integer(name)
    }

    /// `{1,2}`; what is no number is left out, as a list that is not there.
    fileprivate func list(_ name: String) throws(CouldNotLook) -> [Double] {
        guard let text = try optional(name) else { return [] }
        let items = text.dropFirst().dropLast().split(separator: ",")
        let numbers = items.compactMap { Double($0) }
        return numbers.count == items.count ? numbers : []
    }
}
