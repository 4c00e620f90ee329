import Journal

/// The values of a row in the server's text form.
struct Cells: StoredCells {
    private var values: ArraySlice<String?>

    init(_ values: [String?]) { self.values = values[...] }

    mutating func optionalText() throws(DamagedRow) -> String? {
        guard let value = values.popFirst() else { throw DamagedRow() }
        return value
    }

    mutating func optionalInteger() throws(DamagedRow) -> Int? {
        guard let text = try optionalText() else { return nil }
        guard let value = Int(text) else { throw DamagedRow() }
        return value
    }

    mutating func text() throws(DamagedRow) -> String { try read { $0 } }
    mutating func integer() throws(DamagedRow) -> Int { try read { Int($0) } }
    mutating func number() throws(DamagedRow) -> Double { try read { Double($0) } }
    mutating func boolean() throws(DamagedRow) -> Bool { try read { ["t": true, "f": false][$0] } }
    mutating func bytes() throws(DamagedRow) -> [UInt8] { try read(Hexadecimal.bytes) }

    mutating func digest() throws(DamagedRow) -> String {
        try read { $0.hasPrefix(#"\x"#) ? String($0.dropFirst(2)) : nil }
    }

    private mutating func read<Value>(_ parse: (String) -> Value?) throws(DamagedRow) -> Value {
        guard let value = try optionalText().flatMap(parse) else { throw DamagedRow() }
        return value
    }
}
