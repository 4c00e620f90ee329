import AsyncHTTPClient
public import Host
public import Maintenance
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// The connections to one endpoint, and what is sent over them: what every client that is built on HTTP stands on.
///
/// It decides nothing about what may be sent and notes no evidence: the access that uses it does. Redirects are
/// reported, not followed.
public final class HTTPTransport: Sendable {
    private enum State {
        case unopened
        case open(HTTPClient)
        case closed
    }

    public let endpoint: HTTPEndpoint
    let host: Host
    private let state = Mutex<State>(.unopened)
    private let connected = Mutex(false)

    public init(_ endpoint: HTTPEndpoint, on host: Host) {
        self.endpoint = endpoint
        self.host = host
    }

    /// The whole answer to a call, by the context's deadline; throws `CouldNotLook` where none came.
    public func send(
        _ call: HTTPCall, in context: Context, limit: Int = HTTPLimits.body, oversize: Oversize = .refuse
    ) async throws -> HTTPAnswer {
        let (request, statement) = try request(call)
        let exchange = Exchange(request: request, transport: self, context: context)
        do {
            return try await exchange.run(limit: limit, oversize: oversize)
        } catch {
            throw try await couldNotLook(error, exchange, statement)
        }
    }

    /// Hands the answer over while it comes, by the context's deadline. A server that lets us wait for `silence` is given
    /// up; the time that `read` takes for itself does not count. What `read` throws is thrown; the connection is ended when it returns.
    public func stream<Result: Sendable>(
        _ call: HTTPCall, in context: Context, silence: Duration? = nil,
        _ read: @escaping @Sendable (HTTPHead, HTTPChunks) async throws -> Result
    ) async throws -> Result {
        let (request, statement) = try request(call)
        let exchange = Exchange(request: request, transport: self, context: context)
        return try await exchange.stream(
            silence: silence, cause: { try await self.couldNotLook($0, exchange, statement) }, read)
    }

    /// Begins a call whose body is read at leisure: the head is there by the context's deadline, and the connection ends
    /// when its body is, or when nobody holds the chunks any more. How long to wait for a chunk is the reader's matter.
    public func open(_ call: HTTPCall, in context: Context) async throws -> (head: HTTPHead, chunks: HTTPChunks) {
        let (request, statement) = try request(call)
        let exchange = Exchange(request: request, transport: self, context: context)
        return try await exchange.open { try await self.couldNotLook($0, exchange, statement) }
    }

    /// Whether a connection ever came about, TLS included: before that nothing of any call was sent.
    public var hasConnected: Bool { connected.withLock { $0 } }

    private func couldNotLook(
        _ error: any Error, _ exchange: Exchange, _ statement: String
    ) async throws -> CouldNotLook {
        try Task.checkCancellation()
        let failure = HTTPFailure(transport: self, status: exchange.status, statement: statement)
        return CouldNotLook(await failure.cause(of: error))
    }

    /// Ends the connections; what is still under way is cut off.
    public func close() async {
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

    /// Made at the first need; it connects with the first request.
    func client() throws -> HTTPClient {
        try state.withLock { state in
            switch state {
            case .open(let client): return client
            case .closed:
                throw CouldNotLook(.connectionLost, "The connections to \(endpoint.identity) were closed already.")
            case .unopened:
                let client = HTTPClient(
                    eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton),
                    configuration: try configuration())
                state = .open(client)
                return client
            }
        }
    }

    /// A request is for the announced name; where to connect is another matter.
    private func request(_ call: HTTPCall) throws -> (HTTPClientRequest, statement: String) {
        let target: (url: String, shown: String)
        do { target = try endpoint.base.named(endpoint.serverName).appending(call.path) } catch {
            throw CouldNotLook(.notSupported, "The path is wrong: \(error.message).")
        }
        var request = HTTPClientRequest(url: target.url)
        request.method = HTTPMethod(rawValue: call.method)
        request.headers.add(name: "User-Agent", value: "millwright")
        request.headers.add(name: "Accept", value: "*/*")
        for (name, value) in call.headers { request.headers.replaceOrAdd(name: name, value: value) }
        if let body = call.body { request.body = .bytes(ByteBuffer(bytes: body)) }
        return (request, "\(call.method) \(target.shown)")
    }

    private func configuration() throws -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: try endpoint.tlsConfiguration(), redirectConfiguration: .disallow)
        configuration.httpVersion = .http1Only
        configuration.timeout.connect = TimeAmount(HTTPLimits.connect)
        configuration.connectionPool.idleTimeout = TimeAmount(HTTPLimits.idle)
        // A refused connection is an answer, not a reason to knock until the deadline.
        configuration.connectionPool.retryConnectionEstablishment = false
        // Called for each connection before anything is sent over it.
        configuration.http1_1ConnectionDebugInitializer = { [weak self] channel in
            self?.connected.withLock { $0 = true }
            return channel.eventLoop.makeSucceededVoidFuture()
        }
        if let name = endpoint.serverName { configuration.dnsOverride = [name: endpoint.host] }
        return configuration
    }
}
