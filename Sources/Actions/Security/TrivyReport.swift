import Host
import Maintenance

/// A report of trivy (`trivy image --format json`, SchemaVersion 2), as far as it is judged.
struct TrivyReport {
    /// How severe a vulnerability is, in trivy's words.
    enum Severity: String, CaseIterable {
        case critical = "CRITICAL"
        case high = "HIGH"
        case medium = "MEDIUM"
        case low = "LOW"
        case unknown = "UNKNOWN"
    }

    struct Vulnerability: Hashable {
        let id: String
        let package: String
        let installed: String
        let fixed: String?
        let severity: Severity
        /// The layer or lock file it was found in.
        let target: String
    }

    /// One thing that was scanned: the system's packages, or those of a language.
    struct Part {
        let target: String
        let kind: String
        /// How many packages were looked at; `nil` where the report does not list them.
        let packages: Int?
    }

    let artifact: String
    let isImage: Bool
    let created: Instant?
    /// The digests by which registries know the image.
    let digests: [String]
    let imageID: String?
    let system: String?
    /// The system gets no more fixes, so that its vulnerabilities are no longer counted by anybody.
    let isSystemEnded: Bool
    let parts: [Part]
    let vulnerabilities: [Vulnerability]

    /// The members that are read; descriptions, references and scores are the bulk of a report.
    static let members: Set<String> = [
        "SchemaVersion", "CreatedAt", "ArtifactName", "ArtifactType", "Metadata", "OS", "Family", "Name", "EOSL",
        "ImageID", "RepoDigests", "Results", "Target", "Class", "Type", "Packages", "Vulnerabilities",
        "VulnerabilityID", "PkgName", "InstalledVersion", "FixedVersion", "Severity",
    ]

    init(_ document: JSONValue) throws(CouldNotLook) {
        guard document["SchemaVersion"] == .number(2), let name = document["ArtifactName"]?.asText else {
            throw CouldNotLook(.malformed, "It is not a JSON report of trivy with SchemaVersion 2.")
        }
        artifact = name
        isImage = document["ArtifactType"]?.asText == "container_image"
        created = document["CreatedAt"]?.asText.flatMap { Instant($0) }
        let metadata = document["Metadata"]
        digests = Self.list(metadata?["RepoDigests"]).compactMap(\.asText)
        imageID = metadata?["ImageID"]?.asText
        let os = metadata?["OS"]
        system = (os?["Family"]?.asText).map { family in
            [family, os?["Name"]?.asText].compactMap { $0 }.joined(separator: " ")
        }
        isSystemEnded = os?["EOSL"] == .bool(true)
        var parts: [Part] = []
        var found: Set<Vulnerability> = []
        for result in Self.list(document["Results"]) {
            guard let target = result["Target"]?.asText, let kind = result["Class"]?.asText else {
                throw CouldNotLook(.malformed, "A result of the report says neither its target nor its class.")
            }
            let packages = result["Packages"].map { Self.list($0).count }
            parts.append(Part(target: target, kind: kind, packages: packages))
            for entry in Self.list(result["Vulnerabilities"]) { found.insert(try Self.vulnerability(entry, target)) }
        }
        self.parts = parts
        vulnerabilities = found.sorted {
            ($0.rank, $0.id, $0.package, $0.target) < ($1.rank, $1.id, $1.package, $1.target)
        }
    }

    private static func vulnerability(
        _ entry: JSONValue, _ target: String
    ) throws(CouldNotLook) -> Vulnerability {
        guard let id = entry["VulnerabilityID"]?.asText, let package = entry["PkgName"]?.asText else {
            throw CouldNotLook(.malformed, "A vulnerability of the report has neither an id nor a package.")
        }
        let fixed = entry["FixedVersion"]?.asText
        return Vulnerability(
            id: id, package: package, installed: entry["InstalledVersion"]?.asText ?? "",
            fixed: fixed?.isEmpty == false ? fixed : nil,
            severity: (entry["Severity"]?.asText).flatMap { Severity(rawValue: $0) } ?? .unknown, target: target)
    }

    private static func list(_ value: JSONValue?) -> [JSONValue] {
        if case .list(let items)? = value { items } else { [] }
    }
}

extension TrivyReport.Vulnerability {
    /// The most severe first.
    fileprivate var rank: Int { TrivyReport.Severity.allCases.firstIndex(of: severity) ?? 0 }
}
