import Foundation
import Synchronization

/// The stand-in of the STEAMTRAP API: plain HTTP, nginx stands before it.
public final class SteamTrapAPI: Sendable {
    /// What it says now. The numbers are text, so that a fault can put anything in their place.
    public struct Figures: Sendable {
        public var online = "570"
        public var offline = "12"
        public var degraded = "18"
        public var p50 = "182"
        public var p95 = "640"
        public var p99 = "910"
        public var successRate = "98.7"
        /// `nil` leaves the field out.
        public var accuracy: String? = "0.943"
        public var evaluatedHoursAgo = 6
        /// Answers that take the place of all, or of one path's.
        public var everywhere: Answer?
        public var answers: [String: Answer] = [:]

        public init() {}
    }

    public let server: StandInServer
    private let state = Mutex(State())

    private struct State {
        var healthy = Figures()
        var faults: [(name: String, change: @Sendable (inout Figures) -> Void)] = []

        /// What is healthy, with the faults laid over it.
        var now: Figures { faults.reduce(into: healthy) { $1.change(&$0) } }
    }

    private static let base = "/v1/steam-trap"

    init() throws {
        server = try StandInServer()
        let paths = ["/health", "/sensors/status", "/metrics/latency", "/metrics/success-rate", "/ml/metrics"]
        for path in paths {
            server.on(Self.base + path) { [weak self] _ in self?.answer(path) ?? Answer(status: 503) }
        }
        server.otherwise { [weak self] _ in
            self?.state.withLock { $0.now.everywhere }
                ?? Answer.json(#"{"error":"no such resource"}"#, status: 404)
        }
    }

    /// Lays a change over what is healthy, until `heal` with the same name.
    public func spoil(_ name: String, _ change: @escaping @Sendable (inout Figures) -> Void) {
        state.withLock { $0.faults.append((name, change)) }
    }

    public func heal(_ name: String) { state.withLock { $0.faults.removeAll { $0.name == name } } }

    /// Other numbers than yesterday, as healthy.
    func drift(round: Int) -> String {
        state.withLock { state in
            state.healthy.p95 = "\(640 + round * 7 % 90)"
            state.healthy.successRate = "98.\(round % 5 + 3)"
        }
        return "latency and success rate moved a little"
    }

    private func answer(_ path: String) -> Answer {
        let now = state.withLock { $0.now }
        if let answer = now.everywhere ?? now.answers[path] { return answer }
        switch path {
        case "/health": return .json(#"{"status":"ok","service":"steam-trap-inspector","version":"2.4.3"}"#)
        case "/sensors/status":
            return .json(
                #"{"online_sensors_count":\#(now.online),"offline_sensors_count":\#(now.offline),"#
                    + #""degraded_sensors_count":\#(now.degraded)}"#)
        case "/metrics/latency":
            return .json(
                #"{"p50_latency_ms":\#(now.p50),"p95_latency_ms":\#(now.p95),"p99_latency_ms":\#(now.p99),"#
                    + #""requests":48211,"window_hours":24}"#)
        case "/metrics/success-rate": return .json(#"{"rate":\#(now.successRate),"inspections":2466}"#)
        default:
            let accuracy = now.accuracy.map { #""accuracy":\#($0),"# } ?? ""
            return .json(
                #"{\#(accuracy)"precision":0.931,"recall":0.928,"model_version":"2026.10","#
                    + #""evaluated_at":"\#(Self.time(hoursAgo: now.evaluatedHoursAgo))"}"#)
        }
    }

    private static func time(hoursAgo: Int) -> String {
        Date(timeIntervalSinceNow: -Double(hoursAgo) * 3600).formatted(.iso8601)
    }
}
