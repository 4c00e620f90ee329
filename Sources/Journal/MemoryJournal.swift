public import Maintenance
import Synchronization

/// A journal that lives as long as the process: for tests, simulation, and looks that leave no trace.
public final class MemoryJournal: JournalStore {
    private struct Contents {
        var records: [String: [Record]] = [:]
        var bodies: [String: [UInt8]] = [:]
        var rows: [String: RunRow] = [:]
        var occurrences: [Occurrence: String] = [:]
        var missed: [Occurrence: MissedRow] = [:]
        var points: [PointSeries: [PastMeasurement]] = [:]
        var checkpoints: [Checkpoint] = []
        /// The runs that use a body.
        var users: [String: Set<String>] = [:]
        var isClosed = false

        /// The runs that have a checkpoint of one of the kinds.
        func runs(with kinds: Set<Checkpoint.Kind>) -> Set<String> {
            Set(checkpoints.filter { kinds.contains($0.kind) }.map(\.run))
        }

        func tips(of runs: Set<String>) -> [String: ChainTip] {
            Dictionary(uniqueKeysWithValues: runs.map { ($0, records[$0]?.last.map(ChainTip.init) ?? .none) })
        }
    }

    private let contents = Mutex(Contents())

    private let leases: MemoryLeases?

    /// - Parameter leases: What batches of several nodes are held against; without it one with a fence is refused.
    public init(leases: MemoryLeases? = nil) { self.leases = leases }

    public func append(_ batch: Batch) async throws(JournalError) {
        try batch.checkSizes()
        guard let leases else {
            if let fence = batch.fences.first { throw .stale(fence.name) }
            return try store(batch)
        }
        try leases.holding(batch.fences) { () throws(JournalError) in try store(batch) }
    }

    private func store(_ batch: Batch) throws(JournalError) {
        try open { contents throws(JournalError) in
            // Everything that can be refused is looked at before anything is kept.
            try batch.checkContinuation(of: contents.tips(of: batch.continuedRuns))
            try batch.checkContinuation(of: contents.checkpoints.last)
            var rows: [String: RunRow] = [:]
            var occurrences: [Occurrence: String] = [:]
            for row in batch.rows {
                if let known = rows[row.id] ?? contents.rows[row.id], known.occurrence != row.occurrence {
                    throw .occurrenceChanged(row)
                }
                if let other = occurrences[row.occurrence] ?? contents.occurrences[row.occurrence], other != row.id {
                    throw .occurrenceTaken(row.occurrence, by: other)
                }
                guard contents.missed[row.occurrence] == nil else { throw .occurrenceMissed(row.occurrence) }
                rows[row.id] = row
                occurrences[row.occurrence] = row.id
            }
            for row in batch.missed {
                if let run = occurrences[row.occurrence] ?? contents.occurrences[row.occurrence] {
                    throw .occurrenceTaken(row.occurrence, by: run)
                }
            }
            contents.rows.merge(rows) { $1 }
            for row in batch.missed where contents.missed[row.occurrence] == nil {
                contents.missed[row.occurrence] = row
            }
            contents.occurrences.merge(occurrences) { $1 }
            for record in batch.records { contents.records[record.run, default: []].append(record) }
            for body in batch.bodies {
                contents.bodies[body.digest] = body.bytes
                contents.users[body.digest, default: []].formUnion(batch.records.prefix(1).map(\.run))
            }
            contents.checkpoints += batch.checkpoints
            for point in batch.finitePoints {
                contents.points[PointSeries(key: point.key, name: point.name), default: []]
                    .append(PastMeasurement(at: point.at, value: point.value))
            }
        }
    }

    public func records(of run: String) async throws(JournalError) -> [Record] {
        try open { $0.records[run] ?? [] }
    }

    public func records(of run: String, fromLast kind: String) async throws(JournalError) -> [Record] {
        try open { contents in
            let records = contents.records[run] ?? []
            return Array(records[(records.lastIndex { $0.kind == kind } ?? 0)...])
        }
    }

    public func body(_ digest: String) async throws(JournalError) -> [UInt8]? {
        try open { $0.bodies[digest] }
    }

    public func row(_ run: String) async throws(JournalError) -> RunRow? {
        try open { contents throws(JournalError) in
            if let row = contents.rows[run] { return row }
            guard !run.isEmpty else { return nil }
            let matches = contents.rows.values.filter { $0.id.utf8.starts(with: run.utf8) }
            guard matches.count <= 1 else { throw .ambiguous(run) }
            return matches.first
        }
    }

