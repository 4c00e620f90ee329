extension SteamTrapSandbox {
    /// The roles, then the tables as the application's role, then what Millwright may do.
    func fillDatabase() async throws {
        try await database.psql(
            """
            CREATE ROLE greenlang_app LOGIN;
            CREATE ROLE millwright_look LOGIN PASSWORD '\(passwords.look)';
            CREATE ROLE millwright_change LOGIN PASSWORD '\(passwords.change)';
            CREATE DATABASE greenlang OWNER greenlang_app;
            """)
        try await sql(
            """
            \\set rows \(size.rows)
            SET ROLE greenlang_app;
            -- Tables that are made and filled in one transaction need no write-ahead log.
            BEGIN;
            \(SteamTrapSchema.tables)
            \(SteamTrapSchema.rows)
            \(SteamTrapSchema.sensors)
            COMMIT;
            \(SteamTrapSchema.constraints)
            ANALYZE;
            \(SteamTrapSchema.deadRows)
            RESET ROLE;
            CREATE SCHEMA sandbox;
            \(grants)
            CHECKPOINT;
            """)
    }

    private var grants: String {
        """
        REVOKE ALL ON DATABASE greenlang FROM PUBLIC;
        GRANT CONNECT ON DATABASE greenlang TO millwright_look, millwright_change;
        GRANT USAGE ON SCHEMA public TO millwright_look;
        \(Self.lookGrants)
        -- Without it a session of another role shows neither its state nor since when its transaction is open.
        GRANT pg_read_all_stats TO millwright_look, millwright_change;
        -- PostgreSQL 15 lets only a table's owner, and who is a member of it, vacuum it.
        GRANT greenlang_app TO millwright_change;
        """
    }

    static let lookGrants = """
        GRANT SELECT ON sites, traps, sensors, sensor_readings, trap_inspections, trap_inspections_archive,
            energy_calculations, energy_calculations_archive, maintenance_tickets TO millwright_look;
        """

    /// New inspections, a few sensors that drift, and some rows that are changed.
    func changeDatabase(round: Int) async throws -> [String] {
        let count = max(20, size.rows / 1000)
        try await sql(
            """
            SET ROLE greenlang_app;
            INSERT INTO trap_inspections (trap_id, site_id, status, confidence, detected_at, created_at, updated_at)
                SELECT (i * 7919 + \(round)) % 5000 + 1, i % 40 + 1, CASE WHEN i % 30 = 0 THEN 'FAILED' ELSE 'COMPLETED' END,
                    0.9, now() - i * interval '1 ms', now(), now() FROM generate_series(1, \(count)) i;
            UPDATE sensors SET calibration_drift_score = 0.18 + \(round % 10) / 100.0
                WHERE sensor_id IN (SELECT 'SENSOR-' || lpad(((\(round) * 7 + i * 61) % 600 + 1)::text, 4, '0')
                    FROM generate_series(1, 5) i);
            UPDATE sensors SET last_reading_at = now() WHERE status = 'ONLINE';
            UPDATE traps SET last_inspected_at = now() WHERE id % 7 = \(round % 7);
            """)
        return ["\(count) new inspections", "5 sensors drifted", "readings and traps updated"]
    }
}
