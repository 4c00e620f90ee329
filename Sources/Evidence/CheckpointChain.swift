import Host
public import Journal
import Maintenance

/// Checks checkpoints one after the other.
public struct CheckpointChain: Sendable {
    /// The newest that was looked at.
    public private(set) var last: Checkpoint?

    public init() {}

    /// Looks at the next one; the first may stand anywhere in the chain where `isTail` says so.
    public mutating func follow(_ checkpoint: Checkpoint, isTail: Bool = false) throws(BrokenLink) {
        let link = "checkpoint \(checkpoint.number), of run \(checkpoint.run)"
        defer { last = checkpoint }
        if let last {
            guard checkpoint.number == last.number + 1 else {
                throw BrokenLink(link, "it follows checkpoint \(last.number): what stood between them is gone")
            }
            guard checkpoint.previous == last.digest else {
                throw BrokenLink(link, "it does not continue checkpoint \(last.number)")
            }
        } else if !isTail, checkpoint.number != 1 || !checkpoint.previous.isEmpty {
            throw BrokenLink(link, "it is not the first: those before it are gone")
        }
        guard let key = PublicKey(hexadecimal: checkpoint.key), let signature = unhex(checkpoint.signature),
            key.verifies(signature, of: Array(checkpoint.digest.utf8))
        else { throw BrokenLink(link, "its signature does not fit: it was altered, or made without the key") }
    }
}

extension SigningKey {
    /// The checkpoint that follows another.
    func checkpoint(
        after last: Checkpoint?, _ kind: Checkpoint.Kind, _ row: RunRow, head: ChainTip, at: Instant
    ) throws(JournalError) -> Checkpoint {
        try Checkpoint.next(after: last, kind, row, head: head, at: at, key: publicKey.hexadecimal) {
            digest throws(JournalError) in
            do { return hex(try signature(of: Array(digest.utf8))) } catch {
                throw JournalError(
                    .unreadable, "The checkpoint of run \(row.id) could not be signed. Try again.", run: row.id)
            }
        }
    }
}
