public import Host
public import Journal
import Maintenance

/// What a bundle is about, and the digest of everything in it. It is what is signed.
public struct Manifest: Codable, Hashable, Sendable {
    public struct Member: Codable, Hashable, Sendable {
        public let name: String
        public let bytes: Int
        public let sha256: String
    }

    public var schemaVersion = 1
    /// The run as the index has it, without who works on it.
    public let run: RunRow
    /// The end of the run's chain; `nil` where retention removed the records.
    public let head: ChainTip?
    public let exportedAt: Instant
    /// In the order in which they follow the manifest, its signature and the key.
    public let members: [Member]
    /// The digests of bodies that retention removed.
    public let erased: [String]
    /// The digests of bodies that were missing in the journal without a word of why.
    public let lost: [String]
    /// What the reader must know, such as that the run was not over.
    public let notes: [String]
    /// The public key, in hexadecimal.
    public let key: String
}

extension Manifest {
    static let name = "manifest.json"
    static let signatureName = "manifest.sig"
    static let keyName = "key.pem"
    static let recordsName = "records.jsonl"
    static let checkpointsName = "checkpoints.jsonl"
    static let bodyFolder = "evidence/"
}

/// Digests of what lies beside a record, by the one key that names them.
enum References {
    static func attachments(of record: Record) -> [String] {
        guard !record.body.isEmpty, let value = try? decodeJSON(JSONValue.self, record.body) else { return [] }
        var found: [String] = []
        collect(value, depth: 0, &found)
        return found
    }

    private static func collect(_ value: JSONValue, depth: Int, _ found: inout [String]) {
        guard depth < EvidenceLimits.nesting else { return }
        switch value {
        case .list(let values): for value in values { collect(value, depth: depth + 1, &found) }
        case .object(let members):
            for (name, value) in members.sorted(by: { $0.key < $1.key }) {
                if name == "attachment", case .text(let digest) = value {
                    found.append(digest)
                } else {
                    collect(value, depth: depth + 1, &found)
                }
            }
        case .null, .bool, .number, .text: break
        }
    }
}
