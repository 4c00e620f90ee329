public import ClientPostgreSQL
import Host
public import Maintenance

/// Rebuilds indexes beside the traffic, each proven by the new one in its place.
public struct Reindex: RepairableChange {
    public typealias Kind = PostgreSQLKind

    /// Which of the indexes that match are rebuilt.
    enum Which: String, WordValue { case all, bloated, invalid }

    var indexes: [IndexPattern] = []
    var tables: [TablePattern] = []
    var except: [IndexPattern] = []
    var which = Which.all
    var bloatAbove = Share(percent: 30)
    var ignoreBelow = ByteCount(10 << 20)
    var room: ByteCount?

    public init() {}

    public static let declaration = Declaration(
        name: "postgresql.reindex",
        summary:
            "Rebuilds indexes concurrently, one by one, and clears away what an interrupted rebuild of its own left.",
        measurements: [
            MeasurementDeclaration("indexes", "Indexes that are rebuilt."),
            MeasurementDeclaration("bytes_before", .bytes, "What they took."),
            MeasurementDeclaration("bytes_after", .bytes, "What they take now."),
            MeasurementDeclaration(
                "bytes_needed", .bytes, "Free disk that the largest rebuild needs while it works, at most.",
                aggregate: .largest),
        ],
        timeout: .seconds(3600),
        applies:
            "Every PostgreSQL from 13 on but 14.0 to 14.3, whose concurrent builds can leave rows out; not through a "
            + "pooler, not on a standby. On Aurora and RDS too; the role needs to be a member of the tables' owner (from "
            + "17 on the right MAINTAIN is enough). Indexes of exclusion constraints and of system catalogs cannot be "
            + "rebuilt concurrently and are left.",
        example: #"{ tables: "public.*", which: bloated, bloat-above: 40% }"#, limits: ["indexes"])

    public static let parameters: [Parameter<Reindex>] = [
        .optional("indexes", \.indexes, default: [], "Indexes to rebuild: names or patterns such as public.*_idx."),
        .optional("tables", \.tables, default: [], "Tables whose indexes are rebuilt; partitions are found."),
        .optional("except", \.except, default: [], "Indexes to leave out."),
        .optional(
            "which", \.which, default: .all,
            "All that match, those that are not valid because a build did not end, or besides those that are bloated."),
        .optional(
            "bloat-above", \.bloatAbove, default: Share(percent: 30),
            "Share of an index that a rebuild must free at least, where `which` is `bloated`."),
        .optional(
            "ignore-below", \.ignoreBelow, default: ByteCount(10 << 20),
            "Bytes that a rebuild must free at least, where `which` is `bloated`."),
        .optional(
            "room", \.room, default: nil,
            "Free disk that one rebuild may take. An index that needs more is left with a warning: SQL cannot see how "
                + "much is free."),
    ]

    public func validate() throws(ValueError) {
        guard !indexes.isEmpty || !tables.isEmpty else { throw ValueError("name `indexes`, `tables` or both") }
    }

    public var impact: Impact { .online }

    public var rights: [Right] {
        [
            .connect(.look), .connect(.change), .readStatistics("to see which indexes others build"),
            .postgresql(
                .change, FoundIndex.grantOwners(indexes: indexes, tables: tables, except: except),
                "only a table's owner may rebuild its indexes"),
        ] + (which == .bloated ? Bloat().rights : [])
    }

    public func preview(_ access: PostgreSQLAccess, in context: Context) async throws -> Preview {
        var (found, findings) = try await FoundIndex.resolve(
            indexes: indexes, tables: tables, except: except, access)
        findings += try await ConcurrentBuilds.findings(access)
        if which == .invalid { found.removeAll(where: \.isValid) }
        if which == .bloated { findings += try await leaveLean(&found, access, context) }
        guard found.count <= PostgreSQLActionLimits.indexes else {
            throw CouldNotLook(
                .tooLarge,
                "\(found.count) indexes match, and one step takes \(PostgreSQLActionLimits.indexes): narrow it.")
        }
        let left = found.map { (index: $0, finding: hindrance($0)) }
        findings += left.compactMap(\.finding)
        let units = left.filter { $0.finding == nil }.map { unit($0.index) }
        let needed = left.filter { $0.finding == nil }.map { Self.needed($0.index) }.max() ?? 0
        return Preview(
            summary:
                "\(units.count) indexes, \(ByteCount.text(found.reduce(0) { $0 + $1.bytes })); the largest needs up "
                + "to \(ByteCount.text(needed)) of free disk meanwhile, and SQL cannot see how much there is",
            units: units, measurements: [Measurement("bytes_needed", needed, .bytes)], findings: findings.limited(),
            statements: units.map { Self.statement($0) })
    }

    /// Why an index is left, where it is.
    private func hindrance(_ index: FoundIndex) -> Finding? {
        let (cause, advice): (Cause, String)
        if let builder = index.builder {
            cause = Cause(.busy, "Process \(builder) is at work on it, so it is left.")
            advice = "Nothing is to be done, if that process is wanted."
        } else if index.isLeftover {
            cause = Cause(.leftover, "An interrupted rebuild of somebody else left it behind; it is left.")
            advice = "Drop it with postgresql.drop-index."
        } else if index.isExclusion {
            cause = Cause(.notSupported, "The index of an exclusion constraint cannot be rebuilt concurrently.")
            advice = "Leave it out with `except`, or REINDEX it by hand while nobody needs the table."
        } else if let room, Self.needed(index) > Double(room.bytes) {
            cause = Cause(
                .limitReached,
                "It needs up to \(ByteCount.text(Self.needed(index))) meanwhile, more than `room` gives, so it is left."
            )
            advice = "Make room on the disk, and raise `room`."
        } else {
            return nil
        }
        return Finding(index.name, .warn, cause, advice: advice)
    }

    /// The new index beside the old one, and as much again where sorting needs the disk.
    private static func needed(_ index: FoundIndex) -> Double { 2 * index.bytes }

    private func unit(_ index: FoundIndex) -> WorkUnit {
        WorkUnit(
            id: index.name, title: index.name,
            // Building at twenty megabytes a second; history replaces it.
            expected: .seconds(2) + .milliseconds(Int64(index.bytes / 20_000)),
            attributes: ["index": index.quoted, "table": index.table, "is-table": String(index.isTable)])
    }

    static func statement(_ unit: WorkUnit) -> String {
        "REINDEX INDEX CONCURRENTLY \(unit.attributes["index"] ?? quotedIdentifier(unit.title))"
    }
}

extension Cause.Code {
    /// Something that a dead piece of work left behind.
    static let leftover = Cause.Code(rawValue: "leftover")
}
