import Crypto
import Maintenance

/// Takes an exported journal into a store. It is read twice: first to see that the file is whole and that the store has
/// nothing else in its place, and then to write it.
public struct JournalImport: Sendable {
    public enum Pass: Sendable { case look, write }

    private let store: any JournalStore
    private let pass: Pass
    private var hash = SHA256()
    private var lines = 0
    private var isOver = false
    private var bodies: [Body] = []
    private var records: [Record] = []
    private var points: [HistoryPoint] = []
    private var checkpoints: [Checkpoint] = []
    private var newest: Checkpoint?
    /// Runs that were not there before.
    private(set) public var added = 0
    private(set) public var runs = 0

    public init(into store: any JournalStore, _ pass: Pass) {
        self.store = store
        self.pass = pass
    }

    /// Takes one line, without its end.
    public mutating func take(_ bytes: some Collection<UInt8> & Sendable) async throws(JournalError) {
        let line: JournalLine
        do { line = try decodeJSON(JournalLine.self, bytes) } catch { throw damaged("it is no line of a journal") }
        guard !isOver else { throw damaged("something follows the end") }
        if let end = line.end { return try await finish(end) }
        hash.update(data: Array(bytes) + [UInt8(ascii: "\n")])
        lines += 1
        if lines == 1 {
            guard let header = line.journal else { throw damaged("the file does not begin as a journal does") }
            guard header.schemaVersion <= 1 else {
                throw JournalError(
                    .newerVersion, "The file was written by a newer version. Import it with that one, or a newer one.")
            }
            return
        }
        try await take(line)
    }

    /// After the last line.
    public func close() throws(JournalError) {
        guard isOver else { throw damaged("the file ends before the journal does") }
    }

    private mutating func take(_ line: JournalLine) async throws(JournalError) {
        if let attachment = line.body {
            guard let body = attachment.contents else { throw damaged("an attachment is not what its digest says") }
            bodies.append(body)
        } else if let record = line.record {
            records.append(record)
        } else if let row = line.run {
            try await takeChain(row.id, row)
        } else if let stream = line.stream {
            try await takeChain(stream, nil)
        } else if let missed = line.missed {
            try await takeMissed(missed)
        } else if let point = line.point {
            if let other = points.first, other.key != point.key || other.name != point.name { try await flushPoints() }
            points.append(point)
        } else if let checkpoint = line.checkpoint {
            do throws(JournalError) {
                try Batch(checkpoints: [checkpoint]).checkContinuation(of: newest)
            } catch { throw damaged("checkpoint \(checkpoint.number) does not continue the one before") }
            newest = checkpoint
            checkpoints.append(checkpoint)
            if checkpoints.count == JournalLimits.rows { try await flushCheckpoints() }
        } else {
            throw damaged("it says nothing that this version knows")
        }
    }

    private mutating func takeChain(_ run: String, _ row: RunRow?) async throws(JournalError) {
        defer { (bodies, records) = ([], []) }
        if records.contains(where: { $0.run != run }) { throw damaged("records of another run stand before \(run)") }
        try Record.verifyChain(records)
        let there = try await store.records(of: run)
        let known = row == nil ? nil : try await store.row(run)
        guard zip(there, records).allSatisfy({ $0 == $1 }), known == nil || !there.isEmpty || records.isEmpty,
            known == nil || known?.occurrence == row?.occurrence
        else { throw .different(run) }
        if row != nil { runs += 1 }
        if row != nil, known == nil { added += 1 }
        guard there.count < records.count || known == nil && row != nil, pass == .write else { return }
        try await store.append(
            Batch(records: Array(records.dropFirst(there.count)), bodies: bodies, rows: row.map { [$0] } ?? []))
    }

    private func takeMissed(_ row: MissedRow) async throws(JournalError) {
        if let run = try await store.row(of: row.occurrence) { throw .occurrenceTaken(row.occurrence, by: run.id) }
        if pass == .write { try await store.append(Batch(missed: [row])) }
    }

    /// Only those that are not there: an import that was cut short is begun again.
    private mutating func flushPoints() async throws(JournalError) {
        defer { points = [] }
        guard let first = points.first, pass == .write else { return }
        var there: [PastMeasurement: Int] = [:]
        for point in try await store.points(key: first.key, name: first.name, limit: .max) {
            there[point, default: 0] += 1
        }
        let missing = points.filter { point in
            let past = PastMeasurement(at: point.at, value: point.value)
            there[past, default: 0] -= 1
            return there[past, default: 0] < 0
        }
        if !missing.isEmpty { try await store.append(Batch(points: missing)) }
    }

    private mutating func flushCheckpoints() async throws(JournalError) {
        defer { checkpoints = [] }
        guard let first = checkpoints.first else { return }
        let there = try await store.checkpoints(CheckpointFilter(from: first.number, limit: checkpoints.count))
        guard zip(there, checkpoints).allSatisfy({ $0 == $1 }) else {
            throw JournalError(
                .conflict,
                "The store has other checkpoints than the file: two journals cannot become one. Import into an empty "
                    + "store. Nothing was written.")
        }
        let missing = Array(checkpoints.dropFirst(there.count))
        if !missing.isEmpty, pass == .write { try await store.append(Batch(checkpoints: missing)) }
    }

    private mutating func finish(_ end: JournalLine.End) async throws(JournalError) {
        guard end.lines == lines, end.digest == hex(hash.finalize()), bodies.isEmpty, records.isEmpty else {
            throw damaged("the lines before it are not those that were written")
        }
        try await flushPoints()
        try await flushCheckpoints()
        isOver = true
    }

    private func damaged(_ what: String) -> JournalError {
        JournalError(
            .corrupt,
            "The file is damaged at line \(lines + 1): \(what). \(pass == .look ? "Nothing was written" : "It was altered between two looks"); "
                + "export it again.")
    }
}

extension JournalError {
    fileprivate static func different(_ run: String) -> JournalError {
        JournalError(
            .conflict,
            "The store already has other records of \(run) than the file. Nothing was written: import into another store.",
            run: run)
    }
}
