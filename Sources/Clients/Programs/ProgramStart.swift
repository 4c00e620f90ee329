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

    /// POSIX_SPAWN_SETSID of <spawn.h>, which is only visible to GNU C.
    private static let newSession: Int32 = 0x80
    private typealias DirectoryAction =
        @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, UnsafePointer<CChar>) -> Int32
    /// posix_spawn_file_actions_addchdir_np() of glibc 2.29, which it does not show to Swift.
    private static let changeDirectory = dlsym(nil, "posix_spawn_file_actions_addchdir_np").map {
        unsafeBitCast($0, to: DirectoryAction.self)
    }
    /// Between the making of a pipe and its mark no other program may be started here: it would hold the pipe open.
    private static let gate = Mutex<Void>(())

    /// Throws `CouldNotLook` where nothing was started.
    init(_ command: ProgramCommand, label: WorkLabel, host: Host) throws(CouldNotLook) {
        let variables = command.variables(label, own: host.environment).map { "\($0.key)=\($0.value)" }
        self = try Self.gate.withLock { _ throws(CouldNotLook) in
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
            do throws(CouldNotLook) {
                let pid = try Self.spawn(command, variables, theirs)
                return ProgramStart(pid: pid, input: ours[0], output: ours[1], errors: ours[2])
            } catch {
                Self.close(ours)
                throw error
            }
        }
        for descriptor in [input, output, errors] { _ = fcntl(descriptor, F_SETFL, O_NONBLOCK) }
    }

    private init(pid: Int32, input: Int32, output: Int32, errors: Int32) {
        self.pid = pid
        self.input = input
        self.output = output
        self.errors = errors
    }

    private static func pipe() -> (read: Int32, write: Int32)? {
        var ends: [Int32] = [0, 0]
        guard Glibc.pipe(&ends) == 0 else { return nil }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    private static func close(_ descriptors: [Int32]) {
        for descriptor in descriptors { Glibc.close(descriptor) }
    }

    private static func spawn(
        _ command: ProgramCommand, _ environment: [String], _ streams: [Int32]
    ) throws(CouldNotLook) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let directory = command.directory {
            guard let change = changeDirectory, change(&actions, directory) == 0 else {
                throw CouldNotLook(.notSupported, "This system cannot run a program in another directory.")
            }
        }
        for (target, source) in streams.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, source, Int32(target))
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(
            &attributes, Int16(Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF) | newSession))
        var arguments: [UnsafeMutablePointer<CChar>?] = command.arguments.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
        defer { (arguments + variables).forEach { free($0) } }
        var pid = pid_t()
        let program = command.arguments.first ?? ""
        let code = posix_spawnp(&pid, program, &actions, &attributes, &arguments, &variables)
        guard code == 0 else {
            throw CouldNotLook(
                code == ENOENT ? .notFound : code == EACCES ? .noPermission : .rejected,
                "The program \(program) could not be started: \(String(cString: strerror(code))).")
        }
        return pid
    }
}
