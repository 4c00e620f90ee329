import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOWebSocket
import Synchronization

/// The listening side: TLS, connections, and what was asked.
final class APIFront: Sendable {
    private struct State {
        var handler: APIHandler?
        var listener: (any Channel)?
        var connections: [ObjectIdentifier: any Channel] = [:]
        var requests: [KubernetesServer.Request] = []
        var accepted = 0
    }

    private let state = Mutex(State())
    private let tls: NIOSSLContext

    private static let keptRequests = 20_000

    init(tls: NIOSSLContext) { self.tls = tls }

    var handler: APIHandler? {
        get { state.withLock { $0.handler } }
        set { state.withLock { $0.handler = newValue } }
    }

    var requests: [KubernetesServer.Request] { state.withLock { $0.requests } }
    var accepted: Int { state.withLock { $0.accepted } }
    var open: Int { state.withLock { $0.connections.count } }

    func forgetRequests() { state.withLock { $0.requests = [] } }

    func note(_ request: APIRequest) {
        let noted = KubernetesServer.Request(
            method: request.method, path: request.path, query: request.query.map { "\($0.name)=\($0.value)" },
            contentType: request.header("content-type"), body: request.body, user: request.user.name)
        state.withLock { state in
            if state.requests.count < Self.keptRequests { state.requests.append(noted) }
        }
    }

    /// Listens on this port of 127.0.0.1 (0 for a free one) and says which it is.
    func listen(port: Int) async throws -> Int {
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 128)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { [self] channel in
                keep(channel)
                return channel.eventLoop.makeCompletedFuture { try setUp(channel) }
            }
        let listener = try await bootstrap.bind(host: "127.0.0.1", port: port).get()
        state.withLock { $0.listener = listener }
        return listener.localAddress?.port ?? port
    }

    private func keep(_ channel: any Channel) {
        let id = ObjectIdentifier(channel)
        state.withLock { state in
            state.connections[id] = channel
            state.accepted += 1
        }
        channel.closeFuture.whenComplete { [weak self] _ in
            self?.state.withLock { state in state.connections[id] = nil }
        }
    }

    private func setUp(_ channel: any Channel) throws {
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(NIOSSLServerHandler(context: tls))
        try pipeline.configureHTTPServerPipeline(
            withServerUpgrade: (
                upgraders: [ExecWebSocket.upgrader(self), SPDYUpgrader(front: self)],
                completionHandler: { context in
                    let pipeline = context.pipeline.syncOperations
                    guard let requests = try? pipeline.handler(type: APIChannel.self) else { return }
                    pipeline.removeHandler(requests, promise: nil)
                }
            ))
        try pipeline.addHandler(APIChannel(front: self))
    }

    /// Stops listening and breaks every connection off.
    func close() async {
        let (listener, connections) = state.withLock { state in
            defer { state.listener = nil }
            return (state.listener, Array(state.connections.values))
        }
        try? await listener?.close().get()
        for channel in connections { try? await channel.close().get() }
    }

    /// Breaks the connections off, and goes on listening.
    func cut() async {
        for channel in state.withLock({ Array($0.connections.values) }) { try? await channel.close().get() }
    }
}
