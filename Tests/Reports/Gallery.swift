import FoundationEssentials
import Host
import Journal
import Maintenance
import Plans
import Schedules
import Testing

@testable import Reports

/// A service with a week behind it: what a report has to show on an ordinary Sunday.
enum Gallery {
    static let days = (15...21).map { "2026-11-\($0)" }

    static func bench() -> ReportBench {
        ReportBench(
            service: "steam-trap-inspector", schedules: ["daily-health": "daily 09:00", "weekly": "Sunday 02:00"])
    }

    /// One missed day, a failing one, a slow rise of the disk, and the maintenance at the end.
    static func fill(_ bench: ReportBench) async throws -> (daily: RunRow, weekly: RunRow) {
        for (index, day) in (1...14).map({ $0 < 10 ? "2026-11-0\($0)" : "2026-11-\($0)" }).enumerated() {
            try await bench.run("daily-health", "\(day)T09:00:00Z", checks(index, offline: 3 + Double(index % 3)))
        }
        var last: RunRow?
        for (index, day) in days.enumerated() where index != 3 {
            let offline = [3.1, 3.4, 8.2, 0, 16.4, 9.1, 20.4][index]
            last = try await bench.run("daily-health", "\(day)T09:00:0\(index)Z", checks(index + 14, offline: offline))
        }
        let window = RunWindow(name: "weekly", opens: "Sunday 02:00", lastsMicroseconds: 3_600_000_000)
        try await bench.run("weekly", "2026-11-15T02:00:01Z", window: window, seconds: 754, maintenance(12_000))
        let weekly = try await bench.run(
            "weekly", "2026-11-22T02:00:02Z", window: window, seconds: 1312, maintenance(184_220))
        guard let last else { throw NoRun() }
        return (last, weekly)
    }

    static func checks(_ index: Int, offline: Double) -> [ReportBench.Step] {
        let wobble = Double(index * 37 % 11)
        let many = Finding(
            "SENSOR-0250", .warn, Cause(.threshold, "It has been offline for 3 days."),
            advice: "Send somebody to plant 11.")
        let disk = 61 + Double(index) * 0.7
        let blind = index == 20
        return [
            ReportBench.Step(
                id: "api-health", action: "http.health",
                thresholds: Thresholds(fail: "status != 200"),
                observation: Observation(
                    summary: "200 in 12 ms",
                    measurements: [Measurement("status", 200), Measurement("latency", 12 + wobble, .milliseconds)]),
                statement: "GET /v1/steam-trap/health"),
            ReportBench.Step(
                id: "inspections", action: "postgresql.query", purpose: "There are traps, and they are inspected.",
                thresholds: Thresholds(fail: "traps < 1 or inspections_24h < 1"),
                observation: Observation(
                    summary: "traps 5,000, inspections_24h 1,204",
                    measurements: [
                        Measurement("traps", 5000), Measurement("inspections_24h", 1204 - wobble * 12),
                    ]), statement: "SELECT count(*) AS traps FROM traps"),
            ReportBench.Step(
                id: "sensors", action: "http.json", purpose: "The sensors that report.",
                thresholds: Thresholds(warn: "offline_percent >= 5%", fail: "offline_percent >= 15%"),
                observation: .number("offline_percent", offline, .percent, offline > 8 ? [many] : []),
                statement: "GET /v1/steam-trap/sensors/status"),
            ReportBench.Step(
                id: "latency", action: "http.json",
                thresholds: Thresholds(warn: "p95 >= 1000ms", fail: "p95 >= 2000ms"),
                observation: blind ? nil : .number("p95", 412 + wobble * 30, .milliseconds),
                couldNotLook: Cause(.timedOut, "https://api.example.com did not answer within 10s."),
                statement: "GET /v1/steam-trap/metrics/latency"),
            ReportBench.Step(
                id: "size", action: "postgresql.size", thresholds: Thresholds(warn: "growth_percent_per_day >= 20%/d"),
                observation: Observation(
                    summary: "steam takes 41.2 GiB",
                    measurements: [
                        Measurement("growth_percent_per_day", 0.4 + wobble / 20, .percentPerDay),
                        Measurement("bytes", 44_238_000_000 + Double(index) * 190_000_000, .bytes),
                    ]), statement: "SELECT pg_database_size(current_database())"),
            ReportBench.Step(
                id: "certificate", action: "tls.certificate", purpose: "The certificate that is served.",
                thresholds: Thresholds(warn: "days_to_expiry <= 30", fail: "days_to_expiry <= 7"),
                observation: .number("days_to_expiry", 48 - Double(index), .days), statement: "TLS handshake"),
            ReportBench.Step(
                id: "disk", action: "disk.usage",
                thresholds: Thresholds(warn: "used_percent >= 70%", fail: "used_percent >= 85%"),
                observation: .number(
                    "used_percent", disk, .percent,
                    disk >= 70
                        ? [
                            Finding(
                                "/var/lib", .warn, Cause(.threshold, "It is \(Int(disk)) % full."),
                                advice: "Free space or grow it.")
                        ]
                        : []), statement: "statvfs /var/lib"),
        ]
    }

