import Glibc

extension Host {
    /// The machine itself. Only the program's edge builds it.
    public static let system = Host(
        now: {
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            return Instant(microsecondsSinceEpoch: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
        },
        steady: {
            var time = timespec()
            clock_gettime(CLOCK_BOOTTIME, &time)
            return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
        },
        sleep: { try await Task.sleep(for: $0, tolerance: .zero) },
        random: { UInt64.random(in: .min ... .max) },
        environment: { name in getenv(name).map { String(cString: $0) } },
        readFile: { path, limit in try SystemFile.read(path, limit: limit) }
    )
}

/// Why a file could not be read; `reason` is the system's own words.
public struct FileError: Error, Sendable, CustomStringConvertible {
    public let path: String
    public let reason: String
    /// True where there is no such file: the one failure that an optional file may have.
    public let isMissing: Bool

    public init(path: String, reason: String, isMissing: Bool = false) {
        self.path = path
        self.reason = reason
        self.isMissing = isMissing
    }

    public var description: String { "\(path) could not be read: \(reason)" }
}

enum SystemFile {
    static func read(_ path: String, limit: Int) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            guard count >= 0 else { throw failure(path) }
            if count == 0 { return bytes }
            bytes.append(contentsOf: chunk[..<count])
            guard bytes.count <= limit else {
                throw FileError(path: path, reason: "it is larger than \(limit) bytes")
            }
        }
    }

    private static func failure(_ path: String) -> FileError {
        let code = errno
        return FileError(path: path, reason: String(cString: strerror(code)), isMissing: code == ENOENT)
    }
}
