import Glibc
import Host
import Maintenance
import Synchronization

/// The digest of the files that an argument vector names: it tells whether a program is still the one that described
/// itself. A file that was not written since is not read again.
final class ProgramDigest: Sendable {
    private struct Mark: Hashable {
        let path: String
        let inode: UInt
        let size: Int
        let written: Int
        let writtenNanoseconds: Int
    }

    private let known = Mutex<[Mark: String]>([:])

    /// Reads files: off the pool only.
    func of(_ arguments: [String], in directory: String, _ host: Host) throws(CouldNotLook) -> String {
        var parts: [String] = []
        for (index, argument) in arguments.enumerated() {
            parts.append(sha256Hex(argument.utf8))
            let path =
                index == 0 && !argument.contains("/")
                ? Self.search(argument, host) : argument.hasPrefix("/") ? argument : "\(directory)/\(argument)"
            if let path, let mark = Self.mark(path) { parts.append(try digest(mark, host)) }
        }
        return sha256Hex(parts.joined(separator: "\n").utf8)
    }

    private func digest(_ mark: Mark, _ host: Host) throws(CouldNotLook) -> String {
        if let known = known.withLock({ $0[mark] }) { return known }
        do {
            let digest = sha256Hex(try host.readFile(mark.path, ExternalLimits.programFile))
            known.withLock { $0[mark] = digest }
            return digest
        } catch { throw CouldNotLook(.noPermission, "The program's file \(mark.path) could not be read.") }
    }

    private static func search(_ name: String, _ host: Host) -> String? {
        let path = host.environment("PATH") ?? "/usr/local/bin:/usr/bin:/bin"
        return path.split(separator: ":").lazy.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }

    /// `nil` where it is no file.
    private static func mark(_ path: String) -> Mark? {
        var information = stat()
        guard stat(path, &information) == 0, information.st_mode & S_IFMT == S_IFREG else { return nil }
        return Mark(
            path: path, inode: UInt(information.st_ino), size: Int(information.st_size),
            written: information.st_mtim.tv_sec, writtenNanoseconds: information.st_mtim.tv_nsec)
    }
}
