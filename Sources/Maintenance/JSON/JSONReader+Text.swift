/// Texts and their escapes.
extension JSONReader {
    mutating func text() throws(Mistake) -> String {
        index += 1
        let start = index
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") {
                let text = texts.text(UnsafeBufferPointer(rebasing: bytes[start..<index]))
                index += 1
                guard let text else { throw mistake("a text is not UTF-8") }
                return text
            }
            if byte == UInt8(ascii: "\\") { return try escapedText(from: start) }
            guard byte >= 0x20 else { throw mistake("a control character stands in a text") }
            index += 1
        }
        throw mistake("a text does not end")
    }

    /// A text with escapes: rare, so that it may be slower.
    private mutating func escapedText(from start: Int) throws(Mistake) -> String {
        var result = Array(bytes[start..<index])
        while let byte = next {
            index += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: result, as: UTF8.self) else { throw mistake("a text is not UTF-8") }
                return text
            case UInt8(ascii: "\\"): try escape(into: &result)
            case 0..<0x20: throw mistake("a control character stands in a text")
            default: result.append(byte)
            }
        }
        throw mistake("a text does not end")
    }

    private mutating func escape(into result: inout [UInt8]) throws(Mistake) {
        guard let byte = next else { throw mistake("a text does not end") }
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(byte)
        case UInt8(ascii: "b"): result.append(0x08)
        case UInt8(ascii: "f"): result.append(0x0C)
        case UInt8(ascii: "n"): result.append(0x0A)
        case UInt8(ascii: "r"): result.append(0x0D)
        case UInt8(ascii: "t"): result.append(0x09)
        case UInt8(ascii: "u"):
            var code = try unit()
            if (0xD800...0xDBFF).contains(code) {
                guard accept(UInt8(ascii: "\\")), accept(UInt8(ascii: "u")) else { throw mistake("half a character") }
                let low = try unit()
                guard (0xDC00...0xDFFF).contains(low) else { throw mistake("half a character") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw mistake("half a character") }
            result.append(contentsOf: String(Character(scalar)).utf8)
        default: throw mistake("an unknown escape")
        }
    }

    /// The four figures of `\\uXXXX`.
    private mutating func unit() throws(Mistake) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, let figure = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
                throw mistake("an unknown escape")
            }
            code = code << 4 | UInt32(figure)
            index += 1
        }
        return code
    }
}
