import FoundationEssentials

/// Hides secrets in everything that leaves the process: raw, and as base64, percent, JSON, shell and hex write them.
public struct Masker: Sendable {
    private static let replacement = Array("(secret)".utf8)
    /// The forms to hide by their first byte, longest first.
    private let forms: [UInt8: [[UInt8]]]

    public init(_ secrets: [Secret]) {
        var forms: Set<[UInt8]> = []
        for secret in secrets {
            let text = secret.reveal()
            for value in [text] + Self.passwords(in: text) where value.utf8.count >= Limits.shortestMaskedSecret {
                forms.formUnion(Self.forms(of: value))
            }
        }
        self.forms = Dictionary(grouping: forms.filter { !$0.isEmpty }) { $0[0] }
            .mapValues { $0.sorted { $0.count > $1.count } }
    }

    public var isEmpty: Bool { forms.isEmpty }

    public func mask(_ text: String) -> String {
        isEmpty ? text : String(decoding: mask(Array(text.utf8)), as: UTF8.self)
    }

    public func mask(_ bytes: [UInt8]) -> [UInt8] {
        guard !isEmpty else { return bytes }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            if let form = forms[bytes[index]]?.first(where: { bytes[index...].starts(with: $0) }) {
                result += Self.replacement
                index += form.count
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return result
    }

    /// A value with every text in it masked.
    public func masked<Value: Codable>(_ value: Value) throws -> Value {
        guard !isEmpty else { return value }
        return try decodeJSON(Value.self, maskTexts(in: try encodeJSON(value)))
    }

    /// Masks the texts of a compact JSON document: its numbers and keys are its shape, whatever they look like.
    private func maskTexts(in json: [UInt8]) throws -> [UInt8] {
        let (quote, escape) = (UInt8(ascii: "\""), UInt8(ascii: "\\"))
        var result: [UInt8] = []
        result.reserveCapacity(json.count)
        var index = 0
        while index < json.count {
            guard json[index] == quote else {
                result.append(json[index])
                index += 1
                continue
            }
            var end = index + 1
            while end < json.count, json[end] != quote { end += json[end] == escape ? 2 : 1 }
            let text = json[index...min(end, json.count - 1)]
            index = end + 1
            if index < json.count, json[index] == UInt8(ascii: ":") {
                result += text
            } else if text.contains(escape) {
                // A match may not begin in the middle of an escape.
                result += try encodeJSON(mask(try decodeJSON(String.self, text)))
            } else {
                result += mask(Array(text))
            }
        }
        return result
    }

    /// The password of a URL, as it stands and decoded.
    private static func passwords(in text: String) -> [String] {
        guard let scheme = text.firstRange(of: "://") else { return [] }
        let authority = text[scheme.upperBound...].prefix { !"/?#".contains($0) }
        guard let at = authority.lastIndex(of: "@"), let colon = authority[..<at].firstIndex(of: ":") else { return [] }
        let password = String(authority[authority.index(after: colon)..<at])
        return [password, password.percentDecoded ?? password]
    }

    private static func forms(of value: String) -> [[UInt8]] {
        let bytes = Array(value.utf8)
        var forms = [bytes, Array(hex(bytes).utf8), Array(hex(bytes).uppercased().utf8)]
        // Inside a longer base64 text the secret's own bits stand at one of three offsets; what the neighbours share
        // in at both ends is left out.
        for offset in 0..<3 {
            let encoded = Data([UInt8](repeating: 0, count: offset) + bytes).base64EncodedString()
            let lead = (offset * 8 + 5) / 6
            let shared = encoded.filter { $0 != "=" }.dropFirst(lead)
            let whole = (offset + bytes.count) % 3 == 0 ? shared : shared.dropLast()
            if whole.count >= Limits.shortestMaskedSecret { forms.append(Array(whole.utf8)) }
        }
        forms.append(Array(percentEncoded(bytes, upper: true).utf8))
        forms.append(Array(percentEncoded(bytes, upper: false).utf8))
        if let json = try? encodeJSON(value) { forms.append(Array(json.dropFirst().dropLast())) }
        let quote = UInt8(ascii: "'")
        forms.append(bytes.flatMap { $0 == quote ? Array("'\\''".utf8) : [$0] })
        return forms
    }

    private static func percentEncoded(_ bytes: [UInt8], upper: Bool) -> String {
        bytes.map { byte in
            let scalar = Character(UnicodeScalar(byte))
            if byte < 128, scalar.isLetter || scalar.isNumber || "-._~".contains(scalar) { return String(scalar) }
            return "%" + (upper ? hex([byte]).uppercased() : hex([byte]))
        }.joined()
    }
}
