public import Host

/// What is written together: all of it, or nothing.
public struct Batch: Hashable, Sendable {
    public var records: [Record]
    public var bodies: [Body]
    /// Inserted, or updated where the run has a row; of two for one run the later holds.
    public var rows: [RunRow]
    public var points: [HistoryPoint]
    /// Kept as they were first written: what has been decided of an occurrence stays.
    public var missed: [MissedRow]
    /// Continue the newest of the store.
    public var checkpoints: [Checkpoint]
    /// The leases under which it is written.
    public var fences: [Fence] = []

    public init(
        records: [Record] = [], bodies: [Body] = [], rows: [RunRow] = [], points: [HistoryPoint] = [],
        missed: [MissedRow] = [], checkpoints: [Checkpoint] = []
    ) {
        self.records = records
        self.bodies = bodies
        self.rows = rows
        self.points = points
        self.missed = missed
        self.checkpoints = checkpoints
    }

    public var isEmpty: Bool {
        records.isEmpty && bodies.isEmpty && rows.isEmpty && points.isEmpty && missed.isEmpty && checkpoints.isEmpty
    }

    /// Bytes that it takes on its way, roughly: how many batches a store commits together goes by it.
    public var weight: Int { bodies.reduce(0) { $0 + $1.bytes.count } + records.reduce(0) { $0 + $1.body.count } }

    /// The points that a store keeps: what is no finite number cannot be compared with.
    public var finitePoints: [HistoryPoint] { points.filter(\.value.isFinite) }
}

/// Evidence and other large things: stored beside the chain, found by their digest, once however often they occur.
public struct Body: Hashable, Sendable {
    public let digest: String
    public let bytes: [UInt8]

    public init(_ bytes: [UInt8]) {
        digest = Journal.digest(of: bytes)
        self.bytes = bytes
    }
}

/// The points that are compared with each other.
public struct PointSeries: Hashable, Sendable {
    public let key: String
    public let name: String

    public init(key: String, name: String) {
        self.key = key
        self.name = name
    }
}

/// A measurement of a run that later runs compare with.
public struct HistoryPoint: Codable, Hashable, Sendable {
    /// `service/environment/procedure/step`; of a whole run without the step.
    public let key: String
    /// A measurement's name, `unit-pace`, or `run-seconds`.
    public let name: String
    public let at: Instant
    public let value: Double

    public init(key: String, name: String, at: Instant, value: Double) {
        self.key = key
        self.name = name
        self.at = at
        self.value = value
    }
}
