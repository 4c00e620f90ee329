import Foundation

/// Orders for a sandbox in the background, as the command line gives them.
public struct SandboxCommands: Sendable {
    /// An order could not be carried out; one sentence for a person.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// Absolute.
    public let folder: String

    public init(folder: String) {
        self.folder = folder.hasPrefix("/") ? folder : FileManager.default.currentDirectoryPath + "/" + folder
    }

    /// Starts `keeper`, a command of this program, in a session of its own, and waits until all is ready.
    public func up(keeper: [String], report: (String) -> Void) async throws {
        if let state = SandboxState.read(in: folder) {
            guard !state.isAlive else {
                throw Failure(description: "A sandbox is up in \(folder) already; `down` ends it.")
            }
            try await down()
        }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let log = open(folder + "/log", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        let null = open("/dev/null", O_RDONLY | O_CLOEXEC)
        guard log >= 0, null >= 0 else { throw Failure(description: "No log can be written in \(folder).") }
        defer { [log, null].forEach { close($0) } }
        let process = try Spawn.start(
            try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"), keeper,
            environment: Program.environment, input: null, output: log, errors: log)
        var told = 0
        let isReady = try await eventually(within: .seconds(300), every: .milliseconds(50)) {
            let lines = ((try? String(contentsOfFile: folder + "/log", encoding: .utf8)) ?? "").split(separator: "\n")
            lines.dropFirst(told).forEach { report(String($0)) }
            told = lines.count
            guard Supervisor.isAlive(process) else { throw Failure(description: "The sandbox did not come up.") }
            return SandboxState.read(in: folder)?.isReady == true
        }
        guard isReady else {
            try await down()
            throw Failure(description: "The sandbox was not ready after five minutes; see \(folder)/log.")
        }
        SandboxState.read(in: folder)?.lines.forEach(report)
    }

    /// Ends everything and returns when nothing is left. Not up is not an error.
    public func down() async throws {
        guard let state = SandboxState.read(in: folder) else { return }
        if state.isAlive {
            // A keeper that is not ready yet takes no orders; its servers end with it.
            if (try? await order("/end")) == nil { kill(state.process, SIGKILL) }
        }
        let isGone = try await eventually(within: .seconds(60)) {
            !state.isAlive && !state.folders.contains { FileManager.default.fileExists(atPath: $0) }
        }
        guard isGone else {
            throw Failure(description: "Process \(state.process) or one of \(state.folders) is still there.")
        }
        SandboxState.remove(in: folder)
    }

    public func status() async throws -> [String] { try await order("/status") }

    public func changeData() async throws -> [String] { try await order("/change-data") }

    public func heal() async throws -> [String] { try await order("/heal") }

    public func apply(_ fault: Fault) async throws -> [String] { try await order("/fault", fault.name) }

    private func order(_ path: String, _ text: String = "") async throws -> [String] {
        guard let state = SandboxState.read(in: folder), state.isAlive, state.isReady else {
            throw Failure(description: "No sandbox is up in \(folder); `up` starts one.")
        }
        let answer = try await blocking { try Self.ask(state, path, Array(text.utf8)) }
        guard answer.first == "HTTP/1.1 200 OK" else {
            throw Failure(description: answer.drop { !$0.isEmpty }.dropFirst().joined(separator: "\n"))
        }
        return answer.drop { !$0.isEmpty }.filter { !$0.isEmpty }
    }

    /// The lines of the whole answer, head included.
    private static func ask(_ state: SandboxState, _ path: String, _ body: [UInt8]) throws -> [String] {
        guard let descriptor = Loopback.connect(port: state.port) else {
            throw Failure(description: "The sandbox takes no orders on port \(state.port).")
        }
        defer { close(descriptor) }
        let head = "POST \(path) HTTP/1.1\r\nAuthorization: \(state.token)\r\nContent-Length: \(body.count)\r\n\r\n"
        _ = Loopback.sendAll(descriptor, Array(head.utf8) + body)
        // It ends the connection when it has answered, because nothing more comes.
        shutdown(descriptor, Int32(SHUT_WR))
        var answer: [UInt8] = []
        while case let more = Loopback.receive(descriptor), !more.isEmpty { answer += more }
        return String(decoding: answer, as: UTF8.self).replacing("\r\n", with: "\n")
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }
}
