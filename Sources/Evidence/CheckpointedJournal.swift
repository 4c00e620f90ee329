public import Host
public import Journal
import Maintenance
import Synchronization

/// A journal in which each run's end is written together with a signed checkpoint: in one transaction, so that neither
/// is there without the other.
public final class CheckpointedJournal: JournalAround {
    public let inner: any JournalStore
    private let key: SigningKey
    private let host: Host
    private let marks: NewestMark
    /// The newest that is known here. Where another was written meanwhile, the store refuses and it is asked anew.
    private let newest: Mutex<Checkpoint?>
    /// Ends that come at once would refuse each other: one checkpoint continues the one before it.
    private let turns = Turns()
    private let ending = Mutex<[Ending]>([])
    /// Runs that were begun here and have not ended: no checkpoint of them is there.
    private let begun = Mutex<Set<String>>([])

    /// Reads where the chain stands. Runs that ended without a checkpoint, under an older version, get theirs now.
    ///
    /// - Parameter mark: Keeps the newest checkpoint outside of the journal. Called within `keeping` and by `close`,
    ///   after the checkpoint is durable, and not for each.
    public init(
        _ store: any JournalStore, key: SigningKey, host: Host,
        mark: @escaping @Sendable (Checkpoint) async -> Void = { _ in }
    ) async throws(JournalError) {
        inner = store
        self.key = key
        self.host = host
        marks = NewestMark(on: host, mark)
        newest = Mutex(try await store.checkpoints(.newest).first)
        while true {
            let rows = try await store.rowsWithoutCheckpoint(limit: EvidenceLimits.page)
            if rows.isEmpty { break }
            try await extend(.ended, rows) { checkpoints throws(JournalError) in
                try await store.append(Batch(checkpoints: checkpoints))
            }
        }
    }

    public func append(_ batch: Batch) async throws(JournalError) {
        let first = Set(batch.records.lazy.filter { $0.sequence == 1 }.map(\.run))
        let ended = try await ended(by: batch, beginning: first)
        if ended.isEmpty {
            try await inner.append(batch)
            note(batch.rows.map(\.id).filter(first.contains))
            return
        }
        var links: [Link] = []
        for row in ended {
            let head = batch.records.last { $0.run == row.id }.map { ChainTip($0) }
            links.append(Link(kind: .ended, row: row, head: try await self.head(of: row.id, head)))
        }
        begun.withLock { $0.subtract(ended.map(\.id)) }
        try await end(Ending(batch: batch, links: links))
    }

    /// Who forgets them asks once more.
    private func note(_ runs: [String]) {
        guard !runs.isEmpty else { return }
        begun.withLock { begun in
            if begun.count >= EvidenceLimits.begun { begun.removeAll() }
            begun.formUnion(runs)
        }
    }

    /// A run ends once: who writes its end again changes nothing of what was signed.
    private func ended(by batch: Batch, beginning first: Set<String>) async throws(JournalError) -> [RunRow] {
        var ended: [String: RunRow] = [:]
        for row in batch.rows { ended[row.id] = row.state == .ended ? row : nil }
        for run in ended.keys where !first.contains(run) && !begun.withLock({ $0.contains(run) }) {
            if try await !inner.checkpoints(CheckpointFilter(run: run, limit: 1)).isEmpty { ended[run] = nil }
        }
        return ended.values.sorted { $0.id < $1.id }
    }

    /// Written by whoever has the turn, with the others that wait for it.
    private func end(_ mine: Ending) async throws(JournalError) {
        ending.withLock { $0.append(mine) }
        await turns.take()
        defer { turns.pass() }
        while mine.answer == nil {
            let group = ending.withLock { ending in
                defer { ending.removeFirst(min(ending.count, EvidenceLimits.endsTogether)) }
                return Array(ending.prefix(EvidenceLimits.endsTogether))
            }
            let answers = await link(group.map(\.links)) { [inner] checkpoints in
                await inner.append(
                    each: checkpoints.map { index, checkpoints in
                        var batch = group[index].batch
                        batch.checkpoints += checkpoints
                        return batch
                    })
            }
            for (one, answer) in zip(group, answers) { one.settle(answer) }
        }
        try mine.answer?.get()
    }

