import ClientObjectStore
import Host
import Maintenance

/// What the bytes of a backup say of it.
struct BackupContent: Sendable {
    /// `nil` where its first bytes are nothing that is known.
    var format: BackupFormat?
    /// What is packed in it; `nil` where it is not packed, or that is nothing that is known.
    var inner: BackupFormat?
    /// Bytes that it unpacks to, where all of it was unpacked.
    var unpacked: Int64?
    /// Bytes that were read of it.
    var read: Int64 = 0
    /// What is wrong with it, the sentence without a full stop.
    var problem: (code: BackupCode, words: String)?
}

/// Reads as much of a backup as is needed to see whether it is one: its beginning and end, and a packed one that is not
/// too large as a whole.
struct BackupReader {
    let access: ObjectStoreAccess
    let object: StoredObject
    let expected: BackupFormat
    /// Packed objects up to this size are unpacked whole.
    let whole: Int64

    func content() async throws -> BackupContent {
        let head = try await bytes(0..<min(object.size, Int64(BackupLimits.head)))
        var content = BackupContent(format: BackupFormat.recognised(head), read: Int64(head.count))
        content.problem = foreign(head, content.format)
        guard content.problem == nil else { return content }
        if let format = content.format, [.zstd, .bzip2, .xz, .lz4].contains(format),
            object.size < Int64(BackupLimits.emptyArchive)
        {
            content.problem = (.empty, "is \(format.rawValue) of nothing")
            return content
        }
        switch content.format {
        case .gzip: try await unpack(head, &content)
        case .sql: content.problem = Self.cut(head, try await tail(&content))
        case .xz:
            let end = try await tail(&content)
            if !end.suffix(2).elementsEqual("YZ".utf8) {
                content.problem = (.damaged, "does not end as xz does: it is cut off")
            }
        default: break
        }
        return content
    }

    /// Every byte must be of the object that was listed.
    private func bytes(_ range: Range<Int64>) async throws -> [UInt8] {
        try await access.get(object.key, range: range, etag: object.etag.isEmpty ? nil : object.etag).bytes
    }

    private func tail(_ content: inout BackupContent) async throws -> [UInt8] {
        let start = max(0, object.size - Int64(BackupLimits.tail))
        content.read += min(object.size - start, max(0, object.size - content.read))
        return try await bytes(start..<object.size)
    }

    private func foreign(_ head: [UInt8], _ found: BackupFormat?) -> (code: BackupCode, words: String)? {
        let wanted: Set<BackupFormat>? =
            expected == .auto ? BackupFormat.announced(by: object.key) : expected == .any ? nil : [expected]
        if let wanted, found.map({ !wanted.contains($0) }) ?? true {
            let names = wanted.map(\.rawValue).sorted().joined(separator: " or ")
            let really =
                found.map { "it is \($0.rawValue)" } ?? BackupFormat.foreign(head).map { "it is \($0)" } ?? "it is not"
            return (.foreign, "should be \(names), and by its first bytes \(really)")
        }
        guard found == nil, let other = BackupFormat.foreign(head) else { return nil }
        return (.foreign, "is \(other)")
    }

    private func unpack(_ head: [UInt8], _ content: inout BackupContent) async throws {
        let inflater = try Inflater()
        do throws(Inflater.Problem) { try inflater.add(head) } catch {
            content.problem = Self.problem(error)
            return
        }
        if object.size <= whole {
            while content.read < object.size {
                let next = try await bytes(content.read..<min(object.size, content.read + BackupLimits.part))
                content.read += Int64(next.count)
                do throws(Inflater.Problem) { try inflater.add(next) } catch {
                    content.problem = Self.problem(error)
                    return
                }
            }
            guard !inflater.isOpen else {
                content.problem = (.damaged, "is gzip that is cut off")
                return
            }
            content.unpacked = inflater.count
        }
        judge(inflater, &content)
    }

    private func judge(_ inflater: Inflater, _ content: inout BackupContent) {
        if content.unpacked == 0 {
            content.problem = (.empty, "is gzip of nothing: what was to be packed wrote no byte")
            return
        }
        content.inner = BackupFormat.recognised(inflater.head)
        if content.inner == nil, let other = BackupFormat.foreign(inflater.head) {
            content.problem = (.foreign, "holds \(other)")
        } else if content.inner == .sql, content.unpacked != nil {
            content.problem = Self.cut(inflater.head, inflater.tail)
        }
    }

    private static func problem(_ problem: Inflater.Problem) -> (code: BackupCode, words: String) {
        switch problem {
        case .damaged: (.damaged, "is gzip that cannot be unpacked: its bytes are damaged")
        case .tooLarge: (.foreign, "unpacks to more than \(ByteCount.text(Double(BackupLimits.unpacked)))")
        }
    }

    /// Dump programs write a last line; a dump without it was cut, whatever packed it.
    private static func cut(_ head: [UInt8], _ tail: [UInt8]) -> (code: BackupCode, words: String)? {
        let (start, end) = (String(decoding: head, as: UTF8.self), String(decoding: tail, as: UTF8.self))
        for (program, first, last) in marks where start.contains(first) && !last.contains(where: { end.contains($0) }) {
            return (.damaged, "is a dump of \(program) without its last line: it was cut off")
        }
        return nil
    }

    private static let marks: [(String, String, [String])] = [
        ("pg_dump", "-- PostgreSQL database dump\n", ["-- PostgreSQL database dump complete"]),
        // The last line of one of its databases is not the last line of the cluster.
        (
            "pg_dumpall", "-- PostgreSQL database cluster dump\n", ["-- PostgreSQL database cluster dump complete"]
        ),
        ("mysqldump", "-- MySQL dump ", ["-- Dump completed"]),
        ("mariadb-dump", "-- MariaDB dump ", ["-- Dump completed"]),
    ]
}
