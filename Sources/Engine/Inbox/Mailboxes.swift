import FoundationEssentials
import Glibc

/// The files of an inbox. Anybody may leave one and nobody may see another's: the folder is like `/tmp`, without a list.
enum Mailboxes {
    /// Who may do what in the folder: write and enter, not list; only one's own file may be removed.
    private static let mode: mode_t = 0o1733

    static func make(_ folder: String) throws(MailError) {
        guard mkdir(folder, mode) == 0 else {
            if errno == EEXIST { return }
            throw MailError("The folder \(folder) cannot be made: \(String(cString: strerror(errno))).")
        }
        // What the process's mask took away.
        chmod(folder, mode)
    }

    /// Under another name first, so that a reader never sees half of it.
    static func write(_ bytes: [UInt8], to folder: String, _ name: String) throws(MailError) {
        let hidden = "\(folder)/.\(name)"
        let file = open(hidden, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw failed(folder) }
        defer { close(file) }
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            guard count > 0 else {
                unlink(hidden)
                throw failed(folder)
            }
            written += count
        }
        guard fsync(file) == 0, rename(hidden, "\(folder)/\(name)") == 0 else {
            unlink(hidden)
            throw failed(folder)
        }
    }

    private static func failed(_ folder: String) -> MailError {
        MailError(
            "Nothing could be left in \(folder): \(String(cString: strerror(errno))). Who may speak to its runs may write there."
        )
    }

    static func names(in folder: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    }

    /// The bytes, the user who owns the file, and when it was written. Only a plain file that has this one name counts:
    /// a link could lend somebody else's name to what it points to.
    static func read(_ folder: String, _ name: String, limit: Int) -> (bytes: [UInt8], owner: String, at: Int)? {
        let file = open("\(folder)/\(name)", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var facts = stat()
        guard fstat(file, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG, facts.st_nlink == 1,
            facts.st_size <= limit, let owner = user(facts.st_uid)
        else { return nil }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count <= limit {
            let count = chunk.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress, $0.count) }
            guard count >= 0 else { return nil }
            if count == 0 {
                return (bytes, owner, Int(facts.st_mtim.tv_sec) * 1_000_000 + facts.st_mtim.tv_nsec / 1000)
            }
            bytes += chunk[..<count]
        }
        return nil
    }

    static func remove(_ folder: String, _ name: String) { unlink("\(folder)/\(name)") }

    /// The name of a user of the operating system; the number of one who has none.
    static func user(_ id: uid_t) -> String? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var texts = [CChar](repeating: 0, count: 16 << 10)
        let status = getpwuid_r(id, &entry, &texts, texts.count, &found)
        guard status == 0 else { return nil }
        return found.flatMap { $0.pointee.pw_name }.map { String(cString: $0) } ?? "uid \(id)"
    }
}
