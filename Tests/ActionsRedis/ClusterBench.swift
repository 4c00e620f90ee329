import ClientRedis
import Host
import Maintenance
import Sandbox

@testable import ActionsRedis

/// Three primaries on loopback that share the slots.
struct RedisCluster {
    let nodes: [RedisServer]

    static func run(_ body: (RedisCluster) async throws -> Void) async throws {
        var nodes: [RedisServer] = []
        do {
            for _ in 0..<3 { nodes.append(try await node()) }
            let cluster = RedisCluster(nodes: nodes)
            try await cluster.meet()
            try await body(cluster)
        } catch {
            for node in nodes { await node.stop() }
            throw error
        }
        for node in nodes { await node.stop() }
    }

    private static func node() async throws -> RedisServer {
        // The bus of the nodes has a port of its own.
        try await RedisServer.start(arguments: [
            "--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-port",
            String(try Scratch.freePort()), "--cluster-node-timeout", "5000",
        ])
    }

    private func meet() async throws {
        let slots = [(0, 5460), (5461, 10922), (10923, 16383)]
        for (number, (node, range)) in zip(nodes, slots).enumerated() {
            try await node.command(["CLUSTER", "SET-CONFIG-EPOCH", String(number + 1)])
            try await node.command(["CLUSTER", "ADDSLOTSRANGE", String(range.0), String(range.1)])
        }
        for node in nodes.dropFirst() {
            let bus = try await node.command(["CONFIG", "GET", "cluster-port"]).split(separator: "\n").last ?? ""
            try await nodes[0].command(["CLUSTER", "MEET", "127.0.0.1", String(node.port), String(bus)])
        }
        guard
            try await eventually({
                for node in nodes {
                    let info = try await node.command(["CLUSTER", "INFO"])
                    let all = try await node.command(["CLUSTER", "NODES"]).split(separator: "\n").count {
                        $0.contains("0-5460") || $0.contains("5461-") || $0.contains("10923-")
                    }
                    guard info.contains("cluster_state:ok"), all == 3 else { return false }
                }
                return true
            })
        else { throw BenchError() }
    }

    /// Each key to the node that has its slot.
    func load(_ commands: [[[UInt8]]]) async throws {
        let parts = Dictionary(grouping: commands) { min(2, RedisSlot.of($0[1]) / 5461) }
        for (part, commands) in parts { try await nodes[part].load(commands) }
    }

    /// How many keys all nodes have.
    func count() async throws -> Int {
        var sum = 0
        for node in nodes { sum += Int(try await node.command(["DBSIZE"])) ?? 0 }
        return sum
    }
}
