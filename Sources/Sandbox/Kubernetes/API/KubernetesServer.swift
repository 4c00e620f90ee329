import Foundation
import NIOSSL
import Synchronization

/// A stand-in Kubernetes API server on a free loopback port, over HTTPS with a certificate authority of the sandbox,
/// with a cluster that lives behind it.
public final class KubernetesServer: Sendable {
    /// What a client asked.
    public struct Request: Sendable {
        public let method: String
        public let path: String
        /// `name=value`, decoded, in the order sent.
        public let query: [String]
        public let contentType: String?
        public let body: [UInt8]
        public let user: String
    }

    /// How the server is to be.
    public struct Options: Sendable {
        /// How many times as fast as the wall the cluster's delays pass.
        public var speed: Double = 1
        /// Whether controllers and kubelets live behind the API; without, objects only change when told to.
        public var hasCluster = true
        /// Whether `metrics.k8s.io` is served.
        public var hasMetrics = true
        public var bookmarkInterval: Duration = .seconds(60)
        /// Namespaces to begin with.
        public var namespaces: [String] = []

        public init() {}
    }

    public let port: Int
    public let store: KubernetesStore
    public let cluster: KubernetesCluster?
    public let authority: CertificateAuthority
    private let front: APIFront
    private let faults: FaultTable
    private let lists: ListSnapshots
    private let tokens: TokenTable

    public var url: String { "https://127.0.0.1:\(port)" }

    private init(
        port: Int, store: KubernetesStore, cluster: KubernetesCluster?, authority: CertificateAuthority,
        front: APIFront, faults: FaultTable, lists: ListSnapshots, tokens: TokenTable
    ) {
        self.port = port
        self.store = store
        self.cluster = cluster
        self.authority = authority
        self.front = front
        self.faults = faults
        self.lists = lists
        self.tokens = tokens
    }

    /// The server answers when this returns; a `living` cluster that exists already is put behind it with its objects.
    public static func start(
        _ options: Options = Options(), living: KubernetesCluster? = nil, handlers: KubeletHandlers? = nil,
        authority: CertificateAuthority? = nil
    ) async throws -> KubernetesServer {
        let identity = try await ServerIdentity.make(authority)
        let store = living?.store ?? KubernetesStore()
        try ClusterBootstrap.fill(store, namespaces: options.namespaces)
        let cluster =
            living ?? (options.hasCluster ? KubernetesCluster(store: store, speed: options.speed) : nil)
        let front = APIFront(tls: try identity.context())
        let port = try await front.listen(port: 0)
        let faults = FaultTable()
        let lists = ListSnapshots()
        let tokens = TokenTable()
        front.handler = APIHandler(
            store: store, faults: faults, handlers: handlers ?? cluster.map(KubeletHandlers.of) ?? .none, lists: lists,
            tokens: { tokens.user($0) }, port: port, hasMetrics: options.hasMetrics,
            bookmarkInterval: options.bookmarkInterval)
        return KubernetesServer(
            port: port, store: store, cluster: cluster, authority: identity.authority, front: front, faults: faults,
            lists: lists, tokens: tokens)
    }

    public func stop() async {
        await front.close()
        store.close()
        await cluster?.stop()
    }

    // MARK: Users

    /// A bearer token of this user; the same user has the same token.
    public func token(_ user: KubernetesUser) -> String { tokens.token(user) }

    /// The token is no longer known: 401.
    public func revoke(_ token: String) { tokens.revoke(token) }

    /// The path of a kubeconfig whose only context signs this user in by a token.
    public func kubeconfig(user: KubernetesUser = .admin, namespace: String = "default") throws -> String {
        try writeKubeconfig(namespace, user.name, ["token": .string(token(user))])
    }

    /// As `kubeconfig`, with a client certificate: CN is the user, O the groups.
    public func certificateKubeconfig(user: KubernetesUser = .admin, namespace: String = "default") async throws
        -> String
    {
        let issued = try await certificate(of: user)
        return try writeKubeconfig(
            namespace, user.name,
            ["client-certificate": .string(issued.chainPath), "client-key": .string(issued.keyPath)])
    }

    /// A client certificate that this server accepts.
    public func certificate(of user: KubernetesUser) async throws -> IssuedCertificate {
        try await authority.leaf(
            names: [], commonName: user.name, usages: "clientAuth", organizations: user.groups)
    }

