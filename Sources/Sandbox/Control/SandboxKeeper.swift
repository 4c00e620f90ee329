import Foundation
import Synchronization

/// The process in the background that holds a STEAMTRAP sandbox: it takes orders over HTTP on the loopback, one after
/// the other, and ends with everything when it is told to, or when its state file is gone.
public final class SandboxKeeper: Sendable {
    private let folder: String
    private let sandbox: SteamTrapSandbox
    private let control: StandInServer
    private let token = SteamTrapPasswords.make()
    private let turn = DispatchSemaphore(value: 1)
    private let isOver = Mutex(false)

    /// Starts the sandbox, writes the state, and returns when it is over.
    public static func run(
        folder: String, size: SteamTrapSize, report: @escaping @Sendable (String) -> Void
    ) async throws {
        var state = SandboxState.own()
        try state.write(in: folder)
        let sandbox = try await SteamTrapSandbox.start(size: size, under: roomyFolder, report: report)
        let keeper = try SandboxKeeper(folder: folder, sandbox: sandbox)
        state.port = keeper.control.port
        state.token = keeper.token
        state.folders = [
            sandbox.database.folder, sandbox.cache.supervisor.folder, sandbox.front.supervisor.folder,
            Scratch.kept,
        ].compactMap(\.self)
        state.lines = keeper.lines
        state.isReady = true
        try keeper.writeEnvironment()
        try state.write(in: folder)
        _ = try await eventually(within: .seconds(1_000_000_000), every: .milliseconds(200)) {
            keeper.isOver.withLock { $0 } || SandboxState.read(in: folder)?.process != state.process
        }
        await sandbox.stop()
        if SandboxState.read(in: folder)?.process == state.process { SandboxState.remove(in: folder) }
    }

    private init(folder: String, sandbox: SteamTrapSandbox) throws {
        self.folder = folder
        self.sandbox = sandbox
        control = try StandInServer()
        order("/status") { keeper, _ in keeper.lines + keeper.sandbox.faults.map { "fault in force: \($0)" } }
        order("/change-data") { keeper, _ in try await keeper.sandbox.changeData() }
        order("/heal") { keeper, _ in
            let names = keeper.sandbox.faults
            try await keeper.sandbox.heal()
            return names.map { "healed: \($0)" }
        }
        order("/fault") { keeper, name in
            guard let fault = Fault.named(name) else { return ["there is no fault \(name)"] }
            try await keeper.sandbox.apply(fault)
            return ["\(fault.name): \(fault.summary)"]
        }
        order("/end") { keeper, _ in
            keeper.isOver.withLock { $0 = true }
            return []
        }
    }

    /// The database is large, and /tmp may lie in memory.
    private static var roomyFolder: String? { access("/var/tmp", W_OK) == 0 ? "/var/tmp" : nil }

    private func order(
        _ path: String, _ work: @escaping @Sendable (SandboxKeeper, String) async throws -> [String]
    ) {
        control.on(path) { [weak self] request in
            guard let self, request.headers["authorization"] == token else { return Answer(status: 403) }
            turn.wait()
            defer { turn.signal() }
            let result = Mutex<Answer>(Answer(status: 500))
            let done = DispatchSemaphore(value: 0)
            // The handler has a thread of its own, so it may wait for the task.
            Task.detached {
                do {
                    let lines = try await work(self, String(decoding: request.body, as: UTF8.self))
                    let text = lines.map { $0 + "\n" }.joined()
                    result.withLock { $0 = Answer(body: .bytes(Array(text.utf8))) }
                } catch {
                    result.withLock { $0 = Answer(status: 500, body: .bytes(Array("\(error)".utf8))) }
                }
                done.signal()
            }
            done.wait()
            return result.withLock { $0 }
        }
    }

    private var lines: [String] {
        [
            "PostgreSQL  127.0.0.1:\(sandbox.proxies.database.port)  database greenlang, \(sandbox.size.rows) inspections"
                + "  (superuser past the proxy: psql -h 127.0.0.1 -p \(sandbox.database.port) -U postgres greenlang)",
            "Redis       127.0.0.1:\(sandbox.proxies.cache.port)  \(sandbox.size.keys) keys"
                + "  (past the proxy: redis-cli -p \(sandbox.cache.port))",
            "API         https://localhost:\(sandbox.proxies.api.port)/v1/steam-trap  behind nginx,"
                + " trusted with \(folder)/ca.pem",
            "Variables   . \(folder)/env",
        ]
    }

    private func writeEnvironment() throws {
        let root = try Data(contentsOf: URL(fileURLWithPath: sandbox.certificates.rootPath))
        try PrivateFile.write([UInt8](root), to: folder + "/ca.pem")
        let lines = sandbox.environment.map { name, value in
            "export \(name)='\(name == "STEAMTRAP_CA" ? folder + "/ca.pem" : value)'\n"
        }
        try PrivateFile.write(Array(lines.joined().utf8), to: folder + "/env")
    }
}
