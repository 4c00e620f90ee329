/// Text in seven bits with short lines that all end in CRLF (RFC 2045, 6.7): readable in the raw, and no content can
/// look like a boundary or like a line of the protocol.
enum QuotedPrintable {
    static func encode(_ text: String) -> String {
        var result = ""
        result.reserveCapacity(text.utf8.count + text.utf8.count / 8)
        let unified = text.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
        for line in unified.split(separator: "\n", omittingEmptySubsequences: false) {
            result += encode(line: line)
            result += "\r\n"
        }
        return result
    }

    private static func encode(line: Substring) -> String {
        var result = ""
        var column = 0
        let bytes = Array(line.utf8)
        for (index, byte) in bytes.enumerated() {
            let isLast = index == bytes.count - 1
            let isSpace = byte == 32 || byte == 9
            let isPlain = (33...126).contains(byte) && byte != UInt8(ascii: "=") || isSpace && !isLast
            // A line of `From ` or `.` alone means something to mailboxes and servers on the way.
            let isRisky = column == 0 && (byte == UInt8(ascii: ".") || byte == UInt8(ascii: "F"))
            let piece = isPlain && !isRisky ? String(UnicodeScalar(byte)) : "=" + hexadecimal(byte)
            if column + piece.utf8.count > (isLast ? 76 : 75) {
                result += "=\r\n"
                column = 0
            }
            result += piece
            column += piece.utf8.count
        }
        return result
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        let digits = Array("0123456789ABCDEF")
        return String([digits[Int(byte >> 4)], digits[Int(byte & 15)]])
    }
}
