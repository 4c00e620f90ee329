import ClientHTTP
import Host
import Maintenance

/// Finds the configuration as kubectl does: the file that is named, KUBECONFIG's files, `~/.kube/config`, and, where
/// there is none, the service account of the pod that this runs in.
struct KubernetesConfiguration: Sendable {
    /// Where the pods of a cluster find their own credentials.
    static let serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount"

    let kind: KubernetesKind
    let files: KubernetesFiles

    init(_ kind: KubernetesKind, in context: Context) {
        self.kind = kind
        files = KubernetesFiles(context: context)
    }

    func settings(for purpose: Purpose) async throws -> KubernetesSettings {
        if kind.isInCluster { return try await inCluster() }
        let config = try await kubeconfig()
        if config.isEmpty, kind.kubeconfig == nil, kind.contextName(for: purpose) == nil,
            environment("KUBERNETES_SERVICE_HOST") != nil
        {
            return try await inCluster()
        }
        let (context, namespace) = try chosen(config, purpose)
        return try await KubeconfigReading(config: config, file: { try await files.read($0) })
            .settings(context: context, namespace: kind.namespace ?? namespace)
    }

    private func environment(_ name: String) -> String? {
        files.context.host.environment(name).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// A context's name may hold a slash: only where there is no context of the whole name is the rest a namespace.
    private func chosen(_ config: Kubeconfig, _ purpose: Purpose) throws -> (context: String, namespace: String?) {
        guard let given = kind.contextName(for: purpose) else {
            guard let current = config.currentContext else {
                throw CouldNotLook(
                    .notFound,
                    "The kubeconfig (\(config.files.joined(separator: ", "))) has no current context: name a `context`."
                )
            }
            return (current, nil)
        }
        if !config.hasContext(given.text), given.mayHoldNamespace, let slash = given.text.lastIndex(of: "/") {
            let name = String(given.text[..<slash])
            let namespace = String(given.text[given.text.index(after: slash)...])
            guard !name.isEmpty else {
                guard let current = config.currentContext else {
                    throw CouldNotLook(.notFound, "The kubeconfig has no current context: name a context.")
                }
                return (current, namespace)
            }
            return (name, namespace.isEmpty ? nil : namespace)
        }
        return (given.text, nil)
    }

    private func kubeconfig() async throws -> Kubeconfig {
        var config = Kubeconfig()
        if let path = kind.kubeconfig {
            let path = path.hasPrefix("~/") ? (environment("HOME") ?? "") + path.dropFirst() : path
            try config.add(try await files.read(path), file: path)
            return config
        }
        let listed = environment("KUBECONFIG")?.split(separator: ":").map(String.init)
        guard (listed?.count ?? 0) <= KubernetesLimits.files else {
            throw CouldNotLook(.tooLarge, "KUBECONFIG names more than \(KubernetesLimits.files) files.")
        }
        let paths = listed ?? environment("HOME").map { ["\($0)/.kube/config"] } ?? []
        for path in paths {
            if let bytes = try await files.readIfThere(path) { try config.add(bytes, file: path) }
        }
        if config.files.isEmpty, environment("KUBERNETES_SERVICE_HOST") == nil || kind.hasContext {
            let looked = paths.isEmpty ? "HOME is not set" : paths.joined(separator: ", ")
            throw CouldNotLook(
                .notFound, "There is no kubeconfig (\(looked)): name one as `kubeconfig`, or set KUBECONFIG.")
        }
        return config
    }

    private func inCluster() async throws -> KubernetesSettings {
        guard let host = environment("KUBERNETES_SERVICE_HOST"), let port = environment("KUBERNETES_SERVICE_PORT")
        else {
            throw CouldNotLook(
                .notFound,
                "This is no pod of a cluster (KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set): name a "
                    + "`context` in the place of `in-cluster`.")
        }
        let folder = Self.serviceAccount
        // Read now for a clear error; read again whenever it is sent.
        _ = try await files.read("\(folder)/token")
        let authorities = try await files.read("\(folder)/ca.crt")
        let own = try await files.readIfThere("\(folder)/namespace").map { String(decoding: $0, as: UTF8.self) }
        let namespace = own.map { $0.filter { !$0.isWhitespace } }.flatMap { $0.isEmpty ? nil : $0 }
        return KubernetesSettings(
            context: "in-cluster", namespace: kind.namespace ?? namespace ?? "default",
            url: "https://\(host.contains(":") ? "[\(host)]" : host):\(port)", trust: .only(authorities),
            signIn: .tokenFile("\(folder)/token", otherwise: nil))
    }
}
