import ArgumentParser
import Engine
import FoundationEssentials
import Host
import Maintenance
import Plans
import Proposals

struct Init: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Proposes a plan from what it finds; it only looks, and changes in the plan are disabled.",
        discussion: "A password on the command line is seen by others: write '${env:NAME}' in place of the URL.")

    @Option(
        help: "Where to look: postgresql://… redis://… https://… kubernetes:CONTEXT/NAMESPACE s3://… host crontab:FILE."
    )
    var from: [String] = []

    @Option(help: "The service's name; what is found gives one otherwise.")
    var service: String?

    @Option(help: "A file of additional trusted certificates, for https and s3.")
    var ca: String?

    @Option(help: "The plan's file, which must not exist; standard output otherwise.")
    var output: String?

    func run() async throws {
        guard !from.isEmpty else { throw ValidationError("Say where to look: --from URL, as often as needed.") }
        if let output, FileManager.default.fileExists(atPath: output) {
            throw ValidationError("\(output) is there already and is left as it is; name another file.")
        }
        let composition = Composition()
        var discovery = Discovery(composition: composition, ca: ca)
        for place in from { try await discovery.look(at: place) }
        var plan = discovery.plan
        plan.service = service ?? discovery.serviceName
        guard !plan.steps.isEmpty else { throw ValidationError("Nothing was found that a plan could look at.") }
        let text = plan.yaml
        if let output {
            try Data(text.utf8).write(to: URL(filePath: output), options: .withoutOverwriting)
        } else {
            Output.raw(text)
        }
        let changes = plan.steps.count(where: \.isChange)
        Output.diagnostic(
            "Proposed \(plan.steps.count - changes) checks and \(changes) changes (disabled). Next: millwright check "
                + "\(output ?? "FILE") health")
    }
}
