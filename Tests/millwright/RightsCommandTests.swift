import Foundation
import Testing

@testable import Sandbox

/// `millwright rights` as documents that a cluster and a cloud take: they grant what the steps need, and no more.
@Suite struct RightsCommandTests {
    private static let plan = """
        service: shop
        targets:
          cluster: { kubernetes: { kubeconfig: "${env:KUBECONFIG}", namespace: shop, look: look, change: change } }
          backups: { s3: { bucket: shop-backups, prefix: db/, access-key: "${env:KEY}", secret-key: "${env:SECRET}" } }
          files: { s3: { bucket: "s3://shop-files", endpoint: "${env:STORE}" } }
          unknown: { s3: { bucket: shop-other, prefix: "${env:PREFIX}" } }
        procedures:
          look:
            steps:
              - { check: kubernetes.pods }
          restart:
            steps:
              - { do: kubernetes.rollout-restart, with: { deployments: web, deadline: 60s, settle: 0s } }
          objects:
            steps:
              - { id: db, check: backup.age, target: backups, with: { pattern: "*.sql.gz", format: any } }
              - { id: files, check: backup.age, target: files, with: { pattern: "*.tar", format: any } }
              - { id: other, check: backup.age, target: unknown, with: { pattern: "*.tar", format: any } }
              - { do: logs.archive, target: { logs: cluster, store: backups }, with: { selector: app=web, since: 1h } }
        """

    /// One thing that a role allows: of `pods.metrics.k8s.io/x`, the verb, and the object where it is limited to one.
    private struct Allowed: Hashable {
        let purpose: String
        let isClusterWide: Bool
        let verb: String
        let resource: String
        let name: String?
    }

    /// What the steps say that they need, from the form for people.
    private func needed(_ text: String) throws -> Set<Allowed> {
        let lines = text.split(separator: "\n").map(String.init)
        var found: Set<Allowed> = []
        for (line, reason) in zip(lines, lines.dropFirst()) where line.hasPrefix("kubernetes  ") {
            let words = line.dropFirst("kubernetes  ".count).split(separator: " ").map(String.init)
            let purpose = try #require(reason.firstMatch(of: /\sto (look|change):\s/)).1
            let named = words.firstIndex(of: "named").map { words[$0 + 1].split(separator: ",").map(String.init) }
            for verb in words[0].split(separator: ",") {
                for resource in words[1].split(separator: ",") {
                    for name in named ?? [nil] as [String?] {
                        found.insert(
                            Allowed(
                                purpose: String(purpose), isClusterWide: words.contains("everywhere"),
                                verb: String(verb), resource: String(resource), name: name))
                    }
                }
            }
        }
        return found
    }

    /// What the roles in the cluster grant.
    private func granted(_ store: KubernetesStore) -> Set<Allowed> {
        var found: Set<Allowed> = []
        let roles = store.list(.roles, in: "shop").items + store.list(.clusterRoles).items
        for role in roles where role.name.hasPrefix("millwright-") {
            for rule in role["rules"]?.array ?? [] {
                func texts(_ field: String) -> [String] { rule[field]?.array?.compactMap(\.string) ?? [] }
                let names: [String?] = texts("resourceNames").isEmpty ? [nil] : texts("resourceNames")
                for (verb, group) in texts("verbs").flatMap({ verb in texts("apiGroups").map { (verb, $0) } }) {
                    for (resource, name) in texts("resources").flatMap({ one in names.map { (one, $0) } }) {
                        var parts = resource.split(separator: "/", maxSplits: 1).map(String.init)
                        if !group.isEmpty { parts[0] += "." + group }
                        found.insert(
                            Allowed(
                                purpose: String(role.name.dropFirst("millwright-".count)),
                                isClusterWide: role.namespace.isEmpty, verb: verb,
                                resource: parts.joined(separator: "/"), name: name))
                    }
                }
            }
        }
        return found
    }

    /// Both users of the plan, each in its context.
    private func kubeconfig(_ server: KubernetesServer, _ folder: URL) throws -> String {
        var both = JSON.null
        for user in ["look", "change"] {
            let path = try server.kubeconfig(user: KubernetesUser("mw-\(user)"), namespace: "shop")
            let one = try JSON(parsing: Array(Data(contentsOf: URL(filePath: path))))
            guard var context = one["contexts"]?.array?.first else { continue }
            context["name"] = .string(user)
            if both == .null {
                both = one
                both["contexts"] = []
                both["users"] = []
            }
            both["contexts"] = .array((both["contexts"]?.array ?? []) + [context])
            both["users"] = .array((both["users"]?.array ?? []) + (one["users"]?.array ?? []))
        }
        let path = folder.appending(path: "kubeconfig")
        try Data(both.bytes).write(to: path)
        return path.path
    }

