public import Dispatching
import Engine
public import Host
public import Journal
public import Maintenance
public import Plans
import Schedules
import Synchronization

/// Looks up in the journal what procedures hang on that no clock tells: the newest value of a fact that a run saw, the
/// events that people told, and the last time that agreed work was done.
public final class FactFinder: Sendable {
    /// Runs by whether they did all of their procedure: a run's beginning never changes.
    private let whole = Mutex<[String: Bool]>([:])
    private let store: any JournalStore
    private let catalogue: Catalogue
    private let plan: @Sendable (_ service: String) -> Plan?

    public init(
        store: any JournalStore, catalogue: Catalogue, plan: @escaping @Sendable (_ service: String) -> Plan?
    ) {
        self.store = store
        self.catalogue = catalogue
        self.plan = plan
    }

    /// What is known of each; the others hang on nothing.
    public func find(_ procedures: [ProcedurePlan], at now: Instant) async throws(JournalError) -> [ProcedureKey: Seen]
    {
        var found: [ProcedureKey: Seen] = [:]
        for procedure in procedures {
            guard case .relative(let occasion, _) = procedure.timing else { continue }
            switch occasion.kind {
            case .agreement: found[procedure.key] = .done(try await lastDone(procedure.key))
            case .fact(_, _, let fact, let subject):
                found[procedure.key] = try await times(of: fact, subject, for: procedure.key, at: now)
            case .deadline(_, let event):
                found[procedure.key] = .fact(try await events(event, procedure.key))
            case .after, .beside: continue
            }
        }
        return found
    }

    private func events(_ event: String, _ key: ProcedureKey) async throws(JournalError) -> [Instant] {
        try await ToldEvents.times(of: event, service: key.service, environment: key.environment, from: store)
    }

    /// The end of the newest run that passed, with a warning or without: a part of the procedure is not the agreed work.
    private func lastDone(_ key: ProcedureKey) async throws(JournalError) -> Instant? {
        let rows = try await store.rows(
            RunFilter(
                service: key.service, environment: key.environment, procedure: key.procedure, states: [.ended],
                limit: ServingLimits.agreedRuns))
        for row in rows where row.verdict == .pass || row.verdict == .warn {
            if try await isWhole(row.id) { return row.endedAt ?? row.startedAt }
        }
        return nil
    }

    private func isWhole(_ run: String) async throws(JournalError) -> Bool {
        if let known = whole.withLock({ $0[run] }) { return known }
        var isWhole = false
        if let first = try await store.records(of: run).first,
            case .started(let start)? = try? decodeJSON(RunEvent.self, first.body)
        {
            isWhole = start.isWhole
        }
        whole.withLock { known in
            if known.count >= ServingLimits.knownRuns { known.removeAll() }
            known[run] = isWhole
        }
        return isWhole
    }

    private func times(
        of fact: String, _ subject: String, for key: ProcedureKey, at now: Instant
    ) async throws(JournalError) -> Seen {
        guard let plan = await OffPool.finish({ [plan] in plan(key.service) }) else {
            return .nothing("The plan of \(key.service) cannot be read.")
        }
        let sources = plan.sources(of: fact, subject: subject, environment: key.environment, catalogue: catalogue)
        var times: [Instant] = []
        var old: (at: Instant, source: FactSource)?
        for source in sources {
            let series = "\(key.service)/\(key.environment)/\(source.procedure)/\(source.step)"
            guard let point = try await store.points(key: series, name: fact, limit: 1).first,
                let time = Measurement.instant(point.value)
            else { continue }
            if point.at >= plan.oldest(of: source, at: now) {
                times.append(time)
            } else if old.map({ $0.at < point.at }) ?? true {
                old = (point.at, source)
            }
        }
        if !times.isEmpty { return .fact(times) }
        if let old {
            return .nothing(
                "The \(fact) of \(subject) was seen last at \(old.at), and `\(old.source.procedure)` did not see it since: "
                    + "that is too long ago to go by.")
        }
        let others = Set(sources.filter { $0.procedure != key.procedure }.map { "`\($0.action)` in `\($0.procedure)`" })
        return .nothing(
            "No run has seen the \(fact) of \(subject): \(others.sorted().joined(separator: " or ")) would tell.")
    }
}

extension Plan {
    /// What a step saw before then is too old: it did not see it at its last occurrences.
    fileprivate func oldest(of source: FactSource, at now: Instant) -> Instant {
        let procedure = procedure(source.procedure)
        let opens = procedure?.beginsWithWindow == true ? procedure?.window.flatMap { windows[$0]?.window.opens } : nil
        guard let schedule = procedure?.schedule ?? opens else { return now - ServingLimits.longestFactAge }
        var at: Instant? = now
        for _ in 0..<ServingLimits.unseenOccurrences {
            at = at.flatMap { schedule.previous(atOrBefore: $0 - .microseconds(1), in: zone) }
        }
        return min(at ?? now - ServingLimits.longestFactAge, now - ServingLimits.shortestFactAge)
    }
}
