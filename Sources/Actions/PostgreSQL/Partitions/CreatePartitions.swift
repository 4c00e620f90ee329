public import ClientPostgreSQL
import Host
public import Maintenance

/// Makes the partitions that rows to come will need, each in one transaction that nobody waits behind.
public struct CreatePartitions: Change {
    public typealias Kind = PostgreSQLKind

    var table = TableName.placeholder
    var every = Span.calendar(Age(1, .month))
    var ahead = 3
    var zone = ZoneName.utc
    var suffix: String?

    public init() {}

    public static let declaration = Declaration(
        name: "postgresql.create-partitions",
        summary: "Makes partitions ahead of time, proven by the bounds that the catalog shows.",
        measurements: [
            MeasurementDeclaration("partitions", "Partitions that were made."),
            MeasurementDeclaration(
                "ahead", "Partitions that follow the one in use without a hole.", aggregate: .last),
        ],
        timeout: .seconds(120),
        applies: "Every PostgreSQL from 13 on, not through a pooler, not on a standby. The table is cut into ranges of "
            + "one column: a date, a time or a whole number. The role needs to be a member of its owner.",
        example: "{ table: readings, every: 1 month, ahead: 3, zone: Europe/Helsinki }", limits: ["partitions"])

    public static let parameters: [Parameter<CreatePartitions>] = [
        .required("table", \.table, "The partitioned table."),
        .required("every", \.every, "How much one partition holds: 1 hour, 1 day, 1 week, 1 month, 1 year, 1 million."),
        .optional("ahead", \.ahead, default: 3, "How many partitions follow the one in use."),
        .optional("zone", \.zone, default: .utc, "Time zone in whose calendar a partition begins."),
        .optional(
            "suffix", \.suffix, default: nil,
            "What follows the table's name in a partition's, as a pattern of to_char on its beginning, such as "
                + "_YYYY_MM; without it _p and the beginning."),
    ]

    public func validate() throws(ValueError) {
        guard (1...PostgreSQLActionLimits.partitionsAhead).contains(ahead) else {
            throw ValueError("between 1 and \(PostgreSQLActionLimits.partitionsAhead)", path: ["ahead"])
        }
        if case .calendar(let age) = every, age.unit == .minute {
            throw ValueError("a partition holds an hour or more", path: ["every"])
        }
        if case .values = every, suffix != nil {
            throw ValueError("partitions of whole numbers are named after the first", path: ["suffix"])
        }
        guard suffix?.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "\"") }) != false
        else { throw ValueError("letters, digits, _ and \" as to_char takes them", path: ["suffix"]) }
    }

    public var impact: Impact { .online }

    public var rights: [Right] {
        [.connect(.look)]
            + Right.select(
                .look, [table], "to see where numbers are; SELECT on its DEFAULT partition besides, if there is one")
            + [.connect(.change)]
            + Right.owner(of: table, "only a table's owner may give it partitions")
            + [.create(besides: table, "to make tables beside it")]
    }

    public struct Baseline: Codable, Hashable, Sendable {
        /// Partitions that the table had.
        let partitions: Int
    }

    public func preview(_ access: PostgreSQLAccess, in context: Context) async throws -> Preview {
        try await zone.check(access)
        let reading = try await PartitionPlan.look(table, zone, every, access)
        guard let plan = reading.plan else { return Preview(refusal: reading.findings) }
        let now = try await plan.table.position(access) ?? 0
        let ranges: [NewRange]
        do {
            ranges = try await plan.grid(every, zone, suffix).missing(ahead: ahead, at: now, access)
        } catch let misfit as PartitionGrid.Misfit {
            let cause = Cause(.malformed, misfit.sentence)
            return Preview(refusal: [Finding(plan.table.name, .fail, cause, advice: misfit.advice)])
        }
        var findings = try await plan.checkNames(ranges, access)
        findings += try await plan.checkDefault(ranges, access)
        let have = Coverage(plan.table.ranges, at: now).following.count
        return Preview(
            summary: ranges.isEmpty
                ? "\(have) partitions of \(plan.table.name) follow the one in use"
                : "\(ranges.count) partitions of \(plan.table.name), from \(ranges[0].lowerText) to "
                    + (ranges.last?.upperText ?? ""),
            units: ranges.map { unit($0, plan) }, measurements: [Measurement("ahead", have)], findings: findings,
            statements: ranges.first.map { plan.statements(unit($0, plan), owner: false) } ?? [])
    }

    public func prepare(
        _ unit: WorkUnit, _ access: PostgreSQLAccess, in context: Context
    ) async throws -> Baseline {
        Baseline(partitions: try await plan(access).table.partitions.count)
    }

    public func probe(
        _ unit: WorkUnit, since baseline: Baseline, _ access: PostgreSQLAccess, in context: Context
    ) async throws -> ChangeState {
        let table = try await plan(access).table
        let found = table.ranges.first { range in
            range.lower.map { String($0) } == unit.attributes["from"]
                && range.upper.map { String($0) } == unit.attributes["until"]
        }
        guard let found else {
            if let process = try await access.running(context.label) { return .running(handle: "process \(process)") }
            return .pending
        }
        let ahead = Coverage(table.ranges, at: try await table.position(access) ?? 0).following.count
        return .applied(
            Proof(
                "\(found.name) holds \(found.lowerText ?? "") to \(found.upperText ?? ""), as the catalog shows",
                measurements: [Measurement("partitions", 1), Measurement("ahead", ahead)]))
    }

    /// The table is made, furnished and attached in one transaction: it is empty and nobody else knows it, so attaching
    /// reads nothing and takes no more than SHARE UPDATE EXCLUSIVE on the parent. A DEFAULT partition is locked
    /// exclusively meanwhile and read, which is why that statement's time is bounded.
    public func apply(
        _ unit: WorkUnit, since baseline: Baseline, _ access: PostgreSQLAccess, in context: Context
    ) async throws {
        let plan = try await plan(access)
        let slow = plan.slowDefault(unit)
        try await BriefLock.attempt(context, access, subject: plan.table.name, tooSlow: slow) { session in
            let isOwner = try await session.execute(
                "SELECT current_user = $1 AS owner", [SQLParameter(plan.table.owner)]
            ).one().boolean("owner")
            let statements = plan.statements(unit, owner: !isOwner)
            try await session.transaction { session in
                try await session.run(statements.dropLast().map { SQLStatement($0) })
                guard let attach = statements.last else { return }
                if plan.table.defaultPartition == nil {
                    try await session.execute(attach)
                } else {
                    try await BriefLock.bounded(session, attach)
                }
            }
        }
    }

    private func unit(_ range: NewRange, _ plan: PartitionPlan) -> WorkUnit {
        let name = plan.table.table + range.suffix
        return WorkUnit(
            id: name, title: "\(plan.table.schema).\(name)", expected: .seconds(1),
            attributes: [
                "name": name, "low": range.lowerText, "high": range.upperText, "from": String(range.lower),
                "until": String(range.upper),
            ])
    }

    private func plan(_ access: PostgreSQLAccess) async throws -> PartitionPlan {
        let reading = try await PartitionPlan.look(table, zone, every, access)
        if let plan = reading.plan { return plan }
        throw CouldNotLook(reading.findings.first?.cause ?? Cause(.notFound, "\(table.text) is not there any more."))
    }
}
