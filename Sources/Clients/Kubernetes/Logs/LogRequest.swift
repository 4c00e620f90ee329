import ClientHTTP
import Host
import Maintenance
import Synchronization

extension KubernetesAccess {
    /// The API takes whole seconds, so the period's first one is asked for whole.
    func logRequest(_ query: LogQuery, from: Instant?, limitBytes: Int? = nil) throws -> KubernetesRequest {
        var request = try KubernetesRequest(
            "get", "GET", .pods, namespace: query.namespace ?? namespace, name: query.pod, subresource: "log")
        request.accept = "*/*"
        return request.asking([
            ("container", query.container), ("timestamps", "true"), ("previous", query.previous ? "true" : nil),
            ("sinceTime", from.map { Instant(secondsSinceEpoch: $0.secondsSinceEpoch).description }),
            ("limitBytes", limitBytes.map(String.init)),
        ])
    }

    /// Hands over the body of a log as it comes. A credential that is refused is renewed once, an API that asks for
    /// patience is given it; any other refusal becomes its cause.
    func streamLog<Result: Sendable>(
        _ query: LogQuery, _ request: KubernetesRequest,
        _ read: @escaping @Sendable (HTTPChunks) async throws -> Result
    ) async throws -> Result {
        try permit(request)
        var hasRenewed = false
        var waits = 0
        while true {
            let session = try await connection.session(in: context)
            let answer = try await session.transport.stream(
                request.call(session.headers), in: context, silence: LogLimits.silence
            ) { head, chunks -> LogAnswer<Result> in
                if head.status == 200 { return .read(try await read(chunks)) }
                return .refused(head, try await Self.beginning(of: chunks))
            }
            guard case .refused(let head, let body) = answer else {
                if case .read(let result) = answer { return result }
                continue
            }
            let failure = KubernetesFailure(
                status: head.status, retryAfter: Self.retryAfter(head.header("retry-after")), body: body, to: request,
                at: identity)
            if failure.code == 401, !hasRenewed, connection.isRenewable(session) {
                hasRenewed = true
                continue
            }
            let pause = failure.retryAfter ?? KubernetesLimits.pause
            guard failure.code == 429, waits < KubernetesLimits.patience, pause < context.remaining else {
                throw CouldNotLook(query.cause(of: failure))
            }
            waits += 1
            try await context.host.sleep(pause)
        }
    }

    private static func beginning(of chunks: HTTPChunks) async throws -> [UInt8] {
        var body: [UInt8] = []
        for try await chunk in chunks {
            body += chunk.prefix(KubernetesLimits.errorBytes - body.count)
            if body.count >= KubernetesLimits.errorBytes { break }
        }
        return body
    }
}

private enum LogAnswer<Result: Sendable>: Sendable {
    case read(Result)
    case refused(HTTPHead, [UInt8])
}

extension LogQuery {
    /// What a refusal means. That a container has no log yet, or none of before, the API says in its message alone.
    func cause(of failure: KubernetesFailure) -> Cause {
        let name = "container \(container) of pod \(pod)"
        guard failure.code == 400 else {
            guard failure.code >= 500 else { return failure.cause }
            return Cause(
                failure.cause.code, "The log of the \(name) could not be had from its node: \(failure.cause.sentence)")
        }
        if failure.message.contains("previous terminated container") {
            return Cause(.notFound, "The log of the \(name) from before its restart is not kept any more.")
        }
        if failure.message.contains("waiting to start") || failure.message.contains("not available") {
            return Cause(.noData, "The \(name) has not started yet.")
        }
        if failure.message.contains("is not valid for pod") {
            return Cause(.notFound, "The pod \(pod) has no container \(container).")
        }
        return failure.cause
    }
}

/// What is known of a log, between the pieces in which it comes.
final class LogPassBox: Sendable {
    private let pass: Mutex<LogPass>

    init(_ pass: LogPass) { self.pass = Mutex(pass) }

    var value: LogPass { pass.withLock { $0 } }

    /// The new lines, and whether that was all that is wanted.
    func take(_ chunk: [UInt8], _ query: LogQuery) -> ([LogLine], Bool) {
        pass.withLock { pass in
            let lines = pass.take(chunk)
            return (lines, pass.isPastEnd || pass.received >= query.byteLimit)
        }
    }

    func endRound() -> [LogLine] { pass.withLock { $0.endRound() } }
}
