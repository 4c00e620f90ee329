import ArgumentParser
import Maintenance
import Plans

struct Rights: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tells the least rights that a plan needs, as statements that grant them.",
        discussion: "{look} and {change} stand for the roles; --look and --change put names in their place.")

    enum Form: String, ExpressibleByArgument, CaseIterable { case text, sql, redis, iam, rbac }

    @Argument(help: "The plan's file.")
    var plan: String

    @OptionGroup var choice: PlanChoice

    @Option(help: "text explains each right; sql and redis are for servers, iam for buckets, rbac (YAML) for clusters.")
    var format = Form.text

    @Option(help: "The role that looks.")
    var look = "{look}"

    @Option(help: "The role that changes.")
    var change = "{change}"

    func run() throws {
        let composition = Composition()
        let plan = try composition.plan(plan)
        var seen: Set<String> = []
        var policies = IAMPolicies()
        var roles = ClusterRoles(look: look, change: change)
        for procedure in plan.procedures {
            let runnable = try composition.runnable(
                plan, procedure.name, environment: choice.environment, inputs: try choice.values())
            for step in runnable.steps.flatMap(\.parts) {
                guard let rights = step.rights(composition.catalogue.adding(plan.programs)) else {
                    Output.diagnostic("\(procedure.name)/\(step.id): its rights are known only when it runs.")
                    continue
                }
                for right in rights {
                    policies.add(right, of: step, in: runnable, composition.catalogue)
                    roles.add(right, of: step, in: runnable)
                }
                // Servers need each statement once, readers each reason of each role.
                for right in rights
                where seen.insert(statement(right) + (format == .text ? right.purpose.rawValue + right.reason : ""))
                    .inserted
                {
                    show(right, of: "\(procedure.name)/\(step.id)")
                }
            }
        }
        if format == .iam { Output.line(policies.text) }
        if format == .rbac { Output.line(roles.text) }
    }

    private func statement(_ right: Right) -> String {
        right.grant.replacing("{role}", with: right.purpose == .look ? look : change)
    }

    private func show(_ right: Right, of step: String) {
        let grant = statement(right)
        switch format {
        case .text:
            Output.line("\(right.kind)  \(grant)\n    for \(step) to \(right.purpose.rawValue): \(right.reason)")
        case .sql where right.kind == "postgresql": Output.line(grant.hasSuffix(";") ? grant : grant + ";")
        case .redis where right.kind == "redis": Output.line(grant)
        case .sql, .redis, .iam, .rbac: break
        }
    }
}
