import Host
import Maintenance

/// What several reports say together. One that could not be counted leaves all counts unknown: fewer would look better.
struct ScanTally {
    private(set) var reports: [TrivyReport] = []
    private var findings: [Finding] = []
    private var details: [[String: JSONValue]] = []
    private var oldest: Duration = .zero
    /// Why the counts are not the whole truth.
    private var gap: Cause?

    /// A share of the packages of earlier scans below which a scan has probably skipped something.
    private static let leastShare = 0.5

    mutating func take(_ report: TrivyReport, age: Duration, at place: String, covers: [String]) {
        reports.append(report)
        oldest = max(oldest, age)
        // What looked for secrets or settings alone has not looked for vulnerabilities.
        let kinds = Set(report.parts.map(\.kind)).intersection(["os-pkgs", "lang-pkgs"])
        let wanted = Set(covers).union(report.isImage ? ["os-pkgs"] : [])
        if kinds.isEmpty {
            miss(
                report.artifact,
                Cause(.partlyCovered, "The scan of \(report.artifact) looked at nothing at all."))
        } else {
            for kind in wanted.subtracting(kinds).sorted() {
                miss(
                    report.artifact,
                    Cause(.partlyCovered, "The scan of \(report.artifact) did not look at \(kind): it skipped them."))
            }
        }
        if report.isSystemEnded {
            findings.append(
                Finding(
                    report.artifact, .warn,
                    Cause(
                        .stale,
                        "Its system (\(report.system ?? "unknown")) gets no more fixes, so that vulnerabilities in it are "
                            + "no longer counted."), advice: "Build it on a system that is still supported."))
        }
        details.append(row(of: report, at: place))
    }

    mutating func miss(_ subject: String, _ cause: Cause) {
        findings.append(
            Finding(subject, .unknown, cause, advice: "Run the scan again and look at what it says on its way."))
        gap = gap ?? cause
    }

    /// Far fewer packages than in earlier scans: something was skipped.
    mutating func comparePackages(with history: [PastMeasurement]) async throws {
        guard let packages, gap == nil else { return }
        let usual = history.map(\.value).sorted()
        guard !usual.isEmpty else { return }
        let median = usual[usual.count / 2]
        guard Double(packages) < median * Self.leastShare else { return }
        miss(
            "packages",
            Cause(
                .partlyCovered,
                "\(packages) packages were looked at, where earlier scans looked at \(Int(median)): a part was skipped."
            ))
    }

    /// `nil` where no report, or not every one, lists them.
    private var packages: Int? {
        let counts = reports.flatMap { $0.parts.map(\.packages) }
        let known = counts.compactMap { $0 }
        return !known.isEmpty && known.count == counts.count ? known.reduce(0, +) : nil
    }

    func observation() -> Observation {
        let all = reports.flatMap { report in report.vulnerabilities.map { (report.artifact, $0) } }
        func count(_ severity: TrivyReport.Severity) -> Int { all.count { $0.1.severity == severity } }
        let severe = all.filter { [.critical, .high].contains($0.1.severity) }
        let counts = [
            Measurement("critical", count(.critical)), Measurement("high", count(.high)),
            Measurement("severe", severe.count), Measurement("medium", count(.medium)),
            Measurement("low", count(.low)), Measurement("unrated", count(.unknown)),
            Measurement("fixable", severe.count { $0.1.fixed != nil }),
        ]
        var measurements = [
            Measurement("scanned", reports.count), Measurement("age", oldest.inSeconds / 3600, .hours),
        ]
        var missing: [String: Cause] = [:]
        if let gap {
            for count in counts { missing[count.name] = gap }
        } else {
            measurements += counts
        }
        if let packages { measurements.append(Measurement("packages", packages)) }
        return Observation(
            summary: summary(severe.count, count(.critical)), measurements: measurements, missing: missing,
            findings: findings, details: details + Self.rows(all))
    }

    private func summary(_ severe: Int, _ critical: Int) -> String {
        let scanned = "\(reports.count) report\(reports.count == 1 ? "" : "s")"
        if gap != nil { return "\(scanned) counted, others are missing or not whole" }
        return "\(scanned): \(severe) high or critical, \(critical) of them critical"
    }

    private func row(of report: TrivyReport, at place: String) -> [String: JSONValue] {
        var row: [String: JSONValue] = [
            "artifact": .text(report.artifact), "report": .text(place),
            "created": report.created.map { .text("\($0)") } ?? .null,
            "system": report.system.map { .text($0) } ?? .null, "image": report.imageID.map { .text($0) } ?? .null,
            "digests": .list(report.digests.map { .text($0) }),
            "covered": .list(report.parts.map { .text("\($0.kind): \($0.target)") }),
        ]
        for severity in TrivyReport.Severity.allCases {
            let count = report.vulnerabilities.count { $0.severity == severity }
            row[severity.rawValue.lowercased()] = .number(Double(count))
        }
        return row
    }

    /// The severe ones, the worst first.
    private static func rows(_ all: [(String, TrivyReport.Vulnerability)]) -> [[String: JSONValue]] {
        all.filter { [.critical, .high].contains($0.1.severity) }
            .sorted { $0.1.severity == .critical && $1.1.severity != .critical }
            .prefix(SecurityLimits.listed)
            .map { artifact, found in
                [
                    "artifact": .text(artifact), "vulnerability": .text(found.id), "package": .text(found.package),
                    "installed": .text(found.installed), "fixed": found.fixed.map { .text($0) } ?? .null,
                    "severity": .text(found.severity.rawValue), "in": .text(found.target),
                ]
            }
    }
}
