import Glibc
import Host
import Maintenance
import Synchronization

/// A program that was started with pipes at its three streams, in a session of its own.
struct ProgramStart: Sendable {
    let pid: Int32
    let input: Int32
    let output: Int32
    let errors: Int32

    /// Throws `CouldNotLook` where nothing was started.
    init(_ command: ProgramCommand, label: WorkLabel, host: Host) throws(CouldNotLook) {
        let variables = command.variables(label, own: host.environment).map { "\($0.key)=\($0.value)" }
        var pipes: [(read: Int32, write: Int32)] = []
        for _ in 0..<3 {
            guard let made = Self.pipe() else {
                for one in pipes { Self.close([one.read, one.write]) }
                throw CouldNotLook(.busy, "There are no more pipes to run a program with; close what is open.")
            }
            pipes.append(made)
        }
        let theirs = [pipes[0].read, pipes[1].write, pipes[2].write]
        let ours = [pipes[0].write, pipes[1].read, pipes[2].read]
        defer { Self.close(theirs) }
        do throws(SystemError) {
            pid = try ChildProcess.start(
                command.arguments, environment: variables, directory: command.directory, streams: theirs)
        } catch {
            Self.close(ours)
            throw Self.cause(error, command.arguments.first ?? "")
        }
        for descriptor in ours { _ = fcntl(descriptor, F_SETFL, O_NONBLOCK) }
        (input, output, errors) = (ours[0], ours[1], ours[2])
    }

    private static func cause(_ error: SystemError, _ program: String) -> CouldNotLook {
        switch error.code {
        case ENOSYS: CouldNotLook(.notSupported, "This system cannot run a program in another directory.")
        default:
            CouldNotLook(
                error.code == ENOENT ? .notFound : error.code == EACCES ? .noPermission : .rejected,
                "The program \(program) could not be started: \(error.reason).")
        }
    }

    private static func pipe() -> (read: Int32, write: Int32)? {
        ChildProcess.gate.withLock { _ in
            var ends: [Int32] = [0, 0]
            guard Glibc.pipe(&ends) == 0 else { return nil }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            return (ends[0], ends[1])
        }
    }

    private static func close(_ descriptors: [Int32]) {
        for descriptor in descriptors { Glibc.close(descriptor) }
    }
}
