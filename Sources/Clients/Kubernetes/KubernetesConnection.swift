import ClientHTTP
import Host
import Maintenance
import Synchronization

/// The way to one API server as one user, kept for a run and shared by its steps.
final class KubernetesConnection: Sendable {
    /// What one request goes out with.
    struct Session: Sendable {
        /// Its endpoint holds what a WebSocket needs besides: scheme, host, port, path, TLS configuration, server name.
        let transport: HTTPTransport
        /// Authorization, and whom to act as; never shown.
        let headers: [(name: String, value: String)]
        let credential: KubernetesCredential
    }

    private struct State {
        var transport: HTTPTransport?
        /// Which certificate a sign-in program gave for the transport.
        var certificate: Int?
        var retired: [HTTPTransport] = []
        var isClosed = false
    }

    let settings: KubernetesSettings
    let credentials: KubernetesCredentials
    let host: Host
    private let state = Mutex(State())

    init(_ settings: KubernetesSettings, on host: Host) {
        self.settings = settings
        self.host = host
        credentials = KubernetesCredentials(settings, on: host)
    }

    /// `kubernetes CONTEXT/NAMESPACE at https://…`
    var identity: String { settings.identity }

    /// Signs in as far as that is needed; throws `CouldNotLook` where there is no credential to be had.
    func session(in context: Context) async throws -> Session {
        let credential = try await credentials.current(in: context)
        return Session(
            transport: try transport(for: credential), headers: credential.headers + settings.actingAs,
            credential: credential)
    }

    /// After a 401: true where another credential may be had, which the next session then brings.
    func isRenewable(_ session: Session) -> Bool { credentials.refuse(session.credential) }

    func close() async {
        let open = state.withLock { state in
            state.isClosed = true
            defer { (state.transport, state.retired) = (nil, []) }
            return state.retired + [state.transport].compactMap { $0 }
        }
        for transport in open { await transport.close() }
    }

    /// A sign-in program may give a client certificate, and another one later: then the connections are made anew.
    private func transport(for credential: KubernetesCredential) throws -> HTTPTransport {
        try state.withLock { state in
            guard !state.isClosed else {
                throw CouldNotLook(.connectionLost, "The connections to \(identity) were closed already.")
            }
            let certificate = credential.certificate == nil ? nil : credential.generation
            if let transport = state.transport, state.certificate == certificate { return transport }
            let endpoint = try settings.endpoint(certificate: credential.certificate)
            if let old = state.transport { state.retired.append(old) }
            let transport = HTTPTransport(endpoint, on: host)
            (state.transport, state.certificate) = (transport, certificate)
            return transport
        }
    }
}
