import Foundation
import Host
import Sandbox
import Testing

extension SeededGenerator {
    mutating func within(_ range: ClosedRange<Double>) -> Double { .random(in: range, using: &self) }
    mutating func says(_ chance: Double) -> Bool { within(0...1) < chance }
}

/// Kills nodes with SIGKILL at random moments and starts them again; stops and starts their database as well.
final class ServeKillLoop {
    struct Kill {
        let at: Double
        let pid: Int32
        /// It dispatched, or worked on a run.
        let worked: Bool
        /// Before it was ready.
        let wasStarting: Bool
        /// Nothing else was killed, stopped or started before another node began a run.
        var isAlone = false
    }

    private let bench: ServeKillBench
    private var servers: [Server?]
    private var dice: SeededGenerator
    private(set) var kills: [Kill] = []
    private(set) var starts: [Double] = []
    private(set) var outages: [ClosedRange<Double>] = []
    private(set) var immediateStops = 0
    /// Nodes that ended without being killed, and what they said.
    private(set) var ended: [String] = []
    private(set) var wrong: [String] = []
    private(set) var from = 0.0
    private(set) var until = 0.0
    /// The node that is to be killed while it starts.
    private var starting: Int?

    init(_ bench: ServeKillBench, seed: UInt64) {
        self.bench = bench
        servers = bench.nodes.map { _ in nil }
        dice = SeededGenerator(seed: seed)
    }

    private var now: Double { Date().timeIntervalSince1970 }

    /// - Parameter outageEvery: So many kills lie between two outages of the database.
    func run(kills count: Int, outageEvery: Int) async throws {
        for node in bench.nodes.indices { try await start(node, wait: true) }
        from = now
        var next = outageEvery
        while kills.count < count {
            if bench.server != nil, kills.count >= next {
                next += outageEvery
                try await interruptDatabase()
            }
            try await revive()
            try await killOne()
        }
    }

    /// Ends each node in order, once all that was left is over.
    func finish() async throws {
        try await revive()
        for node in bench.nodes.indices { await ready(node) }
        let quiet = now
        var left = ["not looked"]
        while now < quiet + 90, !left.isEmpty {
            try await rest(1)
            left = try await bench.unfinished(before: quiet)
        }
        if !left.isEmpty { wrong.append("not over after 90 quiet seconds: \(left.prefix(5))") }
        while now < quiet + 5 { try await rest(1) }
        // What is due while it is asked to stop may be decided by the next start.
        until = now - 2
        try await stop()
        // What the stop left the next start goes on with, also of plans that are gone.
        for node in bench.nodes { try bench.plans.remove(from: node.appending(path: "plans")) }
        try await revive()
        let again = now
        left = ["not looked"]
        while now < again + 60, !left.isEmpty {
            try await rest(1)
            left = try await bench.unfinished(before: again)
        }
        if !left.isEmpty { wrong.append("left by a stop, and not over 60 s after the next start: \(left.prefix(5))") }
        try await stop()
    }

    /// Asks all nodes to stop.
    private func stop() async throws {
        for server in servers { server?.signal(SIGTERM) }
        for (node, server) in servers.enumerated() {
            guard let server else { continue }
            let exit = try await server.end()
            if exit != 0 {
                wrong.append("node \(node + 1) ended with \(exit) when asked to: \(server.said.suffix(500))")
            }
            servers[node] = nil
        }
    }

    private func killOne(during outage: Bool = false) async throws {
        let node = try await victim(during: outage)
        guard let server = servers[node] else { return }
        let wasStarting = starting == node
        starting = nil
        try await rest(
            dice.within(wasStarting ? 0...0.5 : dice.says(0.85) ? 0...1.2 : 2...4))
        let worked = outage ? false : try await working().contains(server.pid)
        guard isAlive(server) else { return try await note(node) }
        server.signal(SIGKILL)
        let at = now
        while isAlive(server) { try await rest(0.001) }
        servers[node] = nil
        kills.append(Kill(at: at, pid: server.pid, worked: worked, wasStarting: wasStarting))
        if !outage, bench.nodes.count > 1, dice.says(0.6) { try await othersBegin(since: at) }
        try await rest(dice.within(dice.says(0.85) ? 0...0.4 : 0.5...2))
        let isHasty = !outage && dice.says(0.2)
        try await start(node, wait: !outage && !isHasty)
        if isHasty { starting = node }
    }

