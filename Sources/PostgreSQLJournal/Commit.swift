import ClientPostgreSQL
import Host
import Journal
import Maintenance

/// Stores batches over one connection, on its thread. A connection that is lost leaves open what became of a batch: it is
/// looked for, and sent again only where it is not there.
struct Commit {
    let session: RecordSession
    let opening: SessionOpening

    private var host: Host { opening.host }

    /// What one attempt came to.
    private enum Outcome {
        case stored
        /// The server said no, and nothing took effect.
        case refused(SQLFailure)
        /// Nothing was sent.
        case notSent(any Error)
        /// It was sent, and no answer came.
        case unknown
    }

    func store(_ group: [Writer.Waiting]) {
        guard group.count > 1, let statements = group.map(\.batch).statements else {
            for work in group { work.answer(store(work, isDoubtful: false)) }
            return
        }
        switch send(statements + group.flatMap(\.more), until: group.map(\.end).min() ?? host.steady()) {
        case .stored:
            for work in group {
                opening.confirmed(work.batch)
                work.answer(.success(()))
            }
        case .refused, .notSent: storeEach(group)
        case .unknown: for work in group { work.answer(store(work, isDoubtful: true)) }
        }
    }

    /// What continues a checkpoint that was refused is not sent.
    private func storeEach(_ group: [Writer.Waiting]) {
        var refused: Set<String> = []
        for work in group {
            let checkpoints = work.batch.checkpoints
            let isLost = checkpoints.first.map { refused.contains($0.previous) } ?? false
            let answer = isLost ? .failure(.checkpointRefused) : store(work, isDoubtful: false)
            if case .failure(let error) = answer, error.code == .checkpointConflict {
                refused.formUnion(checkpoints.map(\.digest))
            }
            work.answer(answer)
        }
    }

    /// One batch by itself, for as long as patience lasts.
    private func store(_ work: Writer.Waiting, isDoubtful: Bool) -> Result<Void, JournalError> {
        var isDoubtful = isDoubtful
        let statements = ([work.batch].statements ?? []) + work.more
        var last: any Error = CouldNotLook(.unreachable, "\(opening.identity) was not asked.")
        var pause = PostgreSQLJournalLimits.firstPause
        repeat {
            do {
                if isDoubtful, try isThere(work.batch) { return succeed(work) }
                switch send(statements, until: work.end) {
                case .stored: return succeed(work)
                case .refused(let failure) where Self.passes(failure): last = failure
                case .refused(let failure):
                    // What was sent before may have been committed only now.
                    if isDoubtful, try isThere(work.batch) { return succeed(work) }
                    return .failure(try Refusal(session, opening).error(of: failure, for: work.batch))
                case .notSent(let error): last = error
                case .unknown: isDoubtful = true
                }
            } catch {
                last = error
            }
            if let error = last as? JournalError { return .failure(error) }
            session.pause(pause)
            pause = min(pause * 2, PostgreSQLJournalLimits.longestPause)
        } while host.steady() < work.end
        return .failure(isDoubtful ? .unknownOutcome(opening.identity) : JournalError(last, opening.identity))
    }

    private func succeed(_ work: Writer.Waiting) -> Result<Void, JournalError> {
        opening.confirmed(work.batch)
        return .success(())
    }

    private func send(_ statements: [SQLStatement], until end: Duration) -> Outcome {
        do {
            let now = host.steady()
            let soon = max(end, now + PostgreSQLJournalLimits.longestPause)
            try opening.open(session, until: min(now + PostgreSQLJournalLimits.opening, soon), isWriter: true)
        } catch {
            return .notSent(error)
        }
        do {
            _ = try session.exchange(statements, until: host.steady() + PostgreSQLJournalLimits.exchange)
            return .stored
        } catch let failure as SQLFailure {
            // The server has become a standby: a new connection finds the primary.
            if failure.state == "25006" { session.hangUp() }
            return .refused(failure)
        } catch let error as CouldNotLook where error.cause.code == .malformed {
            return .refused(SQLFailure(state: "22021", cause: error.cause))
        } catch {
            return .unknown
        }
    }

    /// Another attempt may succeed.
    private static func passes(_ failure: SQLFailure) -> Bool { failure.isPassing || failure.state == "25006" }

    /// Whether a batch that was sent is stored. One that leaves nothing to be found by is sent again where that changes
    /// nothing, and is an error where it would store something twice.
    private func isThere(_ batch: Batch) throws -> Bool {
        let deadline = host.steady() + PostgreSQLJournalLimits.opening
        try opening.open(session, until: deadline, isWriter: true)
        if let last = batch.records.last {
            return try exists(
                "SELECT FROM millwright.record WHERE run = $1 AND sequence = $2 AND digest = $3",
                [SQLParameter(last.run), SQLParameter(last.sequence), .digest(last.digest)], deadline)
        }
        if let last = batch.checkpoints.last {
            return try exists(
                "SELECT FROM millwright.checkpoint WHERE number = $1 AND digest = $2",
                [SQLParameter(last.number), SQLParameter(last.digest)], deadline)
        }
        guard batch.points.isEmpty else { throw JournalError.unknownOutcome(opening.identity) }
        return false
    }

    private func exists(_ sql: String, _ parameters: [SQLParameter], _ deadline: Duration) throws -> Bool {
        try !session.exchange([SQLStatement(sql, parameters)], until: deadline)[0].isEmpty
    }
}
