import Maintenance
import Sandbox
import TestSupport

extension DatabaseFault {
    private static let table = """
        CREATE TABLE orders (id int PRIMARY KEY, site int, pad text DEFAULT repeat('x', 80)); \
        INSERT INTO orders SELECT i, i % 100 FROM generate_series(1, 20000) i; ANALYZE orders;
        """
    private static let used =
        table + """
            CREATE INDEX orders_site ON orders (site); \
            SET enable_seqscan = off; SELECT count(*) FROM orders WHERE site = 3; RESET enable_seqscan;
            """
    private static let readWhole =
        "DO $$DECLARE n bigint; BEGIN FOR i IN 1..120 LOOP SELECT count(*) INTO n FROM orders WHERE site = i; END LOOP; END$$;"
    private static let short: PlanValue = ["window": "10ms"]

    private static func code(_ text: String) -> Cause.Code { Cause.Code(rawValue: text) }
    private static func warn(_ text: String) -> FaultAnswer { FaultAnswer(.warn, code(text)) }
    private static let evidence = FaultAnswer(.unknown, code("not-enough-evidence"))
    private static let forbidden = FaultAnswer(.fail, .noPermission)
    private static let refused = FaultAnswer(.fail, .rejected)

    static let indexes: [DatabaseFault] = advice + missing + indexChanges

    private static let advice = [
        DatabaseFault(
            "postgresql.index-advice", "healthy", "nothing is wrong", .pass, .pass, .pass, sql: used),
        DatabaseFault(
            "postgresql.index-advice", "uses-not-counted-long-enough", "whether an index is unused nobody can know yet",
            evidence, evidence, evidence, sql: table + "CREATE INDEX orders_site ON orders (site)"),
        DatabaseFault(
            "postgresql.index-advice", "duplicate", "two indexes are equal", warn("duplicate-index"),
            warn("duplicate-index"), warn("duplicate-index"), sql: used + "CREATE INDEX orders_twin ON orders (site)"),
        DatabaseFault(
            "postgresql.index-advice", "invalid", "CREATE UNIQUE INDEX CONCURRENTLY failed and left an index behind",
            warn("invalid-index"), warn("invalid-index"), warn("invalid-index")
        ) { bench in
            try await bench.sql(used)
            _ = try? await bench.sql("CREATE UNIQUE INDEX CONCURRENTLY orders_left ON orders (site)")
            return nil
        },
        DatabaseFault(
            "postgresql.index-advice", "building", "another role builds an index: no fault, but not everybody sees it",
            .pass, .pass, .hidden
        ) { bench in
            try await bench.sql(used)
            let holder = try await OtherSession.open(bench, "UPDATE orders SET site = 1 WHERE id = 1")
            let build = Task { try await bench.sql("CREATE INDEX CONCURRENTLY orders_new ON orders (pad, id)") }
            _ = try await eventually {
                try await bench.sql("SELECT count(*) FROM pg_stat_progress_create_index WHERE phase ~ 'waiting'") == "1"
            }
            return {
                await holder.close()
                _ = try await build.value
            }
        },
    ]

    private static let missing = [
        DatabaseFault(
            "postgresql.missing-indexes", "healthy", "nothing is wrong", with: short, .pass, .pass, .pass,
            sql: used + readWhole),
        DatabaseFault(
            "postgresql.missing-indexes", "read-whole", "a table is read whole again and again", with: short,
            warn("no-index"),
            warn("no-index"), warn("no-index"), sql: table + readWhole),
        DatabaseFault(
            "postgresql.missing-indexes", "foreign-key-without-index",
            "rows go to which a table refers without an index", with: short,
            warn("no-index"), warn("no-index"), warn("no-index"),
            sql: table + """
                CREATE TABLE sites (id int PRIMARY KEY); INSERT INTO sites SELECT generate_series(0, 200);
                ALTER TABLE orders ADD FOREIGN KEY (site) REFERENCES sites; DELETE FROM sites WHERE id > 195
                """),
        DatabaseFault(
            "postgresql.missing-indexes", "reads-not-counted-long-enough", "nothing was found, and not for long",
            evidence,
            evidence, evidence, sql: used),
    ]

    private static let indexChanges = [
        DatabaseFault(
            "postgresql.reindex", "build-fails", "an invalid unique index cannot be built: rows are equal",
            with: ["indexes": "orders_left"], refused, forbidden, forbidden
        ) { bench in
            try await bench.sql(table)
            _ = try? await bench.sql("CREATE UNIQUE INDEX CONCURRENTLY orders_left ON orders (site)")
            return nil
        },
        DatabaseFault(
            "postgresql.reindex", "foreign-leftover", "somebody else's rebuild left an index behind",
            with: ["indexes": "orders_site_ccnew"], warn("leftover"), warn("leftover"), warn("leftover"),
            sql: table + """
                CREATE INDEX orders_site_ccnew ON orders (site);
                UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'orders_site_ccnew'::regclass
                """),
        DatabaseFault(
            "postgresql.create-index", "name-taken", "another index has the name",
            with: ["index": "orders_site", "table": "orders", "columns": "id"], refused, .hidden, .hidden, sql: used),
        DatabaseFault(
            "postgresql.drop-index", "constraint", "the index carries the primary key",
            with: ["indexes": "orders_pkey"],
            refused, refused, refused, sql: used),
        DatabaseFault(
            "postgresql.drop-index", "in-use", "the index is in use", with: ["indexes": "orders_site"],
            FaultAnswer(.fail, code("in-use")), FaultAnswer(.fail, code("in-use")), FaultAnswer(.fail, code("in-use")),
            sql: used),
    ]
}