    /// Removes a part of the runs that retention may prune now, and says so in the chain; returns the runs.
    public func prune(_ filter: PruningFilter) async throws(JournalError) -> [RunRow] {
        let rows = try await inner.prunable(filter)
        guard !rows.isEmpty else { return [] }
        try await extend(filter.part == .records ? .pruned : .erased, rows) {
            [inner] checkpoints throws(JournalError) in
            try await inner.prune(filter.part, checkpoints)
        }
        return rows
    }

    /// Makes checkpoints of runs that have ended, and hands them to `write`.
    private func extend(
        _ kind: Checkpoint.Kind, _ rows: [RunRow], write: @Sendable ([Checkpoint]) async throws(JournalError) -> Void
    ) async throws(JournalError) {
        var links: [Link] = []
        for row in rows { links.append(Link(kind: kind, row: row, head: try await head(of: row.id, nil))) }
        await turns.take()
        defer { turns.pass() }
        let answers = await link([links]) { checkpoints in
            do throws(JournalError) {
                for (_, checkpoints) in checkpoints { try await write(checkpoints) }
                return [.success(())]
            } catch {
                return [.failure(error)]
            }
        }
        for answer in answers { try answer.get() }
    }

    /// Continues the chain with each in turn; other nodes may do so meanwhile. An answer for each.
    ///
    /// - Parameter write: Is told the checkpoints of each that is still to be written, with its index.
    private func link(
        _ all: [[Link]], _ write: ([(Int, [Checkpoint])]) async -> [Result<Void, JournalError>]
    ) async -> [Result<Void, JournalError>] {
        var answers = [Result<Void, JournalError>](repeating: .success(()), count: all.count)
        var left = Array(all.indices)
        var attempt = 0
        while !left.isEmpty {
            attempt += 1
            var made: [(Int, [Checkpoint])] = []
            do throws(JournalError) {
                if attempt > 1 {
                    let known = try await inner.checkpoints(.newest).first
                    newest.withLock { $0 = known }
                }
                var last = newest.withLock { $0 }
                for index in left { made.append((index, try sign(all[index], after: &last))) }
            } catch {
                for index in left { answers[index] = .failure(error) }
                break
            }
            let written = await write(made)
            left = []
            for ((index, checkpoints), answer) in zip(made, written) {
                switch answer {
                case .failure(let error) where error.code == .checkpointConflict && attempt < EvidenceLimits.attempts:
                    left.append(index)
                case .failure: answers[index] = answer
                case .success:
                    newest.withLock { $0 = checkpoints.last ?? $0 }
                    if let last = checkpoints.last { marks.note(last) }
                }
            }
        }
        return answers
    }

    private func sign(_ links: [Link], after last: inout Checkpoint?) throws(JournalError) -> [Checkpoint] {
        var checkpoints: [Checkpoint] = []
        for link in links {
            let next = try key.checkpoint(after: last, link.kind, link.row, head: link.head, at: host.now())
            checkpoints.append(next)
            last = next
        }
        return checkpoints
    }

    /// The end of a run's chain: as its checkpoint says, where its records may be gone.
    private func head(of run: String, _ known: ChainTip?) async throws(JournalError) -> ChainTip {
        if let known { return known }
        if let ended = try await inner.checkpoints(CheckpointFilter(run: run, limit: 1)).first { return ended.head }
        return try await inner.records(of: run).last.map { ChainTip($0) } ?? .none
    }

    public func keeping<Value: Sendable>(
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await inner.keeping { [marks] in try await doing(work, beside: marks.keep) }
    }

    public func close() async {
        await marks.write()
        await inner.close()
    }
}

/// What a checkpoint says.
private struct Link: Sendable {
    let kind: Checkpoint.Kind
    let row: RunRow
    let head: ChainTip
}

/// A batch that ends runs, on its way.
private final class Ending: Sendable {
    let batch: Batch
    let links: [Link]
    private let settled = Mutex<Result<Void, JournalError>?>(nil)

    init(batch: Batch, links: [Link]) {
        self.batch = batch
        self.links = links
    }

    var answer: Result<Void, JournalError>? { settled.withLock { $0 } }

    func settle(_ answer: Result<Void, JournalError>) { settled.withLock { $0 = answer } }
}
