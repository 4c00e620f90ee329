import ClientPostgreSQL
import Host
import Maintenance

/// Gathers what is seen of partitioned tables.
struct PartitionReport {
    let ahead: Int
    let retain: Span?
    let zone: ZoneName

    private var findings: [Finding] = []
    private var details: [[String: JSONValue]] = []
    private var fewest: Int?
    private var until: Int64?
    private var gaps = 0
    private var defaultRows = 0
    private var overdue = 0
    private var detaching = 0
    private var isDefaultHidden = false

    init(ahead: Int, retain: Span?, zone: ZoneName) {
        self.ahead = ahead
        self.retain = retain
        self.zone = zone
    }

    mutating func add(
        _ subject: String, _ severity: Verdict, _ code: Cause.Code, _ sentence: String, _ advice: String? = nil
    ) {
        findings.append(Finding(subject, severity, Cause(code, sentence), advice: advice))
    }

    /// What cannot be looked at of one table does not hide the others.
    mutating func judge(_ table: PartitionedTable, _ access: PostgreSQLAccess) async throws {
        for partition in table.partitions where partition.isPending {
            detaching += 1
            add(
                partition.name, .warn, .partlyCovered,
                "Detaching it from \(table.name) was begun and not ended: its rows are not seen, and no other "
                    + "partition can be detached beside others' work.",
                "ALTER TABLE \(table.quoted) DETACH PARTITION \(partition.quoted) FINALIZE.")
        }
        var detail: [String: JSONValue] = [
            "table": .text(table.name), "strategy": .text(table.strategyName),
            "partitions": .number(Double(table.partitions.count)),
        ]
        if table.strategy == "r" {
            do {
                try await judgeDefault(table, access)
                try await judgeRanges(table, &detail, access)
            } catch let error as CouldNotLook {
                findings.append(Finding(table.name, .unknown, error.cause, advice: "Grant it, or leave the table out."))
                detail["because"] = .text(error.cause.sentence)
            }
        }
        details.append(detail)
    }

    private mutating func judgeRanges(
        _ table: PartitionedTable, _ detail: inout [String: JSONValue], _ access: PostgreSQLAccess
    ) async throws {
        guard table.key != nil else {
            throw CouldNotLook(
                .notSupported,
                "\(table.name) is cut by several columns, an expression or a type that is no date, time or whole "
                    + "number: how far its partitions reach is not known.")
        }
        for range in [table.ranges.first?.lowerText, table.ranges.last?.upperText].enumerated() {
            detail[range.offset == 0 ? "from" : "to"] = .text(range.element ?? "without end")
        }
        if let retain, retain.fits(table.key ?? .date) { try await judgeAge(table, retain, &detail, access) }
        guard let now = try await table.position(access) else {
            add(table.name, .fail, .notFound, "\(table.name) has no partition.", "Make its first ones.")
            return
        }
        let coverage = Coverage(table.ranges, at: now)
        for gap in coverage.gaps { judge(gap, table, now) }
        if !table.isNested { judge(coverage, table, &detail) }
    }

    private mutating func judge(
        _ coverage: Coverage, _ table: PartitionedTable, _ detail: inout [String: JSONValue]
    ) {
        guard coverage.current != nil else {
            fewest = 0
            detail["ahead"] = .number(0)
            let effect = table.defaultPartition == nil ? "are refused" : "fall into DEFAULT"
            add(
                table.name, .fail, .notFound, "\(table.name) has no partition for now: rows of now \(effect).",
                "Make it, with postgresql.create-partitions.")
            return
        }
        guard !coverage.isEndless else {
            detail["ahead"] = "without end"
            add(
                coverage.last?.name ?? table.name, .warn, .notSupported,
                "It has no upper bound: it takes all rows to come, and can never be dropped for its age.",
                "Detach it and give it an end.")
            return
        }
        let count = coverage.following.count
        fewest = min(fewest ?? .max, count)
        detail["ahead"] = .number(Double(count))
        if let end = coverage.last?.until { until = min(until ?? .max, end) }
        guard count < ahead else { return }
        add(
            table.name, .warn, .threshold,
            "\(count) partitions of \(table.name) follow the one in use and \(ahead) are wanted: they end at "
                + "\(coverage.last?.upperText ?? "").", "Make them, with postgresql.create-partitions.")
    }

