/// Faults of what the database holds.
extension Fault {
    static let dataFaults: [Fault] = [
        data(
            "inspections-none-in-24h", "no inspection was recorded in the last 24 hours", "postgresql.query",
            [.inspections],
            apply: """
                CREATE TABLE sandbox.moved AS SELECT id FROM trap_inspections WHERE detected_at > now() - interval '25 hours';
                UPDATE trap_inspections SET detected_at = detected_at - interval '2 days'
                    WHERE id IN (SELECT id FROM sandbox.moved);
                """,
            heal: """
                UPDATE trap_inspections SET detected_at = detected_at + interval '2 days'
                    WHERE id IN (SELECT id FROM sandbox.moved);
                DROP TABLE sandbox.moved;
                """, healIf: "sandbox.moved"),
        data(
            "inspections-in-the-future", "some inspections are dated a year ahead", "postgresql.query", [.inspections],
            apply: """
                CREATE TABLE sandbox.ahead AS SELECT id FROM trap_inspections ORDER BY id DESC LIMIT 50;
                UPDATE trap_inspections SET detected_at = detected_at + interval '1 year'
                    WHERE id IN (SELECT id FROM sandbox.ahead);
                """,
            heal: """
                UPDATE trap_inspections SET detected_at = detected_at - interval '1 year'
                    WHERE id IN (SELECT id FROM sandbox.ahead);
                DROP TABLE sandbox.ahead;
                """, healIf: "sandbox.ahead"),
        data(
            "growth", "a forgotten import table makes the database half as large again", "postgresql.size", [.size],
            apply: """
                CREATE TABLE public.import_leftover AS
                    SELECT i AS id, repeat(md5(i::text), 8) AS payload FROM generate_series(1, \(growthRows)) i;
                ALTER TABLE public.import_leftover OWNER TO greenlang_app;
                """,
            heal: "DROP TABLE public.import_leftover;", healIf: "public.import_leftover"),
        data(
            "archive-foreign-key", "another table refers to inspections and would be deleted with them",
            "postgresql.archive", [.archive],
            apply: """
                CREATE TABLE public.inspection_photos (
                    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                    inspection_id bigint NOT NULL REFERENCES trap_inspections (id) ON DELETE CASCADE, path text NOT NULL);
                INSERT INTO public.inspection_photos (inspection_id, path)
                    SELECT id, 'photos/' || id FROM trap_inspections ORDER BY detected_at LIMIT 500;
                ALTER TABLE public.inspection_photos OWNER TO greenlang_app;
                """,
            heal: "DROP TABLE public.inspection_photos;", healIf: "public.inspection_photos"),
        data(
            "archive-already-there", "the archive holds some of the rows already, half of them with other contents",
            "postgresql.archive", [.archive],
            apply: """
                INSERT INTO trap_inspections_archive (id, trap_id, site_id, status, verified_status, confidence, notes,
                        detected_at, created_at, updated_at)
                    SELECT id, trap_id, site_id, status, verified_status, confidence,
                        CASE WHEN place % 2 = 0 THEN notes ELSE 'an earlier, other row' END, detected_at, created_at, updated_at
                    FROM (SELECT *, row_number() OVER (ORDER BY detected_at) AS place FROM trap_inspections
                        ORDER BY detected_at LIMIT 40) AS oldest;
                """,
            heal: """
                DELETE FROM trap_inspections_archive AS archive USING trap_inspections AS kept WHERE archive.id = kept.id;
                """),
        data(
            "archive-column-missing", "inspections have a column that their archive does not have",
            "postgresql.archive", [.archive],
            apply: "ALTER TABLE trap_inspections ADD COLUMN IF NOT EXISTS reviewed_by text DEFAULT 'nobody';",
            heal: "ALTER TABLE trap_inspections DROP COLUMN IF EXISTS reviewed_by;"),
        data(
            "archive-table-missing", "the archive of inspections does not exist", "postgresql.archive", [.archive],
            apply: "ALTER TABLE trap_inspections_archive RENAME TO trap_inspections_archive_away;",
            heal: "ALTER TABLE public.trap_inspections_archive_away RENAME TO trap_inspections_archive;",
            healIf: "public.trap_inspections_archive_away"),
        data(
            "archive-index-missing", "without an index on the children's reference each deletion reads the whole table",
            "postgresql.archive", [.archive],
            apply: "DROP INDEX IF EXISTS energy_calculations_inspection_id;",
            heal: "CREATE INDEX IF NOT EXISTS energy_calculations_inspection_id ON energy_calculations (inspection_id);"
        ),
        data(
            "archive-delete-trigger", "a trigger quietly keeps every seventh row from being deleted",
            "postgresql.archive", [.archive],
            apply: """
                CREATE FUNCTION sandbox.keep() RETURNS trigger LANGUAGE plpgsql
                    AS $$BEGIN IF OLD.id % 7 = 0 THEN RETURN NULL; END IF; RETURN OLD; END$$;
                GRANT USAGE ON SCHEMA sandbox TO greenlang_app;
                CREATE TRIGGER keep_some BEFORE DELETE ON trap_inspections FOR EACH ROW EXECUTE FUNCTION sandbox.keep();
                """,
            heal: "DROP TRIGGER IF EXISTS keep_some ON trap_inspections; DROP FUNCTION IF EXISTS sandbox.keep();"),
        data(
            "tickets-table-missing", "the table of tickets does not exist", "postgresql.insert-missing", [.tickets],
            apply: "ALTER TABLE maintenance_tickets RENAME TO maintenance_tickets_away;",
            heal: "ALTER TABLE public.maintenance_tickets_away RENAME TO maintenance_tickets;",
            healIf: "public.maintenance_tickets_away"),
        data(
            "tickets-refused", "a constraint refuses tickets of high priority", "postgresql.insert-missing", [.tickets],
            apply: "ALTER TABLE maintenance_tickets ADD CONSTRAINT no_high CHECK (priority <> 'HIGH') NOT VALID;",
            heal: "ALTER TABLE maintenance_tickets DROP CONSTRAINT IF EXISTS no_high;"),
        data(
            "sensors-drift", "240 of 600 sensors drift above 0.20", "postgresql.insert-missing", [.tickets],
            apply: """
                CREATE TABLE sandbox.drift AS SELECT sensor_id, calibration_drift_score AS score FROM sensors
                    ORDER BY md5(sensor_id) LIMIT 240;
                UPDATE sensors SET calibration_drift_score = 0.31 WHERE sensor_id IN (SELECT sensor_id FROM sandbox.drift);
                """,
            heal: """
                UPDATE sensors SET calibration_drift_score = score FROM sandbox.drift
                    WHERE drift.sensor_id = sensors.sensor_id;
                DROP TABLE sandbox.drift;
                """, healIf: "sandbox.drift"),
    ]

    /// As psql computes it from what there is now.
    private static let growthRows = "(SELECT count(*) / 4 FROM trap_inspections)"

    /// `healIf` names a relation without which there is nothing to heal.
    private static func data(
        _ name: String, _ summary: String, _ seenBy: String, _ places: Set<Place>, apply: String, heal: String,
        healIf relation: String? = nil
    ) -> Fault {
        Fault(name, summary, seenBy: seenBy, at: places) {
            try await $0.sql("BEGIN; \(apply) COMMIT;")
        } heal: {
            if let relation, try await $0.sql("SELECT to_regclass('\(relation)') IS NULL") == "t" { return }
            try await $0.sql("BEGIN; \(heal) COMMIT;")
        }
    }
}
