public import Host
public import Maintenance

/// A namespace of a Kubernetes cluster, found as kubectl finds it.
public struct KubernetesKind: TargetKind {
    var context: String?
    var kubeconfig: String?
    var namespace: String?
    var inCluster = false
    var look: String?
    var change: String?

    public static let name = "kubernetes"
    public static let summary = "A namespace of a Kubernetes cluster, by a context of the kubeconfig."
    public static let shorthand = "context"
    public static let schemes = ["kubernetes"]
    public static let parameters: [Parameter<KubernetesKind>] = [
        .optional(
            "context", \.context, default: nil, "The context of the kubeconfig; without it, the current context."),
        .optional(
            "kubeconfig", \.kubeconfig, default: nil,
            "The kubeconfig's path; without it, what KUBECONFIG names, or ~/.kube/config."),
        .optional(
            "namespace", \.namespace, default: nil, "The namespace; without it, the context's, or `default`."),
        .optional(
            "in-cluster", \.inCluster, default: false,
            "`true` in a pod: its own cluster, with its service account in the place of a kubeconfig."),
        .optional("look", \.look, default: nil, "The context to look with, where its user is another one."),
        .optional("change", \.change, default: nil, "The context to change with, where its user is another one."),
    ]

    public init() {}

    public func validate() throws(ValueError) {
        if inCluster {
            for (key, value) in [
                ("context", context), ("kubeconfig", kubeconfig), ("look", look), ("change", change),
            ] where value != nil {
                throw ValueError("`in-cluster` needs no `\(key)`: leave one of the two out", path: [key])
            }
        }
        for (key, value) in [
            ("context", context), ("kubeconfig", kubeconfig), ("namespace", namespace), ("look", look),
            ("change", change),
        ] where value?.isEmpty == true {
            throw ValueError("it is empty; leave it out for the default", path: [key])
        }
        if let namespace, !namespace.allSatisfy({ $0.isASCII && ($0.isLowercase || $0.isNumber || $0 == "-") }) {
            throw ValueError("a namespace is lower-case letters, figures and `-`", path: ["namespace"])
        }
    }

    /// The server stands in the kubeconfig, which is read later: evidence names it.
    public var identity: String {
        let place = inCluster ? "in-cluster" : contextName(for: .look)?.text ?? "the current context"
        guard let namespace else { return "kubernetes \(place)" }
        return "kubernetes \(place)/\(namespace)"
    }

    public func open(on host: Host) -> KubernetesClient { KubernetesClient(self, on: host) }

    public func access(
        _ client: KubernetesClient, for purpose: Purpose, in context: Context
    ) async throws -> KubernetesAccess {
        KubernetesAccess(
            connection: try await client.connection(for: purpose, in: context), purpose: purpose, in: context)
    }

    public func close(_ client: KubernetesClient) async { await client.close() }

    var isInCluster: Bool { inCluster }
    var hasContext: Bool { context != nil || look != nil || change != nil }

    /// `kubernetes:CONTEXT/NAMESPACE` is how a live target is named; elsewhere the context is the whole text.
    func contextName(for purpose: Purpose) -> (text: String, mayHoldNamespace: Bool)? {
        let own = purpose == .look ? look : change
        guard let text = own ?? context ?? (purpose == .look ? change : look) else { return nil }
        for prefix in ["kubernetes://", "kubernetes:"] where text.hasPrefix(prefix) {
            let rest = String(text.dropFirst(prefix.count))
            return rest.isEmpty ? nil : (rest, true)
        }
        return (text, false)
    }
}
