import ActionsPostgreSQL
import ClientPostgreSQL
import Maintenance
import Sandbox
import Testing

struct InsertMissingTests {
    /// Ten sensors: two never calibrated, two long ago, one that drifts down, one exactly 90 days ago; one has a ticket.
    static let schema = """
        CREATE TABLE sensors (sensor_id text PRIMARY KEY, last_calibrated_at timestamptz, drift numeric);
        CREATE TABLE tickets (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, sensor_id text NOT NULL, kind text NOT NULL,
            priority text NOT NULL, status text NOT NULL DEFAULT 'OPEN', created_at timestamptz NOT NULL DEFAULT now());
        INSERT INTO sensors SELECT 'S-' || g, now() - interval '10 days', 0.01 FROM generate_series(1, 10) g;
        UPDATE sensors SET last_calibrated_at = NULL WHERE sensor_id IN ('S-1', 'S-2');
        UPDATE sensors SET last_calibrated_at = now() - interval '200 days' WHERE sensor_id IN ('S-3', 'S-4');
        UPDATE sensors SET drift = -0.3 WHERE sensor_id = 'S-5';
        INSERT INTO tickets (sensor_id, kind, priority) VALUES ('S-1', 'CALIBRATION', 'MEDIUM');
        INSERT INTO tickets (sensor_id, kind, priority, status) VALUES ('S-2', 'CALIBRATION', 'MEDIUM', 'DONE'),
            ('S-3', 'REPAIR', 'MEDIUM', 'OPEN')
        """

    static let sql = """
        SELECT sensor_id, 'CALIBRATION' AS kind, CASE WHEN abs(drift) > 0.20 THEN 'HIGH' ELSE 'MEDIUM' END AS priority
        FROM sensors WHERE last_calibrated_at IS NULL OR last_calibrated_at < now() - interval '90 days' OR abs(drift) > 0.15;
        """

    static let parameters: PlanValue = [
        "sql": .text(sql), "into": "tickets", "key": "sensor_id", "unless": ["kind": "CALIBRATION", "status": "OPEN"],
    ]

    static let open =
        "SELECT string_agg(sensor_id || ' ' || priority, ', ' ORDER BY sensor_id) FROM tickets "
        + "WHERE kind = 'CALIBRATION' AND status = 'OPEN'"

