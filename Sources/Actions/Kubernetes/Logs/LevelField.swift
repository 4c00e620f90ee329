/// Finds the level in a line that is a JSON object, without reading the rest of it into values. A line that was cut has
/// the level that stands before the cut.
struct LevelField {
    enum Level: Hashable {
        case word(String)
        case number(Double)
    }

    private let fields: [[UInt8]]
    private var bytes: ArraySlice<UInt8> = []
    private var index = 0

    init(_ fields: [String]) { self.fields = fields.map { Array($0.utf8) } }

    /// Of the fields that are there, the first of the list decides; of a field that is there twice, the first.
    func level(of line: ArraySlice<UInt8>) -> Level? {
        var reader = self
        reader.bytes = line
        reader.index = line.startIndex
        return reader.read()
    }

    private mutating func read() -> Level? {
        var found: [Level?] = Array(repeating: nil, count: fields.count)
        guard take(UInt8(ascii: "{")) else { return nil }
        skipSpace()
        // Where a line breaks off, the level that came before holds.
        while let key = text() {
            skipSpace()
            guard take(UInt8(ascii: ":")) else { break }
            skipSpace()
            if let place = fields.firstIndex(where: { $0.elementsEqual(key) }), found[place] == nil {
                found[place] = value()
            } else {
                guard skipValue() else { break }
            }
            skipSpace()
            guard take(UInt8(ascii: ",")) else { break }
            skipSpace()
        }
        return found.compactMap(\.self).first
    }

    private mutating func value() -> Level? {
        if current == UInt8(ascii: "\"") { return text().map { .word(String(decoding: $0, as: UTF8.self)) } }
        let start = index
        guard skipValue() else { return nil }
        return Double(String(decoding: bytes[start..<index], as: UTF8.self)).map { .number($0) }
    }

    private var current: UInt8? { index < bytes.endIndex ? bytes[index] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard current == byte else { return false }
        index += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = current, byte == 32 || (9...13).contains(byte) { index += 1 }
    }

    /// A text as it stands between its quotes.
    private mutating func text() -> ArraySlice<UInt8>? {
        guard take(UInt8(ascii: "\"")) else { return nil }
        let start = index
        while let byte = current {
            index += 1
            if byte == UInt8(ascii: "\"") { return bytes[start..<index - 1] }
            if byte == UInt8(ascii: "\\") { index += 1 }
        }
        return nil
    }

    /// Past a value of any kind; nesting is only counted.
    private mutating func skipValue() -> Bool {
        var depth = 0
        while let byte = current {
            switch byte {
            case UInt8(ascii: "\""):
                guard text() != nil else { return false }
                if depth == 0 { return true }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return true }
                depth -= 1
                index += 1
                if depth == 0 { return true }
                continue
            case UInt8(ascii: ",") where depth == 0: return true
            default: break
            }
            index += 1
        }
        return false
    }
}
