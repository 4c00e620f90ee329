import ActionsPostgreSQL
import ClientPostgreSQL
import Host
import Maintenance
import Sandbox
import Testing

struct OrphanTests {
    /// Of 1000 lines 300 have no order, 20 refer to nothing; ten that have none are referred to by a note.
    static let schema = """
        CREATE TABLE orders (id int PRIMARY KEY, at timestamptz DEFAULT now());
        CREATE TABLE lines (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, order_id int, amount numeric(8, 2),
            twice numeric GENERATED ALWAYS AS (amount * 2) STORED);
        CREATE TABLE lost (twice numeric, amount numeric(8, 2), id bigint PRIMARY KEY, order_id int, at timestamptz DEFAULT now());
        CREATE TABLE notes (line bigint REFERENCES lines (id));
        INSERT INTO orders SELECT g FROM generate_series(1, 100) g;
        INSERT INTO lines (order_id, amount) SELECT CASE WHEN g <= 20 THEN NULL WHEN g <= 320 THEN 1000 + g ELSE g % 100 + 1 END,
            g / 3.0 FROM generate_series(1, 1000) g;
        INSERT INTO notes SELECT g FROM generate_series(311, 320) g;
        """

    static let parameters: PlanValue = [
        "table": "lines", "columns": "order_id", "parent": "orders", "parent-columns": "id", "into": "lost",
        "batch": "100",
    ]

    private static func without(_ key: String) -> PlanValue {
        guard case .map(let entries) = parameters else { return parameters }
        return .map(entries.filter { $0.key != key })
    }

    static let everything = """
        SELECT count(*), count(DISTINCT id), sum(hashtextextended(r::text, 0)) FROM
        (SELECT id, order_id, amount, twice FROM lines UNION ALL SELECT id, order_id, amount, twice FROM lost) r
        """

    static func counts(_ bench: Bench) async throws -> String {
        try await bench.sql("SELECT (SELECT count(*) FROM lines) || ' ' || (SELECT count(*) FROM lost)")
    }

