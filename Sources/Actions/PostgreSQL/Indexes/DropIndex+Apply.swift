public import ClientPostgreSQL
import Host
public import Maintenance

extension DropIndex {
    /// All that it takes to make the index again.
    public struct Baseline: Codable, Sendable {
        let at: Instant
        /// `nil` where it is gone already.
        let index: DroppedIndex?
    }

    public func prepare(
        _ unit: WorkUnit, _ access: PostgreSQLAccess, in context: Context
    ) async throws -> Baseline {
        Baseline(at: context.host.now(), index: try await DroppedIndex.look(name(unit), access))
    }

    public func probe(
        _ unit: WorkUnit, since baseline: Baseline, _ access: PostgreSQLAccess, in context: Context
    ) async throws -> ChangeState {
        if let process = try await access.running(context.label) { return .running(handle: "process \(process)") }
        guard let now = try await DroppedIndex.look(name(unit), access) else {
            let bytes = baseline.index?.bytes ?? 0
            return .applied(
                Proof(
                    baseline.index.map { "\(unit.title) is gone, \(ByteCount.text($0.bytes)); it was: \($0.statement)" }
                        ?? "\(unit.title) was gone already",
                    measurements: [
                        Measurement("indexes", baseline.index == nil ? 0 : 1), Measurement("bytes", bytes, .bytes),
                    ]))
        }
        guard let before = baseline.index, now.statement == before.statement else {
            return .unknown(Cause(.changedMeanwhile, "Another index has the name \(unit.title) by now."))
        }
        // A drop that did not end takes the index out of use first.
        return before.isValid && !now.isValid ? .partial("\(unit.title) is out of use and not gone yet") : .pending
    }

    public func apply(
        _ unit: WorkUnit, since baseline: Baseline, _ access: PostgreSQLAccess, in context: Context
    ) async throws {
        guard let now = try await DroppedIndex.look(name(unit), access) else { return }
        guard let before = baseline.index, now.oid == before.oid else {
            throw ChangeFailed(.changedMeanwhile, "\(unit.title) is another index than the one of the preview.")
        }
        if now.isValid || !before.isValid { try await object(unit, now, access) }
        try await work(unit, access, context).run(Self.statement(unit))
    }

    /// Looks once more, right before: what the preview saw may be hours old.
    private func object(_ unit: WorkUnit, _ now: DroppedIndex, _ access: PostgreSQLAccess) async throws {
        guard let index = try await Self.survey(access)[now.oid] else { return }
        if let objection = objections(index).first(where: { $0.severity == .fail }) {
            throw ChangeFailed(objection.cause)
        }
        // What another index replaces may be used to the last.
        guard !evenIfUsed, index.advice == .keep || index.advice == .unused else { return }
        guard unit.attributes["scans"] == String(index.scans) else {
            throw ChangeFailed(
                .inUse,
                "\(unit.title) was used since the preview: \(index.scans) uses are counted now, "
                    + "\(unit.attributes["scans"] ?? "none") were then.")
        }
    }

    public func repair(
        _ unit: WorkUnit, since baseline: Baseline, _ access: PostgreSQLAccess, in context: Context
    ) async throws {
        try await apply(unit, since: baseline, access, in: context)
    }

    /// Makes the index again as it was.
    public func undo(
        _ unit: WorkUnit, since baseline: Baseline, _ access: PostgreSQLAccess, in context: Context
    ) async throws {
        guard let before = baseline.index else { return }
        guard before.isValid else {
            throw ChangeFailed(.notSupported, "\(unit.title) was not valid before: there is nothing to bring back.")
        }
        let work = work(unit, access, context)
        let clear: @Sendable () async throws -> Void = {
            // Half dropped, or half made by an attempt before.
            guard let now = try await DroppedIndex.look(name(unit), access), !now.isValid, now.builder == nil,
                now.statement == before.statement
            else { return }
            try await work.run(Self.statement(unit))
        }
        try await clear()
        guard try await DroppedIndex.look(name(unit), access) == nil else { return }
        try await work.run(
            before.creation, settings: before.tablespace.map { ["default_tablespace": $0] } ?? [:], clearing: clear)
        guard let comment = before.comment else { return }
        try await access.changing { session in
            try await session.execute("SELECT set_config('lock_timeout', '\(PostgreSQLActionLimits.lockWait)', false)")
            _ = try await LockQueue.patiently(context, session, subject: unit.title) {
                try await session.execute("COMMENT ON INDEX \(name(unit)) IS \(quotedLiteral(comment))")
            }
        }
    }

    private func work(_ unit: WorkUnit, _ access: PostgreSQLAccess, _ context: Context) -> ConcurrentWork {
        ConcurrentWork(
            subject: unit.title, table: unit.attributes["table"] ?? "", isTable: unit.attributes["is-table"] == "true",
            access: access, context: context)
    }

    private func name(_ unit: WorkUnit) -> String { unit.attributes["index"] ?? quotedIdentifier(unit.title) }
}

/// An index with all that it takes to make it again.
struct DroppedIndex: Codable, Sendable {
    let oid: String
    let statement: String
    let isValid: Bool
    let bytes: Double
    let tablespace: String?
    let comment: String?
    let builder: Int?

    /// The statement that makes it beside the traffic.
    var creation: String {
        for beginning in ["CREATE UNIQUE INDEX ", "CREATE INDEX "] where statement.hasPrefix(beginning) {
            return beginning + "CONCURRENTLY " + statement.dropFirst(beginning.count)
        }
        return statement
    }

    /// - Parameter name: Quoted.
    static func look(_ name: String, _ access: PostgreSQLAccess) async throws -> DroppedIndex? {
        let rows = try await access.query(
            """
            SELECT c.oid::text AS oid, pg_get_indexdef(c.oid) AS statement, \
            i.indisvalid AND i.indisready AND i.indislive AS valid, coalesce(pg_relation_size(c.oid), 0) AS bytes, \
            (SELECT s.spcname FROM pg_catalog.pg_tablespace s WHERE s.oid = c.reltablespace) AS tablespace, \
            obj_description(c.oid, 'pg_class') AS comment, \(Builder.expression("c.oid", "i.indrelid")) AS builder \
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid WHERE c.oid = to_regclass($1)
            """, [SQLParameter(name)])
        return try rows.rows.first.map { row in
            DroppedIndex(
                oid: try row.text("oid"), statement: try row.text("statement"), isValid: try row.boolean("valid"),
                bytes: try row.number("bytes"), tablespace: try row.optional("tablespace"),
                comment: try row.optional("comment"),
                builder: try row.optional("builder") == nil ? nil : row.integer("builder"))
        }
    }
}
