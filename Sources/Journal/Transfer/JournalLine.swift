import Foundation
public import Host
import Maintenance

/// One line of an exported journal: one of these, as JSON. A run is its bodies and records and then its row; a stream is the
/// same with its name in the row's place.
public struct JournalLine: Codable, Hashable, Sendable {
    public struct Header: Codable, Hashable, Sendable {
        public var schemaVersion = 1
        public let at: Instant
    }

    /// In base64, whatever it is.
    public struct Attachment: Codable, Hashable, Sendable {
        public let digest: String
        public let base64: String
    }

    /// How many lines stand before it, and the digest of their bytes.
    public struct End: Codable, Hashable, Sendable {
        public let lines: Int
        public let digest: String
    }

    public var journal: Header?
    public var body: Attachment?
    public var record: Record?
    public var run: RunRow?
    public var stream: String?
    public var missed: MissedRow?
    public var point: HistoryPoint?
    public var checkpoint: Checkpoint?
    public var end: End?

    init(
        journal: Header? = nil, body: Body? = nil, record: Record? = nil, run: RunRow? = nil, stream: String? = nil,
        missed: MissedRow? = nil, point: HistoryPoint? = nil, checkpoint: Checkpoint? = nil, end: End? = nil
    ) {
        self.journal = journal
        self.body = body.map { Attachment(digest: $0.digest, base64: Data($0.bytes).base64EncodedString()) }
        self.record = record
        self.run = run
        self.stream = stream
        self.missed = missed
        self.point = point
        self.checkpoint = checkpoint
        self.end = end
    }
}

extension JournalLine.Attachment {
    /// Nil where it is not what its digest says.
    var contents: Body? {
        guard let data = Data(base64Encoded: base64) else { return nil }
        let body = Body(Array(data))
        return body.digest == digest ? body : nil
    }
}
