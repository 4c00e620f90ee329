import Maintenance

/// The servers that together hold all keys of a target: the one, or the primaries of its cluster.
public struct RedisKeyspace: Sendable {
    /// Some keys, by their place in a list, and the server that has them.
    public struct Share: Sendable {
        public let server: RedisAccess
        public let indices: [Int]
        /// One list for all that one script may touch: in a cluster those of one slot.
        public let together: [[Int]]
    }

    public let servers: [RedisAccess]
    public let isReplica: Bool
    /// The oldest version among them.
    private let facts: [RedisServerFacts]
    /// In a cluster the place of the server that has each slot; empty where there is one server.
    private let owners: [Int]

    init(_ server: RedisAccess, _ facts: RedisServerFacts) {
        servers = [server]
        isReplica = facts.isReplica
        self.facts = [facts]
        owners = []
    }

    init(cluster servers: [RedisAccess], _ facts: [RedisServerFacts], owners: [Int]) {
        self.servers = servers
        self.facts = facts
        self.owners = owners
        isReplica = facts.contains(where: \.isReplica)
    }

    public var isCluster: Bool { !owners.isEmpty }

    public func isAtLeast(_ major: Int, _ minor: Int = 0) -> Bool { facts.allSatisfy { $0.isAtLeast(major, minor) } }

    /// True where the slots are where they were: a pass over all servers missed no key that moved meanwhile.
    public func hasSameOwners(as other: RedisKeyspace) -> Bool {
        owners == other.owners && servers.map(\.identity) == other.servers.map(\.identity)
    }

    /// Who has which of the keys.
    public func shares(of keys: [[UInt8]]) -> [Share] {
        guard isCluster else {
            return [Share(server: servers[0], indices: Array(keys.indices), together: [Array(keys.indices)])]
        }
        let bySlot = Dictionary(grouping: keys.indices) { RedisSlot.of(keys[$0]) }.sorted { $0.key < $1.key }
        let byServer = Dictionary(grouping: bySlot) { owners[$0.key] }
        return byServer.sorted { $0.key < $1.key }.map { owner, slots in
            Share(server: servers[owner], indices: slots.flatMap(\.value), together: slots.map(\.value))
        }
    }
}

/// The part of a cluster's keys that a key belongs to.
public enum RedisSlot {
    public static let count = 16_384

    /// CRC16 of the key, or of what stands between its first `{` and the next `}`, where that is anything.
    public static func of(_ key: [UInt8]) -> Int {
        var part = key[...]
        if let open = key.firstIndex(of: UInt8(ascii: "{")),
            let close = key[(open + 1)...].firstIndex(of: UInt8(ascii: "}")), close > open + 1
        {
            part = key[(open + 1)..<close]
        }
        var crc: UInt16 = 0
        for byte in part {
            crc ^= UInt16(byte) << 8
            for _ in 0..<8 { crc = crc & 0x8000 != 0 ? crc << 1 ^ 0x1021 : crc << 1 }
        }
        return Int(crc) % count
    }
}

extension RedisAccess {
    /// All servers that hold the target's keys; thrown where a part of them is not there, or is being moved.
    public func keyspace() async throws -> RedisKeyspace {
        guard try await server().mode == .cluster else { return RedisKeyspace(self, try await wholeServer()) }
        let map = try await clusterMap()
        guard let node = link.node else { throw malformed(ClusterMap.question) }
        var servers: [RedisAccess] = []
        var facts: [RedisServerFacts] = []
        for primary in map.primaries {
            let server = RedisAccess(
                identity: "\(identity), node \(primary.address)", purpose: purpose, link: node(primary.address),
                in: context)
            facts.append(try await server.server())
            // Only a node itself says which of its slots are being moved.
            let own = try await server.clusterMap()
            guard own.owners == map.owners else { throw moving() }
            servers.append(server)
        }
        return RedisKeyspace(cluster: servers, facts, owners: map.owners)
    }

    private func clusterMap() async throws -> ClusterMap {
        guard let text = try await ask(ClusterMap.question).asText, let map = ClusterMap(text) else {
            throw malformed(ClusterMap.question)
        }
        guard !map.isMoving else { throw moving() }
        if let missing = map.missing {
            throw CouldNotLook(
                .partlyCovered,
                "\(identity): no primary of the cluster has slot \(missing): a part of the keys is not there.")
        }
        guard map.primaries.count <= RedisLimits.primaries else {
            throw CouldNotLook(.tooLarge, "\(identity) has more than \(RedisLimits.primaries) primaries.")
        }
        return map
    }

    private func moving() -> CouldNotLook {
        CouldNotLook(.busy, "\(identity): slots of the cluster are being moved: try again when that is over.")
    }
}

/// What a node of a cluster knows of all: the reply to CLUSTER NODES.
struct ClusterMap: Hashable {
    struct Primary: Hashable {
        let address: RedisNode
        let slots: [ClosedRange<Int>]
    }

    static let question = RedisCommand("CLUSTER", "NODES")

    let primaries: [Primary]
    /// The place of the primary that has each slot; -1 where none has it.
    let owners: [Int]
    /// Slots of the node that was asked are on their way to or from another.
    let isMoving: Bool

    /// The first slot that nobody has.
    var missing: Int? { owners.firstIndex(of: -1) }

    /// nil where the text is none.
    init?(_ text: String) {
        var primaries: [Primary] = []
        var isMoving = false
        for line in text.split(whereSeparator: \.isNewline) {
            let fields = line.split(separator: " ", omittingEmptySubsequences: false)
            guard fields.count >= 8 else { return nil }
            let flags = fields[2].split(separator: ",")
            let slots = fields[8...].filter { !$0.isEmpty }
            if slots.contains(where: { $0.hasPrefix("[") }) { isMoving = true }
            guard flags.contains("master"), !flags.contains("fail"), !slots.isEmpty else { continue }
            guard let address = RedisNode(clusterAddress: fields[1]) else { return nil }
            var ranges: [ClosedRange<Int>] = []
            for slot in slots where !slot.hasPrefix("[") {
                let ends = slot.split(separator: "-").compactMap { Int($0) }
                guard let low = ends.first, let high = ends.last, (1...2).contains(ends.count), low <= high,
                    (0..<RedisSlot.count).contains(low), high < RedisSlot.count
                else { return nil }
                ranges.append(low...high)
            }
            primaries.append(Primary(address: address, slots: ranges))
        }
        // In the order of their slots, whoever was asked.
        self.primaries = primaries.filter { !$0.slots.isEmpty }.sorted {
            $0.slots[0].lowerBound < $1.slots[0].lowerBound
        }
        self.isMoving = isMoving
        var owners = Array(repeating: -1, count: RedisSlot.count)
        for (place, primary) in self.primaries.enumerated() {
            for slot in primary.slots.joined() { owners[slot] = place }
        }
        self.owners = owners
    }
}

/// Where a node of a cluster is.
public struct RedisNode: Hashable, Sendable, CustomStringConvertible {
    public let host: String
    public let port: Int

    /// `10.0.0.1:6379@16379,name`: by its name where it announces one.
    init?(clusterAddress text: some StringProtocol) {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        let place = parts[0].prefix { $0 != "@" }
        guard let colon = place.lastIndex(of: ":"), let port = Int(place[place.index(after: colon)...]),
            (1...65_535).contains(port)
        else { return nil }
        let name =
            parts.count > 1 && !parts[1].contains("=") && !parts[1].isEmpty ? String(parts[1]) : String(place[..<colon])
        guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else { return nil }
        self.host = name
        self.port = port
    }

    public var description: String { "\(host.contains(":") ? "[\(host)]" : host):\(port)" }
}
