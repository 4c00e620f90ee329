import ClientHTTP
import FoundationEssentials
import Host
import Maintenance
import Sandbox
import Testing

@testable import ClientKubernetes

/// Where the configuration is found, how files are merged, and what is said of mistakes.
struct KubeconfigTests {
    private func settings(_ cluster: Cluster, for purpose: Purpose = .look) async throws -> KubernetesSettings {
        try await KubernetesConfiguration(cluster.kind, in: cluster.context()).settings(for: purpose)
    }

    private func sentence(_ cluster: Cluster) async -> String {
        do {
            _ = try await settings(cluster)
            return "no error"
        } catch { return "\(error)" }
    }

    private func kind(_ change: (inout KubernetesKind) -> Void) -> KubernetesKind {
        var kind = KubernetesKind()
        change(&kind)
        return kind
    }

    @Test func theFirstFileThatNamesSomethingCounts() async throws {
        var cluster = Cluster()
        cluster.environment["KUBECONFIG"] = "/home/ops/a:/home/ops/missing:/home/ops/b"
        cluster.files["/home/ops/a"] = """
            contexts: [{name: prod, context: {cluster: main, user: ops}}]
            users: [{name: ops, user: {token: first}}]
            """
        cluster.files["/home/ops/b"] = """
            current-context: prod
            clusters: [{name: main, cluster: {server: "https://k8s.example:6443"}}]
            users: [{name: ops, user: {token: second}}]
            contexts: [{name: prod, context: {cluster: other, user: nobody}}]
            """
        let found = try await settings(cluster)
        #expect(found.identity == "kubernetes prod/default at https://k8s.example:6443")
        guard case .token(let token) = found.signIn else {
            Issue.record("no token")
            return
        }
        #expect(token.reveal() == "first")
    }

