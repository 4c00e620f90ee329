import ClientPrograms
import FoundationEssentials
import Glibc
import Host
import Journal
import Maintenance
import PostgreSQLJournal
import Serving

/// The journal on a server, which nodes share: each writes only to chains whose lease it has.
extension Composition {
    func sharedJournal(at url: String, _ options: StoreOptions) async throws(JournalError) -> any JournalStore {
        let node = Self.nodeName(host)
        let folder = URL(filePath: try options.path(host)).deletingLastPathComponent()
        do {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw JournalError(.unreadable, "The folder \(folder.path) could not be made. Check its rights.")
        }
        let store = try await PostgreSQLJournal.writer(at: url, node: node, host: host)
        let keeper = LeaseKeeper(store, node: node, on: host) { chain in
            chain == Scheduler.stream ? JournalLimits.dispatcherLease : JournalLimits.runLease
        }
        return LeasedJournal(store, keeper: keeper)
    }

    /// Whether somebody still works on the run: the process that owns it, or the node that has its lease.
    func isAlive(_ row: RunRow, in journal: any JournalStore) async throws -> Bool {
        if let shared = journal as? any Leases {
            return try await shared.leases().contains { $0.name == row.id }
        }
        guard let owner = row.owner else { return false }
        return try await Programs.isAlive(owner, on: host)
    }

    /// Of this process alone: the machine for people, the rest against a second one of the same name.
    private static func nodeName(_ host: Host) -> String {
        var name = [CChar](repeating: 0, count: 256)
        let isKnown = gethostname(&name, name.count - 1) == 0
        let machine =
            isKnown ? String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self) : ""
        return "\(machine.isEmpty ? "node" : machine)/\(getpid())/\(String(host.random(), radix: 16))"
    }
}
