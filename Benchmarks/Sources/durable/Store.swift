import Evidence
import Glibc
import Host
import Journal
import Maintenance
import PostgreSQLJournal
import SQLiteJournal

/// The journals as `millwright` puts them together: on a server with leases, and around both the signed checkpoints with
/// the mark beside them.
struct Store {
    /// A URL of a server; `nil` for a file in the folder.
    let url: String?
    let folder: String
    /// Without it runs end without checkpoint and mark.
    var isSigned = true
    private let host = Host.system

    init(_ word: String, in folder: String) {
        url = word == "sqlite" ? nil : word
        self.folder = folder
    }

    var path: String { "\(folder)/journal.sqlite" }

    func open() async throws -> any JournalStore {
        let store = try await plain()
        guard isSigned else { return store }
        let key = try SigningKey(from: host)
        return try await CheckpointedJournal(store, key: key, host: host) { [folder, host] newest in
            guard let bytes = try? encodeJSON(JournalMark(newest, at: host.now())) else { return }
            await OffPool.finish { Self.replace("\(folder)/mark", in: folder, bytes) }
        }
    }

    private func plain() async throws -> any JournalStore {
        guard let url else { return try await SQLiteJournal.writer(at: path, host: host) }
        let node = "bench/\(getpid())"
        let store = try await PostgreSQLJournal.writer(at: url, node: node, host: host)
        return LeasedJournal(
            store, keeper: LeaseKeeper(store, node: node, on: host) { _ in JournalLimits.runLease })
    }

    /// Durably: its bytes first, then its name.
    private static func replace(_ path: String, in folder: String, _ bytes: [UInt8]) {
        var template = Array((path + ".XXXXXX").utf8CString)
        let file = mkstemp(&template)
        guard file >= 0 else { return }
        _ = write(file, bytes, bytes.count)
        fsync(file)
        close(file)
        rename(template, path)
        let place = Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        fsync(place)
        close(place)
    }
}
