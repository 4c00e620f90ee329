import Glibc
public import Host
public import Maintenance

/// A file as it was when it was read.
public struct HostFile: Sendable {
    public let bytes: [UInt8]
    /// When it was last written, by the machine's clock.
    public let modified: Instant
}

/// What one step may do on the machine.
public struct HostAccess: Sendable {
    let client: HostClient
    public let identity: String
    let purpose: Purpose
    let context: Context

    /// Runs a program to its end, its output passed on as progress. Ended at the deadline or when cancelled, with all
    /// that it started: `CouldNotLook(.timedOut)`, for a part of its work may be done. Throws `ChangeFailed` where it
    /// could not be started.
    public func run(_ command: ProgramCommand) async throws -> ProgramResult {
        guard purpose == .change else {
            throw CouldNotLook(.noPermission, "A program may alter something, and a look must not.")
        }
        do { try command.validate() } catch { throw ChangeFailed(.rejected, "The command is wrong: \(error.message).") }
        let (result, end) = try await ProgramRun(command, in: context).run()
        note(command.line, "\(end) \(result.ending)\n\(result.standardOutput)\n\(result.standardError)")
        switch end {
        case .byItself: return result
        case .cancelled: throw CancellationError()
        case .deadline:
            throw CouldNotLook(
                .timedOut,
                "\(command.arguments[0]) did not end in time and was ended, with what it had started; "
                    + "a part of its work may be done."
            )
        }
    }

    /// The path of the program that would run; `nil` where there is none.
    public func find(_ command: ProgramCommand) async throws -> String? {
        guard let program = command.arguments.first else { return nil }
        let path =
            command.variables(context.label, own: context.host.environment)["PATH"] ?? ProgramCommand.standardPath
        let candidates =
            program.contains("/")
            ? [program] : path.split(separator: ":").filter { $0.hasPrefix("/") }.map { "\($0)/\(program)" }
        let found = try await OffPool.run(until: context.deadline, on: context.host) {
            candidates.first(where: Self.isExecutableFile)
        }
        guard let found else {
            throw CouldNotLook(.timedOut, "The folders of programs could not be looked through in time.")
        }
        note("find \(program)", found ?? "not found")
        return found
    }

    /// The processes of this step's work that still run.
    public func isAtWork(_ label: WorkLabel) async throws -> Bool {
        let table = ProcessTable(host: context.host)
        let alive = try await OffPool.run(until: context.deadline, on: context.host) {
            let line = table.ownLine()
            return table.all().contains {
                $0.isAtWork && !line.contains($0.pid) && table.work(of: $0.pid) == label.description
            }
        }
        guard let alive else { throw CouldNotLook(.timedOut, "The processes could not be looked through in time.") }
        note("processes of \(label)", alive ? "at work" : "none")
        return alive
    }

    /// This very process, to tell later whether it is still the same one.
    public func ownProcess() async throws -> ProcessIdentity {
        let table = ProcessTable(host: context.host)
        let own = try await OffPool.run(until: context.deadline, on: context.host) {
            Programs.identity(of: getpid(), in: table)
        }
        guard let own = own ?? nil else { throw CouldNotLook(.unexpected, "This process could not be found in /proc.") }
        return own
    }

    /// How full the file systems at these mount points are; all real ones where none is named.
    public func mounts(_ points: [String] = []) async throws -> [MountLook] {
        let table = try await mountTable()
        let real = points.isEmpty ? table.real : []
        let chosen: [(String, Mount?)] =
            points.isEmpty
            ? real.prefix(ProgramLimits.mounts).map { ($0.point, $0) }
            : points.map { point in (point, table.mounts.first { $0.point == Self.normal(point) }) }
        // Half of the time that is left: what does answer must be reported before the step's own deadline.
        let deadline = context.host.steady() + min(ProgramLimits.fileSystemAnswer, context.remaining / 2)
        return try await withThrowingTaskGroup(of: (Int, MountLook).self) { group in
            for (index, (point, mount)) in chosen.enumerated() {
                group.addTask { (index, try await look(at: point, mount, in: table, until: deadline)) }
            }
            var looks: [(Int, MountLook)] = []
            for try await look in group { looks.append(look) }
            return looks.sorted { $0.0 < $1.0 }.map(\.1) + Self.unlooked(real.count - ProgramLimits.mounts)
        }
    }