    static func maintenance(_ rows: Double) -> [ReportBench.Step] {
        [
            ReportBench.Step(
                id: "archive", action: "postgresql.archive", statement: "INSERT INTO archive …", changed: rows),
            ReportBench.Step(
                id: "figures", action: "postgresql.figures",
                observation: Observation(
                    summary: "3 of 3 figures", measurements: [Measurement("rows", 7)], details: figures),
                statement: "SELECT count(*) …"),
            ReportBench.Step(
                id: "afterwards", action: "http.health", observation: .number("latency", 14, .milliseconds)),
        ]
    }

    static let figures: [[String: JSONValue]] = [
        [
            "figure": "overview", "title": "Inspections",
            "columns": ["total", "completed", "success_rate", "mean_duration"],
            "numeric": ["total", "completed", "success_rate", "mean_duration"],
            "units": ["success_rate": "%", "mean_duration": "s"], "rows": [[8_411, 8_203, .number(97.53), .null]],
            "rowsGiven": 1, "timezone": "UTC", "from": "2026-11-15T00:00:00Z", "to": "2026-11-22T00:00:00Z",
        ],
        [
            "figure": "days", "title": "Inspections by day", "columns": ["day", "inspections", "mean_duration"],
            "numeric": ["inspections", "mean_duration"], "units": ["mean_duration": "s"], "byDay": "day",
            "rows": .list(
                zip(days, [1204, 1190, 1311, 0, 1288, 1502, 1916]).map { day, count in
                    .list([.text(day), .number(Double(count)), count == 0 ? .null : .number(44.5)])
                }), "rowsGiven": 6, "filledDays": 1, "timezone": "UTC", "from": "2026-11-15T00:00:00Z",
            "to": "2026-11-22T00:00:00Z",
        ],
        [
            "figure": "sites", "title": "Top sites", "columns": ["site", "inspections"], "numeric": ["inspections"],
            "rows": [["Plant 7", 411], ["Plant 12", 397], ["Plant 1", 388]], "rowsGiven": 3, "timezone": "UTC",
            "askedAt": "2026-11-22T02:00:03Z",
        ],
    ]

    struct NoRun: Error {}
}

/// `REPORT_GALLERY=FOLDER` writes the reports for people to look at.
@Suite struct GalleryTests {
    @Test func everyReportIsWrittenInEveryForm() async throws {
        let folder = ProcessInfo.processInfo.environment["REPORT_GALLERY"]
        let bench = Gallery.bench()
        let rows = try await Gallery.fill(bench)
        let lone = ReportBench()
        let empty = try await lone.run(
            "daily", "2026-11-22T09:00:00Z",
            [ReportBench.Step(id: "only", couldNotLook: Cause(.refused, "Nobody listens on db.example.com:5432."))])
        for (name, row, store) in [
            ("daily", rows.daily, bench.store), ("weekly", rows.weekly, bench.store), ("empty", empty, lone.store),
        ] {
            for template in ReportTemplate.allCases {
                let texts = try await WrittenReport.texts(
                    template, ReportFormat.allCases, of: row, from: store, in: .utc, isAlive: false)
                #expect(texts.count == 3)
                for (format, text) in texts {
                    #expect(!text.isEmpty)
                    if let folder {
                        try Data(text.utf8).write(
                            to: URL(filePath: "\(folder)/\(name)-\(template.rawValue).\(format.rawValue)"))
                    }
                }
            }
        }
    }
}
