import Foundation
import Synchronization

/// What a program wrote and how it ended.
public struct ProgramOutput: Sendable {
    public let status: Int32
    public let output: [UInt8]
    public let errors: [UInt8]

    public var text: String { String(decoding: output, as: UTF8.self) }
    public var errorText: String { String(decoding: errors, as: UTF8.self) }
}

/// Runs a program to its end, away from the cooperative pool. Its environment is only what is given here, so that no
/// `PGHOST` of the person who runs the tests leads elsewhere.
public enum Program {
    public static let environment = [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "HOME=/nonexistent",
    ]

    /// The output, whatever the exit status; throws when it cannot be started or takes longer than `limit`.
    public static func output(
        _ program: String, _ arguments: [String], environment: [String] = [], input: [UInt8] = [],
        limit: Duration = .seconds(120)
    ) async throws -> ProgramOutput {
        let child = Child()
        return try await withTaskCancellationHandler {
            try await blocking {
                try child.run(
                    program, arguments, environment: Program.environment + environment, input: input, limit: limit)
            }
        } onCancel: {
            child.kill()
        }
    }

    /// As `output`, but a status other than 0 throws with the last lines of what it said.
    @discardableResult
    public static func run(
        _ program: String, _ arguments: [String], environment: [String] = [], input: [UInt8] = [],
        limit: Duration = .seconds(120)
    ) async throws -> String {
        let result = try await output(program, arguments, environment: environment, input: input, limit: limit)
        guard result.status == 0 else {
            let said = (result.errorText.isEmpty ? result.text : result.errorText).suffix(2000)
            throw ProgramError(program: program, reason: "ended with status \(result.status): \(said)")
        }
        return result.text
    }
}

private final class Child: Sendable {
    private let process = Mutex<pid_t?>(nil)

    func run(
        _ program: String, _ arguments: [String], environment: [String], input: [UInt8], limit: Duration
    ) throws -> ProgramOutput {
        let (inputRead, inputWrite) = try Spawn.pipe()
        let (outputRead, outputWrite) = try Spawn.pipe()
        let (errorsRead, errorsWrite) = try Spawn.pipe()
        let started: pid_t
        do {
            defer { [inputRead, outputWrite, errorsWrite].forEach { close($0) } }
            started = try Spawn.start(
                program, arguments, environment: environment, input: inputRead, output: outputWrite,
                errors: errorsWrite)
        } catch {
            [inputWrite, outputRead, errorsRead].forEach { close($0) }
            throw error
        }
        process.withLock { $0 = started }
        var streams = Streams(input: inputWrite, output: outputRead, errors: errorsRead, pending: input[...])
        let inTime = streams.pump(limit: limit)
        if !inTime { kill() }
        streams.closeAll()
        let status = Spawn.wait(started)
        process.withLock { $0 = nil }
        guard inTime else { throw ProgramError(program: program, reason: "did not end within \(limit)") }
        return ProgramOutput(status: status, output: streams.out, errors: streams.err)
    }

    /// The whole session: what the program started itself ends too.
    func kill() {
        process.withLock { process in
            if let process { _ = Foundation.kill(-process, SIGKILL) }
        }
    }
}

/// The three pipes of a child, served by one poll loop so that none of them can block the others.
private struct Streams {
    var input: Int32
    var output: Int32
    var errors: Int32
    var pending: ArraySlice<UInt8>
    var out: [UInt8] = []
    var err: [UInt8] = []

    /// `false` when the time is over before the child closed its outputs.
    mutating func pump(limit: Duration) -> Bool {
        _ = fcntl(input, F_SETFL, O_NONBLOCK)
        let clock = ContinuousClock()
        let end = clock.now + limit
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while output >= 0 || errors >= 0 {
            guard clock.now < end else { return false }
            if pending.isEmpty { Self.shut(&input) }
            var polled = [
                pollfd(fd: input, events: Int16(POLLOUT), revents: 0),
                pollfd(fd: output, events: Int16(POLLIN), revents: 0),
                pollfd(fd: errors, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&polled, 3, 100) > 0 else { continue }
            if polled[0].revents != 0 { feed() }
            if polled[1].revents != 0 { Self.drain(&output, into: &out, &chunk) }
            if polled[2].revents != 0 { Self.drain(&errors, into: &err, &chunk) }
        }
        return true
    }

    mutating func closeAll() {
        Self.shut(&input)
        Self.shut(&output)
        Self.shut(&errors)
    }

    private mutating func feed() {
        let written = pending.withUnsafeBytes { send(input, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        if written > 0 { pending = pending.dropFirst(written) } else if errno != EAGAIN { Self.shut(&input) }
    }

    private static func drain(_ descriptor: inout Int32, into bytes: inout [UInt8], _ chunk: inout [UInt8]) {
        let count = read(descriptor, &chunk, chunk.count)
        if count > 0 { bytes.append(contentsOf: chunk[..<count]) } else { shut(&descriptor) }
    }

    private static func shut(_ descriptor: inout Int32) {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }
}
