import Glibc
import Host

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
    static func start(
        _ program: String, _ arguments: [String], environment: [String], input: Int32, output: Int32, errors: Int32
    ) throws -> pid_t {
        do throws(SystemError) {
            return try ChildProcess.start(
                [program] + arguments, environment: environment, streams: [input, output, errors])
        } catch {
            throw ProgramError(program: program, reason: "could not be started: \(error.reason)")
        }
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

    /// Waits for a child's end. Blocks its thread.
    static func wait(_ process: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        // As a shell says it: 128 and the signal for a process that a signal ended.
        return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
    }
}
