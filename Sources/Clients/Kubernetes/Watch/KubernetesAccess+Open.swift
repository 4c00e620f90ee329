import ClientHTTP
import Host
import Maintenance

extension KubernetesAccess {
    /// A connection that streams; the head must come in time. A refused credential is renewed once.
    func open(_ request: KubernetesRequest, within patience: Duration) async throws -> WatchStream {
        let nearer = Context(
            host: context.host, deadline: min(context.deadline, context.host.steady() + patience),
            label: context.label, evidence: context.evidence, childStarted: context.childStarted)
        var isRenewed = false
        while true {
            let session = try await connection.session(in: nearer)
            let (head, chunks) = try await session.transport.open(request.call(session.headers), in: nearer)
            if head.status == 200 { return WatchStream(chunks, limit: bounds.eventBytes) }
            let failure = KubernetesFailure(
                status: head.status, retryAfter: Self.retryAfter(head.header("retry-after")),
                body: try await beginning(chunks, in: nearer), to: request, at: identity)
            guard failure.code == 401, !isRenewed, connection.isRenewable(session) else { throw failure }
            isRenewed = true
        }
    }

    /// As much of an error's body as matters.
    private func beginning(_ chunks: HTTPChunks, in context: Context) async throws -> [UInt8] {
        let stream = WatchStream(chunks, limit: KubernetesLimits.errorBytes)
        var body: [UInt8] = []
        while body.count < KubernetesLimits.errorBytes,
            case .line(let line) = try await stream.next(within: .seconds(5), on: context.host)
        {
            body += line + [10]
        }
        return Array(body.prefix(KubernetesLimits.errorBytes))
    }
}
