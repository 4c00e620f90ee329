import Crypto
public import Host
import Maintenance

/// One link of the chain over runs: it says how a run ended, or what retention took of it, and continues the checkpoint
/// before, so that a run that is dropped from a store is missed.
///
/// Each is signed. Who can write to the store but has not the key can make no other.
public struct Checkpoint: Codable, Hashable, Sendable {
    public enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
        /// The run ended.
        case ended
        /// What lay beside its records was removed.
        case erased
        /// Its records were removed as well; its row stays.
        case pruned
    }

    /// From 1, without gaps, over the whole store.
    public let number: Int
    public let kind: Kind
    public let run: String
    /// The end of the run's chain.
    public let head: ChainTip
    /// What the run's row says, without who works on it.
    public let rowDigest: String
    public let at: Instant
    /// The digest of the checkpoint before; empty for the first.
    public let previous: String
    /// The public key that the signature is checked with, in hexadecimal.
    public let key: String
    /// The Ed25519 signature of `digest`, in hexadecimal.
    public let signature: String

    /// Takes a stored checkpoint as it stands.
    public init(
        number: Int, kind: Kind, run: String, head: ChainTip, rowDigest: String, at: Instant, previous: String,
        key: String, signature: String
    ) {
        self.number = number
        self.kind = kind
        self.run = run
        self.head = head
        self.rowDigest = rowDigest
        self.at = at
        self.previous = previous
        self.key = key
        self.signature = signature
    }

    /// The checkpoint that follows another, or the first; `sign` is given the digest to sign.
    public static func next(
        after last: Checkpoint?, _ kind: Kind, _ row: RunRow, head: ChainTip, at: Instant, key: String,
        sign: (String) throws(JournalError) -> String
    ) throws(JournalError) -> Checkpoint {
        func made(_ signature: String) -> Checkpoint {
            Checkpoint(
                number: (last?.number ?? 0) + 1, kind: kind, run: row.id, head: head, rowDigest: row.digest, at: at,
                previous: last?.digest ?? "", key: key, signature: signature)
        }
        return made(try sign(made("").digest))
    }

    /// Over everything but the signature.
    public var digest: String {
        var hash = FieldHash()
        hash.add("checkpoint")
        hash.add(Int64(number))
        hash.add(kind.rawValue)
        hash.add(run)
        hash.add(Int64(head.sequence))
        hash.add(head.digest)
        hash.add(rowDigest)
        hash.add(at.microsecondsSinceEpoch)
        hash.add(previous)
        hash.add(key)
        return hash.digest
    }
}

extension RunRow {
    /// Of all that stays as it is once the run has ended.
    public var digest: String {
        var hash = FieldHash()
        hash.add("run")
        for text in [id, service, environment, procedure, state.rawValue, verdict?.rawValue ?? ""] { hash.add(text) }
        hash.add(nominal.microsecondsSinceEpoch)
        hash.add(startedAt.microsecondsSinceEpoch)
        hash.add(endedAt?.microsecondsSinceEpoch ?? 0)
        return hash.digest
    }
}

/// A digest of fields of which each has its length before it, so that no two different rows of fields have the same.
struct FieldHash {
    private var hash = SHA256()

    mutating func add(_ text: String) { add(Array(text.utf8)) }

    mutating func add(_ number: Int64) { withUnsafeBytes(of: number.bigEndian) { add(Array($0)) } }

    private mutating func add(_ bytes: [UInt8]) {
        withUnsafeBytes(of: UInt64(bytes.count).bigEndian) { hash.update(bufferPointer: $0) }
        hash.update(data: bytes)
    }

    var digest: String { hex(hash.finalize()) }
}

/// Which checkpoints a listing shows; at most `limit`, by their numbers.
public struct CheckpointFilter: Hashable, Sendable {
    /// Only those of this run.
    public var run: String?
    /// Only those with this number or a later one.
    public var from: Int
    public var newestFirst: Bool
    public var limit: Int

    public init(run: String? = nil, from: Int = 1, newestFirst: Bool = false, limit: Int = JournalLimits.rows) {
        self.run = run
        self.from = from
        self.newestFirst = newestFirst
        self.limit = limit
    }

    /// The newest of all.
    public static let newest = CheckpointFilter(newestFirst: true, limit: 1)
}

extension Batch {
    /// Refuses a checkpoint that does not continue the newest one of the store. Every store asks this.
    public func checkContinuation(of newest: Checkpoint?) throws(JournalError) {
        var last = newest
        for checkpoint in checkpoints {
            guard checkpoint.number == (last?.number ?? 0) + 1, checkpoint.previous == last?.digest ?? "" else {
                throw JournalError(
                    .checkpointConflict,
                    "Checkpoint \(checkpoint.number) does not continue the newest one, which is \(last?.number ?? 0): "
                        + "another was written meanwhile. Make it anew.", run: checkpoint.run)
            }
            last = checkpoint
        }
    }
}
