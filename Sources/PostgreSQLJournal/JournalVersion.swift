import ClientPostgreSQL
import Host
import Journal
import Maintenance

/// The version of the tables that a database has; 0 where it has none.
struct JournalVersion {
    let number: Int

    init(_ session: RecordSession, until deadline: Duration) throws {
        func ask(_ sql: String) throws -> Row { try session.exchange([SQLStatement(sql)], until: deadline)[0].one() }
        // The catalogue is read as it is now; a cached answer from before another node made the tables would not do.
        let isThere = try ask(
            "SELECT EXISTS (SELECT FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
                + "WHERE n.nspname = 'millwright' AND c.relname = 'version') AS known"
        ).boolean("known")
        number =
            isThere ? try ask("SELECT coalesce(max(number), 0) AS number FROM millwright.version").integer("number") : 0
    }

    func mustBeOurs(_ identity: String) throws(JournalError) {
        try mustNotBeNewer(identity)
        guard number == JournalSchema.version else {
            throw JournalError(
                .unreadable,
                number == 0
                    ? "There is no journal in \(identity) yet. The first `millwright run` or `millwright serve` there makes it."
                    : "The journal in \(identity) has tables of version \(number), and this program uses version "
                        + "\(JournalSchema.version). `millwright run` or `millwright serve` brings them up to date.")
        }
    }

    func mustNotBeNewer(_ identity: String) throws(JournalError) {
        guard number > JournalSchema.version else { return }
        throw JournalError(
            .newerVersion,
            "The journal in \(identity) has tables of version \(number), and this program knows them up to version "
                + "\(JournalSchema.version). Use the program that wrote it, or a newer one.")
    }
}

extension RecordSession {
    /// Brings the tables up to date: all of it or nothing, one node at a time.
    func migrate(_ identity: String, until deadline: Duration) throws {
        let found = try JournalVersion(self, until: deadline)
        try found.mustNotBeNewer(identity)
        guard found.number < JournalSchema.version else { return }
        do {
            let lock = SQLStatement("SELECT pg_advisory_xact_lock($1)", [SQLParameter(JournalSchema.lock)])
            _ = try exchange([SQLStatement("BEGIN"), lock], until: deadline)
            // Another node may have done it meanwhile.
            let version = try JournalVersion(self, until: deadline)
            try version.mustNotBeNewer(identity)
            // An administrator may have made the schema: then the right to make one in the database is not needed.
            let known = SQLStatement("SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'millwright'")
            let isKnown = try !exchange([known], until: deadline)[0].isEmpty
            var statements = isKnown ? [] : [SQLStatement("CREATE SCHEMA millwright")]
            for (index, migration) in JournalSchema.migrations.enumerated().dropFirst(version.number) {
                statements += migration.map { SQLStatement($0) }
                statements.append(
                    SQLStatement("INSERT INTO millwright.version VALUES ($1)", [SQLParameter(index + 1)]))
            }
            _ = try exchange(statements + [SQLStatement("COMMIT")], until: deadline)
        } catch {
            hangUp()
            throw error
        }
    }
}
