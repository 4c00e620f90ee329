import Foundation
import Testing

@testable import Sandbox

/// Debian's kubectl (1.20) against the stand-in.
@Suite struct KubernetesAPIKubectlTests {
    private struct Kubectl: Sendable {
        let api: APIFixture
        let path: String
        let config: String
        let home: String

        func callAsFunction(
            _ words: String..., input: String = "", config: String? = nil, limit: Duration = .seconds(60)
        ) async throws -> ProgramOutput {
            try await Program.output(
                path, ["--kubeconfig", config ?? self.config, "--cache-dir", home] + words, input: Array(input.utf8),
                limit: limit)
        }

        /// What it wrote; an error of it is an issue.
        func says(_ words: String..., input: String = "") async throws -> String {
            let result = try await Program.output(
                path, ["--kubeconfig", config, "--cache-dir", home] + words, input: Array(input.utf8),
                limit: .seconds(60))
            #expect(result.status == 0, "\(words): \(result.errorText)")
            return result.text
        }
    }

    private func with(
        living: Bool = true, handlers: KubeletHandlers? = nil, _ body: (Kubectl) async throws -> Void
    ) async throws {
        try await APIFixture.with(living: living, handlers: handlers) { api in
            try await body(
                Kubectl(
                    api: api, path: try Tools.path("kubectl"), config: try api.server.kubeconfig(namespace: "shop"),
                    home: try Scratch.folder()))
        }
    }

