import Glibc
import Host

/// Small files that must be there whole after a power failure.
enum DurableFile {
    /// Replaces the file, for its owner alone to read.
    static func replace(_ path: String, with bytes: [UInt8]) throws(FileError) {
        let part = try written(bytes, beside: path)
        guard rename(part, path) == 0 else { throw failure(path, removing: part) }
        syncFolder(of: path)
    }

    /// Makes the file, whole at once; false where one is there already.
    static func create(_ path: String, with bytes: [UInt8]) throws(FileError) -> Bool {
        let part = try written(bytes, beside: path)
        let isMade = link(part, path) == 0
        guard isMade || errno == EEXIST else { throw failure(path, removing: part) }
        unlink(part)
        syncFolder(of: path)
        return isMade
    }

    private static func written(_ bytes: [UInt8], beside path: String) throws(FileError) -> String {
        var template = Array((path + ".XXXXXX").utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw failure(path) }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        let part = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { close(descriptor) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 || errno == EINTR else { throw failure(path, removing: part) }
            rest = rest.dropFirst(max(0, count))
        }
        guard fsync(descriptor) == 0 else { throw failure(path, removing: part) }
        return part
    }

    private static func syncFolder(of path: String) {
        let parent = path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
        let folder = path.contains("/") ? (parent.isEmpty ? "/" : String(parent)) : "."
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    private static func failure(_ path: String, removing part: String? = nil) -> FileError {
        let code = errno
        if let part { unlink(part) }
        return FileError(path: path, reason: String(cString: strerror(code)))
    }
}
