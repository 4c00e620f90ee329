import FoundationEssentials
import Host
import Maintenance
import Plans
import Testing

/// Every action's example is a plan that loads: what the reference shows can be copied.
@Suite struct ExampleTests {
    private static let targets = [
        "postgresql": #"postgresql: { url: "${env:URL}" }"#, "redis": #"redis: { url: "${env:URL}" }"#,
        "http": "http: https://api.example.com", "tls": "tls: api.example.com:443",
        "kubernetes": "kubernetes: { context: prod, namespace: shop }", "s3": "s3: { bucket: shop-backups }",
    ]

    @Test(arguments: FaultBench.catalogue.sortedActions.map(\.name)) func theExampleLoads(_ name: String) throws {
        let action = try #require(FaultBench.catalogue.actions[name])
        var lines = ["service: example"]
        let targets = action.roles.compactMap { role in Self.targets[role.kinds[0]].map { (role.name, $0) } }
        if !targets.isEmpty { lines += ["targets:"] + targets.map { "  \($0.0 == "on" ? "it" : $0.0): { \($0.1) }" } }
        lines += [
            "windows: { any: { opens: daily 00:00, lasts: 24h } }", "procedures:", "  p:", "    window: any",
            "    steps:",
        ]
        lines.append("      - \(action.isChange ? "do" : "check"): \(name)")
        // What is destructive can only be planned with one; anything may have one.
        if action.isChange { lines.append("        approval: { by: [ada] }") }
        if !action.declaration.example.isEmpty {
            lines.append("        with:")
            lines += action.declaration.example.split(separator: "\n").map { "          \($0)" }
        }
        let text = lines.joined(separator: "\n") + "\n"
        var host = Host.system
        host.readFile = { path, _ in
            if path == "estate.yaml" { return Array("people: { ada: { mail: ada@example.com } }\n".utf8) }
            guard path == "example.yaml" else { throw FileError(path: path, reason: "none", isMissing: true) }
            return Array(text.utf8)
        }
        do throws(PlanErrors) {
            _ = try PlanLoader.load(path: "example.yaml", host: host, catalogue: FaultBench.catalogue)
        } catch {
            Issue.record("\(error.description)\n\(text)")
        }
    }
}
