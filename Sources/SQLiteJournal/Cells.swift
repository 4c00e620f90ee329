import FoundationEssentials
import GRDB
import Journal

/// The values of a row.
struct Cells: StoredCells {
    private let row: Row
    private var index = 0

    init(_ row: Row) { self.row = row }

    mutating func text() throws(DamagedRow) -> String { try next() }
    mutating func integer() throws(DamagedRow) -> Int { try next() }
    mutating func number() throws(DamagedRow) -> Double { try next() }
    mutating func boolean() throws(DamagedRow) -> Bool { try next() }
    mutating func digest() throws(DamagedRow) -> String { try next() }
    mutating func optionalText() throws(DamagedRow) -> String? { try next() }
    mutating func optionalInteger() throws(DamagedRow) -> Int? { try next() }

    mutating func bytes() throws(DamagedRow) -> [UInt8] {
        try next { row, index in try row.withUnsafeData(atIndex: index) { $0.map(Array.init) ?? [] } }
    }

    private mutating func next<Value: DatabaseValueConvertible & StatementColumnConvertible>()
        throws(DamagedRow) -> Value
    {
        try next { row, index in try row.decode(Value.self, atIndex: index) }
    }

    private mutating func next<Value>(_ read: (Row, Int) throws -> Value) throws(DamagedRow) -> Value {
        defer { index += 1 }
        do { return try read(row, index) } catch { throw DamagedRow() }
    }
}
