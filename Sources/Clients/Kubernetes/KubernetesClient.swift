import ClientHTTP
import Host
import Maintenance
import Synchronization

/// What the steps of a run share of a cluster; its configuration is read at the first need.
public final class KubernetesClient: Sendable {
    private struct State {
        var connections: [Purpose: KubernetesConnection] = [:]
        var isClosed = false
    }

    private let kind: KubernetesKind
    private let host: Host
    private let state = Mutex(State())

    init(_ kind: KubernetesKind, on host: Host) {
        self.kind = kind
        self.host = host
    }

    func connection(for purpose: Purpose, in context: Context) async throws -> KubernetesConnection {
        // Where one user looks and changes, one connection serves both.
        let purpose = kind.look == nil && kind.change == nil ? .look : purpose
        if let open = try open(purpose) { return open }
        let configuration = KubernetesConfiguration(kind, in: context)
        let settings = try await configuration.settings(for: purpose)
        if kind.look != nil || kind.change != nil {
            let other = try await configuration.settings(for: purpose == .look ? .change : .look)
            guard other.url == settings.url, other.namespace == settings.namespace else {
                throw CouldNotLook(
                    .rejected,
                    "The contexts to look and to change with lead to different clusters or namespaces: one target is "
                        + "one place.")
            }
        }
        _ = try settings.endpoint().tlsConfiguration()
        let made = KubernetesConnection(settings, on: host)
        return try state.withLock { state in
            guard !state.isClosed else { throw Self.closed }
            // Another step may have been as quick; what is not used yet needs no closing.
            if let first = state.connections[purpose] { return first }
            state.connections[purpose] = made
            return made
        }
    }

    func close() async {
        let open = state.withLock { state in
            state.isClosed = true
            defer { state.connections = [:] }
            return Array(state.connections.values)
        }
        for connection in open { await connection.close() }
    }

    private func open(_ purpose: Purpose) throws -> KubernetesConnection? {
        try state.withLock { state in
            guard !state.isClosed else { throw Self.closed }
            return state.connections[purpose]
        }
    }

    private static let closed = CouldNotLook(.connectionLost, "The connections to the cluster were closed already.")
}
