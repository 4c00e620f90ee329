import Host

/// Something that is wrong with a sandbox on purpose, and can be undone.
public struct Fault: Sendable {
    /// What a fault occupies: two faults that share a place would hide each other.
    public enum Place: String, Sendable, CaseIterable {
        case health, sensors, latency, successRate, accuracy, certificate
        case connect, connections, size, inspections, vacuum, archive, tickets
        case keys
        case pods, errors, volumes, backups, scans, dependencies, rollout, retraining, logs

        static let api: Set<Place> = [.health, .sensors, .latency, .successRate, .accuracy]
        static let database: Set<Place> = [.connect, .connections, .size, .inspections, .vacuum, .archive, .tickets]
        /// What is seen through the cluster's API.
        static let cluster: Set<Place> = [.pods, .errors, .volumes, .rollout, .retraining, .logs]
        static let objects: Set<Place> = [.backups, .scans, .dependencies, .logs]
    }

    public let name: String
    /// What is wrong.
    public let summary: String
    /// The check or change that must see it.
    public let seenBy: String
    public let places: Set<Place>
    /// `false` for what a healthy plan must bear without a word.
    public let isWrong: Bool
    let apply: @Sendable (SteamTrapSandbox) async throws -> Void
    let heal: @Sendable (SteamTrapSandbox) async throws -> Void

    init(
        _ name: String, _ summary: String, seenBy: String, at places: Set<Place>, isWrong: Bool = true,
        apply: @escaping @Sendable (SteamTrapSandbox) async throws -> Void,
        heal: @escaping @Sendable (SteamTrapSandbox) async throws -> Void
    ) {
        self.name = name
        self.summary = summary
        self.seenBy = seenBy
        self.places = places
        self.isWrong = isWrong
        self.apply = apply
        self.heal = heal
    }

    public static let all =
        apiFaults + certificateFaults + databaseFaults + dataFaults + cacheFaults
        + clusterFaults + kubernetesFaults + objectFaults + scanFaults

    public static func named(_ name: String) -> Fault? { all.first { $0.name == name } }

    /// Up to `count` faults that do not hide each other: the same for the same seed.
    public static func draw(seed: UInt64, count: Int) -> [Fault] {
        var generator = SeededGenerator(seed: seed)
        var drawn: [Fault] = []
        for fault in all.filter(\.isWrong).shuffled(using: &generator) where drawn.count < count {
            if drawn.allSatisfy({ $0.places.isDisjoint(with: fault.places) }) { drawn.append(fault) }
        }
        return drawn
    }
}
