import Maintenance
import Testing

/// The monthly numbers of the STEAMTRAP guide (ST-44 to ST-49), on rows that its own statements count wrongly.
struct GuideFigureTests {
    private static let schema = """
        CREATE TABLE sites (id int PRIMARY KEY, site_id text, site_name text);
        CREATE TABLE traps (id int PRIMARY KEY, trap_id text, site_id int);
        CREATE TABLE trap_inspections (id int, trap_id int, site_id int, status text, verified_status text,
            detected_at timestamptz, created_at timestamptz, updated_at timestamptz);
        CREATE TABLE energy_calculations (id int, inspection_id int, energy_loss_kwh numeric, calculated_at timestamptz);
        CREATE TABLE sensors (sensor_id text, sensor_type text, status text);
        INSERT INTO sites VALUES (1, 'SITE-1', 'Plant 1'), (2, 'SITE-2', 'Plant 2');
        INSERT INTO traps VALUES (1, 'T-1', 1), (2, 'T-2', 2);
        INSERT INTO trap_inspections
        SELECT n, trap, trap, status, verified, edge + distance::interval, edge, edge + interval '30 s' FROM
            (SELECT date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' AS edge) e,
            (VALUES (1, 1, 'COMPLETED', NULL, '-1 month'), (2, 1, 'FAILED', NULL, '-5 days'),
                (3, 2, 'FAILED', 'FALSE_POSITIVE', '-5 days'), (4, 2, 'FAILED', 'CONFIRMED', '-4 days'),
                (5, 2, 'COMPLETED', NULL, '-1 us'), (6, 1, 'COMPLETED', NULL, '0')) AS v (n, trap, status, verified, distance);
        INSERT INTO energy_calculations VALUES (1, 2, 100, now() - interval '1 day'), (2, 2, 110, now()), (3, 3, 50, now()),
            (4, 4, 40, now());
        INSERT INTO sensors VALUES ('a', 'ACOUSTIC', 'ONLINE'), ('b', 'ACOUSTIC', 'OFFLINE'), ('c', 'THERMAL', 'ONLINE');
        """

    private static let period = "detected_at >= :from AND detected_at < :to"

    private static let figures: PlanValue = [
        "statistics": [
            "sql": .text(
                """
                SELECT count(*) AS total_inspections, count(*) FILTER (WHERE status = 'COMPLETED') AS completed,
                    count(*) FILTER (WHERE status = 'FAILED') AS failed,
                    round(100.0 * count(*) FILTER (WHERE status = 'COMPLETED') / nullif(count(*), 0), 2) AS success_rate_pct
                FROM trap_inspections WHERE \(period)
                """), "units": ["success_rate_pct": "%"],
        ],
        "volume": [
            "by-day": "date", "total": "inspections = statistics.total_inspections",
            "sql": .text(
                """
                SELECT (detected_at AT TIME ZONE 'UTC')::date AS date, count(*) AS inspections,
                    count(DISTINCT site_id) AS active_sites FROM trap_inspections WHERE \(period) GROUP BY 1
                """),
        ],
        "false_positives": [
            "sql": .text(
                """
                SELECT date_trunc('week', detected_at AT TIME ZONE 'UTC') AS week, count(*) AS failures,
                    count(*) FILTER (WHERE verified_status = 'FALSE_POSITIVE') AS false_positives,
                    count(*) FILTER (WHERE verified_status IS NULL) AS unverified,
                    round(100.0 * count(*) FILTER (WHERE verified_status = 'FALSE_POSITIVE')
                        / nullif(count(verified_status), 0), 2) AS fp_rate_pct
                FROM trap_inspections WHERE status = 'FAILED' AND \(period) GROUP BY 1 ORDER BY 1
                """)
        ],
        "top_sites": [
            "sql": .text(
                """
                SELECT s.site_name, s.site_id, count(*) AS inspections, count(DISTINCT t.trap_id) AS unique_traps
                FROM trap_inspections ti JOIN traps t ON ti.trap_id = t.id JOIN sites s ON t.site_id = s.id
                WHERE ti.detected_at >= :from AND ti.detected_at < :to GROUP BY 1, 2 ORDER BY 3 DESC, 2 LIMIT 10
                """)
        ],
        "energy": [
            "sql": .text(
                """
                SELECT count(DISTINCT trap_id) AS traps_with_failures, round(sum(energy_loss_kwh)) AS energy_loss_kwh,
                    round(sum(energy_loss_kwh) * 0.12, 2) AS energy_cost_usd
                FROM (SELECT DISTINCT ON (ti.id) ti.trap_id, ec.energy_loss_kwh FROM trap_inspections ti
                    JOIN energy_calculations ec ON ec.inspection_id = ti.id
                    WHERE ti.detected_at >= :from AND ti.detected_at < :to AND ti.status = 'FAILED'
                        AND ti.verified_status IS DISTINCT FROM 'FALSE_POSITIVE'
                    ORDER BY ti.id, ec.calculated_at DESC) AS latest
                """)
        ],
        "sensors_now": [
            "sql": """
            SELECT sensor_type, count(*) AS total, count(*) FILTER (WHERE status = 'ONLINE') AS online_now,
                round(100.0 * count(*) FILTER (WHERE status = 'ONLINE') / nullif(count(*), 0), 2) AS online_now_pct
            FROM sensors GROUP BY 1 ORDER BY 1
            """
        ],
    ]

    @Test func theNumbersOfTheMonthAreThoseOfItsRows() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let seen = try await bench.observe(
                "postgresql.figures", ["period": "previous month", "figures": Self.figures])
            #expect(seen.verdict == .pass, "\(seen.observation.findings)")
            // The row of the month's first moment is its own, that of the next month's is not (D-ST-43).
            #expect(seen["statistics.total_inspections"] == 5)
            #expect(seen["statistics.success_rate_pct"] == 40)
            // What nobody verified is neither left out nor counted twice (D-ST-45, D-ST-46): 110 and 40, not 40 or 250.
            #expect(seen["energy.energy_loss_kwh"] == 150)
            #expect(seen["energy.energy_cost_usd"] == 18)
            let tables = Dictionary(
                uniqueKeysWithValues: seen.observation.details.compactMap { detail in
                    detail["figure"]?.asText.map { ($0, detail) }
                })
            let site = tables["top_sites"]?["rows"]?["0"]
            #expect(site == ["Plant 2", "SITE-2", 3, 1] || site == ["Plant 1", "SITE-1", 2, 1])
            #expect(tables["sensors_now"]?["from"] == nil && tables["sensors_now"]?["askedAt"] != nil)
            #expect(tables["volume"]?["from"] != nil)
            let unverified = tables["false_positives"]?["rows"]
            guard case .list(let weeks)? = unverified else { throw NoSuchAction() }
            #expect(weeks.compactMap { $0["3"]?.asNumber }.reduce(0, +) == 1)
        }
    }

    @Test func anEmptyMonthIsNotKnown() async throws {
        let empty = Self.schema.split(separator: ";").filter { !$0.contains("INSERT INTO") }.joined(separator: ";")
        try await Bench.run(schema: empty) { bench in
            let seen = try await bench.observe(
                "postgresql.figures", ["period": "previous month", "figures": Self.figures])
            #expect(seen.verdict == .pass, "\(seen.observation.findings)")
            #expect(seen["rows"] == 0)
            #expect(seen["statistics.total_inspections"] == 0)
            for name in ["statistics.success_rate_pct", "energy.energy_loss_kwh", "energy.energy_cost_usd"] {
                #expect(seen[name] == nil && seen.observation.missing[name] != nil, "\(name)")
            }
        }
    }
}
