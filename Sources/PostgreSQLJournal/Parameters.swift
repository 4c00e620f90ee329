import ClientPostgreSQL
import Host
import Maintenance

/// Values in the server's text form.
extension SQLParameter {
    static func numbers(_ numbers: some Sequence<some BinaryInteger>) -> SQLParameter {
        SQLParameter("{" + numbers.map { String($0) }.joined(separator: ",") + "}")
    }

    static func moments(_ moments: some Sequence<Instant>) -> SQLParameter {
        numbers(moments.map(\.microsecondsSinceEpoch))
    }

    static func texts(_ texts: some Sequence<String>) -> SQLParameter { array(Array(texts)) }

    static func fractions(_ fractions: some Sequence<Double>) -> SQLParameter {
        SQLParameter("{" + fractions.map { "\($0)" }.joined(separator: ",") + "}")
    }

    /// A `bytea[]` from digests in hexadecimal.
    static func digests(_ digests: some Sequence<String>) -> SQLParameter {
        SQLParameter("{" + digests.map { #""\\x"# + $0 + "\"" }.joined(separator: ",") + "}")
    }

    /// A `bytea[]`.
    static func contents(_ contents: some Sequence<[UInt8]>) -> SQLParameter {
        SQLParameter("{" + contents.map { #""\\x"# + hex($0) + "\"" }.joined(separator: ",") + "}")
    }

    static func digest(_ digest: String) -> SQLParameter { SQLParameter(#"\x"# + digest) }

    static func moment(_ moment: Instant?) -> SQLParameter {
        SQLParameter(moment.map { String($0.microsecondsSinceEpoch) })
    }
}

/// The server's text form of bytes, without the mark before it.
enum Hexadecimal {
    /// The bytes of a text such as `\x0a`; nil where it is none.
    static func bytes(_ text: String) -> [UInt8]? {
        var digits = text.utf8.makeIterator()
        guard digits.next() == UInt8(ascii: "\\"), digits.next() == UInt8(ascii: "x") else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count / 2)
        while let high = digits.next() {
            guard let low = digits.next(), let high = value(high), let low = value(low) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    /// Whether it is a digest as the journal writes them.
    static func isDigest(_ text: String) -> Bool {
        text.utf8.count == 64 && text.utf8.allSatisfy { value($0) != nil && !(65...70).contains($0) }
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 48...57: digit - 48
        case 97...102: digit - 87
        case 65...70: digit - 55
        default: nil
        }
    }
}
