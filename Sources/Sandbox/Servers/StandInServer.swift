import Foundation
import Synchronization

/// A small HTTP/1.1 server on a free loopback port whose answers a test scripts, the impossible ones too.
public final class StandInServer: Sendable {
    /// What a client asked.
    public struct Request: Sendable {
        public let method: String
        /// Path and query, as sent.
        public let target: String
        /// Names in lower case.
        public let headers: [String: String]
        public let body: [UInt8]

        public var path: String { String(target.prefix { $0 != "?" }) }
    }

    public typealias Handler = @Sendable (Request) -> Answer

    public let port: Int
    private let listener: Int32
    private let state = Mutex(State())

    private struct State {
        var routes: [String: Handler] = [:]
        var fallback: Handler = { _ in Answer(status: 404, body: "not found") }
        var requests: [Request] = []
        var connections: Set<Int32> = []
        var accepted = 0
        var stopped = false
    }

    private static let keptRequests = 10_000
    private static let largestBody = 64 << 20

    /// `port` 0 takes a free one.
    public init(port: Int = 0) throws {
        listener = try Loopback.makeSocket()
        self.port = try Loopback.bind(listener, port: port)
        Loopback.listen(listener) { [weak self] client in
            guard let self else {
                close(client)
                return false
            }
            serve(client)
            return true
        }
    }

    deinit { stop() }

    /// `path` without query; every method.
    public func on(_ path: String, _ answer: Answer) { on(path) { _ in answer } }

    public func on(_ path: String, _ handler: @escaping Handler) { state.withLock { $0.routes[path] = handler } }

    /// For the paths that nothing else answers.
    public func otherwise(_ handler: @escaping Handler) { state.withLock { $0.fallback = handler } }

    /// The requests so far, in the order in which they were read.
    public var requests: [Request] { state.withLock { $0.requests } }
    /// How many connections were ever accepted.
    public var accepted: Int { state.withLock { $0.accepted } }

    public func url(_ path: String = "/") -> String { "http://127.0.0.1:\(port)\(path)" }

    public func stop() {
        let open: Set<Int32>? = state.withLock { state in
            guard !state.stopped else { return nil }
            state.stopped = true
            return state.connections
        }
        guard let open else { return }
        shutdown(listener, Int32(SHUT_RDWR))
        for descriptor in open { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }

    private func serve(_ client: Int32) {
        Loopback.prompt(client)
        let welcome = state.withLock { state in
            state.accepted += 1
            if !state.stopped { state.connections.insert(client) }
            return !state.stopped
        }
        guard welcome else {
            close(client)
            return
        }
        Thread.detachNewThread { [weak self] in
            var reader = RequestReader(descriptor: client, largestBody: Self.largestBody)
            while let request = reader.next(), let server = self {
                let handler = server.state.withLock { state in
                    if state.requests.count < Self.keptRequests { state.requests.append(request) }
                    return state.routes[request.path] ?? state.fallback
                }
                guard handler(request).send(to: client, isHead: request.method == "HEAD") else { break }
            }
            guard let server = self else {
                close(client)
                return
            }
            server.state.withLock { state in
                state.connections.remove(client)
                close(client)
            }
        }
    }
}