    @Test func theyMoveAndNothingIsLost() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let before = try await bench.sql(Self.everything)
            let change = try bench.change("postgresql.delete-orphans", Self.parameters)
            let preview = try await bench.preview(change)
            #expect(preview.findings.isEmpty && preview["left"] == 290)
            #expect(preview.units.map(\.size) == [100, 100, 90])
            let proofs = try await bench.doAll(change, preview)
            #expect(proofs.compactMap { $0["rows"] } == [100, 100, 90])
            #expect(proofs.compactMap { $0["left"] } == [190, 90, 0])
            #expect(try await Self.counts(bench) == "710 290")
            #expect(try await bench.sql(Self.everything) == before)
            #expect(try await bench.preview(change).units.isEmpty)
        }
    }

    @Test func withoutAnArchiveItIsDestructiveAndTheyAreGone() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let parameters = Self.without("into")
            #expect(try bench.action("postgresql.delete-orphans", parameters).impact == .destructive)
            let change = try bench.change("postgresql.delete-orphans", parameters)
            #expect(try await bench.doAll(change, bench.preview(change)).compactMap { $0["rows"] }.reduce(0, +) == 290)
            #expect(try await Self.counts(bench) == "710 0")
            #expect(try await bench.sql("SELECT count(*) FROM lines WHERE order_id IS NULL") == "20")
        }
    }

    /// What is so no more when they are deleted stays, and is counted.
    @Test func thoseWhoseParentCameStay() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let change = try bench.change("postgresql.delete-orphans", Self.parameters)
            let unit = try #require(try await bench.preview(change).units.first)
            let baseline = try await bench.prepare(change, unit)
            try await bench.sql(
                """
                INSERT INTO orders VALUES (1021); UPDATE lines SET order_id = NULL WHERE id = 22;
                INSERT INTO notes VALUES (23); INSERT INTO lines (order_id) VALUES (7777)
                """)
            try await bench.apply(change, unit, baseline)
            guard case .applied(let proof) = try await bench.probe(change, unit, baseline) else { throw NotProven() }
            #expect(proof["rows"] == 97 && proof["adopted"] == 3)
            #expect(try await bench.sql("SELECT count(*) FROM lines WHERE id IN (21, 22, 23, 1001)") == "4")
        }
    }

    /// The parent is committed while the deleting statement waits for the row: on its snapshot there is none.
    @Test func aParentThatComesAtTheSameMomentIsSeen() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let change = try bench.change("postgresql.delete-orphans", Self.parameters)
            let unit = try #require(try await bench.preview(change).units.first)
            let baseline = try await bench.prepare(change, unit)
            try await bench.sql(
                """
                CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
                $$BEGIN PERFORM set_config('lock_timeout', '20s', true), pg_advisory_xact_lock_shared(99); RETURN NULL; END$$;
                CREATE TRIGGER wait AFTER INSERT ON lost EXECUTE FUNCTION wait()
                """)
            let holder = try await OtherSession.open(bench, "SELECT pg_advisory_lock(99)")
            let work = Task { try await failure { try await bench.apply(change, unit, baseline) } }
            let isWaiting = try await eventually {
                try await bench.sql(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'"
                )
                    == "1"
            }
            #expect(isWaiting)
            try await bench.sql("INSERT INTO orders VALUES (1021)")
            await holder.close()
            let found = try await work.value
            #expect(found?.code.rawValue == "changed-meanwhile")
            #expect(try await Self.counts(bench) == "1000 0")
            try await bench.apply(change, unit, baseline)
            #expect(try await Self.counts(bench) == "901 99")
        }
    }

    @Test func afterACrashTheProbeSaysWhatBecameOfItAndItCanBeTakenBack() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let before = try await bench.sql(Self.everything)
            let change = try bench.change("postgresql.delete-orphans", Self.parameters)
            let unit = try #require(try await bench.preview(change).units.first)
            let baseline = try await bench.prepare(change, unit)
            #expect(try await bench.probe(change, unit, baseline) == .pending)
            try await bench.apply(change, unit, baseline)
            try await Bench.open(bench.server, bench.database) { next in
                guard case .applied = try await next.probe(change, unit, baseline) else { throw NotProven() }
                try await next.apply(change, unit, baseline)
                #expect(try await Self.counts(next) == "900 100")
                try await next.undo(change, unit, baseline)
            }
            #expect(try await bench.probe(change, unit, baseline) == .pending)
            #expect(try await Self.counts(bench) == "1000 0")
            #expect(try await bench.sql(Self.everything) == before)
        }
    }

    @Test func somebodyElsesDeletionIsNotOurs() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let change = try bench.change("postgresql.delete-orphans", Self.parameters)
            let unit = try #require(try await bench.preview(change).units.first)
            let baseline = try await bench.prepare(change, unit)
            try await bench.sql("DELETE FROM lines WHERE id = 25")
            try await bench.apply(change, unit, baseline)
            guard case .applied(let proof) = try await bench.probe(change, unit, baseline) else { throw NotProven() }
            #expect(proof["rows"] == 99)
            #expect(proof.findings.map(\.severity) == [.warn])
        }
    }

    @Test func compositeReferencesFollowForeignKeys() async throws {
        let schema = """
            CREATE TABLE p (a int, b text, PRIMARY KEY (a, b)); CREATE TABLE c (k text, n int, a int, b text, PRIMARY KEY (k, n));
            INSERT INTO p VALUES (1, 'x'), (2, 'y"z');
            INSERT INTO c VALUES ('a', 1, 1, 'x'), ('a', 2, 1, 'y'), ('b,', 1, 2, 'y"z'), ('"', 3, 9, NULL), ('''', 4, NULL, 'q'), ('\\', 5, 9, 'q')
            """
        try await Bench.run(schema: schema) { bench in
            let change = try bench.change(
                "postgresql.delete-orphans",
                ["table": "c", "columns": ["a", "b"], "parent": "p", "parent-columns": ["a", "b"]])
            #expect(try await bench.doAll(change, bench.preview(change)).first?["rows"] == 2)
            #expect(try await bench.sql("SELECT string_agg(n::text, ',' ORDER BY n, k) FROM c") == "1,1,3,4")
        }
    }

    @Test(arguments: [
        ("DELETE FROM orders", Verdict.fail, "is empty: all 970 rows"),
        ("DROP TABLE lost", .fail, "no table lost"),
        ("ALTER TABLE lost DROP COLUMN amount", .fail, "no column amount"),
        ("ALTER TABLE lost ALTER COLUMN amount TYPE numeric(4, 1) USING NULL", .fail, "numeric(4,1)"),
        ("ALTER TABLE lines DROP CONSTRAINT lines_pkey CASCADE", .fail, "no primary key"),
        ("ALTER TABLE lines RENAME order_id TO o", .fail, "no column order_id"),
        ("CREATE TABLE photos (l bigint REFERENCES lines ON DELETE CASCADE)", .fail, "silently"),
        ("CREATE RULE r AS ON DELETE TO lines DO INSTEAD NOTHING", .fail, "Rules"),
        (
            "ALTER TABLE lines ADD CONSTRAINT lines_order FOREIGN KEY (order_id) REFERENCES orders NOT VALID; "
                + "UPDATE pg_constraint SET convalidated = true WHERE conname = 'lines_order'", .fail, "was bypassed"
        ),
    ])
    func whatDoesNotFitIsAFinding(_ sql: String, _ severity: Verdict, _ words: String) async throws {
        try await Bench.run(schema: Self.schema) { bench in
            try await bench.sql(sql)
            let preview = try await bench.preview(bench.change("postgresql.delete-orphans", Self.parameters))
            #expect(
                preview.findings.contains { $0.severity == severity && $0.cause.sentence.contains(words) },
                "\(preview.findings.map(\.cause.sentence))")
        }
    }

    @Test func anEmptyParentIsMeantWhereItIsSaid() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let meant = try bench.change(
                "postgresql.delete-orphans",
                [
                    "table": "lines", "columns": "order_id", "parent": "orders", "parent-columns": "id", "into": "lost",
                    "empty-parent": "true",
                ])
            let change = try bench.change("postgresql.delete-orphans", Self.parameters)
            let unit = try #require(try await bench.preview(change).units.first)
            let baseline = try await bench.prepare(change, unit)
            try await bench.sql("DELETE FROM orders")
            // Also where it became so since the look.
            let found = try await failure { try await bench.apply(change, unit, baseline) }
            #expect(found?.code.rawValue == "changed-meanwhile")
            #expect(try await Self.counts(bench) == "1000 0")
            _ = try await bench.doAll(meant, bench.preview(meant))
            #expect(try await Self.counts(bench) == "30 970")
        }
    }

    @Test func aForeignKeyInForceHasNone() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            try await bench.sql(
                """
                DELETE FROM notes; DELETE FROM lines WHERE order_id > 1000;
                ALTER TABLE lines ADD CONSTRAINT lines_order FOREIGN KEY (order_id) REFERENCES orders
                """)
            let preview = try await bench.preview(bench.change("postgresql.delete-orphans", Self.parameters))
            #expect(preview.units.isEmpty && preview.findings.isEmpty && preview["left"] == 0)
            #expect(preview.summary.contains("lines_order"))
        }
    }

    /// Parents that the changing role does not see would make orphans of rows that are none.
    @Test func hiddenParentsAreNoMissingParents() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let (look, change) = ("ol_" + bench.database, "oc_" + bench.database)
            try await bench.makeRoles(look, change)
            for right in try bench.action("postgresql.delete-orphans", Self.parameters).rights {
                try await bench.sql(right.grant.replacing("{role}", with: right.purpose == .look ? look : change))
            }
            try await bench.sql("GRANT SELECT ON notes TO \(look), \(change)")
            try await Bench.open(bench.server, bench.database, roles: (look, change)) { limited in
                let action = try limited.change("postgresql.delete-orphans", Self.parameters)
                let units = try await limited.preview(action).units
                // With the printed rights it works.
                let baseline = try await limited.prepare(action, units[0])
                try await limited.apply(action, units[0], baseline)
                try await limited.undo(action, units[0], baseline)
                try await bench.sql(
                    """
                    ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
                    CREATE POLICY none ON orders TO \(change) USING (id < 50); CREATE POLICY all_of ON orders TO \(look) USING (true)
                    """)
                let preview = try await limited.preview(action)
                #expect(preview.findings.map(\.severity) == [.unknown])
                let found = try await failure { try await limited.apply(action, units[0], baseline) }
                #expect(found != nil)
            }
            #expect(try await Self.counts(bench) == "1000 0")
            try await bench.sql("DROP POLICY none ON orders; DROP POLICY all_of ON orders")
            try await bench.dropRoles(look, change)
        }
    }
}
