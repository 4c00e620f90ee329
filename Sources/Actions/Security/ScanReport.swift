import Host
import Maintenance

/// What vulnerability scans found: counts by severity, whether everything was scanned, and how old the scan is.
struct ScanReport: Check {
    typealias Kind = ReportSource

    static let declaration = Declaration(
        name: "scan.report",
        summary: "Judges JSON reports of trivy: vulnerabilities by severity, what was covered, and how old they are.",
        measurements: [
            MeasurementDeclaration("critical", "Vulnerabilities of severity CRITICAL.", aggregate: .last),
            MeasurementDeclaration("high", "Vulnerabilities of severity HIGH.", aggregate: .last),
            MeasurementDeclaration("severe", "Those of severity CRITICAL and HIGH together.", aggregate: .last),
            MeasurementDeclaration("medium", "Vulnerabilities of severity MEDIUM.", aggregate: .last),
            MeasurementDeclaration("low", "Vulnerabilities of severity LOW.", aggregate: .last),
            MeasurementDeclaration("unrated", "Vulnerabilities without a severity.", aggregate: .last),
            MeasurementDeclaration("fixable", "Severe ones for which a fixed version exists.", aggregate: .last),
            MeasurementDeclaration(
                "packages", "Packages that were looked at, where reports list them.", aggregate: .last),
            MeasurementDeclaration("scanned", "Images or folders whose report counts.", aggregate: .last),
            MeasurementDeclaration("age", .hours, "Of the oldest report.", aggregate: .largest),
        ],
        thresholds: Thresholds(warn: "severe >= 5 or critical > 0", fail: "severe >= 20"),
        applies: """
            Reports that `trivy image|fs|rootfs --format json` wrote (SchemaVersion 2): a file on this machine, an object \
            of a bucket, or an HTTP endpoint. A scanner that failed leaves no report, or a stale or empty one: that is \
            `unknown`, never 0 vulnerabilities. With `--list-all-pkgs` the packages are counted too, and a scan that \
            looked at far fewer than before is noticed. The age of the scanner's own database is not in its report.
            """,
        example: """
            reports: [/var/lib/scans/api.json, /var/lib/scans/worker.json]
            artifacts: [registry.example.com/shop/api, registry.example.com/shop/worker]
            covers: [os-pkgs, lang-pkgs]
            """)

    static var parameters: [Parameter<ScanReport>] {
        [
            .required(
                "reports", \.reports, "Where the reports lie: paths, keys under the prefix, or paths under the URL."),
            .optional(
                "artifacts", \.artifacts, default: [],
                "The images that must be among them, each by its name without tag and digest, or with them."),
            .optional(
                "covers", \.covers, default: [],
                "The classes of packages that each report must cover, such as [os-pkgs, lang-pkgs]; an image's own "
                    + "system always."),
            .optional("within", \.within, default: .seconds(26 * 3600), "How old a report may be."),
        ]
    }

    var reports: [String] = []
    var artifacts: [String] = []
    var covers: [String] = []
    var within: Duration = .seconds(26 * 3600)

    func validate() throws(ValueError) {
        guard !reports.isEmpty else { throw ValueError("no report is named", path: ["reports"]) }
        guard reports.count <= SecurityLimits.reports else {
            throw ValueError("more than \(SecurityLimits.reports) reports", path: ["reports"])
        }
        for (index, name) in covers.enumerated() where !Self.classes.contains(name) {
            throw ValueError(
                "`\(name)` is no class of packages; trivy's are \(Self.classes.joined(separator: ", "))",
                path: ["covers", String(index)])
        }
    }

    private static let classes = ["os-pkgs", "lang-pkgs"]

    func observe(_ access: ReportSource.Access, in context: Context) async throws -> Observation {
        var tally = ScanTally()
        for place in reports {
            do {
                let file = try await access.read(place)
                let report = try TrivyReport(try file.document(only: TrivyReport.members))
                let age = try ReportFile.check(
                    report.created ?? file.modified, within: within, now: context.host.now())
                tally.take(report, age: age, at: place, covers: covers)
            } catch let error as CouldNotLook {
                tally.miss(place, error.cause)
            }
        }
        for artifact in artifacts where !tally.reports.contains(where: { Self.names($0.artifact, artifact) }) {
            tally.miss(artifact, Cause(.noData, "No report that counts is about \(artifact)."))
        }
        try await tally.comparePackages(with: try await context.history("packages"))
        return tally.observation()
    }

    /// Whether an artifact is the one that is meant; a tag or digest counts only where the plan gives one.
    static func names(_ artifact: String, _ wanted: String) -> Bool {
        artifact == wanted || artifact.hasPrefix(wanted + "@") || artifact.hasPrefix(wanted + ":")
    }
}
