import AsyncHTTPClient
import Host
import Maintenance
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// The connections to one endpoint, kept for a run and shared by its steps.
public final class HTTPConnection: Sendable {
    private enum State {
        case unopened
        case open(HTTPClient)
        case closed
    }

    let kind: HTTPKind
    let host: Host
    private let state = Mutex<State>(.unopened)

    init(_ kind: HTTPKind, on host: Host) {
        self.kind = kind
        self.host = host
    }

    func base() throws -> BaseURL {
        do { return try BaseURL(kind.url) } catch {
            throw CouldNotLook(.notSupported, "The URL is wrong: \(error.message).")
        }
    }

    /// Made at the first need; it connects with the first request.
    func client() throws -> HTTPClient {
        try state.withLock { state in
            switch state {
            case .open(let client): return client
            case .closed:
                throw CouldNotLook(.connectionLost, "The connections to \(kind.identity) were closed already.")
            case .unopened:
                let client = HTTPClient(
                    eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton), configuration: configuration
                )
                state = .open(client)
                return client
            }
        }
    }

    func close() async {
        let open: HTTPClient? = state.withLock { state in
            defer { state = .closed }
            if case .open(let client) = state { return client }
            return nil
        }
        guard let open else { return }
        // A connection that is just being made to a host that does not answer holds the end up until its own limit; it
        // carries nothing, so that nobody needs to wait for it.
        let (ended, end) = AsyncStream<Never>.makeStream()
        open.shutdown { _ in end.finish() }
        let patience = MultiThreadedEventLoopGroup.singleton.any().scheduleTask(in: TimeAmount(HTTPLimits.closing)) {
            end.finish()
        }
        for await _ in ended {}
        patience.cancel()
    }

    var tls: TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        if let ca = kind.ca { tls.additionalTrustRoots = [.file(ca)] }
        return tls
    }

    private var configuration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls, redirectConfiguration: .disallow)
        configuration.httpVersion = .http1Only
        configuration.timeout.connect = TimeAmount(HTTPLimits.connect)
        configuration.connectionPool.idleTimeout = TimeAmount(HTTPLimits.idle)
        // A refused connection is an answer, not a reason to knock until the deadline.
        configuration.connectionPool.retryConnectionEstablishment = false
        return configuration
    }
}