    private func writeKubeconfig(_ namespace: String, _ user: String, _ credentials: JSON) throws -> String {
        let certificate = try Array(Data(contentsOf: URL(filePath: authority.rootPath)))
        let config: JSON = [
            "apiVersion": "v1", "kind": "Config", "current-context": "sandbox",
            "clusters": [
                [
                    "name": "sandbox",
                    "cluster": [
                        "server": .string(url), "certificate-authority-data": .string(Base64.encode(certificate)),
                    ],
                ]
            ],
            "users": [["name": .string(user), "user": credentials]],
            "contexts": [
                [
                    "name": "sandbox",
                    "context": ["cluster": "sandbox", "user": .string(user), "namespace": .string(namespace)],
                ]
            ],
        ]
        let path = try Scratch.folder() + "/kubeconfig"
        try Data(config.bytes).write(to: URL(filePath: path))
        return path
    }

    // MARK: What was asked

    /// The requests so far, in the order in which they came.
    public var requests: [Request] { front.requests }
    public func forgetRequests() { front.forgetRequests() }
    /// How many connections were ever accepted.
    public var accepted: Int { front.accepted }
    /// How many connections are open now.
    public var open: Int { front.open }

    // MARK: Faults

    /// Switches a fault on for these verbs (`get`, `list`, `watch`, …; none for all) and resources (plural names, or a
    /// path such as `/version`; none for all), for the next `times` requests, or until it is cleared.
    @discardableResult
    public func fault(
        _ fault: KubernetesFault, verbs: [String] = [], resources: [String] = [], times: Int? = nil
    ) -> KubernetesFaultMark {
        faults.add(fault, verbs: verbs, resources: resources, times: times)
    }

    /// Switches a fault off; all of them without a mark.
    public func clear(_ mark: KubernetesFaultMark? = nil) { faults.remove(mark) }

    /// How often the fault has struck.
    public func struck(_ mark: KubernetesFaultMark) -> Int { faults.struck(mark) }

    /// Breaks every connection off, as a load balancer does that is replaced.
    public func cutConnections() async { await front.cut() }

    /// The port is closed, every connection breaks; the cluster behind goes on.
    public func close() async { await front.close() }

    /// Listens again on the same port; `keepingHistory` false makes watches and continue tokens from before expire.
    public func reopen(keepingHistory: Bool = true) async throws {
        if !keepingHistory {
            store.compact()
            lists.forget()
        }
        var attempt = 0
        while true {
            do {
                _ = try await front.listen(port: port)
                return
            } catch {
                attempt += 1
                guard attempt < 50 else { throw error }
                try await ContinuousClock().sleep(for: .milliseconds(20))
            }
        }
    }

    /// An API server that is restarted: away for so long, then back.
    public func restart(downFor pause: Duration = .milliseconds(100), keepingHistory: Bool = true) async throws {
        await close()
        try await ContinuousClock().sleep(for: pause)
        try await reopen(keepingHistory: keepingHistory)
    }
}

/// Which token is whose.
final class TokenTable: Sendable {
    private let users = Mutex<[String: KubernetesUser]>([:])

    func token(_ user: KubernetesUser) -> String {
        users.withLock { users in
            if let known = users.first(where: { $0.value == user })?.key { return known }
            let token = "sandbox-" + StoreState.uid()
            users[token] = user
            return token
        }
    }

    func user(_ token: String) -> KubernetesUser? { users.withLock { $0[token] } }

    func revoke(_ token: String) { users.withLock { $0[token] = nil } }
}

/// The server's certificate and whom it trusts; made once for the process, because openssl takes a moment.
struct ServerIdentity: Sendable {
    let authority: CertificateAuthority
    let certificate: IssuedCertificate

    private static let shared = Shared<ServerIdentity> { try await issue(.makeRoot(named: "Sandbox Kubernetes")) }

    static func make(_ authority: CertificateAuthority?) async throws -> ServerIdentity {
        guard let authority else { return try await shared.value() }
        return try await issue(authority)
    }

    private static func issue(_ authority: CertificateAuthority) async throws -> ServerIdentity {
        let names = ["127.0.0.1", "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"]
        return ServerIdentity(
            authority: authority, certificate: try await authority.leaf(names: names, commonName: "kube-apiserver"))
    }

    func context() throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(certificate.chainPath).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: certificate.keyPath, format: .pem)))
        configuration.certificateVerification = .optionalVerification
        configuration.trustRoots = .file(authority.rootPath)
        configuration.applicationProtocols = ["http/1.1"]
        return try NIOSSLContext(configuration: configuration)
    }
}
