import ClientPostgreSQL
import Host
import Maintenance

/// One run of amcheck over indexes: it goes on after the last index of the run before, and stops when the budget is used.
struct AmcheckReading {
    let patterns: [TablePattern]
    let except: [TablePattern]
    let heapAllIndexed: Bool
    let budget: Double
    let time: Duration
    let access: PostgreSQLAccess
    let context: Context

    private struct Candidate {
        let id: Int
        let name: String
        let bytes: Double
    }

    func run(_ observation: inout Observation) async throws {
        guard let function = try await function(&observation) else { return }
        let rows = try await access.query(
            Self.candidates,
            [
                .array(patterns.map(\.expression)), .array(except.map(\.expression)),
                SQLParameter(heapAllIndexed ? 1 : 0),
            ])
        let all = try rows.rows.map {
            Candidate(id: try $0.integer("id"), name: try $0.text("name"), bytes: try $0.number("bytes"))
        }
        guard !all.isEmpty else {
            let cause = Cause(.notFound, "No B-tree index matches \(patterns.map(\.text).joined(separator: ", ")).")
            observation.findings.append(Finding("indexes", .fail, cause, advice: "Check the names."))
            return skip(cause, &observation)
        }
        let resume = try await context.history("resume_after").first.map { Int($0.value) } ?? 0
        let queue = all.filter { $0.id > resume } + all.filter { $0.id <= resume }
        try await read(queue, function, &observation)
    }

    private func read(_ queue: [Candidate], _ function: String, _ observation: inout Observation) async throws {
        let end = context.host.steady() + time
        var (checked, damaged, bytes, last) = (0, 0, 0.0, 0)
        var unread: [Candidate] = []
        for candidate in queue {
            guard candidate.bytes <= budget else {
                observation.findings.append(
                    Finding(
                        candidate.name, .unknown,
                        Cause(
                            .limitReached,
                            "It takes \(ByteCount.text(candidate.bytes)) to read, more than the budget of one run, so "
                                + "no run looks at it."),
                        advice: "Give the step a larger `budget`, or leave it out with `except`."))
                continue
            }
            guard unread.isEmpty, bytes + candidate.bytes <= budget,
                end > context.host.steady(), context.remaining > .seconds(1)
            else {
                unread.append(candidate)
                continue
            }
            let finding = try await look(candidate, function)
            (checked, bytes, last) = (checked + 1, bytes + candidate.bytes, candidate.id)
            if let finding {
                observation.findings.append(finding)
                if finding.severity == .fail { damaged += 1 } else { checked -= 1 }
            }
            observation.details.append([
                "index": .text(candidate.name), "bytes": .number(candidate.bytes),
                "state": .text(finding?.severity.rawValue ?? "whole"),
            ])
            context.progress(Progress(done: Double(checked), total: Double(queue.count), candidate.name))
        }
        observation.measurements += [
            Measurement("damaged", damaged), Measurement("indexes_checked", checked),
            Measurement("indexes_left", unread.count), Measurement("bytes_checked", bytes, .bytes),
            Measurement("resume_after", last),
        ]
        observation.summary +=
            "; \(checked) of \(queue.count) indexes read, \(ByteCount.text(bytes)), \(damaged) damaged"
        if checked == 0, observation.findings.isEmpty {
            observation.findings.append(
                Finding("indexes", .unknown, Cause(.timedOut, "No index could be read in the step's time.")))
        }
    }

    /// One statement of its own: an index that is locked or damaged says nothing of the others.
    private func look(_ candidate: Candidate, _ function: String) async throws -> Finding? {
        do {
            _ = try await access.query(
                "SELECT \(function)($1::bigint::oid::regclass, $2::boolean)",
                [SQLParameter(candidate.id), SQLParameter(heapAllIndexed ? "true" : "false")])
            return nil
        } catch let error as CouldNotLook {
            // data_corrupted and index_corrupted. The text may quote a row, so the client leaves it out.
            let isDamage = ["SQLSTATE XX001", "SQLSTATE XX002"].contains(where: error.cause.sentence.contains)
            guard isDamage else { return Finding(candidate.name, .unknown, error.cause) }
            return Finding(
                candidate.name, .fail,
                Cause(.damaged, "amcheck found damage. \(error.cause.sentence)"),
                advice: "Read the server's log for what it found; where only the index is hurt, REINDEX INDEX "
                    + "CONCURRENTLY makes it anew. After a new system library the order of texts may be another.")
        }
    }

    /// How to call amcheck here, or why it cannot be called.
    private func function(_ observation: inout Observation) async throws -> String? {
        let rows = try await access.query(Self.extension)
        guard let row = rows.rows.first else {
            let cause = Cause(.notFound, "The extension amcheck is not in this database, so no index was read.")
            observation.findings.append(Finding("amcheck", .unknown, cause, advice: "CREATE EXTENSION amcheck"))
            skip(cause, &observation)
            return nil
        }
        guard try row.boolean("may_call") else {
            let cause = Cause(
                .noPermission, "The looking role may not call amcheck's bt_index_check, so no index was read.")
            observation.findings.append(
                Finding(
                    "amcheck", .unknown, cause,
                    advice: "GRANT EXECUTE ON FUNCTION bt_index_check(regclass, boolean) to the looking role."))
            skip(cause, &observation)
            return nil
        }
        return try row.text("function")
    }

    private func skip(_ cause: Cause, _ observation: inout Observation) {
        for name in ["damaged", "indexes_checked", "indexes_left", "bytes_checked", "resume_after"] {
            observation.missing[name] = cause
        }
        observation.summary += "; no index was read"
    }

    private static let `extension` = """
        SELECT format('%I.%I', n.nspname, p.proname) AS function, has_function_privilege(p.oid, 'EXECUTE')
          AND has_schema_privilege(n.oid, 'USAGE') AS may_call
        FROM pg_catalog.pg_extension e
        JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
          AND d.deptype = 'e' AND d.classid = 'pg_proc'::regclass
        JOIN pg_catalog.pg_proc p ON p.oid = d.objid AND p.proname = 'bt_index_check' AND p.pronargs >= 2
        JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
        WHERE e.extname = 'amcheck' ORDER BY p.pronargs LIMIT 1
        """

    /// Pages as last counted: the exact size would wait for whoever holds the table.
    private static let candidates = """
        SELECT i.indexrelid::bigint AS id, n.nspname || '.' || c.relname AS name,
          (greatest(c.relpages, 1) + $3::int * greatest(t.relpages, 1))::float8
            * current_setting('block_size')::int AS bytes
        FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid AND c.relkind = 'i'
        JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
        JOIN pg_catalog.pg_am m ON m.oid = c.relam AND m.amname = 'btree'
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE i.indisvalid AND i.indisready AND c.relpersistence <> 't'
          AND NOT (c.relpersistence = 'u' AND pg_is_in_recovery())
          AND EXISTS (SELECT FROM unnest($1::text[]) p(pattern) WHERE n.nspname || '.' || c.relname ~ p.pattern
            OR pg_table_is_visible(c.oid) AND c.relname ~ p.pattern)
          AND NOT EXISTS (SELECT FROM unnest($2::text[]) p(pattern) WHERE n.nspname || '.' || c.relname ~ p.pattern
            OR pg_table_is_visible(c.oid) AND c.relname ~ p.pattern)
        ORDER BY 1 LIMIT 100000
        """
}
