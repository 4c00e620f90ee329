import Glibc

/// What of a file tells whether it changed, without reading it.
struct FileMark: Hashable {
    let device: UInt64
    let inode: UInt64
    let size: Int64
    /// Nanoseconds since the epoch. Not the time of its content: that can be set back, and says nothing of rights that were
    /// given meanwhile.
    let changed: Int64

    init(device: UInt64, inode: UInt64, size: Int64, changed: Int64) {
        self.device = device
        self.inode = inode
        self.size = size
        self.changed = changed
    }

    /// `nil` where there is no such file.
    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        self.init(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: Int64(status.st_size),
            changed: Int64(status.st_ctim.tv_sec) * 1_000_000_000 + Int64(status.st_ctim.tv_nsec))
    }
}
