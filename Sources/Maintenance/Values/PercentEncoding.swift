extension StringProtocol {
    /// What `%2F` and the like stand for (RFC 3986); `nil` where it is no percent encoding of a text.
    public var percentDecoded: String? {
        var bytes: [UInt8] = []
        var rest = Array(utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

extension StringProtocol {
    /// The text in percent form, but for the unreserved characters of RFC 3986: fit for any part of a URL.
    public var percentEncoded: String {
        utf8.map { byte in
            let scalar = Character(Unicode.Scalar(byte))
            return byte < 128 && (scalar.isLetter || scalar.isNumber || "-._~".contains(scalar))
                ? String(scalar) : "%" + hex([byte]).uppercased()
        }.joined()
    }
}
