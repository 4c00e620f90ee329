import ClientHTTP
import Host
import Maintenance
import Sandbox
import Synchronization

@testable import ClientKubernetes

/// A node with the logs of one container, which answers as kubelets do, and as they do when something is wrong.
final class LogNode: Sendable {
    /// What happens to the next answers, one after the other; then all is well.
    enum Trouble: Sendable {
        /// Ends in good order after so many bytes, as a proxy does whose node is gone.
        case endsEarly(Int)
        /// The connection is cut after so many bytes.
        case cut(Int)
        /// These lines are there from this answer on, and what was there before is not.
        case rotates([String])
        /// These lines are written before the answer.
        case writes([String])
        case refuses(Int, String)
        case says([UInt8])
        case well
    }

    struct State {
        var lines: [String] = []
        var previous: [String]?
        var troubles: [Trouble] = []
        var pod: String?
        var asked: [String] = []
    }

    let server: StandInServer
    let state = Mutex(State())

    init(_ lines: [String], previous: [String]? = nil, troubles: [Trouble] = []) throws {
        server = try StandInServer()
        state.withLock { state in
            state.lines = lines
            state.previous = previous
            state.troubles = troubles
        }
        server.otherwise { [weak self] request in self?.answer(request) ?? Answer(status: 500) }
    }

    var asked: [String] { state.withLock { $0.asked } }

    private func answer(_ request: StandInServer.Request) -> Answer {
        guard request.path.hasSuffix("/log") else {
            return state.withLock { state in
                state.pod.map { .json($0) } ?? .json(Self.status(404, "NotFound", "pods not found"), status: 404)
            }
        }
        return state.withLock { state in
            state.asked.append(request.target)
            let trouble = state.troubles.isEmpty ? Trouble.well : state.troubles.removeFirst()
            switch trouble {
            case .refuses(let code, let message):
                return .json(Self.status(code, code == 403 ? "Forbidden" : "BadRequest", message), status: code)
            case .says(let bytes): return Answer(body: .bytes(bytes))
            case .rotates(let lines): state.lines = lines
            case .writes(let lines): state.lines += lines
            case .well, .endsEarly, .cut: break
            }
            let isPrevious = request.target.contains("previous=true")
            guard let lines = isPrevious ? state.previous : state.lines else {
                let message = "previous terminated container \"api\" in pod \"api-0\" not found"
                return .json(Self.status(400, "BadRequest", message), status: 400)
            }
            let body = Self.body(lines, request.target)
            switch trouble {
            case .endsEarly(let count): return Answer(body: .bytes(Array(body.prefix(count))))
            case .cut(let count): return Answer(body: .short(Array(body.prefix(count)), length: body.count))
            default: return Answer(body: .bytes(body))
            }
        }
    }

    private static func body(_ lines: [String], _ target: String) -> [UInt8] {
        func value(_ name: String) -> String? {
            target.split(whereSeparator: { $0 == "?" || $0 == "&" }).first { $0.hasPrefix(name + "=") }
                .map { String($0.dropFirst(name.count + 1)) }?.percentDecoded
        }
        let since = value("sinceTime").flatMap { Instant($0) }.map(LogTime.init)
        let kept = lines.filter { line in
            guard let since else { return true }
            return LogTime(Array(line.utf8.prefix { $0 != 32 })[...]).map { $0 >= since } ?? true
        }
        let bytes = Array(kept.map { $0 + "\n" }.joined().utf8)
        return value("limitBytes").flatMap { Int($0) }.map { Array(bytes.prefix($0)) } ?? bytes
    }

    static func status(_ code: Int, _ reason: String, _ message: String) -> String {
        let quoted = message.replacing("\"", with: "\\\"")
        return
            "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\",\"message\":\"\(quoted)\","
            + "\"reason\":\"\(reason)\",\"code\":\(code)}"
    }

    func access(patience: Duration = .seconds(20), for purpose: Purpose = .look) -> KubernetesAccess {
        Self.access(server.url(""), patience: patience, for: purpose)
    }

    static func access(
        _ url: String, patience: Duration = .seconds(20), for purpose: Purpose = .look, evidence: EvidenceLog? = nil
    ) -> KubernetesAccess {
        let settings = KubernetesSettings(context: "test", namespace: "shop", url: url)
        let context = Context(
            host: .system, deadline: Host.system.steady() + patience, label: WorkLabel(run: "run", step: "step"),
            evidence: evidence)
        let connection = KubernetesConnection(settings, on: .system)
        // Whoever asks need not close: the connections last as long as this process, which is short.
        kept.withLock { $0.append(connection) }
        return KubernetesAccess(connection: connection, purpose: purpose, in: context)
    }

    private static let kept = Mutex<[KubernetesConnection]>([])
}

/// Keeps the lines that are handed over.
final class Kept: Sendable {
    private let state = Mutex<[ClientKubernetes.LogLine]>([])

    var lines: [ClientKubernetes.LogLine] { state.withLock { $0 } }
    var texts: [String] { lines.map { String(decoding: $0.bytes, as: UTF8.self) } }
    func add(_ lines: [ClientKubernetes.LogLine]) { state.withLock { $0 += lines } }
}

func instant(_ text: String) -> Instant { Instant(text) ?? Instant(secondsSinceEpoch: 0) }

/// `2026-11-21T10:00:SS.000000NNNZ text`
func line(_ second: Int, _ nano: Int = 0, _ text: String = "x") -> String {
    let time = LogTime(
        secondsSinceEpoch: instant("2026-11-21T10:00:00Z").secondsSinceEpoch + Int64(second), nanoseconds: Int32(nano))
    return "\(time) \(text)"
}