    /// What is over the limit is said, not left out in silence.
    private static func unlooked(_ count: Int) -> [MountLook] {
        guard count > 0 else { return [] }
        let error = CouldNotLook(
            .partlyCovered, "\(count) more file systems were not looked at: name the `mounts` that matter.")
        return [MountLook(point: "other mounts", mount: nil, result: .failure(error))]
    }

    private func look(
        at point: String, _ mount: Mount?, in table: MountTable, until deadline: Duration
    ) async throws -> MountLook {
        guard let mount else {
            // Its folder may be there and shows the file system beneath: a full disk that is not mounted looks empty.
            let error = CouldNotLook(.notFound, "Nothing is mounted at \(point).")
            return MountLook(point: point, mount: nil, result: .failure(error))
        }
        do {
            let use = try await client.use(of: mount.point, until: deadline)
            note(
                "statvfs \(mount.point)",
                "total \(use.total) used \(use.used) available \(use.available) "
                    + "inodes \(use.inodes) free \(use.freeInodes)"
            )
            return MountLook(point: point, mount: mount, result: .success(use))
        } catch let error as CouldNotLook {
            note("statvfs \(mount.point)", error.cause.sentence)
            return MountLook(point: point, mount: mount, result: .failure(error))
        }
    }

    private func mountTable() async throws -> MountTable {
        let path = "/proc/self/mountinfo"
        let host = context.host
        do {
            guard
                let bytes = try await OffPool.run(
                    until: context.deadline, on: host, { try host.readFile(path, ProgramLimits.mountTable) })
            else { throw CouldNotLook(.timedOut, "\(path) could not be read in time.") }
            context.evidence.note(source: identity, statement: path, answer: bytes)
            return MountTable(String(decoding: bytes, as: UTF8.self))
        } catch let error as FileError {
            throw CouldNotLook(.unexpected, "The mounts of this machine could not be read: \(error).")
        }
    }

    /// The bytes of a regular file and when it was last written; longer than `limit` bytes is `too-large`.
    public func file(_ path: String, limit: Int) async throws -> HostFile {
        let look = try await OffPool.run(until: context.deadline, on: context.host) { Self.read(path, limit) }
        guard let look else { throw CouldNotLook(.timedOut, "\(path) could not be read in time: its disk hangs.") }
        switch look {
        case .success(let file):
            context.evidence.note(source: identity, statement: "read \(path)", answer: file.bytes)
            return file
        case .failure(let error):
            note("read \(path)", error.cause.sentence)
            throw error
        }
    }

    private static func read(_ path: String, _ limit: Int) -> Result<HostFile, CouldNotLook> {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return .failure(refused(path, errno)) }
        defer { close(descriptor) }
        var information = stat()
        guard fstat(descriptor, &information) == 0 else { return .failure(refused(path, errno)) }
        guard information.st_mode & S_IFMT == S_IFREG else {
            return .failure(CouldNotLook(.notSupported, "\(path) is no regular file."))
        }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            guard count >= 0 else { return .failure(refused(path, errno)) }
            if count == 0 { break }
            guard bytes.count + count <= limit else {
                return .failure(CouldNotLook(.tooLarge, "\(path) is larger than \(limit) bytes; it was not read."))
            }
            bytes.append(contentsOf: chunk[..<count])
        }
        let time = information.st_mtim
        let modified = Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
        return .success(HostFile(bytes: bytes, modified: Instant(microsecondsSinceEpoch: modified)))
    }

    private static func refused(_ path: String, _ code: CInt) -> CouldNotLook {
        switch code {
        case ENOENT, ENOTDIR: CouldNotLook(.notFound, "There is no file \(path).")
        case EACCES, EPERM: CouldNotLook(.noPermission, "\(path) may not be read.")
        default: CouldNotLook(.unexpected, "\(path) could not be read: \(String(cString: strerror(code))).")
        }
    }

    private func note(_ statement: String, _ answer: String) {
        context.evidence.note(source: identity, statement: statement, answer: answer.utf8)
    }

    private static func normal(_ point: String) -> String {
        var point = point
        while point.count > 1, point.hasSuffix("/") { point.removeLast() }
        return point
    }

    @Sendable private static func isExecutableFile(_ path: String) -> Bool {
        var information = stat()
        return stat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
    }
}
