import Host

/// Percent encoding as Signature Version 4 defines it: all but letters, figures and `-._~`, in upper case.
enum AWSText {
    static func encoded(_ text: String, keeping kept: Set<UInt8> = []) -> String {
        var result: [UInt8] = []
        result.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            if plain.contains(byte) || kept.contains(byte) {
                result.append(byte)
            } else {
                result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// A key as a path: its slashes stay.
    static func path(_ key: String) -> String { encoded(key, keeping: [UInt8(ascii: "/")]) }

    /// Sorted by the encoded names, as the signature wants it.
    static func query(_ items: [(String, String)]) -> String {
        items.map { (encoded($0), encoded($1)) }.sorted { $0 < $1 }.map { "\($0)=\($1)" }.joined(separator: "&")
    }

    /// `20130524T000000Z`.
    static func timestamp(_ instant: Instant) -> String {
        let seconds = Instant(secondsSinceEpoch: instant.secondsSinceEpoch)
        return seconds.description.filter { $0 != "-" && $0 != ":" }
    }

    private static let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~".utf8)
    private static let digits = Array("0123456789ABCDEF".utf8)
}
