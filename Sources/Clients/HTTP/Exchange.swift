import AsyncHTTPClient
import Host
import Maintenance
import NIOCore
import NIOHTTP1
import Synchronization

/// One request and its answer, within the step's deadline.
final class Exchange: Sendable {
    /// No whole answer by the deadline.
    struct DeadlinePassed: Error {}
    /// The server let us wait for longer than the silence that was allowed.
    struct Silent: Error {}
    /// The body went on beyond the limit.
    struct BodyTooLarge: Error { let limit: Int }

    let transport: HTTPTransport
    let context: Context
    private let request: HTTPClientRequest
    private let seen = Mutex<Int?>(nil)
    /// Since when the server lets us wait, by the steady clock; `nil` while it is we who take their time.
    private let waitingSince = Mutex<Duration?>(nil)

    init(request: HTTPClientRequest, transport: HTTPTransport, context: Context) {
        self.request = request
        self.transport = transport
        self.context = context
    }

    /// The status, once the head of the answer is there: tells a silent endpoint from one that stalls in its body.
    var status: Int? { seen.withLock { $0 } }

    func run(limit: Int, oversize: Oversize) async throws -> HTTPAnswer {
        try await beforeDeadline { try await self.fetch(limit, oversize) }
    }

    /// `cause` turns what the transport throws into what the reader sees; what `read` throws is left as it is.
    func stream<Result: Sendable>(
        silence: Duration?, cause: @escaping @Sendable (any Error) async throws -> CouldNotLook,
        _ read: @escaping @Sendable (HTTPHead, HTTPChunks) async throws -> Result
    ) async throws -> Result {
        // The watch begins with the request.
        beginWaiting()
        do {
            return try await beforeDeadline(silence) {
                let response: HTTPClientResponse
                do { response = try await self.execute() } catch { throw Broken(cause: try await cause(error)) }
                self.endWaiting()
                let head = HTTPHead(status: Int(response.status.code), headers: Self.headers(response))
                return try await read(head, HTTPChunks(body: response.body, exchange: self, cause: cause))
            }
        } catch let error as Broken {
            throw error.cause
        } catch let error where error is DeadlinePassed || error is Silent {
            throw try await cause(error)
        }
    }

    /// The head, by the deadline; what comes after it is not watched over.
    func open(
        cause: @escaping @Sendable (any Error) async throws -> CouldNotLook
    ) async throws -> (head: HTTPHead, chunks: HTTPChunks) {
        let response: HTTPClientResponse
        do { response = try await beforeDeadline { try await self.execute() } } catch { throw try await cause(error) }
        let head = HTTPHead(status: Int(response.status.code), headers: Self.headers(response))
        return (head, HTTPChunks(body: response.body, exchange: self, cause: cause))
    }

    /// A failure whose cause is found already.
    private struct Broken: Error { let cause: CouldNotLook }

    /// From here on it is the server's silence.
    func beginWaiting() { waitingSince.withLock { $0 = context.host.steady() } }
    /// Something came.
    func endWaiting() { waitingSince.withLock { $0 = nil } }

    private func beforeDeadline<Result: Sendable>(
        _ silence: Duration? = nil, _ work: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Result.self) { group in
            group.addTask { try await work() }
            group.addTask {
                try await self.context.host.sleep(self.context.remaining)
                throw DeadlinePassed()
            }
            if let silence {
                group.addTask { try await self.watch(silence) }
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw DeadlinePassed() }
            return first
        }
    }

    private func watch(_ silence: Duration) async throws -> Never {
        while true {
            let now = context.host.steady()
            let quiet = now - (waitingSince.withLock { $0 } ?? now)
            if quiet >= silence { throw Silent() }
            try await context.host.sleep(silence - quiet)
        }
    }

    private func execute() async throws -> HTTPClientResponse {
        // The task group keeps the deadline; the client's own is a little later, so that ours gives the cause.
        let response = try await transport.client().execute(
            request, timeout: TimeAmount(context.remaining + .seconds(1)))
        seen.withLock { $0 = Int(response.status.code) }
        return response
    }

    private func fetch(_ limit: Int, _ oversize: Oversize) async throws -> HTTPAnswer {
        let started = context.host.steady()
        let response = try await execute()
        let firstByte = context.host.steady() - started
        if case .refuse = oversize, let length = response.headers.first(name: "content-length").flatMap({ Int($0) }),
            length > limit, request.method != .HEAD
        {
            throw BodyTooLarge(limit: limit)
        }
        let (body, isCut) = try await whole(response.body, limit, oversize)
        return HTTPAnswer(
            status: Int(response.status.code), headers: Self.headers(response), body: body, bodyIsCut: isCut,
            firstByte: firstByte, total: context.host.steady() - started)
    }

    private func whole(
        _ stream: HTTPClientResponse.Body, _ limit: Int, _ oversize: Oversize
    ) async throws -> (body: [UInt8], isCut: Bool) {
        var body: [UInt8] = []
        for try await chunk in stream {
            let room = limit - body.count
            guard chunk.readableBytes <= room else {
                if case .refuse = oversize { throw BodyTooLarge(limit: limit) }
                body.append(contentsOf: chunk.readableBytesView.prefix(room))
                return (body, true)
            }
            body.append(contentsOf: chunk.readableBytesView)
        }
        // A cancelled stream ends as if it were complete.
        try Task.checkCancellation()
        return (body, false)
    }

    private static func headers(_ response: HTTPClientResponse) -> [(name: String, value: String)] {
        response.headers.map { ($0.name, $0.value) }
    }
}
