import ClientHTTP
import ClientObjectStore
import Foundation
import Maintenance
import Sandbox
import Testing

struct ScanReportTests {
    @Test func whatWasFound() async throws {
        let reports = try Reports()
        let path = try reports.write("api.json", Trivy(found: ["CRITICAL": 1, "HIGH": 3, "MEDIUM": 2, "odd": 1]).text)
        let seen = try await reports.look("scan.report", [.list("reports", path)])
        #expect(seen.value("critical") == 1 && seen.value("high") == 3 && seen.value("severe") == 4)
        #expect(seen.value("medium") == 2 && seen.value("unrated") == 1 && seen.value("fixable") == 4)
        #expect(seen.findings.isEmpty && seen.missing.isEmpty && abs((seen.value("age") ?? 0) - 6) < 0.01)
        #expect(seen.details.first?["artifact"] == "registry.example.com/shop/api:1.2")
        #expect(seen.details.dropFirst().map { $0["severity"] } == ["CRITICAL", "HIGH", "HIGH", "HIGH"])
    }

    @Test func aCleanImageIsZero() async throws {
        let reports = try Reports()
        let path = try reports.write("api.json", Trivy().text)
        let seen = try await reports.look(
            "scan.report", [.list("reports", path), .list("artifacts", "registry.example.com/shop/api")])
        #expect(seen.value("severe") == 0 && seen.findings.isEmpty)
    }

    /// Fewer would look better: no count is told where one report does not count.
    @Test(arguments: [
        ("empty", "", "no-data"), ("page", "<html>login</html>", "malformed"),
        ("cut", #"{"SchemaVersion": 2, "Ar"#, "malformed"),
        ("old schema", #"[{"Target": "x"}]"#, "malformed"),
        ("skipped the system", Trivy(classes: ["lang-pkgs"]).text, "partly-covered"),
        ("skipped all", Trivy(classes: []).text, "partly-covered"),
        ("stale", Trivy(created: "2026-11-20T03:00:00Z").text, "stale"),
        ("ahead of time", Trivy(created: "2026-11-23T03:00:00Z").text, "malformed"),
        ("not there", nil, "not-found"),
    ])
    func whatDoesNotCount(name: String, text: String?, code: String) async throws {
        let reports = try Reports()
        let well = try reports.write("well.json", Trivy(artifact: "other").text)
        if let text { try reports.write("api.json", text) }
        let seen = try await reports.look("scan.report", [.list("reports", well, reports.folder + "/api.json")])
        #expect(seen.words == ["unknown " + code], "\(name)")
        #expect(seen.value("severe") == nil && seen.missing["severe"]?.code.rawValue == code)
    }

    @Test func anImageNobodyScanned() async throws {
        let reports = try Reports()
        let path = try reports.write("api.json", Trivy().text)
        let seen = try await reports.look(
            "scan.report",
            [
                .list("reports", path),
                .list("artifacts", "registry.example.com/shop/api", "registry.example.com/shop/ap"),
            ])
        #expect(seen.words == ["unknown no-data"] && seen.missing["severe"] != nil)
    }

    @Test func languagesThatWereSkipped() async throws {
        let reports = try Reports()
        let path = try reports.write("api.json", Trivy().text)
        let seen = try await reports.look("scan.report", [.list("reports", path), .list("covers", "lang-pkgs")])
        #expect(seen.words == ["unknown partly-covered"] && seen.findings[0].cause.sentence.contains("lang-pkgs"))
    }

    @Test func aScanThatSkippedHalf() async throws {
        let reports = try Reports()
        let path = try reports.write("api.json", Trivy(packages: 90).text)
        reports.history = [250, 240, 245].map { PastMeasurement(at: reports.now, value: $0) }
        let seen = try await reports.look("scan.report", [.list("reports", path)])
        #expect(seen.words == ["unknown partly-covered"] && seen.missing["severe"] != nil)
        reports.history = [100, 101, 99].map { PastMeasurement(at: reports.now, value: $0) }
        #expect(try await reports.look("scan.report", [.list("reports", path)]).words == [])
    }

    @Test func aSystemWithoutFixes() async throws {
        let reports = try Reports()
        let path = try reports.write("api.json", Trivy(isEnded: true).text)
        let seen = try await reports.look("scan.report", [.list("reports", path)])
        #expect(seen.words == ["warn stale"])
    }

    /// 200 MB are not read into memory.
    @Test func aReportThatIsTooLarge() async throws {
        let reports = try Reports()
        let path = reports.folder + "/huge.json"
        #expect(truncateFile(path, 200 << 20))
        let seen = try await reports.look("scan.report", [.list("reports", path)])
        #expect(seen.words == ["unknown too-large"])
    }

    @Test func fromAnEndpoint() async throws {
        let reports = try Reports()
        let server = try StandInServer()
        server.on("/scans/api.json", Answer.json(Trivy(found: ["HIGH": 2]).text))
        let target = try TargetKindDefinition(HTTPKind.self).target(
            from: .text("http://127.0.0.1:\(server.port)/scans"))
        let seen = try await reports.look("scan.report", [.list("reports", "api.json", "gone.json")], at: target)
        #expect(seen.words == ["unknown not-found"] && seen.value("scanned") == 1)
    }

    private func truncateFile(_ path: String, _ size: Int) -> Bool {
        FileManager.default.createFile(atPath: path, contents: nil) && truncate(path, size) == 0
    }
}

/// A report as trivy 0.5x writes it.
struct Trivy {
    var artifact = "registry.example.com/shop/api:1.2"
    var created = "2026-11-22T03:00:00.123456789Z"
    var classes = ["os-pkgs"]
    var found: [String: Int] = [:]
    var packages: Int?
    var isEnded = false

    var text: String {
        var index = 0
        let vulnerabilities = found.sorted { $0.key < $1.key }.flatMap { severity, count in
            (0..<count).map { _ in
                index += 1
                return """
                    {"VulnerabilityID": "CVE-2026-\(1000 + index)", "PkgName": "pkg\(index)", "InstalledVersion": "1.0",
                     "FixedVersion": "1.1", "Severity": "\(severity)", "Description": "\\"quoted\\" {text}",
                     "References": ["https://example.com"], "CVSS": {"nvd": {"V3Score": 9.8}}}
                    """
            }
        }
        let list = packages.map { count in
            #", "Packages": [\#((0..<count).map { #"{"ID": "p\#($0)", "Name": "p"}"# }.joined(separator: ","))]"#
        }
        let results = classes.enumerated().map { number, kind in
            #"{"Target": "t\#(number)", "Class": "\#(kind)", "Type": "debian"\#(list ?? "")"#
                + (number == 0 && !vulnerabilities.isEmpty
                    ? #", "Vulnerabilities": [\#(vulnerabilities.joined(separator: ","))]}"# : "}")
        }
        return """
            {"SchemaVersion": 2, "CreatedAt": "\(created)", "ArtifactName": "\(artifact)",
             "ArtifactType": "container_image", "Metadata": {"OS": {"Family": "debian", "Name": "12.5"\(isEnded ? #", "EOSL": true"# : "")},
             "ImageID": "sha256:1", "RepoDigests": ["registry.example.com/shop/api@sha256:2"]},
             "Results": [\(results.joined(separator: ","))]}
            """
    }
}
