import ActionsPostgreSQL
import ClientPostgreSQL
import Host
import Maintenance
import Sandbox
import Testing

struct PartitionDropTests {
    /// Seven months, ten rows in each, and an archive of the same shape.
    static func schema(default hasDefault: Bool = false) -> String {
        PartitionTables.months(-6, 1, default: hasDefault) + """
            INSERT INTO readings (site, at, value) SELECT 1 + g % 2, date_trunc('month', now()) - make_interval(months => m)
                + make_interval(hours => g), g FROM generate_series(0, 6) m, generate_series(1, 10) g;
            CREATE TABLE readings_archive (LIKE readings INCLUDING INDEXES);
            """
    }

    static let archived: PlanValue = ["table": "readings", "older-than": "3 months", "archive": "readings_archive"]
    static let copy = "INSERT INTO readings_archive SELECT * FROM readings;"

    static func attached(_ bench: Bench) async throws -> String {
        try await bench.sql("SELECT count(*) FROM pg_inherits WHERE inhparent = 'readings'::regclass")
    }

    @Test(arguments: [false, true])
    func theOldThatAreArchivedGo(_ hasDefault: Bool) async throws {
        try await Bench.run(schema: Self.schema(default: hasDefault) + Self.copy) { bench in
            let change = try bench.change("postgresql.drop-partitions", Self.archived)
            let preview = try await bench.preview(change)
            #expect(preview.findings.isEmpty, "\(preview.findings.map(\.cause.sentence))")
            #expect(preview.units.count == 3 && preview["left"] == 3)
            // Beside a DEFAULT partition the server detaches in no other way.
            #expect(preview.statements.first?.hasSuffix("CONCURRENTLY") == !hasDefault)
            let proofs = try await bench.doAll(change, preview)
            #expect(proofs.compactMap { $0["rows"] } == [10, 10, 10])
            #expect(proofs.compactMap { $0["left"] } == [2, 1, 0])
            #expect(try await Self.attached(bench) == (hasDefault ? "6" : "5"))
            #expect(
                try await bench.sql("SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname LIKE 'readings_p%'")
                    == "5")
            #expect(
                try await bench.sql(
                    "SELECT count(DISTINCT id) FROM (SELECT id FROM readings UNION ALL SELECT id FROM readings_archive) r"
                ) == "70")
            #expect(try await bench.preview(change).units.isEmpty)
        }
    }

    @Test func rowsThatNothingHoldsStay() async throws {
        try await Bench.run(schema: Self.schema()) { bench in
            for parameters: PlanValue in [["table": "readings", "older-than": "3 months"], Self.archived] {
                let preview = try await bench.preview(bench.change("postgresql.drop-partitions", parameters))
                #expect(preview.findings.map(\.severity) == [.fail, .fail, .fail])
                #expect(preview.findings.allSatisfy { $0.attributes["rows"] != nil })
            }
            // One value of one row differs.
            try await bench.sql(
                Self.copy + "UPDATE readings_archive SET value = 99 WHERE id = (SELECT max(id) FROM readings)")
            let preview = try await bench.preview(bench.change("postgresql.drop-partitions", Self.archived))
            #expect(preview.findings.count == 1)
            #expect(preview.findings.first?.cause.sentence.hasPrefix("1 rows of") == true)
            // What is empty holds nothing to lose.
            try await bench.sql("DELETE FROM readings")
            let empty = try bench.change("postgresql.drop-partitions", ["table": "readings", "older-than": "3 months"])
            #expect(try await bench.doAll(empty, bench.preview(empty)).count == 3)
        }
    }

    /// Every row of it would be found there, and gone with it.
    @Test func aPartitionIsNoArchiveOfItself() async throws {
        try await Bench.run(schema: Self.schema()) { bench in
            let oldest = try await bench.sql(
                "SELECT min(inhrelid::regclass::text) FROM pg_inherits WHERE inhparent = 'readings'::regclass")
            let change = try bench.change(
                "postgresql.drop-partitions",
                ["table": "readings", "older-than": "3 months", "archive": .text(oldest)])
            let preview = try await bench.preview(change)
            #expect(
                preview.findings.contains { $0.severity != .warn && $0.cause.code == .rejected }, "\(preview.findings)")
        }
    }

    @Test func rowsThatComeWhileItIsDetachedAreNotLost() async throws {
        try await Bench.run(schema: Self.schema() + Self.copy) { bench in
            let change = try bench.change("postgresql.drop-partitions", Self.archived)
            let unit = try #require(try await bench.preview(change).units.first)
            let baseline = try await bench.prepare(change, unit)
            try await bench.sql("INSERT INTO readings (at) SELECT min(at) FROM readings")
            let found = try await failure { try await bench.apply(change, unit, baseline) }
            #expect(found?.code.rawValue == "changed-meanwhile")
            #expect(try await bench.sql("SELECT count(*) FROM \(unit.title)") == "11")
            guard case .partial = try await bench.probe(change, unit, baseline) else { throw NotProven() }
            try await bench.sql(
                "INSERT INTO readings_archive SELECT * FROM \(unit.title) WHERE id NOT IN (SELECT id FROM readings_archive)"
            )
            try await change.repair?(unit, baseline, bench.target, bench.context(unit: unit.id))
            guard case .applied = try await bench.probe(change, unit, baseline) else { throw NotProven() }
        }
    }

    @Test func detachedTheyCanStayWithTheirRows() async throws {
        try await Bench.run(schema: Self.schema()) { bench in
            let change = try bench.change(
                "postgresql.drop-partitions", ["table": "readings", "older-than": "3 months", "keep": "true"])
            let units = try await bench.preview(change).units
            _ = try await bench.doAll(change, bench.preview(change))
            #expect(try await Self.attached(bench) == "5")
            for unit in units { #expect(try await bench.sql("SELECT count(*) FROM \(unit.title)") == "10") }
            let unit = try #require(units.first)
            try await bench.sql("DROP TABLE \(unit.title)")
            guard case .unknown = try await bench.probe(change, unit, bench.prepare(change, unit)) else {
                throw NotProven()
            }
        }
    }

    @Test func toLoseRowsIsDestructive() async throws {
        try await Bench.run(schema: Self.schema()) { bench in
            let parameters: PlanValue = ["table": "readings", "older-than": "3 months", "lose-rows": "true"]
            #expect(try bench.action("postgresql.drop-partitions", parameters).impact == .destructive)
            #expect(try bench.action("postgresql.drop-partitions", Self.archived).impact == .online)
            let change = try bench.change("postgresql.drop-partitions", parameters)
            #expect(try await bench.doAll(change, bench.preview(change)).count == 3)
            #expect(try await bench.sql("SELECT count(*) FROM readings") == "40")
        }
    }

    /// What is not wholly older, DEFAULT, and what was cut anew since the look stays.
    @Test func nothingYoungerGoes() async throws {
        try await Bench.run(schema: Self.schema(default: true) + Self.copy) { bench in
            try await bench.sql("INSERT INTO readings (at) VALUES ('2001-01-01')")
            let one = try bench.change(
                "postgresql.drop-partitions", ["table": "readings", "older-than": "1 day", "lose-rows": "true"])
            let isFirst = try await bench.sql("SELECT now() - date_trunc('month', now()) < interval '1 day'") == "t"
            #expect(try await bench.preview(one).units.count == (isFirst ? 5 : 6))
            let change = try bench.change("postgresql.drop-partitions", Self.archived)
            let unit = try #require(try await bench.preview(change).units.first)
            let baseline = try await bench.prepare(change, unit)
            try await bench.sql(
                """
                ALTER TABLE readings DETACH PARTITION \(unit.title);
                DELETE FROM readings WHERE at > now() - interval '1 year' AND at < now() - interval '4 months';
                DO $$DECLARE t text; BEGIN FOR t IN SELECT inhrelid::regclass FROM pg_inherits i JOIN pg_class c ON c.oid =
                inhrelid WHERE inhparent = 'readings'::regclass AND relname NOT LIKE '%default' LOOP EXECUTE 'DROP TABLE ' || t; END LOOP; END$$;
                DELETE FROM readings;
                DELETE FROM \(unit.title);
                """)
            try await bench.sql(
                "DO $$BEGIN EXECUTE format('ALTER TABLE readings ATTACH PARTITION \(unit.title) FOR VALUES FROM (%L) TO (%L)', now() - interval '1 day', now() + interval '1 day'); END$$"
            )
            let found = try await failure { try await bench.apply(change, unit, baseline) }
            #expect(found?.code.rawValue == "changed-meanwhile")
            #expect(try await bench.probe(change, unit, baseline) == .pending)
        }
    }

    @Test func numbersAreOldByTheirDistance() async throws {
        try await Bench.run(schema: PartitionTables.thousands(5) + "INSERT INTO events VALUES (3500), (100)") { bench in
            let change = try bench.change(
                "postgresql.drop-partitions", ["table": "events", "older-than": "1500", "lose-rows": "true"])
            let preview = try await bench.preview(change)
            #expect(preview.units.map(\.id) == ["public.events_p0", "public.events_p1000"])
            _ = try await bench.doAll(change, preview)
            #expect(try await bench.sql("SELECT min(id) FROM events") == "3500")
        }
    }

    /// A transaction that has read the table keeps a concurrent detach waiting: it is broken off, and finished later.
    @Test func anInterruptedDetachIsFinished() async throws {
        try await Bench.run(schema: Self.schema() + Self.copy) { bench in
            let change = try bench.change("postgresql.drop-partitions", Self.archived)
            let unit = try #require(try await bench.preview(change).units.first)
            let baseline = try await bench.prepare(change, unit)
            let reader = try await OtherSession.open(bench, "SELECT count(*) FROM readings")
            var short = bench
            short.time = .milliseconds(2500)
            let found = try await failure { [short] in try await short.apply(change, unit, baseline) }
            #expect(found?.code == .busy)
            guard case .partial = try await bench.probe(change, unit, baseline) else { throw NotProven() }
            // A later run finds it as well, and nobody else waits meanwhile.
            #expect(try await bench.preview(change).units.contains { $0.id == unit.id })
            try await bench.sql("SET lock_timeout = 50; INSERT INTO readings (at) VALUES (now())")
            await reader.close()
            try await change.repair?(unit, baseline, bench.target, bench.context(unit: unit.id))
            guard case .applied = try await bench.probe(change, unit, baseline) else { throw NotProven() }
            #expect(try await bench.sql("SELECT count(*) FROM pg_inherits WHERE inhdetachpending") == "0")
        }
    }

    @Test func aDetachThatACrashLeftIsFinished() async throws {
        try await Bench.run(schema: Self.schema() + Self.copy) { bench in
            let change = try bench.change("postgresql.drop-partitions", Self.archived)
            let units = try await bench.preview(change).units
            let (first, second) = (units[0], units[1])
            let baselines = (try await bench.prepare(change, first), try await bench.prepare(change, second))
            // Begun and left; ended and not dropped.
            try await bench.sql(
                "UPDATE pg_inherits SET inhdetachpending = true WHERE inhrelid = '\(first.title)'::regclass")
            guard case .partial(let what) = try await bench.probe(change, first, baselines.0) else { throw NotProven() }
            #expect(what.contains("is being detached"))
            try await change.repair?(first, baselines.0, bench.target, bench.context(unit: first.id))
            guard case .applied = try await bench.probe(change, first, baselines.0) else { throw NotProven() }
            try await bench.sql("ALTER TABLE readings DETACH PARTITION \(second.title)")
            try await change.repair?(second, baselines.1, bench.target, bench.context(unit: second.id))
            guard case .applied = try await bench.probe(change, second, baselines.1) else { throw NotProven() }
            #expect(try await Self.attached(bench) == "6")
        }
    }

    @Test func whatDependsOnAPartitionIsSeenBefore() async throws {
        try await Bench.run(schema: Self.schema() + Self.copy) { bench in
            let change = try bench.change("postgresql.drop-partitions", Self.archived)
            let unit = try #require(try await bench.preview(change).units.first)
            try await bench.sql("CREATE VIEW oldest AS SELECT * FROM \(unit.title)")
            let preview = try await bench.preview(change)
            #expect(preview.findings.first?.cause.sentence.contains("the view public.oldest") == true)
        }
    }

    @Test func whatRefersToAPartitionsRowsKeepsIt() async throws {
        try await Bench.run(schema: Self.schema() + Self.copy) { bench in
            try await bench.sql(
                """
                CREATE TABLE notes (id bigint, at timestamptz, FOREIGN KEY (id, at) REFERENCES readings);
                INSERT INTO notes SELECT id, at FROM readings ORDER BY at LIMIT 1
                """)
            let change = try bench.change("postgresql.drop-partitions", Self.archived)
            let units = try await bench.preview(change).units
            let baseline = try await bench.prepare(change, units[0])
            let found = try await failure { try await bench.apply(change, units[0], baseline) }
            #expect(found?.isFailed == true)
            #expect(try await bench.probe(change, units[0], baseline) == .pending)
            try await bench.sql("DELETE FROM notes")
            #expect(try await bench.doAll(change, bench.preview(change)).count == 3)
        }
    }

    /// A role as a managed service gives it: a member of the owner, and nothing else.
    @Test func thePrintedRightsAreEnough() async throws {
        try await Bench.run(schema: Self.schema() + Self.copy) { bench in
            let (owner, look, change) = ("qo_" + bench.database, "ql_" + bench.database, "qc_" + bench.database)
            try await bench.makeRoles(owner, look, change)
            try await bench.sql(
                """
                DO $$DECLARE t text; BEGIN FOR t IN SELECT oid::regclass FROM pg_class WHERE relname LIKE 'readings_p%'
                AND relkind = 'r' OR relname = 'readings' LOOP EXECUTE 'ALTER TABLE ' || t || ' OWNER TO \(owner)';
                END LOOP; END$$
                """)
            for right in try bench.action("postgresql.drop-partitions", Self.archived).rights {
                try await bench.sql(right.grant.replacing("{role}", with: right.purpose == .look ? look : change))
            }
            try await Bench.open(bench.server, bench.database, roles: (look, change)) { limited in
                let action = try limited.change("postgresql.drop-partitions", Self.archived)
                let proofs = try await limited.doAll(action, limited.preview(action))
                #expect(proofs.count == 3)
            }
            try await bench.sql("REASSIGN OWNED BY \(owner) TO postgres")
            try await bench.dropRoles(look, change, owner)
        }
    }

    @Test func withoutRightsNothingIsTakenAway() async throws {
        try await Bench.run(schema: Self.schema() + Self.copy) { bench in
            let role = "pd_" + bench.database
            try await bench.makeRoles(role)
            try await bench.sql("GRANT pg_monitor TO \(role); GRANT SELECT ON readings, readings_archive TO \(role)")
            try await Bench.open(bench.server, bench.database, roles: (role, role)) { blind in
                let change = try blind.change("postgresql.drop-partitions", Self.archived)
                let preview = try await blind.preview(change)
                #expect(Set(preview.findings.map(\.severity)) == [.unknown])
                let unit = try #require(preview.units.first)
                let baseline = try await blind.prepare(change, unit)
                let found = try await failure { try await blind.apply(change, unit, baseline) }
                #expect(found?.code == .noPermission && found?.isFailed == true)
            }
            #expect(try await Self.attached(bench) == "8")
            try await bench.dropRoles(role)
        }
    }
}