    @Test func aNamedFileIsTheOnlyOne() async throws {
        var cluster = Cluster(url: "https://home.example")
        cluster.files["/home/ops/other"] = Cluster.kubeconfig(
            url: "https://other.example/k8s/x", user: "{}", cluster: "")
        cluster.kind = kind { $0.kubeconfig = "~/other" }
        #expect(
            try await settings(cluster).identity == "kubernetes prod/greenlang-gl008 at https://other.example:443/k8s/x"
        )
        cluster.kind.namespace = "elsewhere"
        #expect(try await settings(cluster).namespace == "elsewhere")
    }

    /// Names of contexts hold slashes: an EKS context is an ARN.
    @Test func aContextOfALiveTarget() async throws {
        var cluster = Cluster(url: "https://k8s.example")
        for (text, expected) in [
            ("kubernetes:prod/other", "kubernetes prod/other at"),
            ("kubernetes:prod", "kubernetes prod/greenlang-gl008 at"),
            ("kubernetes:prod/", "kubernetes prod/greenlang-gl008 at"),
            ("kubernetes:", "kubernetes prod/greenlang-gl008 at"),
            ("kubernetes:/x", "kubernetes prod/x at"), ("kubernetes://prod/x", "kubernetes prod/x at"),
        ] {
            cluster.kind = kind { $0.context = text }
            #expect(try await settings(cluster).identity.hasPrefix(expected), "\(text)")
        }
        cluster.files["/home/ops/.kube/config"]?.replace("prod", with: "arn:aws:eks:eu:1:cluster/prod")
        for (text, expected) in [
            ("kubernetes:arn:aws:eks:eu:1:cluster/prod", "cluster/prod/greenlang-gl008"),
            ("kubernetes:arn:aws:eks:eu:1:cluster/prod/x", "cluster/prod/x"),
            ("arn:aws:eks:eu:1:cluster/prod", "cluster/prod/greenlang-gl008"),
        ] {
            cluster.kind = kind { $0.context = text }
            #expect(try await settings(cluster).identity.contains(expected), "\(text)")
        }
    }

    @Test func pathsAreRelativeToTheirFile() async throws {
        var cluster = Cluster(
            url: "https://k8s.example", user: "tokenFile: tokens/ops",
            cluster: "certificate-authority: ca.crt\ntls-server-name: inner")
        cluster.files["/home/ops/.kube/ca.crt"] = "authority"
        let found = try await settings(cluster)
        #expect(found.trust == .only(Array("authority".utf8)))
        #expect(found.serverName == "inner")
        guard case .tokenFile("/home/ops/.kube/tokens/ops", nil) = found.signIn else {
            Issue.record("\(found.signIn)")
            return
        }
    }

    @Test func certificatesFromData() async throws {
        let data = Data("pem".utf8).base64EncodedString()
        let cluster = Cluster(
            url: "https://k8s.example", user: "client-certificate-data: \(data)\nclient-key-data: \(data)",
            cluster: "certificate-authority-data: \(data)\ncertificate-authority: /nowhere")
        let found = try await settings(cluster)
        #expect(found.clientCertificate?.chain == Array("pem".utf8))
        #expect(found.trust == .only(Array("pem".utf8)))
    }

    @Test func aPodFindsItsOwnCluster() async throws {
        let folder = KubernetesConfiguration.serviceAccount
        var cluster = Cluster()
        cluster.kind = kind { $0.inCluster = true }
        #expect(await sentence(cluster).contains("This is no pod of a cluster"))
        cluster.environment = ["KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"]
        #expect(await sentence(cluster).contains("\(folder)/token does not exist"))
        cluster.files = ["\(folder)/token": "t", "\(folder)/ca.crt": "ca", "\(folder)/namespace": "own\n"]
        #expect(try await settings(cluster).identity == "kubernetes in-cluster/own at https://10.0.0.1:443")
        // As with kubectl, also where nothing is configured and there is no kubeconfig.
        cluster.kind = KubernetesKind()
        #expect(try await settings(cluster).context == "in-cluster")
        cluster.kind = kind { $0.context = "prod" }
        #expect(await sentence(cluster).contains("There is no kubeconfig"))
    }

    @Test func lookingAndChangingAsOthers() async throws {
        var cluster = Cluster(url: "https://k8s.example")
        cluster.files["/home/ops/.kube/config"]? += """
            - name: admin
              context: {cluster: main, user: ops, namespace: greenlang-gl008}
            - name: far
              context: {cluster: main, user: ops, namespace: other}

            """
        cluster.kind = kind { ($0.look, $0.change) = ("prod", "admin") }
        #expect(try await settings(cluster, for: .look).context == "prod")
        #expect(try await settings(cluster, for: .change).context == "admin")
        cluster.kind = kind { ($0.look, $0.change) = ("prod", "far") }
        #expect(try await cluster.cause { _ in }?.code == .rejected)
    }

    /// File, place, what is wrong: `user` and `cluster` are lines of the entries, which begin on lines 11 and 7.
    @Test(arguments: [
        ("username: a\npassword: b", "", ":11:", "user name and password"),
        ("auth-provider: {name: gcp}", "", ":11:", "`auth-provider`"),
        ("exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: x}", "", ":11:", "supported are"),
        (
            "exec: {apiVersion: client.authentication.k8s.io/v1, command: x, interactiveMode: Always}", "", ":11:",
            "here is none"
        ),
        (
            "exec: {apiVersion: client.authentication.k8s.io/v1, command: x, interactiveMode: Perhaps}", "", ":11:",
            "is one of"
        ),
        ("exec: {apiVersion: client.authentication.k8s.io/v1}", "", ":11:", "no `command`"),
        ("exec: {command: x}", "", ":11:", "no `apiVersion`"),
        ("exec: 5", "", ":11:", "must be a map"),
        ("client-certificate-data: cGVt", "", ":11:", "certificate and no key"),
        ("client-key-data: '%%%'", "", ":11:", "is no Base64"),
        ("as-groups: [a, b]", "", ":11:", "more than one group"),
        ("{}", "proxy-url: http://proxy:3128", ":8:", "through a proxy"),
        ("{}", "insecure-skip-tls-verify: perhaps", ":8:", "must be true or false"),
        ("{}", "insecure-skip-tls-verify: true\ncertificate-authority-data: cGVt", ":7:", "leave one out"),
        ("{}", "certificate-authority: /home/ops/nowhere", ":8:", "does not exist"),
        ("{}", "tls-server-name: [a]", ":8:", "must be a text"),
    ])
    func mistakesInEntries(user: String, cluster: String, place: String, what: String) async {
        let said = await sentence(Cluster(url: "https://k8s.example", user: user, cluster: cluster))
        #expect(said.contains(what), "\(said)")
        let expected = cluster.isEmpty && place == ":11:" ? ":12:" : place
        #expect(
            said.contains("kubeconfig /home/ops/.kube/config\(expected)") || said.contains("config\(place)"), "\(said)")
    }

    @Test(arguments: [
        ("clusters: [", "config:", "it is not YAML"),
        ("a: b\n  c: d", "config:2:", "it is not YAML"),
        ("- a\n- b", "config:1:1", "a kubeconfig is a map"),
        ("clusters: 5", "config:1:", "must be a list"),
        ("clusters: [5]", "config:1:", "must be a map"),
        ("clusters: [{name: a}]", "config:1:", "holds no `cluster`"),
        ("clusters: [{cluster: {}}]", "config:1:", "no `name`"),
        ("clusters: [{name: a, cluster: {}}, {name: a, cluster: {}}]", "config:1:", "stands twice"),
        ("current-context: x\ncurrent-context: y", "config:", "stands twice"),
        ("kind: Pod", "config:1:1", "this is a `Pod`"),
        ("{}", "config", "no current context"),
        ("current-context: nowhere", "config", "no context `nowhere`"),
        ("current-context: a\ncontexts: [{name: a, context: {}}]", "config:2:", "no `cluster`"),
        ("current-context: a\ncontexts: [{name: a, context: {cluster: c}}]", "config:2:", "and there is none"),
        (
            "current-context: a\ncontexts: [{name: a, context: {cluster: c}}]\nclusters: [{name: c, cluster: {}}]",
            "config:3:", "no `server`"
        ),
        (
            "current-context: a\ncontexts: [{name: a, context: {cluster: c}}]\nclusters: [{name: c, cluster: {server: 'k8s.example'}}]",
            "config:3:", "no URL of an API server"
        ),
        (
            "current-context: a\ncontexts: [{name: a, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: 'https://x'}}]",
            "config:2:", "names the user `u`"
        ),
    ])
    func malformed(text: String, place: String, what: String) async {
        var cluster = Cluster()
        cluster.files["/home/ops/.kube/config"] = text
        let said = await sentence(cluster)
        #expect(said.contains("/home/ops/.kube/\(place)") && said.contains(what), "\(said)")
    }

    @Test func hostileFiles() async {
        var cluster = Cluster()
        var bomb = "a0: &a0 [x]\n"
        for level in 1..<40 { bomb += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
        cluster.files["/home/ops/.kube/config"] = bomb
        #expect(await sentence(cluster).contains("no current context"))
        cluster.files["/home/ops/.kube/config"] = String(repeating: "[", count: 100_000)
        #expect(await sentence(cluster).contains("it is not YAML"))
    }

    @Test func noConfigurationAtAll() async {
        #expect(await sentence(Cluster()).contains("There is no kubeconfig (/home/ops/.kube/config)"))
    }

    @Test func whatAPlanMaySay() throws {
        func mistakes(_ entries: [(String, String)]) -> String {
            do {
                _ = try TargetKindDefinition(KubernetesKind.self).target(
                    from: .map(entries.map { PlanValue.Entry($0.0, .text($0.1)) }))
                return "none"
            } catch { return error.errors.map(\.message).joined() }
        }
        #expect(mistakes([("context", "prod"), ("namespace", "gl008")]) == "none")
        #expect(mistakes([("in-cluster", "true"), ("context", "prod")]).contains("leave one of the two out"))
        #expect(mistakes([("namespace", "No_Such")]).contains("lower-case"))
        #expect(mistakes([("context", "")]).contains("empty"))
        #expect(kind { ($0.context, $0.namespace) = ("prod", "gl008") }.identity == "kubernetes prod/gl008")
        #expect(KubernetesKind().identity == "kubernetes the current context")
    }
}
