import Host
import SwiftASN1

/// The parts of a certificate that people read, made harmless: a hostile certificate may hold any character.
enum DERText {
    static func serial(_ bytes: ArraySlice<UInt8>) -> String {
        let digits = bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
        return String(digits.prefix(64))
    }

    /// A distinguished name, the most specific attribute first.
    static func name(_ node: ASN1Node) -> String? {
        guard let parts = node.children else { return nil }
        var attributes: [String] = []
        for part in parts.reversed() {
            for attribute in part.children ?? [] {
                guard let pair = attribute.children, pair.count == 2, let type = pair[0].identifierText,
                    let value = pair[1].bytes
                else { return nil }
                attributes.append("\(labels[type] ?? type)=\(shown(text(value, tag: pair[1].identifier)))")
            }
        }
        return attributes.joined(separator: ", ")
    }

    /// A DNS name in small letters, or an address; nil for the kinds that no client of ours compares.
    static func alternativeName(_ node: ASN1Node) -> String? {
        guard node.identifier.tagClass == .contextSpecific, let bytes = node.bytes else { return nil }
        switch node.identifier.tagNumber {
        case 2: return shown(String(decoding: bytes, as: UTF8.self).lowercased())
        case 7: return ServerName.text(ofAddress: Array(bytes))
        default: return nil
        }
    }

    /// UTCTime and GeneralizedTime, which certificates write with seconds and in UTC only.
    static func instant(_ node: ASN1Node) -> Instant? {
        guard let bytes = node.bytes, bytes.last == UInt8(ascii: "Z") else { return nil }
        var digits = String(decoding: bytes.dropLast(), as: UTF8.self)
        if node.identifier == .utcTime {
            guard digits.count == 12, let year = Int(digits.prefix(2)) else { return nil }
            digits = (year < 50 ? "20" : "19") + digits
        }
        guard digits.utf8.count == 14, digits.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        let all = Array(digits)
        func part(_ range: Range<Int>) -> String { String(all[range]) }
        let day = "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))"
        return Instant("\(day)T\(part(8..<10)):\(part(10..<12)):\(part(12..<14))Z")
    }

    /// Without control characters, and not longer than anybody reads.
    static func shown(_ text: String) -> String {
        let harmless = text.unicodeScalars.map { scalar in
            scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
                ? "?" : String(scalar)
        }
        let cut = harmless.prefix(TLSLimits.shownName).joined()
        return harmless.count > TLSLimits.shownName ? cut + "…" : cut
    }

    private static func text(_ bytes: ArraySlice<UInt8>, tag: ASN1Identifier) -> String {
        guard tag == .bmpString else { return String(decoding: bytes, as: UTF8.self) }
        let units = stride(from: bytes.startIndex, to: bytes.endIndex - 1, by: 2).map { index in
            UInt16(bytes[index]) << 8 | UInt16(bytes[index + 1])
        }
        return String(decoding: units, as: UTF16.self)
    }

    private static let labels = [
        "2.5.4.3": "CN", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.10": "O", "2.5.4.11": "OU",
        "0.9.2342.19200300.100.1.25": "DC",
    ]
}