    @Test func theRolesThatAreAppliedAreEnoughAndNoMore() async throws {
        var options = KubernetesServer.Options()
        options.speed = 20
        options.namespaces = ["shop"]
        let server = try await KubernetesServer.start(options)
        try await withFolder { folder in
            let plan = folder.appending(path: "plan.yaml").path
            try Data(Self.plan.utf8).write(to: URL(filePath: plan))
            let admin = try server.kubeconfig(namespace: "shop")
            func kubectl(_ words: String..., input: String = "") async throws {
                let said = try await Program.output(
                    try Tools.path("kubectl"), ["--kubeconfig", admin, "--cache-dir", folder.path] + words,
                    input: Array(input.utf8), limit: .seconds(60))
                #expect(said.status == 0, "\(words): \(said.errorText)")
            }
            try server.cluster?.addNode("node-0", address: "10.1.0.1")
            try await kubectl("create", "deployment", "web", "--image=shop/web:1", "--replicas=2")
            try await kubectl("rollout", "status", "deployment/web", "--timeout=30s")
            let store = "sqlite:\(folder.path)/journal.sqlite"
            let environment = ["KUBECONFIG": try kubeconfig(server, folder)]
            func run(_ procedure: String) async throws -> CommandLine.Outcome {
                try await CommandLine.run("run", plan, procedure, "--store", store, environment: environment)
            }
            #expect(try await run("look").exit == 3)

            let roles = try await CommandLine.run(
                "rights", plan, "--format", "rbac", "--look", "mw-look", "--change", "mw-change")
            #expect(roles.exit == 0 && roles.errors.isEmpty, "\(roles.errors)")
            try await kubectl("apply", "-f", "-", input: roles.output)
            let text = try await CommandLine.run("rights", plan).output
            let needed = try needed(text)
            #expect(needed.count > 10)
            #expect(granted(server.store) == needed)
            for procedure in ["look", "restart"] {
                let outcome = try await run(procedure)
                #expect(outcome.exit == 0, "\(procedure): \(outcome.output) \(outcome.errors)")
            }
        }
        await server.stop()
    }

    @Test func thePoliciesOfBuckets() async throws {
        try await withFolder { folder in
            let plan = folder.appending(path: "plan.yaml").path
            try Data(Self.plan.utf8).write(to: URL(filePath: plan))
            let said = try await CommandLine.run("rights", plan, "--format", "iam")
            #expect(said.exit == 0, "\(said.errors)")
            let policies = try #require(
                try JSONSerialization.jsonObject(with: Data(said.output.utf8)) as? [String: [String: Any]])
            #expect(policies.values.allSatisfy { $0["Version"] as? String == "2012-10-17" })
            func statements(_ purpose: String) -> Set<String> {
                Set((policies[purpose]?["Statement"] as? [[String: Any]] ?? []).map(Self.words))
            }
            #expect(Set(policies.keys) == ["look", "change"])
            let backups: Set = [
                "s3:ListBucket shop-backups for db/*", "s3:ListBucketMultipartUploads shop-backups for db/*",
                "s3:GetObject shop-backups/db/*",
            ]
            let others: Set = ["s3:ListBucket shop-files for *", "s3:ListBucket {bucket} for {prefix}*"]
            #expect(statements("look") == backups.union(others))
            let stored: Set = ["s3:PutObject shop-backups/db/*", "s3:AbortMultipartUpload shop-backups/db/*"]
            #expect(statements("change") == backups.union(stored))
        }
    }

    private static func words(_ statement: [String: Any]) -> String {
        let condition = statement["Condition"] as? [String: [String: String]]
        let prefix = condition?["StringLike"]?["s3:prefix"].map { " for \($0)" } ?? ""
        let resource = (statement["Resource"] as? String ?? "").replacing("arn:aws:s3:::", with: "")
        let effect = statement["Effect"] as? String == "Allow" ? "" : "not "
        return "\(effect)\(statement["Action"] ?? "") \(resource)\(prefix)"
    }
}
