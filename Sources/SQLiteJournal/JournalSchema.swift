import GRDB

/// The tables of a journal, by version. A migration that was released never changes; a new one is added at the end.
enum JournalSchema {
    /// "Mill": in the file's header, so that no other program's database is taken for a journal.
    static let applicationID = 0x4D69_6C6C

    static let migrations: [String] = [
        """
        CREATE TABLE run (
            id TEXT NOT NULL PRIMARY KEY,
            service TEXT NOT NULL,
            environment TEXT NOT NULL,
            procedure TEXT NOT NULL,
            nominal INTEGER NOT NULL,
            started_at INTEGER NOT NULL,
            ended_at INTEGER,
            state TEXT NOT NULL,
            verdict TEXT,
            owner_pid INTEGER,
            owner_start_time INTEGER,
            owner_boot_id TEXT
        ) STRICT;
        CREATE UNIQUE INDEX run_occurrence ON run (service, environment, procedure, nominal);
        CREATE INDEX run_newest ON run (started_at, id);
        CREATE INDEX run_state ON run (state, started_at, id);

        CREATE TABLE record (
            run TEXT NOT NULL,
            sequence INTEGER NOT NULL,
            at INTEGER NOT NULL,
            kind TEXT NOT NULL,
            body BLOB NOT NULL,
            body_digest TEXT NOT NULL,
            previous TEXT NOT NULL,
            digest TEXT NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX record_chain ON record (run, sequence);

        CREATE TABLE body (
            digest TEXT NOT NULL PRIMARY KEY,
            bytes BLOB NOT NULL
        ) STRICT;

        CREATE TABLE series (
            id INTEGER PRIMARY KEY,
            key TEXT NOT NULL,
            name TEXT NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX series_name ON series (key, name);
        CREATE TABLE point (
            series INTEGER NOT NULL,
            at INTEGER NOT NULL,
            value REAL NOT NULL
        ) STRICT;
        CREATE INDEX point_newest ON point (series, at);
        """,
        """
        CREATE TABLE missed (
            service TEXT NOT NULL,
            environment TEXT NOT NULL,
            procedure TEXT NOT NULL,
            nominal INTEGER NOT NULL,
            last INTEGER NOT NULL,
            count INTEGER NOT NULL,
            is_at_least INTEGER NOT NULL,
            cause TEXT NOT NULL,
            sentence TEXT NOT NULL,
            decided_at INTEGER NOT NULL,
            PRIMARY KEY (service, environment, procedure, nominal)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX missed_latest ON missed (nominal);
        """,
        """
        CREATE TABLE checkpoint (
            number INTEGER PRIMARY KEY,
            kind TEXT NOT NULL,
            run TEXT NOT NULL,
            sequence INTEGER NOT NULL,
            head TEXT NOT NULL,
            row_digest TEXT NOT NULL,
            at INTEGER NOT NULL,
            previous TEXT NOT NULL,
            key TEXT NOT NULL,
            signature TEXT NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX checkpoint_run ON checkpoint (run, kind);
        CREATE TABLE body_use (
            run TEXT NOT NULL,
            digest TEXT NOT NULL,
            PRIMARY KEY (run, digest)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX body_user ON body_use (digest);
        INSERT OR IGNORE INTO body_use
        SELECT record.run, tree.value
        FROM record, json_tree(CASE WHEN json_valid(CAST(record.body AS TEXT)) THEN CAST(record.body AS TEXT) END) AS tree
        WHERE tree.key = 'attachment' AND tree.type = 'text';
        """,
    ]

    static var version: Int { migrations.count }

    static func version(of database: Database) throws -> Int {
        try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
    }

    /// Brings the tables up to date, each migration in a transaction of its own.
    static func migrate(_ database: Database) throws {
        for number in try version(of: database)..<version {
            try database.inTransaction(.immediate) {
                try database.execute(sql: migrations[number])
                try database.execute(
                    sql: "PRAGMA application_id = \(applicationID); PRAGMA user_version = \(number + 1)")
                return .commit
            }
        }
    }
}
