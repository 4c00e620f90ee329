import ClientKubernetes
import Maintenance
import Sandbox
import Testing

@testable import ActionsKubernetes

/// Whoever has the printed rights and no others can do the work.
struct ClusterRightsTests {
    /// Users that have what the action prints for looking and for changing.
    private func users(_ bench: ClusterBench, _ step: ClusterStep) throws -> (
        look: KubernetesUser, change: KubernetesUser
    ) {
        for purpose in [Purpose.look, .change] {
            let rules = step.configured.rights.filter { $0.purpose == purpose }.compactMap { KubernetesRule($0.grant) }
            for isClusterWide in [true, false] {
                let granted = rules.filter { $0.isClusterWide == isClusterWide }.flatMap(Self.rules)
                let kind = isClusterWide ? "ClusterRole" : "Role"
                try bench.store.create(
                    isClusterWide ? .clusterRoles : .roles,
                    ["metadata": ["name": .string("mw-\(purpose.rawValue)")], "rules": .array(granted)],
                    in: isClusterWide ? "" : "shop")
                try bench.store.create(
                    isClusterWide ? .clusterRoleBindings : .roleBindings,
                    [
                        "metadata": ["name": .string("mw-\(purpose.rawValue)")],
                        "roleRef": [
                            "apiGroup": "rbac.authorization.k8s.io", "kind": .string(kind),
                            "name": .string("mw-\(purpose.rawValue)"),
                        ],
                        "subjects": [
                            [
                                "apiGroup": "rbac.authorization.k8s.io", "kind": "User",
                                "name": .string("mw-\(purpose.rawValue)"),
                            ]
                        ],
                    ], in: isClusterWide ? "" : "shop")
            }
        }
        return (KubernetesUser("mw-look"), KubernetesUser("mw-change"))
    }

    private static func rules(_ rule: KubernetesRule) -> [JSON] {
        rule.resources.map { resource in
            let parts = resource.split(separator: "/", maxSplits: 1).map(String.init)
            let name = parts[0].split(separator: ".", maxSplits: 1).map(String.init)
            return [
                "verbs": .array(rule.verbs.map(JSON.string)), "apiGroups": [.string(name.count > 1 ? name[1] : "")],
                "resources": [.string(parts.count > 1 ? "\(name[0])/\(parts[1])" : name[0])],
                "resourceNames": .array(rule.names.map(JSON.string)),
            ]
        }
    }

    @Test func checks() async throws {
        try await ClusterBench.with { bench in
            try await bench.deploy("web", replicas: 2)
            let pods = try bench.step("kubernetes.pods", [:])
            let user = try users(bench, pods).look
            #expect(try await bench.step("kubernetes.pods", [:], user: user).observe().findings.isEmpty)
            let without = try bench.step("kubernetes.disk", [:], user: user)
            #expect(await causeOf { try await without.observe() }?.code == .noPermission)
        }
        try await ClusterBench.with { bench in
            try await bench.deploy("web", replicas: 2)
            let user = try users(bench, try bench.step("kubernetes.disk", [:])).look
            #expect(try await bench.step("kubernetes.disk", [:], user: user).observe().findings.isEmpty)
        }
    }

    @Test func aRestart() async throws {
        try await ClusterBench.with { bench in
            try await bench.deploy("web", replicas: 2)
            try await bench.deploy("other", replicas: 1)
            let parameters: [String: PlanValue] = ["deployments": .text("web"), "settle": .text("0s")]
            let (look, change) = try users(bench, try bench.step("kubernetes.rollout-restart", parameters))
            let looking = try bench.step("kubernetes.rollout-restart", parameters, user: look)
            let changing = try bench.step("kubernetes.rollout-restart", parameters, user: change)
            let begun = try await looking.begin()
            #expect(await looking.refusal(begun)?.cause.code == .noPermission)
            try await changing.apply(begun)
            #expect(!bench.server.requests.contains { $0.path.hasSuffix("/secrets") })
            #expect(try await looking.probe(begun).proof?.value("lowest_ready") != nil)
            // The right names its workload.
            let other = try bench.step(
                "kubernetes.rollout-restart", ["deployments": .text("other")], user: change)
            #expect(await causeOf { try await other.preview() }?.code == .noPermission)
        }
    }

    @Test func manifestsOfRoles() throws {
        var manifest = RoleManifest()
        let role = RoleManifest.Role(
            name: "millwright-look", namespace: "shop", subject: "serviceaccount:ops:millwright")
        manifest.add(try #require(KubernetesRule("get,list deployments.apps,statefulsets.apps")), to: role)
        manifest.add(try #require(KubernetesRule("get deployments.apps named web,worker")), to: role)
        manifest.add(try #require(KubernetesRule("get pods/log")), to: role)
        #expect(
            manifest.text.contains(
                """
                rules:
                  - apiGroups: [""]
                    resources: ["pods/log"]
                    verbs: ["get"]
                  - apiGroups: ["apps"]
                    resources: ["deployments"]
                    verbs: ["get"]
                    resourceNames: ["web", "worker"]
                  - apiGroups: ["apps"]
                    resources: ["deployments", "statefulsets"]
                    verbs: ["get", "list"]
                """))
        #expect(manifest.text.contains("  - kind: ServiceAccount\n    name: \"millwright\"\n    namespace: \"ops\""))
    }

    @Test func everyRuleCanBeReadBack() throws {
        for definition in KubernetesActions.all {
            let given: [PlanValue.Entry] = [
                .init("deployments", .text("web")), .init("cronjob", .text("job")), .init("namespace", .text("shop")),
                .init("selector", .text("app=web")), .init("image", .text("shop/web:v1")),
            ].filter { entry in definition.parameters.contains { $0.name == entry.key } }
            for right in try definition.configured(with: .map(given)).rights {
                #expect(KubernetesRule(right.grant)?.description == right.grant, "\(right.grant)")
            }
        }
    }
}
