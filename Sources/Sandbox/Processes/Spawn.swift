import Glibc
import Synchronization

/// A program could not be started, or ended otherwise than it should.
public struct ProgramError: Error, Sendable, CustomStringConvertible {
    public let program: String
    public let reason: String

    public init(program: String, reason: String) {
        self.program = program
        self.reason = reason
    }

    public var description: String { "\(program): \(reason)" }
}

enum Spawn {
    /// POSIX_SPAWN_SETSID of <spawn.h>, which is only visible to GNU C.
    private static let newSession: Int32 = 0x80

    /// Starts a program in a session of its own, with three descriptors and nothing else of ours open in it: every
    /// descriptor that this process opens is close-on-exec.
    static func start(
        _ program: String, _ arguments: [String], environment: [String], input: Int32, output: Int32, errors: Int32
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (target, source) in [input, output, errors].enumerated() {
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

        var pointers: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
        defer { (pointers + variables).forEach { free($0) } }
        var process = pid_t()
        let result = gate.withLock { _ in posix_spawnp(&process, program, &actions, &attributes, &pointers, &variables)
        }
        guard result == 0 else {
            throw ProgramError(program: program, reason: "could not be started: \(String(cString: strerror(result)))")
        }
        return process
    }

    /// Two ends of a stream that no child inherits by accident; a socket pair, because glibc shows Swift no pipe2().
    static func pipe() throws -> (Int32, Int32) {
        var ends: [Int32] = [0, 0]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw ProgramError(program: "socketpair", reason: String(cString: strerror(errno)))
        }
        return (ends[0], ends[1])
    }

    /// Held while a child is made and while a descriptor is not yet close-on-exec.
    static let gate = Mutex(())

    /// Waits for a child's end. Blocks its thread.
    static func wait(_ process: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        // As a shell says it: 128 and the signal for a process that a signal ended.
        return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
    }
}
