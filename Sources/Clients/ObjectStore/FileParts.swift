import Glibc
import Host
import Maintenance
import Synchronization

/// Reads files away from the cooperative pool; throws `CouldNotLook` where there is no answer by the deadline.
func offPool<Value: Sendable>(
    until deadline: Duration, on host: Host, _ work: @escaping @Sendable () throws -> Value
) async throws -> Value {
    guard let value = try await OffPool.run(until: deadline, on: host, work) else {
        throw CouldNotLook(.timedOut, "A file could not be read in time: its disk or server hangs.")
    }
    return value
}

/// A file that is read in parts, away from the cooperative pool, and must not change meanwhile.
final class FileParts: Sendable {
    let size: Int64
    private let path: String
    private let host: Host
    private let stamp: Stamp
    private let descriptor: Mutex<Int32>

    /// What tells a file from one that was written to.
    private struct Stamp: Equatable {
        let size: Int64
        let seconds: Int
        let nanoseconds: Int
    }

    private init(path: String, descriptor: Int32, stamp: Stamp, host: Host) {
        self.path = path
        self.host = host
        self.stamp = stamp
        self.descriptor = Mutex(descriptor)
        size = stamp.size
    }

    deinit { close() }

    static func open(_ path: String, until deadline: Duration, on host: Host) async throws -> FileParts {
        try await offPool(until: deadline, on: host) {
            let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw failure("cannot be opened", errno) }
            guard let stamp = Self.stamp(of: descriptor) else {
                Glibc.close(descriptor)
                throw ChangeFailed(.rejected, "What is to be uploaded is no regular file.")
            }
            return FileParts(path: path, descriptor: descriptor, stamp: stamp, host: host)
        }
    }

    func read(at offset: Int64, count: Int, until deadline: Duration) async throws -> [UInt8] {
        try await offPool(until: deadline, on: host) { [self] in
            try descriptor.withLock { descriptor in
                var error: Int32 = 0
                let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
                    while filled < count {
                        let got = pread(
                            descriptor, buffer.baseAddress.map { $0 + filled }, count - filled,
                            off_t(offset) + off_t(filled))
                        if got < 0, errno == EINTR { continue }
                        if got < 0 { error = errno }
                        guard got > 0 else { break }
                        filled += got
                    }
                }
                guard error == 0 else { throw Self.failure("cannot be read", error) }
                guard bytes.count == count else { throw Self.changed }
                return bytes
            }
        }
    }

    func checkUnchanged(until deadline: Duration) async throws {
        let now = try await offPool(until: deadline, on: host) { [self] in
            descriptor.withLock { Self.stamp(of: $0) }
        }
        guard now == stamp else { throw Self.changed }
    }

    func close() {
        descriptor.withLock { descriptor in
            if descriptor >= 0 { Glibc.close(descriptor) }
            descriptor = -1
        }
    }

    /// As small as is usual, and for a large file as large as ten thousand parts need.
    static func partSize(of size: Int64) -> Int {
        let parts = Int64(ObjectStoreLimits.parts)
        return max(ObjectStoreLimits.part, Int((size + parts - 1) / parts))
    }

    private static let changed = ChangeFailed(
        .rejected, "The file changed while it was uploaded; nothing of it was stored.")

    private static func failure(_ what: String, _ code: Int32) -> ChangeFailed {
        ChangeFailed(.rejected, "The file to upload \(what): \(String(cString: strerror(code))).")
    }

    private static func stamp(of descriptor: Int32) -> Stamp? {
        var information = stat()
        guard fstat(descriptor, &information) == 0, information.st_mode & S_IFMT == S_IFREG else { return nil }
        return Stamp(
            size: Int64(information.st_size), seconds: information.st_mtim.tv_sec,
            nanoseconds: information.st_mtim.tv_nsec)
    }
}
