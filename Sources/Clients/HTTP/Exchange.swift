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
    /// The body went on beyond the limit.
    struct BodyTooLarge: Error {}

    let connection: HTTPConnection
    let context: Context
    let limit: Int
    private let request: HTTPClientRequest
    private let oversize: Oversize
    private let seen = Mutex<Int?>(nil)

    init(request: HTTPClientRequest, connection: HTTPConnection, context: Context, limit: Int, oversize: Oversize) {
        self.request = request
        self.connection = connection
        self.context = context
        self.limit = limit
        self.oversize = oversize
    }

    /// The status, once the head of the answer is there: tells a silent endpoint from one that stalls in its body.
    var status: Int? { seen.withLock { $0 } }

    func run() async throws -> HTTPAnswer {
        try await withThrowingTaskGroup(of: HTTPAnswer?.self) { group in
            group.addTask { try await self.fetch() }
            group.addTask {
                try await self.context.host.sleep(self.context.remaining)
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let answer = first else { throw DeadlinePassed() }
            return answer
        }
    }

    private func fetch() async throws -> HTTPAnswer {
        let started = context.host.steady()
        // The task group above keeps the deadline; the client's own is a little later, so that ours gives the cause.
        let response = try await connection.client().execute(
            request, timeout: TimeAmount(context.remaining + .seconds(1)))
        let firstByte = context.host.steady() - started
        let status = Int(response.status.code)
        seen.withLock { $0 = status }
        if case .refuse = oversize, let length = response.headers.first(name: "content-length").flatMap({ Int($0) }),
            length > limit, request.method != .HEAD
        {
            throw BodyTooLarge()
        }
        let (body, isCut) = try await read(response.body)
        return HTTPAnswer(
            status: status, headers: response.headers.map { ($0.name, $0.value) }, body: body, bodyIsCut: isCut,
            firstByte: firstByte, total: context.host.steady() - started)
    }

    private func read(_ stream: HTTPClientResponse.Body) async throws -> (body: [UInt8], isCut: Bool) {
        var body: [UInt8] = []
        for try await chunk in stream {
            let room = limit - body.count
            guard chunk.readableBytes <= room else {
                if case .refuse = oversize { throw BodyTooLarge() }
                body.append(contentsOf: chunk.readableBytesView.prefix(room))
                return (body, true)
            }
            body.append(contentsOf: chunk.readableBytesView)
        }
        // A cancelled stream ends as if it were complete.
        try Task.checkCancellation()
        return (body, false)
    }
}
