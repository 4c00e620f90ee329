import ArgumentParser
import Engine
import Journal
import Maintenance
import Plans

struct Look: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes every check that applies to live targets, without a plan; looking rights only.",
        discussion: "A password on the command line is seen by others: write '${env:NAME}' in its place.")

    @Argument(
        help: ArgumentHelp(
            "URLs: postgresql://… redis://… https://… tls://host:port kubernetes:CONTEXT/NAMESPACE s3://BUCKET, or host."
        ))
    var targets: [String]

    @Option(help: "A file of additional trusted certificates, for https and tls.")
    var ca: String?

    @Option(help: "text for people, json for programs.")
    var format = OutputFormat.text

    func run() async throws {
        let composition = Composition()
        var found = Found()
        for (index, url) in targets.enumerated() {
            let kinds = composition.catalogue.kinds(for: url)
            guard !kinds.isEmpty else {
                let known = composition.catalogue.sortedKinds.flatMap { $0.schemes }.joined(separator: ", ")
                throw ValidationError(
                    "`\(url.prefix { $0 != ":" })` is no kind of target that `look` knows: \(known), or host.")
            }
            for kind in kinds { add(kind, url, targets.count > 1 ? "-\(index + 1)" : "", composition, to: &found) }
        }
        guard !found.steps.isEmpty else { throw ValidationError("No check applies to these targets by itself.") }
        let session = RunSession(composition: composition, journal: MemoryJournal(), format: format, reports: "")
        throw try await session.begin(
            RunPlan(
                service: "look", environment: "default", procedure: "look", targets: found.targets, steps: found.steps))
    }

    /// What the URLs lead to.
    private struct Found {
        var targets: [String: RunTarget] = [:]
        var steps: [RunStep] = []
    }

    private func add(
        _ kind: TargetKindDefinition, _ url: String, _ suffix: String, _ composition: Composition, to found: inout Found
    ) {
        let name = kind.name + suffix
        var settings = [PlanValue.Entry(kind.shorthand, .text(url == "host" ? "local" : url))]
        if let ca, kind.parameters.contains(where: { $0.name == "ca" }) { settings.append(.init("ca", .text(ca))) }
        found.targets[name] = RunTarget(kind: kind.name, settings: .map(settings))
        for action in composition.catalogue.sortedActions
        where action.roles == [TargetRole(kinds: [kind.name])] && action.declaration.looksByItself {
            let id = action.name.replacing(".", with: "-") + suffix
            found.steps.append(RunStep(id: id, action: action.name, isChange: false, targets: [TargetRole.only: name]))
        }
    }
}

extension Catalogue {
    /// The kinds that a URL can be looked at as: an https URL is a service and a certificate.
    func kinds(for url: String) -> [TargetKindDefinition] {
        if url == "host" { return sortedKinds.filter { $0.name == "host" } }
        guard let colon = url.firstIndex(of: ":") else { return [] }
        let scheme = String(url[..<colon])
        return sortedKinds.filter { $0.schemes.contains(scheme) || (scheme == "https" && $0.name == "tls") }
    }
}
