import ActionsRedis
import ClientRedis
import Glibc
import Host
import Maintenance

/// `redis.keyspace` as a plan would run it; its measurements, each a line with its name and value.
@main struct KeyspaceBench {
    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        guard arguments.count == 3, let definition = RedisActions.all.first(where: { $0.name == "redis.keyspace" })
        else { return print("keyspace URL FACTS PACE, such as redis://127.0.0.1:6379/0 type,bytes 0") }
        let facts = arguments[1].split(separator: ",").map { PlanValue.text(String($0)) }
        let action = try definition.configured(
            with: .map([.init("facts", .list(facts)), .init("pace", .text(arguments[2]))]))
        let target = try TargetKindDefinition(RedisKind.self).target(from: .text(arguments[0]))
        guard case .check(let check) = action.work, let kind = target as? RedisKind else { exit(1) }
        let open = StepTargets(OpenTarget(kind, on: .system))
        let context = Context(
            host: .system, deadline: Host.system.steady() + .seconds(900), label: WorkLabel(run: "bench", step: "look"))
        let seen = try await check.observe(open, context)
        for measurement in seen.measurements { print("\(measurement.name)\t\(measurement.value)") }
        for row in seen.details {
            guard row["of"] == .text("largest"), case .text(let name)? = row["name"] else { continue }
            print("first\t\(name)")
            break
        }
        for finding in seen.findings { print("finding\t\(finding.cause.sentence)") }
        await open.close()
    }
}