    @Test func eachFoundRowIsInsertedOnce() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let change = try bench.change("postgresql.insert-missing", Self.parameters)
            let preview = try await bench.preview(change)
            #expect(preview["wanted"] == 5 && preview["already"] == 1)
            #expect(preview.units.map(\.size) == [4])
            let proofs = try await bench.doAll(change, preview)
            #expect(proofs.compactMap { $0["rows"] } == [4])
            #expect(
                try await bench.sql(Self.open) == "S-1 MEDIUM, S-2 MEDIUM, S-3 MEDIUM, S-4 MEDIUM, S-5 HIGH")
            // Again, and as a crashed process would.
            #expect(try await bench.preview(change).units.isEmpty)
            let unit = try #require(preview.units.first)
            let baseline = try await bench.prepare(change, unit)
            try await bench.apply(change, unit, baseline)
            #expect(try await bench.sql("SELECT count(*) FROM tickets") == "7")
        }
    }

    @Test func afterACrashTheProbeSaysWhatBecameOfIt() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let change = try bench.change("postgresql.insert-missing", Self.parameters)
            let unit = try #require(try await bench.preview(change).units.first)
            let baseline = try await bench.prepare(change, unit)
            #expect(try await bench.probe(change, unit, baseline) == .pending)
            try await bench.apply(change, unit, baseline)
            try await Bench.open(bench.server, bench.database) { next in
                guard case .applied(let proof) = try await next.probe(change, unit, baseline) else { throw NotProven() }
                #expect(proof["rows"] == 4)
            }
        }
    }

    @Test func twoAtOnceInsertNothingTwice() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            // Each insertion lasts, so that all three are at it at the same time.
            try await bench.sql(
                """
                CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM pg_sleep(0.2); RETURN NULL; END$$;
                CREATE TRIGGER linger AFTER INSERT ON tickets EXECUTE FUNCTION linger()
                """)
            let change = try bench.change("postgresql.insert-missing", Self.parameters)
            let unit = try #require(try await bench.preview(change).units.first)
            let baseline = try await bench.prepare(change, unit)
            let refused = try await withThrowingTaskGroup(of: Cause.Code?.self) { group in
                for run in ["first", "second", "third"] {
                    group.addTask {
                        try await Bench.open(bench.server, bench.database) { other in
                            try await failure {
                                try await change.apply(
                                    unit, baseline, other.target, other.context(run: run, unit: unit.id))
                            }?.code
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }.compactMap { $0 }
            }
            #expect(refused.map(\.rawValue) == ["changed-meanwhile", "changed-meanwhile"])
            #expect(try await bench.sql("SELECT count(*) FROM tickets") == "7")
            guard case .applied = try await bench.probe(change, unit, baseline) else { throw NotProven() }
        }
    }

    /// Somebody's own row is neither counted nor deleted, whether it came before the insertion or after it.
    @Test func whatSomebodyElseInsertedIsTheirs() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let change = try bench.change("postgresql.insert-missing", Self.parameters)
            let unit = try #require(try await bench.preview(change).units.first)
            let early = try await bench.prepare(change, unit)
            try await bench.sql(
                "INSERT INTO tickets (sensor_id, kind, priority) VALUES ('S-4', 'CALIBRATION', 'BY HAND')")
            let found = try await failure { try await bench.apply(change, unit, early) }
            #expect(found?.isFailed == true && found?.code.rawValue == "changed-meanwhile")
            #expect(try await bench.sql("SELECT count(*) FROM tickets") == "4")
            #expect(try await bench.probe(change, unit, early) == .pending)
            // The next attempt takes the facts anew.
            let late = try await bench.prepare(change, unit)
            try await bench.apply(change, unit, late)
            guard case .applied(let proof) = try await bench.probe(change, unit, late) else { throw NotProven() }
            #expect(proof["rows"] == 3)
            // Against the facts of the first attempt they cannot be told apart, so nothing goes.
            let mixed = try await failure { try await bench.undo(change, unit, early) }
            #expect(mixed?.isFailed == true && mixed?.code.rawValue == "changed-meanwhile")
            #expect(try await bench.sql("SELECT count(*) FROM tickets") == "7")
            try await bench.undo(change, unit, late)
            #expect(try await bench.sql("SELECT count(*) FROM tickets") == "4")
            #expect(try await bench.sql("SELECT count(*) FROM tickets WHERE priority = 'BY HAND'") == "1")
        }
    }

    @Test func whatWouldNotCountAsThereIsNotInserted() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            // New rows are NEW, and only OPEN ones count: every run would insert them again.
            try await bench.sql("ALTER TABLE tickets ALTER COLUMN status SET DEFAULT 'NEW'")
            let change = try bench.change("postgresql.insert-missing", Self.parameters)
            let unit = try #require(try await bench.preview(change).units.first)
            let baseline = try await bench.prepare(change, unit)
            let found = try await failure { try await bench.apply(change, unit, baseline) }
            #expect(found?.isFailed == true)
            #expect(try await bench.sql("SELECT count(*) FROM tickets") == "3")
        }
    }

    @Test func aRefusedRowRefusesAllAndSaysWhy() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            try await bench.sql("ALTER TABLE tickets ADD CONSTRAINT no_high CHECK (priority <> 'HIGH') NOT VALID")
            let change = try bench.change("postgresql.insert-missing", Self.parameters)
            let unit = try #require(try await bench.preview(change).units.first)
            let baseline = try await bench.prepare(change, unit)
            let found = try await failure { try await bench.apply(change, unit, baseline) }
            #expect(found?.isFailed == true)
            #expect(found?.sentence.contains("no_high") == true)
            #expect(found?.sentence.contains("S-5") == false)
            #expect(try await bench.probe(change, unit, baseline) == .pending)
            #expect(try await bench.sql("SELECT count(*) FROM tickets") == "3")
        }
    }

    @Test func whatIsNoLongerFoundIsNotInserted() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let change = try bench.change("postgresql.insert-missing", Self.parameters)
            let unit = try #require(try await bench.preview(change).units.first)
            let baseline = try await bench.prepare(change, unit)
            try await bench.sql("UPDATE sensors SET last_calibrated_at = now() WHERE sensor_id = 'S-4'")
            try await bench.apply(change, unit, baseline)
            guard case .applied(let proof) = try await bench.probe(change, unit, baseline) else { throw NotProven() }
            #expect(proof["rows"] == 3 && proof["unneeded"] == 1)
        }
    }

    @Test func itCanBeTakenBack() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let before = try await bench.sql("SELECT * FROM tickets ORDER BY id")
            let change = try bench.change("postgresql.insert-missing", Self.parameters)
            let unit = try #require(try await bench.preview(change).units.first)
            let baseline = try await bench.prepare(change, unit)
            try await bench.apply(change, unit, baseline)
            try await bench.undo(change, unit, baseline)
            #expect(try await bench.probe(change, unit, baseline) == .pending)
            #expect(try await bench.sql("SELECT * FROM tickets ORDER BY id") == before)
        }
    }

    @Test(arguments: [
        ("SELECT sensor_id, 'x' AS kind FROM sensors", "priority"),
        ("SELECT sensor_id, 'x' AS kind, 'y' AS priority, 1 AS colour FROM sensors", "colour"),
        ("SELECT 'x' AS kind, 'y' AS priority, 'z' AS status FROM sensors", "key column sensor_id"),
        ("SELECT NULL::text AS sensor_id, 'CALIBRATION' AS kind, 'y' AS priority FROM sensors", "without a key"),
        ("SELECT 'S-9' AS sensor_id, 'CALIBRATION' AS kind, 'y' AS priority FROM sensors", "more than once"),
    ])
    func whatDoesNotFitIsAFailure(_ sql: String, _ words: String) async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let change = try bench.change(
                "postgresql.insert-missing",
                ["sql": .text(sql), "into": "tickets", "key": "sensor_id", "unless": ["kind": "CALIBRATION"]])
            let preview = try await bench.preview(change)
            #expect(preview.units.isEmpty)
            #expect(preview.findings.contains { $0.severity == .fail && $0.cause.sentence.contains(words) })
        }
    }

    @Test func aTableThatIsMissingIsAFailure_AndALackingRightIsUnknown() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let role = "ins_" + bench.database
            try await bench.makeRoles(role)
            try await Bench.open(bench.server, bench.database, roles: (role, role)) { limited in
                let change = try limited.change("postgresql.insert-missing", Self.parameters)
                let blind = try await failure { _ = try await limited.preview(change) }
                #expect(blind?.code == .noPermission)
                #expect(blind?.isFailed == false)
                for right in try limited.action("postgresql.insert-missing", Self.parameters).rights {
                    try await bench.sql(right.grant.replacing("{role}", with: role))
                }
                _ = try await limited.doAll(change, limited.preview(change))
            }
            try await bench.dropRoles(role)
            try await bench.sql("ALTER TABLE tickets RENAME TO away")
            let preview = try await bench.preview(bench.change("postgresql.insert-missing", Self.parameters))
            #expect(preview.findings.map(\.severity) == [.fail])
        }
    }

    @Test func keysOfSeveralTypesAndManyRows() async throws {
        try await Bench.run(
            schema: """
                CREATE TABLE wanted (site int, day date, note char(3));
                CREATE TABLE have (site int NOT NULL, day date NOT NULL, note char(3) NOT NULL, UNIQUE (site, day, note));
                INSERT INTO wanted SELECT g, date '2026-01-01' + g % 3, 'a"b' FROM generate_series(1, 350) g;
                INSERT INTO have SELECT * FROM wanted WHERE site <= 100
                """
        ) { bench in
            let change = try bench.change(
                "postgresql.insert-missing",
                ["sql": "SELECT * FROM wanted", "into": "have", "key": ["site", "day", "note"]])
            let preview = try await bench.preview(change)
            #expect(preview.units.map(\.size) == [100, 100, 50])
            _ = try await bench.doAll(change, preview)
            #expect(try await bench.sql("SELECT count(*) FROM have") == "350")
        }
    }
}
