import Crypto
import Glibc
import Host
import Maintenance

/// A file of this machine, looked at away from the cooperative pool.
struct LocalFile: Sendable {
    /// What a file is; of another file, or of one that was written to, at least one of these is another.
    struct Facts: Codable, Hashable, Sendable {
        let size: Int64
        let inode: UInt64
        let modifiedSeconds: Int64
        let modifiedNanoseconds: Int64
        var sha256: String
    }

    let path: String
    private let context: Context

    init(_ path: String, in context: Context) {
        self.path = path
        self.context = context
    }

    /// The names of `*.log.gz` in a folder that were last written before, in order. Links are left alone.
    static func old(in folder: String, before: Instant, _ context: Context) async throws -> [String] {
        try await offPool(context) {
            guard let directory = opendir(folder) else {
                throw CouldNotLook(
                    .notFound, "The folder \(folder) cannot be read: \(String(cString: strerror(errno))).")
            }
            defer { closedir(directory) }
            var names: [String] = []
            var seen = 0
            while let entry = readdir(directory) {
                let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                }
                seen += 1
                guard seen <= LogsActionLimits.files else {
                    throw CouldNotLook(.tooLarge, "\(folder) holds more than \(LogsActionLimits.files) files.")
                }
                var information = stat()
                guard name.hasSuffix(".log.gz"), !name.hasPrefix("."), lstat("\(folder)/\(name)", &information) == 0,
                    information.st_mode & S_IFMT == S_IFREG,
                    Int64(information.st_mtim.tv_sec) < before.secondsSinceEpoch
                else { continue }
                names.append(name)
            }
            return names.sorted()
        }
    }

    /// Hashes it; `nil` where it is not there.
    func find() async throws -> Facts? {
        let path = path
        return try await Self.offPool(context) {
            let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
            guard descriptor >= 0 else {
                if errno == ENOENT { return nil }
                throw Self.failure(path)
            }
            defer { close(descriptor) }
            guard var facts = Self.facts(of: descriptor) else { throw Self.failure(path) }
            var hash = SHA256()
            var part = [UInt8](repeating: 0, count: LogsActionLimits.filePart)
            while true {
                let count = Glibc.read(descriptor, &part, part.count)
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else { throw Self.failure(path) }
                if count == 0 { break }
                hash.update(data: part[..<count])
            }
            facts.sha256 = hex(hash.finalize())
            return facts
        }
    }

    func facts() async throws -> Facts {
        guard let facts = try await find() else { throw CouldNotLook(.notFound, "\(path) is not there any more.") }
        return facts
    }

    /// Deletes it if it is still that very file.
    func delete(_ expected: Facts) async throws {
        guard try await find() == expected else {
            throw ChangeFailed(.rejected, "\(path) was written to since it was looked at; it was left alone.")
        }
        let path = path
        try await Self.offPool(context) {
            guard unlink(path) == 0 || errno == ENOENT else {
                throw ChangeFailed(.noPermission, "\(path) cannot be deleted: \(String(cString: strerror(errno))).")
            }
        }
    }

    private static func offPool<Value: Sendable>(
        _ context: Context, _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        guard let value = try await OffPool.run(until: context.deadline, on: context.host, work) else {
            throw CouldNotLook(.timedOut, "A file could not be read in time: its disk hangs.")
        }
        return value
    }

    private static func facts(of descriptor: Int32) -> Facts? {
        var information = stat()
        guard fstat(descriptor, &information) == 0, information.st_mode & S_IFMT == S_IFREG else { return nil }
        return Facts(
            size: Int64(information.st_size), inode: UInt64(information.st_ino),
            modifiedSeconds: Int64(information.st_mtim.tv_sec),
            modifiedNanoseconds: Int64(information.st_mtim.tv_nsec), sha256: "")
    }

    private static func failure(_ path: String) -> CouldNotLook {
        CouldNotLook(.noPermission, "\(path) cannot be read: \(String(cString: strerror(errno))).")
    }
}