    @Test func getsPatchesAndScales() async throws {
        try await with { kubectl in
            #expect(
                try await kubectl.says("create", "deployment", "web", "--image=shop/web:1")
                    == "deployment.apps/web created\n")
            #expect(
                try await kubectl.says("rollout", "status", "deployment/web", "--timeout=30s").hasSuffix(
                    "successfully rolled out\n"))
            let lines = try await kubectl.says("get", "pods").split(separator: "\n")
            #expect(lines.first?.split(separator: " ").joined(separator: " ") == "NAME READY STATUS RESTARTS AGE")
            #expect(lines.count == 2 && lines[1].contains(" 1/1 ") && lines[1].contains(" Running "))
            #expect(
                try await kubectl.says("get", "deploy,rs,svc,nodes,ns,events", "-A").contains("deployment.apps/web"))
            let list = try JSON(parsing: try await kubectl.says("get", "pods", "-o", "json"))
            #expect(list["kind"] == "List" && list["items"]?.array?.count == 1)
            #expect(
                try await kubectl.says("scale", "deployment", "web", "--replicas=3") == "deployment.apps/web scaled\n")
            for (type, patch) in [
                ("strategic", #"{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"shop/web:2"}]}}}}"#),
                ("merge", #"{"metadata":{"labels":{"a":"b"}}}"#),
                (
                    "json",
                    #"[{"op":"test","path":"/spec/replicas","value":3},"#
                        + #"{"op":"add","path":"/metadata/labels/c","value":"d"}]"#
                ),
            ] {
                #expect(
                    try await kubectl.says("patch", "deployment", "web", "--type=" + type, "-p", patch)
                        == "deployment.apps/web patched\n")
            }
            #expect(
                try await kubectl.says("rollout", "status", "deployment/web", "--timeout=30s").hasSuffix(
                    "successfully rolled out\n"))
            let web = try kubectl.api.server.store.get(.deployments, "web", in: "shop")
            #expect(web.labels == ["app": "web", "a": "b", "c": "d"] && web[dotted: "spec.replicas"] == 3)
            let described = try await kubectl.says("describe", "deployment", "web")
            #expect(described.contains("ScalingReplicaSet") && described.contains("shop/web:2"))
            #expect(try await kubectl.says("describe", "pods").contains("Successfully assigned"))
            #expect(try await kubectl.says("top", "pods").contains("web-"))
            #expect(try await kubectl.says("delete", "deployment", "web").contains("\"web\" deleted"))
            let gone = try await kubectl("get", "deployment", "web")
            #expect(gone.status == 1)
            #expect(gone.errorText == "Error from server (NotFound): deployments.apps \"web\" not found\n")
        }
    }

    @Test func watchesWhileThingsChange() async throws {
        try await with(living: false) { kubectl in
            let store = kubectl.api.server.store
            try store.create(.configMaps, ["metadata": ["name": "first"]], in: "shop")
            async let watched = kubectl("get", "configmaps", "-w", "--request-timeout=3s")
            #expect(
                try await eventually {
                    kubectl.api.server.requests.contains { $0.query.contains("watch=true") }
                })
            try store.modify(.configMaps, "first", in: "shop") { $0["data"] = ["k": "v"] }
            try store.create(.configMaps, ["metadata": ["name": "second"]], in: "shop")
            let lines = try await watched.text.split(separator: "\n").map {
                $0.split(separator: " ").prefix(2).joined(separator: " ")
            }
            #expect(lines == ["NAME DATA", "first 0", "kube-root-ca.crt 1", "first 1", "second 0"])
        }
    }

    @Test func appliesBothWays() async throws {
        try await with(living: false) { kubectl in
            func map(_ value: String) -> String {
                #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"applied"},"data":{"k":"\#(value)"}}"#
            }
            #expect(try await kubectl.says("apply", "-f", "-", input: map("1")) == "configmap/applied created\n")
            #expect(try await kubectl.says("apply", "-f", "-", input: map("1")) == "configmap/applied unchanged\n")
            let diff = try await kubectl("diff", "-f", "-", input: map("2"))
            #expect(diff.status == 1 && diff.text.contains("+  k: \"2\""), "\(diff.errorText)")
            #expect(try await kubectl.says("apply", "-f", "-", input: map("2")) == "configmap/applied configured\n")
            #expect(
                try await kubectl.says("apply", "--dry-run=server", "-f", "-", input: map("3"))
                    == "configmap/applied configured (server dry run)\n")
            let refused = try await kubectl("apply", "--server-side", "-f", "-", input: map("4"))
            #expect(refused.status == 1)
            #expect(refused.errorText.contains("conflict with \"kubectl-client-side-apply\""), "\(refused.errorText)")
            #expect(
                try await kubectl.says("apply", "--server-side", "--force-conflicts", "-f", "-", input: map("4"))
                    == "configmap/applied serverside-applied\n")
            #expect(
                try kubectl.api.server.store.get(.configMaps, "applied", in: "shop")[dotted: "data.k"] == "4")
            #expect(try await kubectl.says("delete", "-f", "-", input: map("4")) == "configmap \"applied\" deleted\n")
        }
    }

    @Test func runsCommandsInContainers() async throws {
        try await with { kubectl in
            _ = try await kubectl.says("create", "deployment", "web", "--image=shop/web:1")
            _ = try await kubectl.says("rollout", "status", "deployment/web", "--timeout=30s")
            #expect(try await kubectl.says("exec", "deployment/web", "--", "echo", "hello") == "hello\n")
            let failed = try await kubectl("exec", "deployment/web", "--", "sh", "-c", "exit 3")
            #expect(failed.status == 3 && failed.errorText.contains("exit code 3"))
            let long = String(repeating: "0123456789abcdef", count: 20_000)
            #expect(try await kubectl.says("exec", "-i", "deployment/web", "--", "cat", input: long) == long)
            let missing = try await kubectl("exec", "deployment/web", "--", "no-such-program")
            #expect(missing.status == 1 && missing.errorText.contains("executable file not found"))
            let wrong = try await kubectl("exec", "deployment/web", "-c", "other", "--", "true")
            #expect(wrong.errorText.contains("container other is not valid for pod"), "\(wrong.errorText)")
            let viewer = try kubectl.api.server.kubeconfig(user: KubernetesUser("viewer"), namespace: "shop")
            #expect(try await kubectl("exec", "web", "--", "true", config: viewer).errorText.contains("(Forbidden)"))
            #expect(try await kubectl.says("logs", "deployment/web", "--tail=1").split(separator: "\n").count <= 2)
        }
    }

    @Test func knowsWhoMayDoWhat() async throws {
        try await with(living: false) { kubectl in
            #expect(try await kubectl.says("auth", "can-i", "delete", "pods") == "yes\n")
            let user = KubernetesUser("reader", groups: ["readers"])
            let config = try await kubectl.api.server.certificateKubeconfig(user: user, namespace: "shop")
            let before = try await kubectl("auth", "can-i", "list", "pods", config: config)
            #expect(before.text == "no\n" && before.status == 1)
            _ = try await kubectl.says("create", "role", "look", "--verb=get,list", "--resource=pods,pods/log")
            _ = try await kubectl.says("create", "rolebinding", "look", "--role=look", "--group=readers")
            #expect(try await kubectl("auth", "can-i", "list", "pods", config: config).text == "yes\n")
            #expect(
                try await kubectl("auth", "can-i", "get", "pods", "--subresource=log", config: config).text == "yes\n")
            #expect(try await kubectl("auth", "can-i", "--list", config: config).text.contains("pods/log"))
            let refused = try await kubectl("delete", "pod", "x", config: config)
            #expect(
                refused.errorText
                    == "Error from server (Forbidden): pods \"x\" is forbidden: User \"reader\" cannot delete resource "
                    + "\"pods\" in API group \"\" in the namespace \"shop\"\n")
        }
    }

    @Test func servesCustomResources() async throws {
        try await with(living: false) { kubectl in
            let definition = #"""
                {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                 "metadata": {"name": "traps.example.com"},
                 "spec": {"group": "example.com", "scope": "Namespaced",
                          "names": {"kind": "Trap", "plural": "traps", "singular": "trap", "shortNames": ["tr"]},
                          "versions": [{"name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
                            "schema": {"openAPIV3Schema":
                                {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}]}}
                """#
            _ = try await kubectl.says("apply", "-f", "-", input: definition)
            _ = try await kubectl.says("wait", "--for=condition=established", "crd/traps.example.com", "--timeout=5s")
            let trap = #"{"apiVersion":"example.com/v1","kind":"Trap","metadata":{"name":"a"},"spec":{"size":3}}"#
            #expect(try await kubectl.says("apply", "-f", "-", input: trap) == "trap.example.com/a created\n")
            #expect(try await kubectl.says("get", "tr", "-o", "jsonpath={.items[0].spec.size}") == "3")
            #expect(try await kubectl.says("delete", "trap", "a").contains("deleted"))
        }
    }
}
