public import ClientPostgreSQL
import Host
public import Maintenance

extension CreateIndex {
    public func prepare(
        _ unit: WorkUnit, _ access: PostgreSQLAccess, in context: Context
    ) async throws -> Baseline {
        Baseline(at: context.host.now(), present: try await found(access).present.map(\.oid))
    }

    public func probe(
        _ unit: WorkUnit, since baseline: Baseline, _ access: PostgreSQLAccess, in context: Context
    ) async throws -> ChangeState {
        if let process = try await access.running(context.label) { return .running(handle: "process \(process)") }
        let found = try await found(access)
        if let equal = try await found.equal(access) {
            let size = try await access.query("SELECT pg_relation_size($1::oid) AS bytes", [SQLParameter(equal.oid)])
            let bytes = try size.one().number("bytes")
            return .applied(
                Proof(
                    "\(equal.quoted): valid, \(ByteCount.text(bytes))",
                    measurements: [Measurement("indexes", 1), Measurement("bytes", bytes, .bytes)]))
        }
        guard let named = found.named else { return .pending }
        if try await isRemnant(named, found, access) {
            return .partial("\(named.quoted) was left by a build that did not end")
        }
        return .unknown(Cause(.changedMeanwhile, "Another index, or somebody's build, has the name \(named.quoted)."))
    }

    public func apply(
        _ unit: WorkUnit, since baseline: Baseline, _ access: PostgreSQLAccess, in context: Context
    ) async throws {
        let work = try work(unit, access, context)
        do {
            try await work.run(statement(on: unit.attributes["table"] ?? table.text)) { try await clear(work) }
        } catch {
            // Whatever ended it may have left something; the error stays the one that is told.
            if !Task.isCancelled { try? await clear(work) }
            throw error
        }
    }

    public func repair(
        _ unit: WorkUnit, since baseline: Baseline, _ access: PostgreSQLAccess, in context: Context
    ) async throws {
        try await apply(unit, since: baseline, access, in: context)
    }

    /// Drops the declared index, unless it was there before.
    public func undo(
        _ unit: WorkUnit, since baseline: Baseline, _ access: PostgreSQLAccess, in context: Context
    ) async throws {
        let found = try await found(access)
        guard let named = found.named, named.isOnTable, !baseline.present.contains(named.oid) else { return }
        guard try await found.isEqual(named, access) else {
            throw ChangeFailed(
                .changedMeanwhile, "\(named.quoted) is another index by now: drop by hand what is to go.")
        }
        try await work(unit, access, context).run("DROP INDEX CONCURRENTLY IF EXISTS \(named.quoted)")
    }

    private func clear(_ work: ConcurrentWork) async throws {
        let found = try await found(work.access)
        guard let named = found.named, try await isRemnant(named, found, work.access) else { return }
        try await work.run("DROP INDEX CONCURRENTLY IF EXISTS \(named.quoted)")
    }

    /// What the plan declares, not valid, and nobody is at work on it: a build of it that did not end.
    private func isRemnant(
        _ named: DeclaredIndex.Present, _ found: DeclaredIndex, _ access: PostgreSQLAccess
    ) async throws -> Bool {
        guard named.isOnTable, !named.isValid, named.builder == nil else { return false }
        return try await found.isEqual(named, access)
    }

    private func found(_ access: PostgreSQLAccess) async throws -> DeclaredIndex {
        guard let found = try await DeclaredIndex.look(self, access) else {
            throw CouldNotLook(.notFound, "There is no table \(table.text) any more.")
        }
        return found
    }

    private func work(_ unit: WorkUnit, _ access: PostgreSQLAccess, _ context: Context) throws -> ConcurrentWork {
        ConcurrentWork(
            subject: unit.title, table: unit.attributes["table"] ?? "", isTable: unit.attributes["is-table"] == "true",
            access: access, context: context)
    }
}
