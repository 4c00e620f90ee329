import ClientPostgreSQL
import Host
import Maintenance

extension Reindex {
    /// The index as it was before, and what else was on its table.
    public struct Baseline: Codable, Sendable {
        let at: Instant
        let index: RebuiltIndex
        /// All indexes of the table: what is there later and not among these was made meanwhile.
        let others: [String]
    }
}

/// An index as the catalog shows it under its name.
struct RebuiltIndex: Codable, Sendable, Equatable {
    let oid: String
    let file: String
    let table: String
    let isValid: Bool
    let bytes: Double
    let definition: String

    /// - Parameter name: Quoted.
    static func look(_ name: String, _ access: PostgreSQLAccess) async throws -> (RebuiltIndex, at: Instant, [String]) {
        let rows = try await access.query(statement, [SQLParameter(name)])
        guard let row = rows.rows.first else {
            throw CouldNotLook(.notFound, "The index \(name) is not there any more.")
        }
        let index = RebuiltIndex(
            oid: try row.text("oid"), file: try row.text("file"), table: try row.text("table"),
            isValid: try row.boolean("valid"), bytes: try row.number("bytes"), definition: try row.text("definition"))
        return (index, try row.instant("now"), try row.text("others").split(separator: ",").map(String.init))
    }

    /// Valid, and another than before: REINDEX gives it another identity, or at least another file.
    func isRebuilt(since before: RebuiltIndex) -> Bool {
        isValid && (oid != before.oid || file != before.file)
    }

    private static let statement = """
        SELECT c.oid::text AS oid, coalesce(pg_relation_filenode(c.oid), c.relfilenode)::text AS file, \
        i.indrelid::text AS table, i.indisvalid AND i.indisready AND i.indislive AS valid, \
        coalesce(pg_relation_size(c.oid), 0) AS bytes, pg_get_indexdef(c.oid) AS definition, clock_timestamp() AS now, \
        (SELECT string_agg(o.indexrelid::text, ',') FROM pg_catalog.pg_index o WHERE o.indrelid = i.indrelid) AS others \
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid WHERE c.oid = to_regclass($1)
        """
}

/// What a rebuild that did not end left on its table.
///
/// REINDEX CONCURRENTLY makes `NAME_ccnew` beside the index and gives each the other's name when it is done, so that the
/// old one is then `NAME_ccold` and goes. Ours is what came after our look before, has the index's own shape and such a
/// name, and nobody is at work on; the old one itself is known.
struct Leftover: Sendable, Equatable {
    let name: String
    let quoted: String

    static func look(_ baseline: Reindex.Baseline, _ name: String, _ access: PostgreSQLAccess) async throws
        -> [Leftover]
    {
        let rows = try await access.query(
            statement, [SQLParameter(name), SQLParameter(baseline.index.oid), .array(baseline.others)])
        return try rows.rows.map { Leftover(name: try $0.text("name"), quoted: try $0.text("quoted")) }
    }

    /// A name that was too long was cut before the ending was put to it.
    private static let statement = """
        SELECT c.relname::text AS name, format('%I.%I', n.nspname, c.relname) AS quoted \
        FROM pg_catalog.pg_class nc JOIN pg_catalog.pg_index o ON o.indexrelid = nc.oid \
        JOIN pg_catalog.pg_index i ON i.indrelid = o.indrelid AND i.indexrelid <> o.indexrelid \
        JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace, \
        LATERAL (SELECT regexp_replace(c.relname, '_cc(new|old)[0-9]*$', '') AS stem) s \
        WHERE nc.oid = to_regclass($1) AND c.relnamespace = nc.relnamespace AND NOT i.indisvalid \
        AND c.relname ~ '_cc(new|old)[0-9]*$' \
        AND (s.stem = nc.relname OR octet_length(c.relname) > 59 AND starts_with(nc.relname, s.stem)) \
        AND (i.indexrelid::text = $2 OR i.indexrelid::text <> ALL ($3::text[])) \
        AND i.indkey::text = o.indkey::text AND i.indclass::text = o.indclass::text \
        AND i.indoption::text = o.indoption::text AND i.indcollation::text = o.indcollation::text \
        AND i.indisunique = o.indisunique AND \(Builder.expression("i.indexrelid", "i.indrelid")) IS NULL
        """
}
