public import Host
import Maintenance

/// The word of a person on a step: to a change that asks for approval, or to a question.
public struct Decision: Codable, Hashable, Sendable {
    public enum Word: String, Codable, Sendable {
        case agreed, refused, answered
    }

    /// What somebody attached; its bytes lie beside the journal's records.
    public struct Attached: Codable, Hashable, Sendable {
        public let name: String
        public let digest: String
        public let bytes: Int

        public init(name: String, digest: String, bytes: Int) {
            self.name = name
            self.digest = digest
            self.bytes = bytes
        }
    }

    /// Unique in the run.
    public let id: String
    /// The user of the operating system who owns the file in which it came.
    public let by: String
    public let at: Instant
    public let word: Word
    /// Of what was agreed to or refused: the proposal's digest.
    public let proposal: String?
    public let note: String?
    /// What was filled in, by field.
    public let values: [String: String]
    public let attached: [Attached]
    /// Digest of the body that holds it as evidence.
    public var attachment: String?

    public init(
        id: String, by: String, at: Instant, word: Word, proposal: String? = nil, note: String? = nil,
        values: [String: String] = [:], attached: [Attached] = [], attachment: String? = nil
    ) {
        self.id = id
        self.by = by
        self.at = at
        self.word = word
        self.proposal = proposal
        self.note = note
        self.values = values
        self.attached = attached
        self.attachment = attachment
    }
}
