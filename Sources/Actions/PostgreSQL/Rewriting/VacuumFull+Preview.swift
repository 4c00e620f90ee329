public import ClientPostgreSQL
import Host
public import Maintenance

extension VacuumFull {
    /// A table with what its rewrite would come to.
    private struct Candidate {
        let table: FoundTable
        let bytes: Int
        let gain: Int
        /// Why the bloat of the table itself is not known.
        let unknown: Cause?

        var left: Int { bytes - gain }
        var percent: Double { bytes > 0 ? 100 * Double(gain) / Double(bytes) : 0 }
        /// The new files beside the old ones, and as much again where sorting needs the disk.
        var needed: Int { 2 * left }
    }

    public func preview(_ access: PostgreSQLAccess, in context: Context) async throws -> Preview {
        let (found, mistakes) = try await TablePattern.resolve(tables, except: except, access)
        let tables = found.filter { !$0.isParent }
        guard tables.count <= PostgreSQLActionLimits.tables else {
            throw CouldNotLook(
                .tooLarge,
                "\(tables.count) tables match, and one step takes \(PostgreSQLActionLimits.tables): narrow it.")
        }
        var findings = mistakes
        if tables.isEmpty, !findings.contains(where: { $0.severity == .fail }) {
            let cause = Cause(.notFound, "Every table that matches is left out, so none would be looked at.")
            findings.append(Finding("tables", .fail, cause, advice: "Check what `except` names."))
        }
        let candidates = try await candidates(tables, access, in: context)
        let judged = candidates.map { (candidate: $0, finding: hindrance($0)) }
        findings += judged.compactMap(\.finding)
        let chosen = judged.filter { $0.finding == nil && isBloated($0.candidate) }.map(\.candidate)
        let units = chosen.map(unit)
        let needed = chosen.map(\.needed).max() ?? 0
        return Preview(
            summary: summary(chosen, of: candidates.count, needed), units: units,
            measurements: [
                Measurement("bytes_before", chosen.reduce(0) { $0 + $1.bytes }, .bytes),
                Measurement("bytes_expected", chosen.reduce(0) { $0 + $1.left }, .bytes),
                Measurement("bytes_needed", needed, .bytes),
            ], findings: findings.limited(), statements: units.map(Self.statement))
    }

    private func summary(_ chosen: [Candidate], of count: Int, _ needed: Int) -> String {
        guard !chosen.isEmpty else { return "none of \(count) tables is bloated by \(leastBloat.written)" }
        let gain = ByteCount.text(Double(chosen.reduce(0) { $0 + $1.gain }))
        return "\(chosen.count) of \(count) tables, "
            + "\(ByteCount.text(Double(chosen.reduce(0) { $0 + $1.bytes }))), of which \(gain) would be freed; each is "
            + "locked for everybody meanwhile. The largest needs up to \(ByteCount.text(Double(needed))) of free disk, "
            + "and SQL cannot see how much there is"
    }

    private func isBloated(_ candidate: Candidate) -> Bool {
        leastBloat.percent == 0 || candidate.percent >= leastBloat.percent && candidate.gain > 0
    }

    private func candidates(
        _ tables: [FoundTable], _ access: PostgreSQLAccess, in context: Context
    ) async throws -> [Candidate] {
        guard !tables.isEmpty else { return [] }
        let survey = BloatSurvey(
            names: tables.map(\.name), except: [], leastBytes: 0, readBytes: Int(read.bytes))
        let relations = Dictionary(grouping: try await survey.read(access, in: context), by: \.table)
        let byName = Dictionary(
            relations.values.compactMap { members in members.first { $0.kind == .table }.map { ($0.relation, members) }
            },
            uniquingKeysWith: { first, _ in first })
        return tables.compactMap { table in
            guard let members = byName[table.quoted] else { return nil }
            let own = members.first { $0.kind == .table }
            return Candidate(
                table: table, bytes: members.reduce(0) { $0 + $1.bytes },
                gain: members.reduce(0) { $0 + ($1.bloatBytes ?? 0) },
                unknown: own?.estimate == nil ? own?.cause : nil)
        }
    }

    /// Why a table is left that would be due.
    private func hindrance(_ candidate: Candidate) -> Finding? {
        let (cause, advice): (Cause, String)
        if let unknown = candidate.unknown, leastBloat.percent > 0 {
            cause = Cause(unknown.code, "Its bloat is not known, so it is left: \(unknown.sentence).")
            advice = "See what postgresql.bloat lacks, or name it in a step with `least-bloat: 0%`."
        } else if let room, isBloated(candidate), candidate.needed > Int(room.bytes) {
            let needed = ByteCount.text(Double(candidate.needed))
            cause = Cause(.limitReached, "It needs up to \(needed) meanwhile, more than `room` gives, so it is left.")
            advice = "Make room on the disk, and raise `room`."
        } else {
            return nil
        }
        return Finding(candidate.table.name, .warn, cause, advice: advice)
    }

    private func unit(_ candidate: Candidate) -> WorkUnit {
        WorkUnit(
            id: candidate.table.name, title: candidate.table.name,
            // Reading and writing at twenty megabytes a second; history replaces it.
            expected: .seconds(2) + .milliseconds(Int64((candidate.bytes + candidate.left) / 20_000)),
            attributes: [
                "table": candidate.table.quoted,
                "expected": candidate.unknown == nil ? String(candidate.left) : "",
            ])
    }
}

/// How far a rewrite is, for the person who waits for it.
enum RewriteProgress {
    /// Until it is cancelled; what cannot be seen is not shown.
    static func show(_ process: Int, _ access: PostgreSQLAccess, _ context: Context) async {
        while (try? await context.host.sleep(PostgreSQLActionLimits.rewriteWatch)) != nil {
            guard let rows = try? await access.watch(SQLStatement(statement, [SQLParameter(process)])),
                let row = rows.rows.first, let phase = try? row.text("phase"), let done = try? row.number("done"),
                let total = try? row.number("total")
            else { continue }
            context.progress(Progress(done: done, total: total > 0 ? total : nil, phase))
        }
    }

    private static let statement = """
        SELECT phase, heap_blks_scanned AS done, heap_blks_total AS total \
        FROM pg_catalog.pg_stat_progress_cluster WHERE pid = $1::int
        """
}

extension PostgreSQLActionLimits {
    /// Between two looks at a table that is written anew.
    public static let rewriteWatch = Duration.milliseconds(500)
}
