import Glibc
import Host
import Journal
import Synchronization

/// The right to write to a journal: held on `<file>.lock`, and given back by the system when the process ends, however
/// it ends. The lock file stays: removing it would let two processes hold two files of one name.
final class WriterLock: Sendable {
    /// Whether a lock file was there: whether the journal beside it was once ours.
    let existed: Bool
    private let descriptor: Mutex<Int32?>

    init(file: JournalFile) throws(JournalError) {
        let path = file.path + ".lock"
        existed = access(path, F_OK) == 0
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system(errno, "opened for writing", file.path) }
        var attempts = 0
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let reason = errno
            if reason == EWOULDBLOCK, attempts < SQLiteJournalLimits.lockAttempts {
                attempts += 1
                usleep(useconds_t(SQLiteJournalLimits.lockPause.microseconds))
                continue
            }
            let holder = Self.holder(descriptor)
            Glibc.close(descriptor)
            guard reason == EWOULDBLOCK else { throw .system(reason, "locked", file.path) }
            throw .heldByAnother(file.path, pid: holder)
        }
        // The number is for people only: without room for it the lock holds all the same.
        let text = Array("\(getpid())\n".utf8)
        if ftruncate(descriptor, 0) == 0 { _ = pwrite(descriptor, text, text.count, 0) }
        self.descriptor = Mutex(descriptor)
    }

    deinit { release() }

    func release() {
        descriptor.withLock { descriptor in
            if let descriptor {
                // A child between its fork and its exec has the descriptor as well, and would go on holding the lock.
                flock(descriptor, LOCK_UN)
                Glibc.close(descriptor)
            }
            descriptor = nil
        }
    }

    private static func holder(_ descriptor: Int32) -> Int32? {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        return Int32(String(decoding: bytes[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }
}
