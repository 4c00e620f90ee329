import GRDB
import Glibc
import Journal

extension JournalError {
    /// The error of an access to the file, in our words.
    init(_ error: any Error, at path: String) {
        switch error {
        case let error as JournalError: self = error
        case let error as DatabaseError: self = .database(error, path)
        case is RowDecodingError, is DamagedRow: self = .corrupt(path)
        default: self.init(.unreadable, "The journal \(path) could not be used: \(type(of: error)). Try again.")
        }
    }

    private static func database(_ error: DatabaseError, _ path: String) -> JournalError {
        switch error.resultCode {
        case .SQLITE_FULL: return .full(path)
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: return .corrupt(path)
        case .SQLITE_MISUSE: return .closed
        case .SQLITE_IOERR, .SQLITE_CANTOPEN:
            // A quota, or no room for the shared index: SQLite calls these by other names than `full`.
            if isTight(path) { return .full(path) }
        case .SQLITE_READONLY:
            return JournalError(
                .unreadable,
                "The journal \(path) can only be read by this process: check the rights of the file and its folder.")
        default: break
        }
        // SQLite's own sentence may quote values; the code says as much.
        return JournalError(
            .unreadable,
            "The journal \(path) could not be used: SQLite answered \(error.extendedResultCode.rawValue) "
                + "(\(error.extendedResultCode)). Check the disk and the rights of the file, and try again.")
    }

    private static func isTight(_ path: String) -> Bool {
        var status = statvfs()
        guard statvfs(JournalFile(path: path).folder, &status) == 0 else { return false }
        return UInt64(status.f_bavail) * UInt64(status.f_frsize) < SQLiteJournalLimits.tight || status.f_favail == 0
    }

    static func system(_ code: Int32, _ deed: String, _ path: String) -> JournalError {
        if code == ENOSPC || code == EDQUOT { return .full(path) }
        return JournalError(
            .unreadable,
            "The journal \(path) could not be \(deed): \(String(cString: strerror(code))). "
                + "Check the folder and its rights, or give another path.")
    }

    static func full(_ path: String) -> JournalError {
        JournalError(
            .full,
            "The disk that holds the journal \(path) is full. Nothing that was recorded is lost, and nothing new was "
                + "recorded; make room and try again.")
    }

    static func corrupt(_ path: String) -> JournalError {
        JournalError(
            .corrupt,
            "The journal \(path) is damaged. Start again: a damaged file is set aside, never deleted; or restore a backup."
        )
    }

    static func setAside(_ path: String, as name: String, _ reason: String) -> JournalError {
        JournalError(
            .corrupt,
            "The journal \(path) was damaged and is set aside, whole, as \(name). Restore a backup in its place, or start "
                + "again with a new journal: it will not know of the runs that were under way, so look at what they left.",
            setAside: name)
    }

    static func foreign(_ path: String) -> JournalError {
        JournalError(
            .unreadable,
            "\(path) is no journal of Millwright, or one that was damaged beyond recognition; it was left as it is. Give "
                + "another path, or move the file away.")
    }

    static func newerVersion(_ path: String, _ version: Int) -> JournalError {
        JournalError(
            .newerVersion,
            "The journal \(path) has version \(version), and this program knows \(JournalSchema.version): a newer one "
                + "wrote it. It was left as it is; use that newer version.")
    }

    static func olderVersion(_ path: String, _ version: Int) -> JournalError {
        JournalError(
            .unreadable,
            "The journal \(path) has the older version \(version); the next run brings it to \(JournalSchema.version).")
    }

    static func absent(_ path: String) -> JournalError {
        JournalError(.notFound, "There is no journal at \(path) yet: the first run makes it.")
    }

    static func noSharedMemory(_ path: String) -> JournalError {
        JournalError(
            .unreadable,
            "The file system of \(path) cannot hold a write-ahead log. Put the journal on a local disk.")
    }

    static func heldByAnother(_ path: String, pid: Int32?) -> JournalError {
        JournalError(
            .heldByAnother,
            "The journal \(path) is held by \(pid.map { "the process \($0)" } ?? "another process"), and one process "
                + "writes at a time. Wait for it to end, or give another path.", pid: pid)
    }
}
