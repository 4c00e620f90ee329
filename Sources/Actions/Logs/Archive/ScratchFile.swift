import Glibc
import Host
import Maintenance

/// A file that has no name: whatever becomes of this process, nothing of it is left. Others of this process can open it
/// by its path under /proc.
final class ScratchFile: Sendable {
    let descriptor: Int32
    private let limit: Int64

    private init(_ descriptor: Int32, limit: Int64) {
        self.descriptor = descriptor
        self.limit = limit
    }

    deinit { Glibc.close(descriptor) }

    /// Where this process can open it once more.
    var path: String { "/proc/self/fd/\(descriptor)" }

    /// Blocks.
    static func make(in folder: String, limit: Int64, random: UInt64) throws -> ScratchFile {
        let flags = O_RDWR | O_CLOEXEC
        // O_TMPFILE: not every file system has it.
        var descriptor = open(folder, flags | 0o20_000_000 | O_DIRECTORY, 0o600)
        if descriptor < 0, errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT {
            let name = "\(folder)/.millwright-\(String(random, radix: 36)).tmp"
            descriptor = open(name, flags | O_CREAT | O_EXCL, 0o600)
            if descriptor >= 0 { unlink(name) }
        }
        guard descriptor >= 0 else {
            throw CouldNotLook(
                .rejected,
                "No scratch file can be made in \(folder) (\(String(cString: strerror(errno)))): name another `scratch`."
            )
        }
        return ScratchFile(descriptor, limit: limit)
    }

    /// Blocks. `size` is what is there already.
    func append(_ bytes: UnsafeBufferPointer<UInt8>, at size: Int64) throws {
        guard size + Int64(bytes.count) <= limit else {
            throw CouldNotLook(
                .tooLarge,
                "The compressed log is larger than the scratch folder may take, \(ByteCount.text(Double(limit))): "
                    + "raise `scratch-limit`.")
        }
        var done = 0
        while done < bytes.count {
            let count = pwrite(
                descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(size) + off_t(done))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw CouldNotLook(
                    .rejected, "The scratch file cannot be written: \(String(cString: strerror(errno))).")
            }
            done += count
        }
    }
}
