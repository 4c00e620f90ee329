import Foundation
import Synchronization

/// A server program under a small shell that owns it: the shell reads its orders from a pipe, and when the pipe ends,
/// because this process said so or because it died in whatever way, it ends the server and deletes its folder.
public final class Supervisor: Sendable {
    /// Deleted with everything in it at the end.
    public let folder: String
    private let shell: pid_t
    private let orders: Mutex<Int32>

    /// `$1` folder, `$2` signal for a stop that keeps the data, `$3` signal for the end; then the program, which is
    /// started when the order comes. Without a program it only looks after the folder.
    static let script = """
        folder=$1 stop=$2 end=$3; shift 3
        program=("$@") server=
        launch() {
            [ ${#program[@]} -gt 0 ] || return
            "${program[@]}" </dev/null >>"$folder/log" 2>&1 &
            server=$!
            echo $server >"$folder/server.pid.new" && mv "$folder/server.pid.new" "$folder/server.pid"
        }
        halt() {
            local _ parent timer
            if [ -n "$server" ] && read -r _ _ _ parent _ 2>/dev/null <"/proc/$server/stat" && [ "$parent" = $$ ]; then
                kill -s "$1" "$server"
                sleep 20 & timer=$!
                wait -n "$server" "$timer"
                if kill -0 $timer 2>/dev/null; then kill $timer; else kill -s KILL "$server"; fi
                wait
            fi 2>/dev/null
            server=; rm -f "$folder/server.pid"
        }
        finish() { halt "$end"; cd /; rm -rf -- "$folder" || { sleep 1; rm -rf -- "$folder"; } 2>/dev/null; }
        trap finish EXIT
        trap exit HUP INT TERM
        while read -r order; do
            case $order in stop) halt "$stop" ;; start) launch ;; end) break ;; esac
        done
        """

    private init(folder: String, shell: pid_t, orders: Int32) {
        self.folder = folder
        self.shell = shell
        self.orders = Mutex(orders)
    }

    /// Takes over `folder`; `command` runs from `resume` on.
    public static func own(
        _ folder: String, command: [String] = [], stopSignal: String = "TERM", endSignal: String = "TERM"
    ) throws -> Supervisor {
        let (read, write) = try Spawn.pipe()
        defer { close(read) }
        let null = open("/dev/null", O_WRONLY | O_CLOEXEC)
        defer { close(null) }
        do {
            let shell = try Spawn.start(
                "bash", ["-c", script, "sandbox-supervisor", folder, stopSignal, endSignal] + command,
                environment: Program.environment, input: read, output: null, errors: null)
            return Supervisor(folder: folder, shell: shell, orders: write)
        } catch {
            close(write)
            try? FileManager.default.removeItem(atPath: folder)
            throw error
        }
    }

    /// Runs `start`, and ends everything when it fails.
    func orEnd(_ start: () async throws -> Void) async throws {
        do { try await start() } catch {
            await end()
            throw error
        }
    }

    deinit {
        let descriptor = orders.withLock { $0 }
        guard descriptor >= 0 else { return }
        close(descriptor)
        let shell = shell
        Thread.detachNewThread { _ = Spawn.wait(shell) }
    }

    /// Ends the server's process and keeps its folder; `resume` starts it again.
    public func interrupt() async throws {
        try order("stop")
        guard try await eventually({ self.serverProcess == nil }) else {
            throw ProgramError(program: "supervisor", reason: "the server under \(folder) did not stop")
        }
    }

    public func resume() throws { try order("start") }

    /// Ends the server, deletes the folder, and returns when both are done.
    public func end() async {
        let descriptor = orders.withLock { descriptor in
            defer { descriptor = -1 }
            return descriptor
        }
        guard descriptor >= 0 else { return }
        close(descriptor)
        let shell = shell
        _ = try? await blocking { Spawn.wait(shell) }
    }

    /// The process id of the server, while the shell has one.
    public var serverProcess: Int32? {
        guard let text = try? String(contentsOfFile: folder + "/server.pid", encoding: .utf8) else { return nil }
        return pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    /// Waits until `isReady` says yes; throws with the end of the server's log when it ends before or takes too long.
    public func waitUntil(
        _ name: String, within limit: Duration = .seconds(60), isReady: () async throws -> Bool
    ) async throws {
        let inTime = try await eventually(within: limit) {
            if let process = self.serverProcess, !Self.isAlive(process) {
                throw ProgramError(program: name, reason: "ended at its start: \(self.logEnd)")
            }
            return try await isReady()
        }
        guard inTime else {
            throw ProgramError(program: name, reason: "was not ready within \(limit): \(logEnd)")
        }
    }

    private var logEnd: String {
        let text = (try? String(contentsOfFile: folder + "/log", encoding: .utf8)) ?? "no log"
        return String(text.suffix(1500))
    }

    /// A zombie is dead.
    static func isAlive(_ process: pid_t) -> Bool {
        guard let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
            let name = stat.lastIndex(of: ")")
        else { return false }
        let state = stat[name...].dropFirst(2).first
        return state != "Z" && state != "X"
    }

    private func order(_ word: String) throws {
        let bytes = Array((word + "\n").utf8)
        let written = orders.withLock { $0 >= 0 && Loopback.sendAll($0, bytes) }
        guard written else {
            throw ProgramError(program: "supervisor", reason: "the supervisor of \(folder) is gone")
        }
    }
}
