public import Host
public import Journal
import Maintenance

/// The newest checkpoint as it was kept outside of the journal: what a journal that was put back from a backup lacks.
public struct JournalMark: Codable, Hashable, Sendable {
    public var schemaVersion = 1
    /// The newest checkpoint's number; 0 before the first.
    public let number: Int
    public let digest: String
    public let at: Instant

    public init(_ newest: Checkpoint?, at now: Instant) {
        number = newest?.number ?? 0
        digest = newest?.digest ?? ""
        at = now
    }

    /// Why the journal beside a mark is not the one that the mark was made for, or not as new; `nil` where all is well.
    ///
    /// A journal may be newer than its mark, which is written after it: never older.
    public static func suspicion(
        of store: any JournalStore, _ mark: JournalMark?
    ) async throws(JournalError) -> String? {
        guard let mark else {
            let newest = try await store.checkpoints(.newest).first
            return newest.map { "it holds \($0.number) checkpoints and the mark beside it is gone, as after a move" }
        }
        guard mark.number > 0 else { return nil }
        let there = try await store.checkpoints(CheckpointFilter(from: mark.number, limit: 1)).first
        guard let there, there.number == mark.number else {
            let newest = try await store.checkpoints(.newest).first?.number ?? 0
            return "its newest checkpoint is \(newest), and \(mark.number) was written by \(mark.at)"
        }
        return there.digest == mark.digest
            ? nil : "its checkpoint \(mark.number) is another than the one that was written by \(mark.at)"
    }
}
