import Crypto
import FoundationEssentials
public import Host
public import Maintenance

/// Signs manifests and checkpoints: an Ed25519 key of this installation. It cannot be printed.
public struct SigningKey: Sendable {
    private let key: Curve25519.Signing.PrivateKey

    /// A key that nobody had before.
    public init(from host: Host) throws {
        let seed = (0..<4).flatMap { _ in withUnsafeBytes(of: host.random()) { Array($0) } }
        key = try Curve25519.Signing.PrivateKey(rawRepresentation: seed)
    }

    /// A PKCS #8 key in PEM, as `openssl genpkey -algorithm ed25519` writes it; `nil` where the text is none.
    public init?(pem: Secret) {
        guard let seed = PEM.content(of: pem.reveal(), PEM.privateKey), seed.count == 32,
            let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed)
        else { return nil }
        self.key = key
    }

    /// The key as a PKCS #8 text in PEM, for its file.
    public var pem: Secret { Secret(PEM.text(Array(key.rawRepresentation), PEM.privateKey)) }

    public var publicKey: PublicKey { PublicKey(Array(key.publicKey.rawRepresentation)) }

    /// 64 bytes.
    func signature(of bytes: [UInt8]) throws -> [UInt8] { Array(try key.signature(for: bytes)) }
}

/// What signatures are checked with.
public struct PublicKey: Hashable, Sendable {
    let bytes: [UInt8]

    fileprivate init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// From 64 hexadecimal digits.
    public init?(hexadecimal text: String) {
        guard let bytes = unhex(text), bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// From a PEM file, as `openssl pkey -pubout` writes it.
    public init?(pem: String) {
        guard let bytes = PEM.content(of: pem, PEM.publicKey), bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    public var hexadecimal: String { hex(bytes) }

    public var pem: String { PEM.text(bytes, PEM.publicKey) }

    /// `sha256:` and the digest of the key's 32 bytes.
    public var fingerprint: String { "sha256:" + sha256Hex(bytes) }

    func verifies(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes) else { return false }
        return key.isValidSignature(signature, for: message)
    }
}

/// The two forms of PEM that an Ed25519 key has (RFC 8410): what stands before its 32 bytes is always the same.
private struct PEM {
    let label: String
    let prefix: [UInt8]

    static let privateKey = PEM(
        label: "PRIVATE KEY",
        prefix: [0x30, 0x2E, 2, 1, 0, 0x30, 5, 6, 3, 0x2B, 0x65, 0x70, 4, 0x22, 4, 0x20])
    static let publicKey = PEM(
        label: "PUBLIC KEY", prefix: [0x30, 0x2A, 0x30, 5, 6, 3, 0x2B, 0x65, 0x70, 3, 0x21, 0])

    static func text(_ key: [UInt8], _ form: PEM) -> String {
        "-----BEGIN \(form.label)-----\n\(Data(form.prefix + key).base64EncodedString())\n-----END \(form.label)-----\n"
    }

    static func content(of text: String, _ form: PEM) -> [UInt8]? {
        let lines = text.split(whereSeparator: \.isNewline)
        guard let begin = lines.firstIndex(of: "-----BEGIN \(form.label)-----"),
            let end = lines.firstIndex(of: "-----END \(form.label)-----"), begin < end,
            let data = Data(base64Encoded: lines[(begin + 1)..<end].joined()),
            data.starts(with: form.prefix)
        else { return nil }
        return Array(data.dropFirst(form.prefix.count))
    }
}

/// The bytes of hexadecimal digits; `nil` where they are none.
func unhex(_ text: String) -> [UInt8]? {
    let digits = Array(text.utf8)
    guard digits.count.isMultiple(of: 2) else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
        let pair = String(decoding: digits[index...(index + 1)], as: UTF8.self)
        guard let byte = UInt8(pair, radix: 16), pair.first != "+" else { return nil }
        bytes.append(byte)
    }
    // One signature, one text.
    return hex(bytes) == text ? bytes : nil
}