    private mutating func judge(
        _ gap: (before: Partition, after: Partition), _ table: PartitionedTable, _ now: Int64
    ) {
        gaps += 1
        let isAhead = gap.after.lower.map { $0 > now } ?? false
        let effect = table.defaultPartition == nil ? "are refused" : "fall into DEFAULT"
        add(
            table.name, isAhead && table.defaultPartition == nil ? .fail : .warn, .partlyCovered,
            "There is a hole between \(gap.before.name) and \(gap.after.name), from \(gap.before.upperText ?? "") "
                + "to \(gap.after.lowerText ?? ""): rows in it \(effect).",
            isAhead ? "Fill it, with postgresql.create-partitions." : "Fill it, or leave the table out.")
    }

    private mutating func judgeDefault(_ table: PartitionedTable, _ access: PostgreSQLAccess) async throws {
        guard let partition = table.defaultPartition else { return }
        do {
            let rows = try await DefaultRows(table, partition, access)
            defaultRows += rows.count
            if rows.ahead > 0 {
                add(
                    partition.name, .fail, .partlyCovered,
                    "\(rows.ahead) of \(rows.text) lie behind the last range of \(table.name): the next partition "
                        + "cannot be made while they are there.",
                    "Move them into a table of their own, make the partitions, and insert them again.")
            } else if rows.count > 0 {
                add(
                    partition.name, .warn, .partlyCovered,
                    "\(rows.text) of \(table.name) lie in DEFAULT, for which there is no partition.",
                    "Find out where they come from; move them into partitions of their own.")
            }
        } catch let error as CouldNotLook {
            isDefaultHidden = true
            findings.append(Finding(partition.name, .unknown, error.cause, advice: "Grant SELECT on it."))
        }
    }

    private mutating func judgeAge(
        _ table: PartitionedTable, _ retain: Span, _ detail: inout [String: JSONValue], _ access: PostgreSQLAccess
    ) async throws {
        guard let cutoff = try await table.cutoff(retain, zone: zone, access) else { return }
        let old = table.ended(before: cutoff)
        overdue += old.count
        detail["overdue"] = .number(Double(old.count))
        guard let first = old.first else { return }
        add(
            table.name, .warn, .threshold,
            "\(old.count) partitions are wholly older than \(retain.written), the oldest is \(first.name).",
            "Let postgresql.drop-partitions take them away.")
    }

    func observation(_ tables: [PartitionedTable]) -> Observation {
        let count = tables.reduce(0) { $0 + $1.partitions.count }
        var measurements = [
            Measurement("tables", tables.count), Measurement("partitions", count), Measurement("gaps", gaps),
            Measurement("detaching", detaching),
        ]
        var missing: [String: Cause] = [:]
        if let fewest {
            measurements.append(Measurement("ahead", fewest))
        } else {
            missing["ahead"] = Cause(.noData, "No table is cut into ranges that could be judged")
        }
        if let until {
            measurements.append(Measurement("covered_until", Instant(microsecondsSinceEpoch: until)))
        } else {
            missing["covered_until"] = Cause(.noData, "No table is cut into ranges of time that could be judged")
        }
        if isDefaultHidden {
            missing["default_rows"] = Cause(.noPermission, "Not every DEFAULT partition could be counted")
        } else {
            measurements.append(Measurement("default_rows", defaultRows))
        }
        if retain == nil {
            missing["overdue"] = Cause(.noData, "The step says with no `retain` how old partitions may become")
        } else {
            measurements.append(Measurement("overdue", overdue))
        }
        let ends = fewest.map { ", at least \($0) ahead" } ?? ""
        return Observation(
            summary: "\(count) partitions of \(tables.count) tables" + ends, measurements: measurements,
            missing: missing, findings: findings, details: Array(details.prefix(PostgreSQLActionLimits.details)))
    }
}

extension PartitionedTable {
    var strategyName: String { strategy == "r" ? "range" : strategy == "l" ? "list" : "hash" }
}
