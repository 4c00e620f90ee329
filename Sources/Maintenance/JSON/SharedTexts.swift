import Glibc

/// Texts that stand again and again in a document, each kept once: of five thousand pods the keys, images and reasons
/// are the same.
struct SharedTexts {
    /// Swift keeps shorter ones without memory of their own.
    private static let shortest = 16
    /// Longer ones hardly repeat.
    private static let longest = 200
    private static let places = 4096

    private var kept = [String?](repeating: nil, count: places)

    /// `nil` where the bytes are not UTF-8.
    mutating func text(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
        guard bytes.count >= Self.shortest, bytes.count <= Self.longest else {
            return String(validating: bytes, as: UTF8.self)
        }
        let place = Self.hash(bytes)
        if let text = kept[place], Self.isSame(text, bytes) { return text }
        let text = String(validating: bytes, as: UTF8.self)
        kept[place] = text
        return text
    }

    private static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        var hash: UInt32 = 2_166_136_261
        for byte in bytes { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        return Int((hash ^ hash >> 15) & UInt32(places - 1))
    }

    private static func isSame(_ text: String, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard text.utf8.count == bytes.count, let base = bytes.baseAddress else { return false }
        let same = text.utf8.withContiguousStorageIfAvailable { kept in
            kept.baseAddress.map { memcmp($0, base, bytes.count) == 0 } ?? false
        }
        return same ?? false
    }
}
