import GRDB
import Glibc
import Host
import Journal

/// A journal's file and the ones that belong to it: `-wal`, `-shm` and `.lock`.
struct JournalFile: Sendable {
    let path: String

    /// SQLite gives names such as `:memory:` and `file:…` a meaning; a path with a folder has none.
    static func plain(_ path: String) -> String { path.hasPrefix("/") ? path : "./" + path }

    var folder: String {
        let parent = path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
        return parent.isEmpty ? "/" : String(parent)
    }

    /// Folders that are missing are made for their owner alone; those that exist are left as they are.
    func makeFolder() throws(JournalError) {
        var made = ""
        for part in folder.split(separator: "/", omittingEmptySubsequences: false) {
            made += made.isEmpty && part.isEmpty ? "/" : (made.hasSuffix("/") || made.isEmpty ? "" : "/") + part
            if mkdir(made, 0o700) != 0, errno != EEXIST, !Self.isFolder(made) {
                throw .system(errno, "made a folder for", path)
            }
        }
    }

    /// Makes sure that there is a journal which this version can write to, or an empty file to make one of.
    ///
    /// Looks through a connection that cannot write, so that what is refused stays as it was.
    func prepare(wasOurs: Bool, at now: Instant) throws(JournalError) {
        guard let size = Self.size(path), size > 0 else {
            // The write-ahead log of a file that is gone: SQLite would delete it.
            if let size = Self.size(path + "-wal"), size > 0 {
                throw try setAside("its main file is missing or empty", at: now)
            }
            return try create()
        }
        do throws(JournalError) {
            try inspect(size: size)
        } catch {
            guard error.code == .corrupt else { throw error }
            // A file that never was a journal belongs to somebody else.
            guard wasOurs else { throw .foreign(path) }
            throw try setAside(error.sentence, at: now)
        }
        chmod(path, 0o600)
    }

    func openWriter() throws(JournalError) -> DatabaseQueue {
        do {
            var configuration = Self.configuration
            configuration.readonly = false
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            try queue.inDatabase { database in
                guard try String.fetchOne(database, sql: "PRAGMA journal_mode = WAL") == "wal" else {
                    throw JournalError.noSharedMemory(path)
                }
                // FULL: a batch is on the disk, and not only in the system's hands, before `append` returns.
                try database.execute(sql: "PRAGMA synchronous = FULL")
                try database.execute(sql: "PRAGMA journal_size_limit = \(SQLiteJournalLimits.idleLog)")
                try JournalSchema.migrate(database)
            }
            return queue
        } catch {
            throw JournalError(error, at: path)
        }
    }

    func openReader() throws(JournalError) -> DatabaseQueue {
        guard let size = Self.size(path), size > 0 else { throw .absent(path) }
        do {
            let queue = try DatabaseQueue(path: path, configuration: Self.configuration)
            let (id, version) = try queue.inDatabase { database in
                (
                    try Int.fetchOne(database, sql: "PRAGMA application_id"),
                    try JournalSchema.version(of: database)
                )
            }
            if version == 0, id == 0 || id == JournalSchema.applicationID { throw JournalError.absent(path) }
            guard id == JournalSchema.applicationID else { throw JournalError.foreign(path) }
            guard version <= JournalSchema.version else { throw JournalError.newerVersion(path, version) }
            guard version == JournalSchema.version else { throw JournalError.olderVersion(path, version) }
            return queue
        } catch {
            throw JournalError(error, at: path)
        }
    }

    /// An empty file of the right mode: SQLite gives the files beside it the same.
    private func create() throws(JournalError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system(errno, "made", path) }
        fchmod(descriptor, 0o600)
        close(descriptor)
        let folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw .system(errno, "made", path) }
        fsync(folder)
        close(folder)
    }

    private func inspect(size: Int) throws(JournalError) {
        do {
            let queue = try DatabaseQueue(path: path, configuration: Self.configuration)
            defer { try? queue.close() }
            try queue.inDatabase { database in
                let id = try Int.fetchOne(database, sql: "PRAGMA application_id") ?? 0
                let version = try JournalSchema.version(of: database)
                let tables = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
                // Nothing in it yet: a process ended between making the file and making the tables.
                if id == 0, version == 0, tables == 0 { return }
                guard id == JournalSchema.applicationID else { throw JournalError.foreign(path) }
                guard version <= JournalSchema.version else { throw JournalError.newerVersion(path, version) }
                // The whole file where that is quick, else the index of runs; what else is damaged shows when it is read.
                let scope = size <= SQLiteJournalLimits.wholeCheck ? "1" : "run"
                let answer = try String.fetchOne(database, sql: "PRAGMA quick_check(\(scope))")
                guard answer == "ok" else { throw JournalError.corrupt(path) }
            }
        } catch {
            throw JournalError(error, at: path)
        }
    }

    /// Renames the journal's files, and tells where they are.
    private func setAside(_ reason: String, at now: Instant) throws(JournalError) -> JournalError {
        let moment = Instant(secondsSinceEpoch: now.secondsSinceEpoch).description.filter { $0 != ":" && $0 != "-" }
        var name = "\(path).corrupt-\(moment)"
        var number = 1
        while ["", "-wal", "-shm"].contains(where: { access(name + $0, F_OK) == 0 }) {
            number += 1
            name = "\(path).corrupt-\(moment)-\(number)"
        }
        for suffix in ["", "-wal", "-shm"] where rename(path + suffix, name + suffix) != 0 && errno != ENOENT {
            throw .system(errno, "set aside", path)
        }
        return .setAside(path, as: name, reason)
    }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.label = "journal"
        // Only the first and the last of several connections lock each other out, and briefly.
        configuration.busyMode = .timeout(SQLiteJournalLimits.busySeconds)
        return configuration
    }

    private static func size(_ path: String) -> Int? {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : nil
    }

    private static func isFolder(_ path: String) -> Bool {
        let before = errno
        defer { errno = before }
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
