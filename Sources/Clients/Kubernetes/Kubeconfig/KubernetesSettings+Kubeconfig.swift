import ClientHTTP
import FoundationEssentials
import Maintenance

/// What a context of a kubeconfig means.
struct KubeconfigReading {
    let config: Kubeconfig
    /// The bytes of a file that the kubeconfig names.
    let file: (String) async throws -> [UInt8]

    func settings(context name: String, namespace: String?) async throws -> KubernetesSettings {
        let (context, cluster, user) = try config.context(name)
        let server = try cluster.node.required("server", of: "the cluster `\(cluster.name)`")
        var settings = KubernetesSettings(
            context: name, namespace: try namespace ?? context.node.text("namespace") ?? "default", url: server)
        do { _ = try HTTPEndpoint(url: server) } catch {
            throw (try cluster.node.value("server") ?? cluster.node).mistake(
                "`server` of the cluster `\(cluster.name)` is no URL of an API server: \(error.message).")
        }
        try await readCluster(cluster, into: &settings)
        if let user { try await readUser(user, into: &settings) }
        return settings
    }

    private func readCluster(_ cluster: Kubeconfig.Entry, into settings: inout KubernetesSettings) async throws {
        let node = cluster.node
        if let proxy = try node.value("proxy-url") {
            throw CouldNotLook(
                .notSupported,
                "kubeconfig \(proxy.place): the cluster `\(cluster.name)` is reached through a proxy (`proxy-url`), "
                    + "which is not supported: run Millwright where the server can be reached directly.")
        }
        settings.serverName = try node.text("tls-server-name")
        settings.isInsecure = try node.flag("insecure-skip-tls-verify")
        settings.authorities = try await bytes("certificate-authority", of: cluster)
        if let authorities = settings.authorities {
            guard !settings.isInsecure else {
                throw node.mistake(
                    "the cluster `\(cluster.name)` has `insecure-skip-tls-verify` and an authority: leave one out.")
            }
            settings.trust = .only(authorities)
        }
    }

    private func readUser(_ user: Kubeconfig.Entry, into settings: inout KubernetesSettings) async throws {
        let node = user.node
        try refuse(user)
        let chain = try await bytes("client-certificate", of: user)
        let key = try await bytes("client-key", of: user)
        if let chain, let key {
            settings.clientCertificate = HTTPEndpoint.ClientCertificate(
                chain: chain, key: Secret(String(decoding: key, as: UTF8.self)))
        } else if chain != nil || key != nil {
            throw node.mistake(
                "the user `\(user.name)` has a \(chain == nil ? "client key and no certificate" : "client certificate and no key")."
            )
        }
        let token = try node.text("token").map { Secret($0) }
        if let file = try node.text("tokenFile") {
            settings.signIn = .tokenFile(user.path(file), otherwise: token)
        } else if let token {
            settings.signIn = .token(token)
        } else if let exec = try node.value("exec") {
            settings.signIn = .program(try program(exec, of: user))
        }
        settings.actingAs = try actingAs(node)
    }

    /// What this client cannot sign in with is said, not left out: an anonymous look sees something else.
    private func refuse(_ user: Kubeconfig.Entry) throws {
        for key in ["username", "password"] {
            guard let place = try user.node.value(key) else { continue }
            throw CouldNotLook(
                .notSupported,
                "kubeconfig \(place.place): the user `\(user.name)` signs in with a user name and password, which API "
                    + "servers no longer accept: use a token, a client certificate or a sign-in program (`exec`).")
        }
        if let provider = try user.node.value("auth-provider") {
            throw CouldNotLook(
                .notSupported,
                "kubeconfig \(provider.place): the user `\(user.name)` signs in with an `auth-provider`, which "
                    + "Kubernetes has removed: use the provider's sign-in program (`exec`).")
        }
    }

    private func program(_ exec: KubeconfigNode, of user: Kubeconfig.Entry) throws -> SignInProgram {
        let version = try exec.required("apiVersion", of: "`exec` of the user `\(user.name)`")
        guard ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"].contains(version) else {
            throw CouldNotLook(
                .notSupported,
                "kubeconfig \(exec.place): `exec` of the user `\(user.name)` speaks `\(version.prefix(80))`; supported "
                    + "are client.authentication.k8s.io/v1 and v1beta1: update the program and this entry.")
        }
        let command = try exec.required("command", of: "`exec` of the user `\(user.name)`")
        switch try exec.text("interactiveMode") {
        case nil, "Never"?, "IfAvailable"?: break
        case "Always"?:
            throw CouldNotLook(
                .notSupported,
                "kubeconfig \(exec.place): the sign-in program of the user `\(user.name)` always asks a person "
                    + "(`interactiveMode: Always`), and here is none: use a user that signs in by itself.")
        default: throw exec.mistake("`interactiveMode` is one of Never, IfAvailable and Always.")
        }
        var environment: [String: String] = [:]
        for item in try exec.list("env") {
            let name = try item.required("name", of: "an entry of `env`")
            environment[name] = try item.text("value") ?? ""
        }
        return SignInProgram(
            command: command.contains("/") ? user.path(command) : command, arguments: try exec.texts("args"),
            environment: environment, apiVersion: version, installHint: try exec.text("installHint"),
            wantsCluster: try exec.flag("provideClusterInfo"))
    }

    private func actingAs(_ node: KubeconfigNode) throws -> [(name: String, value: String)] {
        var headers: [(name: String, value: String)] = []
        if let user = try node.text("as") { headers.append((name: "Impersonate-User", value: user)) }
        if let uid = try node.text("as-uid") { headers.append((name: "Impersonate-Uid", value: uid)) }
        let groups = try node.texts("as-groups")
        guard groups.count <= 1 else {
            throw node.mistake("`as-groups` with more than one group is not supported: name one.")
        }
        for group in groups { headers.append((name: "Impersonate-Group", value: group)) }
        if try node.value("as-user-extra") != nil { throw node.mistake("`as-user-extra` is not supported.") }
        for header in headers where !header.value.utf8.allSatisfy({ $0 >= 32 && $0 < 127 }) {
            throw node.mistake("whom to act as holds a character that a header cannot have.")
        }
        return headers
    }

    /// Data in the kubeconfig itself (`NAME-data`, Base64), or else the content of the file that it names.
    private func bytes(_ key: String, of entry: Kubeconfig.Entry) async throws -> [UInt8]? {
        if let node = try entry.node.value("\(key)-data"), let text = try entry.node.text("\(key)-data") {
            guard let data = Data(base64Encoded: text.filter { !$0.isWhitespace }), !data.isEmpty else {
                throw node.mistake("`\(key)-data` of `\(entry.name)` is no Base64.")
            }
            return Array(data)
        }
        guard let node = try entry.node.value(key), let path = try entry.node.text(key) else { return nil }
        do { return try await file(entry.path(path)) } catch let error as CouldNotLook {
            throw CouldNotLook(
                error.cause.code, "kubeconfig \(node.place): `\(key)` of `\(entry.name)`: \(error.cause.sentence)")
        }
    }
}
