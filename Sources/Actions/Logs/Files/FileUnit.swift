import ClientObjectStore
import Host
import Maintenance

/// An old local file: it goes when, and only when, the store has given the same bytes back.
struct FileUnit: Sendable {
    private let unit: WorkUnit
    private let file: LocalFile
    private let facts: LocalFile.Facts
    private let store: ObjectStoreAccess
    private let key: String
    private let path: String

    init(_ unit: WorkUnit, _ facts: LocalFile.Facts, _ store: ObjectStoreAccess, _ context: Context) throws {
        guard let path = unit.attributes["file"], let key = unit.attributes["key"] else {
            throw CouldNotLook(.malformed, "The unit \(unit.id) says not which file it is: make a new plan.")
        }
        self.unit = unit
        self.facts = facts
        self.store = store
        self.key = key
        self.path = path
        file = LocalFile(path, in: context)
    }

    func state() async throws -> ChangeState {
        if let now = try await file.find() {
            guard now == facts else {
                return .unknown(Cause(.rejected, "\(unit.title) was written to since it was looked at."))
            }
            return .pending
        }
        guard try await isStored() == true else {
            return .unknown(
                Cause(.notFound, "\(unit.title) is gone, and the store does not have the same bytes: who took it?"))
        }
        return .applied(
            Proof(
                "\(unit.title): in the store, read back, and deleted here",
                measurements: [
                    Measurement("files_deleted", 1), Measurement("freed", Double(facts.size), .bytes),
                ]))
    }

    func delete() async throws {
        guard try await file.find() == facts else {
            throw ChangeFailed(.rejected, "\(unit.title) was written to since it was looked at; it was left alone.")
        }
        if try await isStored() == nil {
            let receipt = try await store.upload(
                key, file: path,
                StoreOptions(
                    contentType: "application/gzip", metadata: ["sha256": facts.sha256], onlyIfAbsent: true))
            guard receipt.sha256 == facts.sha256 else {
                throw ChangeFailed(.rejected, "\(unit.title) changed while it was uploaded; it was left alone.")
            }
        }
        guard try await isStored() == true else {
            throw ChangeFailed(
                .rejected, "The store has other bytes under the name \(unit.title); the local file was left alone.")
        }
        try await file.delete(facts)
    }

    /// Whether the store gives the same bytes back; `nil` where it has nothing of that name.
    private func isStored() async throws -> Bool? {
        guard let head = try await store.find(key) else { return nil }
        guard head.object.size == facts.size else { return false }
        let receipt = try await store.read(key) { _ in }
        return receipt.sha256 == facts.sha256 && receipt.count == facts.size
    }
}
