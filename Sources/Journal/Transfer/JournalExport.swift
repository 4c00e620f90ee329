import Crypto
public import Host
import Maintenance

/// Writes a whole journal as lines of JSON, every chain verified on the way. What runs meanwhile may be in it by half, so
/// nothing should.
public struct JournalExport: Sendable {
    private let store: any JournalStore
    private let sink: @Sendable ([UInt8]) async throws -> Void
    private var hash = SHA256()
    private(set) public var lines = 0
    private(set) public var runs = 0

    /// - Parameter sink: Takes each line with its end.
    public init(of store: any JournalStore, to sink: @escaping @Sendable ([UInt8]) async throws -> Void) {
        self.store = store
        self.sink = sink
    }

    /// - Parameter streams: Chains that are no runs: the dispatcher's.
    public mutating func write(streams: [String], at now: Instant) async throws {
        try await put(JournalLine(journal: JournalLine.Header(at: now)))
        try await eachRun { export, row throws in
            try await export.putChain(row.id)
            try await export.put(JournalLine(run: row))
            export.runs += 1
        }
        for stream in streams {
            try await putChain(stream)
            try await put(JournalLine(stream: stream))
        }
        try await putMissed()
        for series in try await store.series() {
            // Oldest first, so that they come back in their order.
            for point in try await store.points(key: series.key, name: series.name, limit: .max).reversed() {
                try await put(
                    JournalLine(
                        point: HistoryPoint(key: series.key, name: series.name, at: point.at, value: point.value)))
            }
        }
        var next = 1
        while true {
            let page = try await store.checkpoints(CheckpointFilter(from: next, limit: JournalLimits.rows))
            for checkpoint in page { try await put(JournalLine(checkpoint: checkpoint)) }
            guard let last = page.last else { break }
            next = last.number + 1
        }
        try await put(JournalLine(end: JournalLine.End(lines: lines, digest: hex(hash.finalize()))))
    }

    private mutating func putChain(_ run: String) async throws {
        let records = try await store.records(of: run)
        try Record.verifyChain(records)
        // What several runs use stands with each of them, for each may be pruned alone.
        var written: Set<String> = []
        for record in records {
            let unwritten = record.namedDigests.filter { !written.contains($0) }
            for (_, bytes) in try await store.bodies(unwritten).sorted(by: { $0.key < $1.key }) {
                let body = Body(bytes)
                written.insert(body.digest)
                try await put(JournalLine(body: body))
            }
            try await put(JournalLine(record: record))
        }
    }

    private mutating func eachRun(_ work: (inout JournalExport, RunRow) async throws -> Void) async throws {
        var seen: Set<String> = []
        var filter = RunFilter(limit: JournalLimits.listing)
        while true {
            let page = try await store.rows(filter).filter { !seen.contains($0.id) }
            for row in page { try await work(&self, row) }
            guard let last = page.last else { return }
            // Of those that started in the same moment some may be on the next page.
            seen = Set(page.filter { $0.startedAt == last.startedAt }.map(\.id))
            filter.startedBefore = last.startedAt + .microseconds(1)
        }
    }

    private mutating func putMissed() async throws {
        var seen: Set<Occurrence> = []
        var filter = MissedFilter(limit: JournalLimits.listing)
        while true {
            let page = try await store.missed(filter).filter { !seen.contains($0.occurrence) }
            for row in page { try await put(JournalLine(missed: row)) }
            guard let last = page.last else { return }
            seen = Set(page.map(\.occurrence).filter { $0.nominal == last.occurrence.nominal })
            filter.nominalBefore = last.occurrence.nominal + .microseconds(1)
        }
    }

    private mutating func put(_ line: JournalLine) async throws {
        let bytes = try encodeJSON(line) + [UInt8(ascii: "\n")]
        hash.update(data: bytes)
        lines += 1
        try await sink(bytes)
    }
}

extension Record {
    /// What in its body looks like the digest of something that lies beside the chain.
    fileprivate var namedDigests: [String] {
        body.split { !(($0 >= 48 && $0 <= 57) || ($0 >= 97 && $0 <= 102)) }.filter { $0.count == 64 }
            .map { String(decoding: $0, as: UTF8.self) }
    }
}
