import Maintenance

/// The live rows of evenly spaced blocks of a table, as stored sizes: no value is fetched, and no code that is not
/// PostgreSQL's own is executed.
struct BlockSample {
    /// What a row was asked besides the sizes of its columns.
    enum Slot: Hashable {
        case column(Int)
        /// Of an index, by its oid and the key's place.
        case key(Int, Int)
        case predicate(Int)
    }

    struct SampledRow {
        let block: Int
        /// By the table's columns; `nil` is NULL.
        let sizes: [Int?]
        fileprivate let values: [Int?]
    }

    let rows: [SampledRow]
    let blocks: Int
    /// All of the table was read.
    let isWhole: Bool
    /// The condition that reads the same blocks again; empty where it was all.
    let condition: String
    private let slots: [Slot: Int]

    func value(_ row: SampledRow, _ slot: Slot) -> Int? { slots[slot].flatMap { row.values[$0] } }

    func holds(_ row: SampledRow, predicateOf index: BloatIndex) -> Bool {
        index.predicate == nil || value(row, .predicate(index.oid)) != nil
    }

    func describe(of total: Int) -> String {
        "\(isWhole ? "all" : String(blocks)) of \(total) blocks read"
    }

    static func read(
        _ table: BloatTable, rows: Double, _ reader: BloatReader
    ) async throws(CouldNotLook) -> BlockSample {
        let wanted = table.toastBytes > 0 ? BloatLimits.sampledRowsWithToast : BloatLimits.sampledRows
        let perBlock = max(1, rows / Double(max(1, table.blocks)))
        let bounds = BloatLimits.sampledBlocks
        let count = min(
            table.blocks,
            Int(max(Double(bounds.lowerBound), min(Double(bounds.upperBound), wanted / perBlock))))
        guard reader.takes(count) else { throw reader.exhausted("its rows would have to be read") }
        let isWhole = Double(count) >= 0.9 * Double(table.blocks)
        let condition = isWhole ? "" : BloatReader.blocks(BloatReader.spaced(count, of: table.blocks))
        let asked = questions(table)
        let answer = try await reader.rows(
            "SELECT (ctid::text::point)[0]::bigint" + asked.map { ", " + $0.sql }.joined()
                + " FROM ONLY \(table.name)" + (condition.isEmpty ? "" : " WHERE \(condition)"))
        var slots: [Slot: Int] = [:]
        for (index, question) in asked.enumerated() { slots[question.slot] = index }
        let sampled = answer.map { line in
            let values = zip(asked, line.dropFirst()).map { question, text in
                text.flatMap { Int($0) }.map { question.stored($0) }
            }
            let sizes: [Int?] = table.columns.map { column in
                if column.isDropped { return nil }
                if column.isFixed { return column.shape.length }
                guard let index = slots[.column(column.number)], let size = values[index] else {
                    return nil
                }
                return column.shape.length > 0 ? column.shape.length : size
            }
            return SampledRow(block: Int((line.first ?? "") ?? "") ?? 0, sizes: sizes, values: values)
        }
        return BlockSample(
            rows: sampled, blocks: count, isWhole: isWhole, condition: condition, slots: slots)
    }

    private struct Question {
        let slot: Slot
        let sql: String
        /// From what the server answers to the bytes in the row.
        var stored: (Int) -> Int = { $0 }
    }

    /// The whole row is never asked for: that would fetch the values that are kept apart.
    private static func questions(_ table: BloatTable) -> [Question] {
        var questions: [Question] = []
        for column in table.columns where !column.isDropped && !column.isFixed {
            let sql =
                column.shape.length > 0
                ? "CASE WHEN \(column.name) IS NOT NULL THEN 1 END" : "pg_column_size(\(column.name))"
            questions.append(Question(slot: .column(column.number), sql: sql))
        }
        for index in table.indexes where !index.hasForeignCode {
            for (place, key) in index.keys.enumerated() where key.expression != nil || key.isName {
                guard let sql = key.sql(in: table) else { continue }
                // Outside of its predicate an expression may be an error.
                let size =
                    index.predicate.map { "CASE WHEN (\($0)) THEN \(key.size(of: sql)) END" }
                    ?? key.size(of: sql)
                questions.append(Question(slot: .key(index.oid, place), sql: size, stored: key.stored))
            }
            if let predicate = index.predicate {
                questions.append(
                    Question(slot: .predicate(index.oid), sql: "CASE WHEN (\(predicate)) THEN 1 END"))
            }
        }
        return questions
    }
}

extension BloatIndex.Key {
    /// The key as an expression over the table's columns.
    func sql(in table: BloatTable) -> String? {
        expression.map { "(\($0))" } ?? table.column(column)?.name
    }

    /// What the server is asked for the size of a value; what `stored` makes of the answer is what an entry takes.
    func size(of sql: String) -> String {
        if shape.length > 0 { return "CASE WHEN \(sql) IS NOT NULL THEN \(shape.length) END" }
        if shape.length == -2, expression == nil { return "octet_length(\(sql)::text) + 1" }
        return expression != nil && isText ? "octet_length(\(sql)::text)" : "pg_column_size(\(sql))"
    }

    /// An expression's value has a long header until it is stored.
    func stored(_ answer: Int) -> Int {
        guard expression != nil, shape.length < 0 else { return answer }
        return isText ? PageLayout.stored(answer) : PageLayout.storedFromComputed(answer)
    }
}
