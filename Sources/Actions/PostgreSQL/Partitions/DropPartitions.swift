public import ClientPostgreSQL
import Host
public import Maintenance

/// Takes away partitions that are wholly older than an age: detached without keeping anybody out, and then dropped.
public struct DropPartitions: RepairableChange {
    public typealias Kind = PostgreSQLKind

    var table = TableName.placeholder
    var olderThan = Span.calendar(Age(1, .year))
    var zone = ZoneName.utc
    var archive: TableName?
    var keep = false
    var loseRows = false

    public init() {}

    public static let declaration = Declaration(
        name: "postgresql.drop-partitions",
        summary:
            "Detaches partitions that are wholly older than an age, and drops those whose rows are kept elsewhere.",
        measurements: [
            MeasurementDeclaration("partitions", "Partitions that were taken away."),
            MeasurementDeclaration("rows", "Rows that were in them, counted or, with `lose-rows`, as estimated."),
            MeasurementDeclaration(
                "left", "Partitions of that age that are still attached.", aggregate: .last),
        ],
        timeout: .seconds(600),
        applies: "Every PostgreSQL from 13 on, not through a pooler, not on a standby. The table is cut into ranges of "
            + "one column: a date, a time or a whole number. The role needs to be a member of its owner.",
        example: "{ table: readings, older-than: 2 years, archive: readings_archive }", limits: ["partitions"])

    public static let parameters: [Parameter<DropPartitions>] = [
        .required("table", \.table, "The partitioned table."),
        .required(
            "older-than", \.olderThan,
            "Age that the last value of a partition must have, by the server's clock; for whole numbers how far behind "
                + "the highest."),
        .optional("zone", \.zone, default: .utc, "Time zone of keys that know none, and of the age."),
        .optional(
            "archive", \.archive, default: nil,
            "Table that holds the rows: each is looked for there, with all its values, before its partition is dropped. "
                + "Without it a partition must be empty."),
        .optional("keep", \.keep, default: false, "Whether the detached table stays, with its rows."),
        .optional(
            "lose-rows", \.loseRows, default: false,
            "Drops rows that nothing here holds, such as where a backup is the archive. Destructive: it needs an "
                + "approval."),
    ]

    public func validate() throws(ValueError) {
        guard [archive != nil, keep, loseRows].filter({ $0 }).count <= 1 else {
            throw ValueError("give one of `archive`, `keep` and `lose-rows`: each says where the rows are afterwards")
        }
    }

    public var impact: Impact { loseRows ? .destructive : .online }

    public var rights: [Right] {
        let read = Right.select(.look, [table], "to see where numbers are, and that rows lie in the archive")
        let archives = archive.map { Right.select(.look, [$0], "to find the rows there") } ?? []
        let compared = archive.map { Right.select(.change, [$0], "to find the rows there when they are dropped") } ?? []
        return [.connect(.look)] + read + archives
            + [
                .postgresql(
                    .look, "GRANT pg_read_all_data TO {role};",
                    "to read the partitions themselves; SELECT on them is enough"), .connect(.change),
            ] + compared + Right.owner(of: table, "only a table's owner may take its partitions away")
    }

    public struct Baseline: Codable, Hashable, Sendable {
        let rows: Int
    }

    public func preview(_ access: PostgreSQLAccess, in context: Context) async throws -> Preview {
        try await zone.check(access)
        let reading = try await PartitionPlan.look(table, zone, olderThan, access)
        guard let plan = reading.plan else { return Preview(refusal: reading.findings) }
        let old = try await overdue(plan.table, access)
        guard old.count <= PostgreSQLActionLimits.partitionsAhead else {
            throw CouldNotLook(
                .tooLarge,
                "\(old.count) partitions are old enough, and one step takes "
                    + "\(PostgreSQLActionLimits.partitionsAhead): give the step a larger age first.")
        }
        var findings: [Finding] = []
        let keeper = RowKeeper(self, plan.table)
        for partition in old { findings += try await keeper.findings(partition, access) }
        let rows = old.reduce(0) { $0 + $1.rows }
        let leaving = Leaving(plan.table, isConcurrent: plan.detachesConcurrently, drops: !keep)
        return Preview(
            summary: old.isEmpty
                ? "no partition of \(plan.table.name) is wholly older than \(olderThan.written)"
                : "\(old.count) partitions of \(plan.table.name), from \(old[0].lowerText ?? "the beginning") to "
                    + "\(old.last?.upperText ?? ""), about \(rows) rows",
            units: old.map { unit($0) }, measurements: [Measurement("left", old.count)], findings: findings,
            statements: old.first.map { leaving.statements($0) } ?? [])
    }

