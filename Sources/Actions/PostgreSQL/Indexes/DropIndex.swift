public import ClientPostgreSQL
import Host
public import Maintenance

/// Drops named indexes beside the traffic, and keeps what it takes to make them again.
public struct DropIndex: RepairableChange, UndoableChange {
    public typealias Kind = PostgreSQLKind

    var indexes: [IndexPattern] = []
    var evenIfUsed = false

    public init() {}

    public static let declaration = Declaration(
        name: "postgresql.drop-index",
        summary: "Drops indexes concurrently, unless something needs them or used them since the preview.",
        measurements: [
            MeasurementDeclaration("indexes", "Indexes that are dropped."),
            MeasurementDeclaration("bytes", .bytes, "What they took."),
        ],
        timeout: .seconds(600),
        applies: "Every PostgreSQL from 13 on, not through a pooler, not on a standby. On Aurora and RDS too; the role "
            + "needs to be a member of the tables' owner. It counts the use on this server: a standby counts for itself.",
        example: #"{ indexes: ["public.orders_old_idx"] }"#, limits: ["indexes"])

    public static let parameters: [Parameter<DropIndex>] = [
        .required("indexes", \.indexes, "Names of the indexes to drop, such as public.orders_old_idx; no patterns."),
        .optional(
            "even-if-used", \.evenIfUsed, default: false,
            "Whether an index goes that was used and that no other replaces."),
    ]

    public func validate() throws(ValueError) {
        guard !indexes.isEmpty else { throw ValueError("no index is named", path: ["indexes"]) }
        for (place, index) in indexes.enumerated() where !index.pattern.isExact {
            throw ValueError("a pattern: each index that goes is named", path: ["indexes", String(place)])
        }
    }

    public var impact: Impact { .online }

    public var rights: [Right] {
        [
            .connect(.look), .connect(.change), .readStatistics("to see which indexes others build"),
            .postgresql(
                .change, FoundIndex.grantOwners(indexes: indexes, tables: [], except: []),
                "only a table's owner may drop its indexes"),
        ]
    }

    public func preview(_ access: PostgreSQLAccess, in context: Context) async throws -> Preview {
        let (found, missing) = try await FoundIndex.resolve(indexes: indexes, tables: [], except: [], access)
        // Dropped by an earlier run, or misspelt: nobody can tell.
        var findings = missing.map { Finding($0.subject, .warn, $0.cause, advice: $0.advice) }
        findings += try await ConcurrentBuilds.findings(access).filter { $0.subject == access.identity }
        let survey = try await Self.survey(access)
        var units: [WorkUnit] = []
        for index in found {
            guard let surveyed = survey[index.oid] else { continue }
            findings += objections(surveyed)
            units.append(
                WorkUnit(
                    id: index.name, title: index.name, expected: .seconds(2),
                    attributes: [
                        "index": index.quoted, "table": index.table, "is-table": String(index.isTable),
                        "oid": index.oid, "scans": String(surveyed.scans), "advice": surveyed.advice.rawValue,
                    ]))
        }
        let bytes = found.reduce(0) { $0 + $1.bytes }
        return Preview(
            summary: "\(units.count) indexes, \(ByteCount.text(bytes))", units: units, findings: findings,
            statements: units.map { Self.statement($0) })
    }

    /// What speaks against dropping an index now.
    func objections(_ index: SurveyedIndex) -> [Finding] {
        if let obstacle = index.obstacle {
            return [
                Finding(
                    index.name, .fail, Cause(.rejected, "It must stay: \(obstacle)"),
                    advice: "Leave it out, or take away first what needs it.")
            ]
        }
        if [.keep, .unused].contains(index.advice), index.scans > 0, !evenIfUsed {
            return [
                Finding(
                    index.name, .fail, Cause(.inUse, "It is in use: \(index.reason)"),
                    advice: "Leave it out, or say `even-if-used: true`.")
            ]
        }
        guard index.advice == .keep, index.hasExpressions else { return [] }
        let cause = Cause(.inUse, "The planner takes statistics of its expressions from it: plans may change.")
        return [Finding(index.name, .warn, cause, advice: "Replace them by CREATE STATISTICS on the expressions.")]
    }

    /// By their object ids. How old an index is makes no difference here: what counts is its use from now on.
    static func survey(_ access: PostgreSQLAccess) async throws -> [String: SurveyedIndex] {
        let survey = try await SurveyedIndexes.look(access, window: .seconds(86_400), known: nil)
        return Dictionary(survey.indexes.map { ($0.oid, $0) }) { first, _ in first }
    }

    static func statement(_ unit: WorkUnit) -> String {
        "DROP INDEX CONCURRENTLY IF EXISTS \(unit.attributes["index"] ?? quotedIdentifier(unit.title))"
    }
}

extension Cause.Code {
    /// Something still uses what is to go.
    static let inUse = Cause.Code(rawValue: "in-use")
}
