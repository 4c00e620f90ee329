/// Keys as texts and back, one to one: printable ASCII stands for itself, every other byte and `%` is written `%XX`
/// with capital hexadecimal digits. A text that no key gives is refused.
enum KeyName {
    static func text(_ key: [UInt8]) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(key.count)
        for byte in key {
            if (32...126).contains(byte), byte != UInt8(ascii: "%") {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func bytes(_ text: String) -> [UInt8]? {
        var key: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                key.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(digits.firstIndex),
                let low = rest.popFirst().flatMap(digits.firstIndex)
            else { return nil }
            key.append(UInt8(high << 4 | low))
        }
        return Self.text(key).utf8.elementsEqual(text.utf8) ? key : nil
    }

    /// For people: cut where it is long.
    static func shown(_ name: String) -> String {
        name.count > RedisActionLimits.shownName ? name.prefix(RedisActionLimits.shownName) + "…" : name
    }

    private static let digits = Array("0123456789ABCDEF".utf8)
}
