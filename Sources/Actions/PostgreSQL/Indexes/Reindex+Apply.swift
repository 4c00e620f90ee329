public import ClientPostgreSQL
public import Maintenance

extension Reindex {
    public func prepare(
        _ unit: WorkUnit, _ access: PostgreSQLAccess, in context: Context
    ) async throws -> Baseline {
        let (index, at, others) = try await RebuiltIndex.look(name(unit), access)
        return Baseline(at: at, index: index, others: others)
    }

    public func probe(
        _ unit: WorkUnit, since baseline: Baseline, _ access: PostgreSQLAccess, in context: Context
    ) async throws -> ChangeState {
        if let process = try await access.running(context.label) { return .running(handle: "process \(process)") }
        let leftovers = try await Leftover.look(baseline, name(unit), access)
        if !leftovers.isEmpty {
            return .partial("\(leftovers.map(\.name).joined(separator: ", ")) was left by a rebuild that did not end")
        }
        let (index, _, _) = try await RebuiltIndex.look(name(unit), access)
        guard index.isRebuilt(since: baseline.index) else { return .pending }
        guard index.definition == baseline.index.definition else {
            return .unknown(Cause(.changedMeanwhile, "\(unit.title) has another definition than before."))
        }
        return .applied(
            Proof(
                "\(unit.title): valid, rebuilt, \(ByteCount.text(baseline.index.bytes)) before and "
                    + "\(ByteCount.text(index.bytes)) now",
                measurements: [
                    Measurement("indexes", 1), Measurement("bytes_before", baseline.index.bytes, .bytes),
                    Measurement("bytes_after", index.bytes, .bytes),
                ]))
    }

    public func apply(
        _ unit: WorkUnit, since baseline: Baseline, _ access: PostgreSQLAccess, in context: Context
    ) async throws {
        let work = ConcurrentWork(
            subject: unit.title, table: unit.attributes["table"] ?? "", isTable: unit.attributes["is-table"] == "true",
            access: access, context: context)
        do {
            try await clear(unit, baseline, work)
            guard try await !RebuiltIndex.look(name(unit), access).0.isRebuilt(since: baseline.index) else { return }
            try await work.run(Self.statement(unit)) { try await clear(unit, baseline, work) }
        } catch {
            // Whatever ended it may have left something; the error stays the one that is told.
            if !Task.isCancelled { try? await clear(unit, baseline, work) }
            throw error
        }
    }

    public func repair(
        _ unit: WorkUnit, since baseline: Baseline, _ access: PostgreSQLAccess, in context: Context
    ) async throws {
        try await apply(unit, since: baseline, access, in: context)
    }

    /// Drops what rebuilds of this unit left behind.
    private func clear(_ unit: WorkUnit, _ baseline: Baseline, _ work: ConcurrentWork) async throws {
        for leftover in try await Leftover.look(baseline, name(unit), work.access) {
            try await work.run("DROP INDEX CONCURRENTLY IF EXISTS \(leftover.quoted)")
        }
    }

    private func name(_ unit: WorkUnit) -> String { unit.attributes["index"] ?? quotedIdentifier(unit.title) }
}
