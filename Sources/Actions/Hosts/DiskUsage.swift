import ClientPrograms
import Maintenance

/// How full the machine's file systems are.
struct DiskUsage: Check {
    typealias Kind = HostKind

    static let declaration = Declaration(
        name: "disk.usage",
        summary: "Looks how full the mounted file systems are, and judges the fullest.",
        measurements: [
            MeasurementDeclaration(
                "used_percent", .percent, "Of what users other than root can have, on the fullest mount.",
                aggregate: .largest),
            MeasurementDeclaration(
                "inodes_percent", .percent, "Of the inodes, on the mount with the fewest left.", aggregate: .largest),
            MeasurementDeclaration(
                "free", .bytes, "What users other than root can still write, on the mount with the least.",
                aggregate: .last),
        ],
        thresholds: Thresholds(warn: "used_percent >= 70%", fail: "used_percent >= 85%"),
        applies: """
            The machine that Millwright runs on. Without `mounts`, every file system that holds data: not those \
            that the kernel makes up or keeps in memory, not images that are always full, not the layers of \
            containers but for /, and one that is mounted at several points once.
            """,
        example: "mounts: [/]",
        looksByItself: true)

    static var parameters: [Parameter<DiskUsage>] {
        [
            .optional(
                "mounts", \.mounts, default: [],
                "Mount points; where none is named, every file system that holds data.")
        ]
    }

    var mounts: [String] = []

    func validate() throws(ValueError) {
        for (index, point) in mounts.enumerated() where !point.hasPrefix("/") {
            throw ValueError("a mount point is an absolute path", path: ["mounts", String(index)])
        }
    }

    func observe(_ access: HostAccess, in context: Context) async throws -> Observation {
        let looks = try await access.mounts(mounts)
        guard !looks.isEmpty else {
            throw CouldNotLook(.noData, "No file system that holds data is mounted here; name the `mounts` to look at.")
        }
        var findings: [Finding] = []
        var details: [[String: JSONValue]] = []
        var seen: [(point: String, use: FileSystemUse)] = []
        for look in looks {
            var detail: [String: JSONValue] = ["mount": .text(look.point)]
            if let mount = look.mount {
                detail["source"] = .text(mount.source)
                detail["type"] = .text(mount.type)
                detail["read_only"] = .bool(mount.isReadOnly)
            }
            switch Self.sized(look) {
            case .success(let use):
                seen.append((look.point, use))
                detail["used_percent"] = .number(use.usedPercent)
                detail["inodes_percent"] = use.inodesPercent.map { .number($0) } ?? .null
                detail["free"] = .number(use.available)
                detail["total"] = .number(use.total)
            case .failure(let error):
                findings.append(Finding(look.point, .unknown, error.cause))
                detail["missing"] = .text(error.cause.sentence)
            }
            details.append(detail)
        }
        return Self.observation(of: seen, findings: findings, details: details)
    }

    /// A file system without blocks, such as /proc, is neither full nor empty.
    private static func sized(_ look: MountLook) -> Result<FileSystemUse, CouldNotLook> {
        look.result.flatMap { use in
            guard use.used + use.available > 0 else {
                return .failure(CouldNotLook(.noData, "\(look.point) holds no data: its file system has no size."))
            }
            return .success(use)
        }
    }

    private static func observation(
        of seen: [(point: String, use: FileSystemUse)], findings: [Finding], details: [[String: JSONValue]]
    ) -> Observation {
        let blind = findings.isEmpty ? "" : "; \(findings.count) of \(details.count) could not be looked at"
        guard let fullest = seen.max(by: { $0.use.usedPercent < $1.use.usedPercent }),
            let free = seen.map(\.use.available).min()
        else {
            let cause = findings.first?.cause ?? Cause(.noData, "No mount was seen.")
            let names = declaration.measurements.map { ($0.name, cause) }
            return Observation(
                summary: "no mount could be looked at", missing: Dictionary(uniqueKeysWithValues: names),
                findings: findings, details: details)
        }
        var measurements = [
            Measurement("used_percent", fullest.use.usedPercent, .percent), Measurement("free", free, .bytes),
        ]
        var missing: [String: Cause] = [:]
        if let inodes = seen.compactMap(\.use.inodesPercent).max() {
            measurements.append(Measurement("inodes_percent", inodes, .percent))
        } else {
            missing["inodes_percent"] = Cause(.notSupported, "None of these file systems counts inodes.")
        }
        let percent = ((fullest.use.usedPercent * 10).rounded() / 10).written
        let others = seen.count > 1 ? ", the fullest of \(seen.count)" : ""
        return Observation(
            summary: "\(fullest.point) is \(percent) % full\(others)\(blind)", measurements: measurements,
            missing: missing, findings: findings, details: details)
    }
}