    /// Half of the time one that has work in hand.
    private func victim(during outage: Bool) async throws -> Int {
        if let starting { return starting }
        let alive = servers.indices.filter { servers[$0] != nil }
        if !outage, dice.says(0.5) {
            let working = try await working()
            let busy = alive.filter { node in servers[node].map { working.contains($0.pid) } ?? false }
            if let chosen = busy.randomElement(using: &dice) { return chosen }
        }
        return alive.randomElement(using: &dice) ?? 0
    }

    /// The processes that have a lease: `machine/pid/random` is a node's name. On a file it is the only one.
    private func working() async throws -> Set<Int32> {
        guard let server = bench.server else { return Set(servers.compactMap { $0?.pid }) }
        let nodes = try await server.psql(
            "SELECT node FROM millwright.lease WHERE expires_at > now()", database: ServeKillBench.journal)
        return Set(
            nodes.split(separator: "\n").compactMap { name in
                name.split(separator: "/").dropFirst().first.flatMap { Int32($0) }
            })
    }

    /// Waits until another node has begun a run.
    private func othersBegin(since instant: Double) async throws {
        guard let server = bench.server else { return }
        let end = now + 25
        while now < end {
            let begun = try await server.psql(
                "SELECT count(*) FROM millwright.run WHERE started_at > \(Int(instant * 1_000_000))",
                database: ServeKillBench.journal)
            if begun != "0" {
                kills[kills.count - 1].isAlone = true
                return
            }
            try await rest(0.1)
        }
        wrong.append("no run began within 25 s after the kill at \(instant)")
    }

    private func interruptDatabase() async throws {
        guard let server = bench.server else { return }
        let began = now
        if dice.says(0.5), let process = server.supervisor.serverProcess {
            immediateStops += 1
            kill(process, SIGQUIT)
        }
        try await server.interrupt()
        try await rest(dice.within(dice.says(0.2) ? 4...7 : 0.2...2.5))
        if dice.says(0.4) { try await killOne(during: true) }
        try await server.resume()
        outages.append(began...now)
    }

    private func start(_ node: Int, wait: Bool) async throws {
        servers[node] = try bench.start(node)
        starts.append(now)
        if wait { await ready(node) }
    }

    private func ready(_ node: Int) async {
        guard let server = servers[node] else { return }
        let end = now + 30
        while now < end, isAlive(server), !server.said.contains("ready:"), !server.said.contains("standing by") {
            try? await rest(0.01)
        }
        if now >= end { wrong.append("node \(node + 1) was not ready within 30 s: \(server.said.suffix(500))") }
    }

    /// Starts those again that ended by themselves, as an init would.
    private func revive() async throws {
        for node in servers.indices {
            if let server = servers[node], !isAlive(server) { try await note(node) }
            if servers[node] == nil { try await start(node, wait: true) }
        }
    }

    private func note(_ node: Int) async throws {
        guard let server = servers[node] else { return }
        ended.append("\(try await server.end()): \(server.said.split(separator: "\n").last ?? "nothing")")
        servers[node] = nil
    }

    /// Foundation says that a process runs as long as anything that it started: what is left of a killed one would be
    /// over before the next start. The first thread of a dying process is a zombie before the others have closed its files.
    private func isAlive(_ server: Server) -> Bool {
        let process = "/proc/\(server.pid)"
        guard let text = try? String(contentsOfFile: process + "/stat", encoding: .utf8),
            let name = text.lastIndex(of: ")")
        else { return false }
        let threads = try? FileManager.default.contentsOfDirectory(atPath: process + "/task").count
        return !["Z", "X"].contains(text[name...].dropFirst(2).first) || threads ?? 0 > 1
    }

    private func rest(_ seconds: Double) async throws { try await Task.sleep(for: .seconds(seconds)) }
}
