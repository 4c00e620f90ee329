import ClientPostgreSQL
import Maintenance

/// How far the ranges of a table reach without a hole from where it stands now.
struct Coverage {
    /// The range that holds it; `nil` where none does.
    let current: Partition?
    /// Ranges that follow it without a hole.
    let following: [Partition]
    /// Pairs of ranges between which there is a hole.
    let gaps: [(before: Partition, after: Partition)]

    init(_ ranges: [Partition], at now: Int64) {
        gaps = zip(ranges, ranges.dropFirst()).filter { $0.upper != $1.lower }.map { ($0, $1) }
        guard let index = ranges.firstIndex(where: { $0.holds(now) }) else {
            current = nil
            following = []
            return
        }
        var end = index
        while end + 1 < ranges.count, ranges[end + 1].lower == ranges[end].upper { end += 1 }
        current = ranges[index]
        following = Array(ranges[(index + 1)...].prefix(end - index))
    }

    var last: Partition? { following.last ?? current }
    /// The last range has no end: nothing can be made ahead, and nothing needs to be.
    var isEndless: Bool { last.map { $0.upper == nil } ?? false }
}

extension PartitionedTable {
    /// Where the table stands: the clock, or the highest number that lies in any of its ranges; the beginning of the
    /// first where all are empty, and `nil` where there is none.
    func position(_ access: PostgreSQLAccess) async throws -> Int64? {
        if let now { return now }
        guard isReadable || ranges.isEmpty else {
            throw CouldNotLook(
                .noPermission, "The role may not read \(name): how far its numbers are is not known.")
        }
        // Through the table, whose privilege is enough; the bounds leave one partition to be read.
        for partition in ranges.reversed() {
            let ends = [partition.lowerText.map { (">=", $0) }, partition.upperText.map { ("<", $0) }]
            let within = ends.compactMap { $0 }.map { "\(quotedColumn) \($0.0) \(quotedLiteral($0.1))" }
            let rows = "FROM \(quoted)" + (within.isEmpty ? "" : " WHERE " + within.joined(separator: " AND "))
            let answer = try await access.query(
                "SELECT CASE WHEN EXISTS (SELECT 1 \(rows)) THEN (SELECT max(\(quotedColumn)) \(rows)) END AS highest")
            if try answer.one().optional("highest") != nil { return Int64(try answer.one().integer("highest")) }
        }
        return ranges.first.map { $0.lower ?? $0.upper ?? 0 }
    }

    /// Ranges whose last value is older than the span, by the server's clock or the highest number.
    func cutoff(_ span: Span, zone: ZoneName, _ access: PostgreSQLAccess) async throws -> Int64? {
        switch span {
        case .values(let number): return try await position(access).map { $0 - number }
        case .calendar(let age): return try await cutoff(interval: age.written, zone: zone, access)
        }
    }

    /// `interval` as the server reads one.
    func cutoff(interval: String, zone: ZoneName, _ access: PostgreSQLAccess) async throws -> Int64 {
        let row = try await access.query(
            """
            SELECT \(Self.micros("((now() AT TIME ZONE $2::text) - $1::interval) AT TIME ZONE $2::text")) AS instant, \
            \(Self.micros("(now() AT TIME ZONE $2::text) - $1::interval")) AS wall
            """, [SQLParameter(interval), SQLParameter(zone.text)]
        ).one()
        return Int64(try row.integer(key == .timestamptz ? "instant" : "wall"))
    }

    func ended(before cutoff: Int64) -> [Partition] {
        partitions.filter { partition in partition.upper.map { $0 <= cutoff } ?? false }
            .sorted { ($0.upper ?? 0) < ($1.upper ?? 0) }
    }
}

/// How many rows lie in a DEFAULT partition.
struct DefaultRows {
    /// Counted up to a bound.
    let count: Int
    /// Those from the end of the ranges on: they keep the next partition from being made.
    let ahead: Int
    let isBounded: Bool

    /// `end` is where the ranges end, as text; without a key all that matters is how many there are.
    init(_ table: PartitionedTable, _ partition: Partition, _ access: PostgreSQLAccess) async throws {
        guard partition.isReadable else {
            throw CouldNotLook(
                .noPermission, "The role may not read \(partition.name): whether rows lie in it is not known.")
        }
        let end = table.key == nil ? nil : table.ranges.last
        let isAhead =
            end.map { last in last.upperText.map { "\(table.quotedColumn) >= \(quotedLiteral($0))" } ?? "false" }
            ?? "false"
        let row = try await access.query(
            """
            SELECT count(*) AS count, count(*) FILTER (WHERE ahead) AS ahead FROM (SELECT \(isAhead) AS ahead \
            FROM \(partition.quoted) LIMIT \(PostgreSQLActionLimits.defaultRows + 1)) d
            """
        ).one()
        let all = try row.integer("count")
        count = min(all, PostgreSQLActionLimits.defaultRows)
        isBounded = all > PostgreSQLActionLimits.defaultRows
        ahead = try row.integer("ahead")
    }

    var text: String { (isBounded ? "more than " : "") + "\(count) rows" }
}
