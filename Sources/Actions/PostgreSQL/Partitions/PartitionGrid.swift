import ClientPostgreSQL
import Maintenance

/// A range for which there is no partition yet.
struct NewRange: Hashable, Sendable {
    let lower: Int64
    let upper: Int64
    let lowerText: String
    let upperText: String
    let suffix: String
}

/// Cuts what is not covered into ranges of one length, along the calendar of a time zone or by numbers.
struct PartitionGrid: Sendable {
    let table: PartitionedTable
    let key: PartitionKey
    let every: Span
    let zone: ZoneName
    /// A pattern of `to_char`, which names a partition after its beginning.
    let suffix: String?

    /// Why the ranges cannot be cut so.
    struct Misfit: Error {
        let sentence: String
        let advice: String
    }

    /// The ranges to be made so that the one in use is there and `ahead` follow it without a hole.
    func missing(ahead: Int, at now: Int64, _ access: PostgreSQLAccess) async throws -> [NewRange] {
        let ranges = table.ranges
        var missing: [NewRange] = []
        var (place, have) = (now, 0)
        while have <= ahead {
            if let range = ranges.first(where: { $0.holds(place) }) {
                have += 1
                guard let upper = range.upper else { break }
                place = upper
                continue
            }
            let before = ranges.last { range in range.upper.map { $0 <= place } ?? false }
            let after = ranges.first { range in range.lower.map { $0 > place } ?? false }
            let pieces = try await pieces(from: before, access)
            for piece in pieces {
                if let end = after?.lower, piece.upper > end {
                    if piece.lower == end { break }
                    throw Misfit(
                        sentence: "A partition of \(every.written) from \(piece.lowerText) would reach into "
                            + "\(after?.name ?? ""), which begins at \(after?.lowerText ?? "").",
                        advice: "Fill the hole by hand.")
                }
                missing.append(piece)
                place = piece.upper
                if piece.upper > now { have += 1 }
                if have > ahead { break }
            }
            guard missing.count <= PostgreSQLActionLimits.partitionsAhead, !pieces.isEmpty else {
                throw Misfit(
                    sentence: "More than \(PostgreSQLActionLimits.partitionsAhead) partitions are missing.",
                    advice: "Choose a longer `every`, or make the first ones by hand.")
            }
        }
        return missing
    }

    private func pieces(from before: Partition?, _ access: PostgreSQLAccess) async throws -> [NewRange] {
        let pieces: [NewRange]
        switch every {
        case .values(let step): pieces = numbers(from: before?.upper ?? 0, step)
        case .calendar(let age): pieces = try await calendar(from: before?.upperText, age, access)
        }
        guard let before, let first = pieces.first, first.lower != before.upper else { return pieces }
        throw Misfit(
            sentence: "\(before.name) ends at \(before.upperText ?? ""), where no partition of \(every.written) begins "
                + "in the time zone \(zone.text).",
            advice: "Give the `every` and the `zone` by which the table is cut, or make the next partition by hand.")
    }

    private func numbers(from start: Int64, _ step: Int64) -> [NewRange] {
        var pieces: [NewRange] = []
        var lower = start
        while pieces.count <= PostgreSQLActionLimits.partitionsAhead {
            let (upper, isOverflow) = lower.addingReportingOverflow(step)
            guard !isOverflow else { break }
            pieces.append(
                NewRange(
                    lower: lower, upper: upper, lowerText: String(lower), upperText: String(upper),
                    suffix: "_p\(lower)"))
            lower = upper
        }
        return pieces
    }

    /// The server's own calendar cuts: it knows the zone, and months are not days. Hours are the same everywhere, so an
    /// hour that clocks show twice does not name two partitions alike.
    private func calendar(from start: String?, _ age: Age, _ access: PostgreSQLAccess) async throws -> [NewRange] {
        let zone = age.unit == .hour && key == .timestamptz ? ZoneName.utc : zone
        let isInstant = key == .timestamptz
        let given = isInstant ? "$1::timestamptz AT TIME ZONE $3::text" : "$1::timestamp"
        func value(_ wall: String) -> String {
            isInstant ? "(\(wall) AT TIME ZONE $3::text)" : key == .date ? "\(wall)::date" : wall
        }
        func place(_ wall: String) -> String {
            PartitionedTable.micros(isInstant ? value(wall) : wall)
        }
        let rows = try await access.query(
            """
            WITH a AS (SELECT date_trunc($2, coalesce(\(given), now() AT TIME ZONE $3::text)) AS start), \
            g AS (SELECT i, start + i * $4::interval AS wall, start + (i + 1) * $4::interval AS next \
            FROM a, generate_series(0, $5::int) i) \
            SELECT \(value("wall"))::text AS low, \(value("next"))::text AS high, \(place("wall")) AS lower, \
            \(place("next")) AS upper, to_char(wall, $6) AS suffix FROM g ORDER BY i
            """,
            [
                SQLParameter(start), SQLParameter(age.unit.rawValue), SQLParameter(zone.text),
                SQLParameter(age.written), SQLParameter(PostgreSQLActionLimits.partitionsAhead),
                SQLParameter(suffix ?? age.unit.suffix),
            ])
        return try rows.rows.map { row in
            NewRange(
                lower: Int64(try row.integer("lower")), upper: Int64(try row.integer("upper")),
                lowerText: try row.text("low"), upperText: try row.text("high"), suffix: try row.text("suffix"))
        }
    }
}

extension Age.Unit {
    /// How a partition of such a length is named after its beginning.
    fileprivate var suffix: String {
        switch self {
        case .minute, .hour: #""_p"YYYYMMDD"_"HH24"#
        case .day, .week: #""_p"YYYYMMDD"#
        case .month: #""_p"YYYY"_"MM"#
        case .year: #""_p"YYYY"#
        }
    }
}
