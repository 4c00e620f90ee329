import Foundation

/// A file system of a few kilobytes in memory, mounted on a folder.
struct SmallDisk {
    struct CannotMount: Error { let code: Int32 }

    /// Only where this process may mount: else the tests that need one say that they were not run.
    static let canBeMade: Bool = {
        let folder = NSTemporaryDirectory() + "/disk-\(UUID().uuidString)"
        defer { rmdir(folder) }
        guard mkdir(folder, 0o700) == 0, let disk = try? SmallDisk(at: folder, size: "4k") else { return false }
        disk.remove()
        return true
    }()

    private let folder: String

    init(at folder: String, size: String) throws {
        self.folder = folder
        guard mount("tmpfs", folder, "tmpfs", 0, "size=\(size)") == 0 else { throw CannotMount(code: errno) }
    }

    func grow(to size: String) throws {
        guard mount("tmpfs", folder, "tmpfs", UInt(MS_REMOUNT), "size=\(size)") == 0 else {
            throw CannotMount(code: errno)
        }
    }

    func remove() { umount2(folder, Int32(MNT_DETACH)) }
}
