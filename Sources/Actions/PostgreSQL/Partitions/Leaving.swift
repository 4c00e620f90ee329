import ClientPostgreSQL
import Host
import Maintenance

/// Where a partition that is to go stands, by its object id: names are given anew.
enum Standing: Equatable {
    case attached
    /// Detaching concurrently was begun and not ended.
    case pending
    case detached
    case gone

    init(
        _ unit: WorkUnit, _ query: (String, [SQLParameter]) async throws -> Rows
    ) async throws {
        let rows = try await query(
            """
            SELECT i.inhparent IS NOT NULL AS attached, format('%I.%I', n.nspname, c.relname) AS quoted, \
            coalesce((to_jsonb(i) ->> 'inhdetachpending')::boolean, false) AS pending FROM pg_catalog.pg_class c \
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
            LEFT JOIN pg_catalog.pg_inherits i ON i.inhrelid = c.oid WHERE c.oid = $1::oid
            """, [SQLParameter(unit.attributes["oid"])])
        guard let row = rows.rows.first else {
            self = .gone
            return
        }
        guard try row.text("quoted") == unit.attributes["quoted"] else {
            throw CouldNotLook(.notFound, "\(unit.title) has another name now: it is left alone.")
        }
        self = try row.boolean("attached") ? (row.boolean("pending") ? .pending : .attached) : .detached
    }
}

/// Takes a partition out of its table, and away.
struct Leaving: Sendable {
    let table: PartitionedTable
    let isConcurrent: Bool
    let drops: Bool

    init(_ table: PartitionedTable, isConcurrent: Bool, drops: Bool) {
        self.table = table
        self.isConcurrent = isConcurrent
        self.drops = drops
    }

    func statements(_ partition: Partition) -> [String] {
        [detaching(partition.quoted, isConcurrent ? " CONCURRENTLY" : "")]
            + (drops ? ["DROP TABLE \(partition.quoted)"] : [])
    }

    private func detaching(_ quoted: String, _ how: String) -> String {
        "ALTER TABLE \(table.quoted) DETACH PARTITION \(quoted)\(how)"
    }

    /// Begun again from wherever it stands. Concurrently the server waits for those who still see the partition; that
    /// wait is broken off like one for a lock, and what is begun then is finished by the next try.
    func detach(_ unit: WorkUnit, _ access: PostgreSQLAccess, _ context: Context) async throws {
        let quoted = unit.attributes["quoted"] ?? ""
        let tooSlow =
            "\(unit.title) stays: detaching it would keep others out of \(table.name) for more than "
            + "\(PostgreSQLActionLimits.lockWait) ms, because tables that refer to it are searched."
        try await BriefLock.attempt(context, access, subject: table.name, tooSlow: tooSlow) { session in
            switch try await Standing(unit, { try await session.execute($0, $1) }) {
            case .detached, .gone: return
            case .pending: try await session.execute(detaching(quoted, " FINALIZE"))
            case .attached where isConcurrent: try await session.execute(detaching(quoted, " CONCURRENTLY"))
            case .attached:
                try await session.transaction { session in
                    try await BriefLock.bounded(session, detaching(quoted, ""))
                }
            }
        }
    }

    /// Nobody comes to the rows through the table any more. They are looked for once more under the lock under which
    /// they go: what was written into the partition meanwhile is not lost.
    func drop(
        _ unit: WorkUnit, _ keeper: RowKeeper, _ access: PostgreSQLAccess, _ context: Context
    ) async throws {
        let quoted = unit.attributes["quoted"] ?? ""
        let tooSlow = "\(unit.title) is detached and stays: dropping it takes too long."
        try await BriefLock.attempt(context, access, subject: unit.title, tooSlow: tooSlow) { session in
            try await session.transaction { session in
                switch try await Standing(unit, { try await session.execute($0, $1) }) {
                case .gone: return
                case .attached, .pending:
                    throw ChangeFailed(.changedMeanwhile, "\(unit.title) was attached again. It stays.")
                case .detached:
                    // Rows that a policy hides would be lost unseen: with this, to look for them is an error.
                    try await session.execute("SELECT set_config('row_security', 'off', true)")
                    try await session.execute("LOCK TABLE \(quoted) IN ACCESS EXCLUSIVE MODE")
                    try await keeper.make(sureOf: unit, session)
                    try await session.execute("DROP TABLE \(quoted)")
                }
            }
        }
    }
}

extension PartitionPlan {
    /// From 14 on, and not beside a DEFAULT partition: the server refuses that.
    var detachesConcurrently: Bool { version >= 140_000 && table.defaultPartition == nil }
}