    public func prepare(
        _ unit: WorkUnit, _ access: PostgreSQLAccess, in context: Context
    ) async throws -> Baseline {
        let table = try await plan(access).table
        guard let partition = table.partitions.first(where: { $0.oid == unit.attributes["oid"] }) else {
            return Baseline(rows: 0)
        }
        return Baseline(rows: try await RowKeeper(self, table).count(partition, access))
    }

    public func probe(
        _ unit: WorkUnit, since baseline: Baseline, _ access: PostgreSQLAccess, in context: Context
    ) async throws -> ChangeState {
        let plan = try await plan(access)
        let standing = try await Standing(unit, access.query)
        if standing == (keep ? .detached : .gone) {
            let left = try await overdue(plan.table, access).count
            return .applied(
                Proof(
                    keep
                        ? "\(unit.title) is detached, and there with its rows"
                        : "\(unit.title) is gone" + (baseline.rows > 0 && !loseRows ? ", its rows are archived" : ""),
                    measurements: [
                        Measurement("partitions", 1), Measurement("rows", baseline.rows), Measurement("left", left),
                    ]))
        }
        if let process = try await access.running(context.label) { return .running(handle: "process \(process)") }
        switch standing {
        case .attached: return .pending
        case .pending: return .partial("\(unit.title) is being detached, and its rows are not seen any more")
        case .detached: return .partial("\(unit.title) is detached and not dropped")
        case .gone: return .unknown(Cause(.notFound, "\(unit.title) is gone, and was to be kept."))
        }
    }

    public func apply(
        _ unit: WorkUnit, since baseline: Baseline, _ access: PostgreSQLAccess, in context: Context
    ) async throws {
        let plan = try await plan(access)
        // By the server's clock of now: a plan may have waited long for its approval.
        let isStillOld = try await overdue(plan.table, access).contains { $0.oid == unit.attributes["oid"] }
        let keeper = RowKeeper(self, plan.table)
        let leaving = Leaving(plan.table, isConcurrent: plan.detachesConcurrently, drops: !keep)
        let standing = try await Standing(unit, access.query)
        guard isStillOld || standing == .detached || standing == .gone else {
            throw ChangeFailed(
                .changedMeanwhile, "\(unit.title) is not wholly older than \(olderThan.written). It stays.")
        }
        try await leaving.detach(unit, access, context)
        if !keep { try await leaving.drop(unit, keeper, access, context) }
    }

    /// Detaching goes on where it was left; what became of the rows is looked at again before they go.
    public func repair(
        _ unit: WorkUnit, since baseline: Baseline, _ access: PostgreSQLAccess, in context: Context
    ) async throws {
        try await apply(unit, since: baseline, access, in: context)
    }

    private func overdue(_ table: PartitionedTable, _ access: PostgreSQLAccess) async throws -> [Partition] {
        guard let cutoff = try await table.cutoff(olderThan, zone: zone, access) else { return [] }
        return table.ended(before: cutoff)
    }

    private func unit(_ partition: Partition) -> WorkUnit {
        WorkUnit(
            id: partition.name, title: partition.name,
            expected: .seconds(2) + .milliseconds(Int64(partition.bytes / 100_000)),
            attributes: ["oid": partition.oid, "quoted": partition.quoted])
    }

    private func plan(_ access: PostgreSQLAccess) async throws -> PartitionPlan {
        let reading = try await PartitionPlan.look(table, zone, olderThan, access)
        if let plan = reading.plan { return plan }
        throw CouldNotLook(reading.findings.first?.cause ?? Cause(.notFound, "\(table.text) is not there any more."))
    }
}