    public func row(of occurrence: Occurrence) async throws(JournalError) -> RunRow? {
        try open { contents in contents.occurrences[occurrence].flatMap { contents.rows[$0] } }
    }

    public func rows(_ filter: RunFilter) async throws(JournalError) -> [RunRow] {
        try open { contents in
            let sorted = contents.rows.values.filter(filter.admits).sorted {
                ($0.startedAt, $0.id) > ($1.startedAt, $1.id)
            }
            return Array(sorted.prefix(JournalLimits.bounded(filter.limit)))
        }
    }

    public func missed(_ filter: MissedFilter) async throws(JournalError) -> [MissedRow] {
        try open { contents in
            let sorted = contents.missed.values.filter(filter.admits).sorted {
                ($0.occurrence.nominal, $0.occurrence.description) > ($1.occurrence.nominal, $1.occurrence.description)
            }
            return Array(sorted.prefix(JournalLimits.bounded(filter.limit)))
        }
    }

    public func points(key: String, name: String, limit: Int) async throws(JournalError) -> [PastMeasurement] {
        try open { contents in
            let points = contents.points[PointSeries(key: key, name: name)] ?? []
            // Of points of one instant the one noted last comes first.
            let sorted = points.enumerated().sorted { ($0.element.at, $0.offset) > ($1.element.at, $1.offset) }
            return sorted.prefix(JournalLimits.bounded(limit)).map(\.element)
        }
    }

    public func series() async throws(JournalError) -> [PointSeries] {
        try open { contents in contents.points.keys.sorted { ($0.key, $0.name) < ($1.key, $1.name) } }
    }

    public func checkpoints(_ filter: CheckpointFilter) async throws(JournalError) -> [Checkpoint] {
        try open { contents in
            let found = contents.checkpoints.filter { $0.number >= filter.from && filter.run ?? $0.run == $0.run }
            return Array((filter.newestFirst ? found.reversed() : found).prefix(JournalLimits.bounded(filter.limit)))
        }
    }

    public func rowsWithoutCheckpoint(limit: Int) async throws(JournalError) -> [RunRow] {
        try open { contents in
            let known = contents.runs(with: [.ended])
            let rows = contents.rows.values.filter { $0.state == .ended && !known.contains($0.id) }
            return Array(rows.sorted(by: RunRow.endedEarlier).prefix(JournalLimits.bounded(limit)))
        }
    }

    public func prunable(_ filter: PruningFilter) async throws(JournalError) -> [RunRow] {
        try open { contents in
            let rows = contents.rows.values
            let newestPassed = rows.filter { $0.verdict == .pass }.reduce(into: [[String]: RunRow]()) { newest, row in
                let procedure = [row.service, row.environment, row.procedure]
                guard let other = newest[procedure], (other.startedAt, other.id) > (row.startedAt, row.id) else {
                    return newest[procedure] = row
                }
            }
            let kept = Set(newestPassed.values.map(\.id)).union(contents.runs(with: filter.done))
            let confirmed = contents.runs(with: [.ended])
            let found = rows.filter { row in
                row.endedAt.map { $0 < filter.endedBefore } ?? false && !kept.contains(row.id)
                    && confirmed.contains(row.id)
            }
            return Array(found.sorted(by: RunRow.endedEarlier).prefix(JournalLimits.bounded(filter.limit)))
        }
    }

    public func prune(_ part: PrunedPart, _ checkpoints: [Checkpoint]) async throws(JournalError) {
        try open { contents throws(JournalError) in
            try Batch(checkpoints: checkpoints).checkContinuation(of: contents.checkpoints.last)
            let runs = Set(checkpoints.map(\.run))
            for (digest, users) in contents.users where !users.isDisjoint(with: runs) {
                let others = users.subtracting(runs)
                contents.users[digest] = others.isEmpty ? nil : others
                if others.isEmpty { contents.bodies[digest] = nil }
            }
            if part == .records { for run in runs { contents.records[run] = nil } }
            contents.checkpoints += checkpoints
        }
    }

    public func close() async {
        contents.withLock { $0.isClosed = true }
    }

    private func open<Value: Sendable>(
        _ work: (inout Contents) throws(JournalError) -> Value
    ) throws(JournalError) -> Value {
        try contents.withLock { contents throws(JournalError) in
            guard !contents.isClosed else { throw .closed }
            return try work(&contents)
        }
    }
}

extension RunRow {
    fileprivate static func endedEarlier(_ one: RunRow, _ other: RunRow) -> Bool {
        (one.endedAt ?? one.startedAt, one.id) < (other.endedAt ?? other.startedAt, other.id)
    }
}
