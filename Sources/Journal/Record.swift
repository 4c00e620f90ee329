import Crypto
public import Host
import Maintenance

/// One event of a run, bound to all events before it by a chain of digests.
///
/// The chain covers the digest of the body and not the body itself, so that a body can be erased later and the chain
/// still be verified. An erased record keeps `bodyDigest` and has an empty body.
public struct Record: Hashable, Sendable {
    public let run: String
    /// From 1, without gaps.
    public let sequence: Int
    public let at: Instant
    public let kind: String
    /// A JSON document; empty when it was erased.
    public let body: [UInt8]
    public let bodyDigest: String
    /// The digest of the record before; empty for the first.
    public let previous: String
    public let digest: String

    /// Takes a stored record as it stands; only `verifyChain` says whether it is whole.
    public init(
        run: String, sequence: Int, at: Instant, kind: String, body: [UInt8], bodyDigest: String, previous: String,
        digest: String
    ) {
        self.run = run
        self.sequence = sequence
        self.at = at
        self.kind = kind
        self.body = body
        self.bodyDigest = bodyDigest
        self.previous = previous
        self.digest = digest
    }

    /// The record that follows `after`, or the first of a run.
    public static func next(after: Record?, run: String, at: Instant, kind: String, body: [UInt8]) -> Record {
        next(after: after.map(ChainTip.init) ?? .none, run: run, at: at, kind: kind, body: body)
    }

    /// The record that follows a known end of the chain.
    public static func next(after tip: ChainTip, run: String, at: Instant, kind: String, body: [UInt8]) -> Record {
        let bodyDigest = Journal.digest(of: body)
        let sequence = tip.sequence + 1
        return Record(
            run: run, sequence: sequence, at: at, kind: kind, body: body, bodyDigest: bodyDigest, previous: tip.digest,
            digest: chained(run, sequence, at, kind, bodyDigest, tip.digest))
    }

    public var isErased: Bool { body.isEmpty && bodyDigest != Journal.digest(of: []) }

    /// The same record without its body; the chain stays verifiable.
    public var erased: Record {
        Record(
            run: run, sequence: sequence, at: at, kind: kind, body: [], bodyDigest: bodyDigest, previous: previous,
            digest: digest)
    }

    /// What is wrong with the record taken alone.
    var damage: String? {
        if digest != Self.chained(run, sequence, at, kind, bodyDigest, previous) { return "its digest does not fit" }
        if !body.isEmpty, bodyDigest != Journal.digest(of: body) { return "its body was altered" }
        return nil
    }

    /// Every part has its length before it, so that no two different records have the same bytes.
    private static func chained(
        _ run: String, _ sequence: Int, _ at: Instant, _ kind: String, _ bodyDigest: String, _ previous: String
    ) -> String {
        var hash = FieldHash()
        hash.add(run)
        hash.add(Int64(sequence))
        hash.add(at.microsecondsSinceEpoch)
        hash.add(kind)
        hash.add(bodyDigest)
        hash.add(previous)
        return hash.digest
    }
}

/// The end of a run's chain: what the next record must continue.
public struct ChainTip: Codable, Hashable, Sendable {
    public let sequence: Int
    public let digest: String

    public init(sequence: Int, digest: String) {
        self.sequence = sequence
        self.digest = digest
    }

    public init(_ record: Record) {
        self.init(sequence: record.sequence, digest: record.digest)
    }

    /// Before the first record.
    public static let none = ChainTip(sequence: 0, digest: "")
}

/// SHA-256 in lower-case hexadecimal.
func digest(of bytes: [UInt8]) -> String { hex(SHA256.hash(data: bytes)) }
