import Crypto
public import Host
import Synchronization

/// Collects what the accesses saw during one step. Every access writes here by itself, so that no action can forget.
public final class EvidenceLog: Sendable {
    private let host: Host
    private let entries = Mutex<[Evidence]>([])

    public init(host: Host) { self.host = host }

    /// Notes an answer; only its digest and the beginning are kept.
    public func note(source: String, statement: String, answer: some Sequence<UInt8>) {
        let bytes = Array(answer)
        let entry = Evidence(
            source: source, statement: String(statement.prefix(Limits.evidenceStatement)), observedAt: host.now(),
            digest: hex(SHA256.hash(data: bytes)),
            excerpt: String(decoding: bytes.prefix(Limits.evidenceExcerpt), as: UTF8.self))
        entries.withLock { if $0.count < Limits.evidencePerStep { $0.append(entry) } }
    }

    /// Hands over what was noted since the last call.
    public func drain() -> [Evidence] {
        entries.withLock { noted in
            defer { noted = [] }
            return noted
        }
    }
}

/// The digest by which sources, answers and records are compared: SHA-256, in hex.
public func sha256Hex(_ bytes: some Sequence<UInt8>) -> String {
    hex(SHA256.hash(data: Array(bytes)))
}

/// Lower-case hexadecimal, two digits a byte.
public func hex(_ bytes: some Sequence<UInt8>) -> String {
    // Each record has three digests: worth not asking for each byte by itself, nor making a text of it.
    let bytes = Array(bytes)
    let figure: (UInt8) -> UInt8 = { $0 < 10 ? 48 + $0 : 87 + $0 }
    return String(unsafeUninitializedCapacity: 2 * bytes.count) { text in
        for (index, byte) in bytes.enumerated() {
            text[2 * index] = figure(byte >> 4)
            text[2 * index + 1] = figure(byte & 15)
        }
        return 2 * bytes.count
    }
}
