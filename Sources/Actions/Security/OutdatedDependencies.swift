import Host
import Maintenance

/// Which dependencies have newer versions, from what pip or npm lists.
struct OutdatedDependencies: Check {
    typealias Kind = ReportSource

    static let declaration = Declaration(
        name: "dependencies.outdated",
        summary: "Judges the lists of outdated packages that pip and npm make.",
        measurements: [
            MeasurementDeclaration("outdated", "Packages with a newer version.", aggregate: .last),
            MeasurementDeclaration("major", "Those whose major version is behind.", aggregate: .last),
            MeasurementDeclaration("minor", "Those whose minor version is behind.", aggregate: .last),
            MeasurementDeclaration("patch", "Those of which only a patch is newer.", aggregate: .last),
            MeasurementDeclaration("missing", "Those that are declared and not installed.", aggregate: .last),
            MeasurementDeclaration("installed", "Packages that are installed, where a list says so.", aggregate: .last),
            MeasurementDeclaration("age", .hours, "Of the list.", aggregate: .largest),
        ],
        thresholds: Thresholds(warn: "missing > 0"),
        applies: """
            What `pip list --outdated --format=json` or `npm outdated --json` printed inside the service's own image: a \
            file on this machine, an object of a bucket, or an HTTP endpoint. pip ends well and prints an empty list also \
            where it reached no index, so that an empty list counts only beside `installed`.
            """,
        example: """
            manager: pip
            list: /var/lib/reports/pip-outdated.json
            installed: /var/lib/reports/pip-list.json
            """)

    static var parameters: [Parameter<OutdatedDependencies>] {
        [
            .required("manager", \.manager, "Whose list it is: `pip` or `npm`."),
            .required("list", \.list, "Where the list lies: a path, a key under the prefix, or a path under the URL."),
            .optional(
                "installed", \.installed, default: nil,
                "Where the list of all installed packages lies (`pip list --format=json`)."),
            .optional("ignore", \.ignore, default: [], "Packages that are held back on purpose."),
            .optional("within", \.within, default: .seconds(8 * 86_400), "How old the lists may be."),
        ]
    }

    var manager = OutdatedList.Origin.pip
    var list = ""
    var installed: String?
    var ignore: [String] = []
    var within: Duration = .seconds(8 * 86_400)

    func validate() throws(ValueError) {
        guard installed == nil || manager == .pip else {
            throw ValueError("npm says itself when it reached no registry; leave `installed` out", path: ["installed"])
        }
    }

    func observe(_ access: ReportSource.Access, in context: Context) async throws -> Observation {
        let file = try await access.read(list)
        var age = try ReportFile.check(file.modified, within: within, now: context.host.now())
        var count: Int?
        if let installed {
            let whole = try await access.read(installed)
            age = max(age, try ReportFile.check(whole.modified, within: within, now: context.host.now()))
            guard case .list(let entries) = try whole.document() else {
                throw CouldNotLook(.malformed, "`installed` is not what `pip list --format=json` prints: no list.")
            }
            count = entries.count
        }
        let all = try OutdatedList(try file.document(), of: manager, installed: count).packages
        let ignored = Set(ignore.map { $0.lowercased() })
        return observation(all.filter { !ignored.contains($0.name.lowercased()) }, age, count)
    }

    private func observation(_ packages: [OutdatedList.Package], _ age: Duration, _ installed: Int?) -> Observation {
        func count(_ step: OutdatedList.Package.Step) -> Int { packages.count { $0.step == step } }
        let missing = packages.count { $0.current == "not installed" }
        var measurements = [
            Measurement("outdated", packages.count), Measurement("major", count(.major)),
            Measurement("minor", count(.minor)), Measurement("patch", count(.patch)),
            Measurement("missing", missing), Measurement("age", age.inSeconds / 3600, .hours),
        ]
        if let installed { measurements.append(Measurement("installed", installed)) }
        let text =
            packages.isEmpty ? "nothing is outdated" : "\(packages.count) outdated, \(count(.major)) by a major version"
        return Observation(
            summary: text, measurements: measurements,
            missing: installed == nil ? ["installed": Cause(.noData, "No list says what is installed.")] : [:],
            details: packages.prefix(SecurityLimits.listed).map {
                [
                    "package": .text($0.name), "current": .text($0.current), "latest": .text($0.latest),
                    "behind": .text($0.step.rawValue),
                ]
            })
    }
}
