import Glibc
import Host
public import Maintenance

/// How full a file system is.
public struct FileSystemUse: Hashable, Sendable {
    public let total: Double
    public let used: Double
    /// What users other than root can still write.
    public let available: Double
    /// 0 where the file system does not count them.
    public let inodes: Double
    public let freeInodes: Double

    init(total: Double, free: Double, available: Double, inodes: Double, freeInodes: Double) {
        self.total = total
        used = total - free
        self.available = available
        self.inodes = inodes
        self.freeInodes = freeInodes
    }

    /// As df computes it: of what users can have, so that the part kept for root does not hide that it is full.
    public var usedPercent: Double { used + available > 0 ? 100 * used / (used + available) : 0 }

    public var inodesPercent: Double? { inodes > 0 ? 100 * (inodes - freeInodes) / inodes : nil }

    /// Asks the system. It can block for ever: off the pool only.
    static func ask(_ path: String) throws -> FileSystemUse {
        var numbers = statvfs()
        guard statvfs(path, &numbers) == 0 else {
            let code = errno
            let reason = String(cString: strerror(code))
            throw CouldNotLook(
                code == EACCES || code == EPERM ? .noPermission : code == ENOENT ? .notFound : .unexpected,
                "\(path) could not be looked at: \(reason).")
        }
        let size = Double(numbers.f_frsize)
        return FileSystemUse(
            total: Double(numbers.f_blocks) * size, free: Double(numbers.f_bfree) * size,
            available: Double(numbers.f_bavail) * size, inodes: Double(numbers.f_files),
            freeInodes: Double(numbers.f_ffree))
    }
}

/// A mount and what was seen of it.
public struct MountLook: Sendable {
    /// The point as the plan or the system names it.
    public let point: String
    /// `nil` where nothing is mounted at that point.
    public let mount: Mount?
    public let result: Result<FileSystemUse, CouldNotLook>
}
