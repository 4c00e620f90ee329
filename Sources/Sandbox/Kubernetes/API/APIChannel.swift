import NIOCore
import NIOHTTP1
import NIOSSL
import NIOWebSocket

/// The connection stays one of HTTP.
struct UpgradeRefused: Error {}

/// One connection: gathers requests, has them answered, and writes the answers.
final class APIChannel: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let front: APIFront
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    private var task: Task<Void, Never>?

    private static let largestBody = 3 << 20

    init(front: APIFront) { self.front = front }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = []
        case .body(let buffer):
            if body.count <= Self.largestBody { body.append(contentsOf: buffer.readableBytesView) }
        case .end:
            guard let head else { return }
            self.head = nil
            answer(head, body, context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        task?.cancel()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // An upgrade that is not to be: the request comes here next, and is told why.
        guard !(error is UpgradeRefused), !(error is NIOWebSocketUpgradeError) else { return }
        context.close(promise: nil)
    }

    private func answer(_ head: HTTPRequestHead, _ body: [UInt8], _ context: ChannelHandlerContext) {
        let certificate = PeerCertificate.user(context.channel)
        let writer = AnswerWriter(channel: context.channel, head: head)
        let headers = head.headers.map { (name: $0.name, value: $0.value) }
        task = Self.start(front, writer, head, headers, body, certificate)
    }

    private static func start(
        _ front: APIFront, _ writer: AnswerWriter, _ head: HTTPRequestHead, _ headers: [(name: String, value: String)],
        _ body: [UInt8], _ certificate: KubernetesUser?
    ) -> Task<Void, Never> {
        Task { await serve(front, writer, head, headers, body, certificate) }
    }

    private static func serve(
        _ front: APIFront, _ writer: AnswerWriter, _ head: HTTPRequestHead, _ headers: [(name: String, value: String)],
        _ body: [UInt8], _ certificate: KubernetesUser?
    ) async {
        guard let handler = front.handler else { return writer.close() }
        guard body.count <= largestBody else {
            return await writer.write(
                .status(
                    KubernetesStatus(
                        413, "RequestEntityTooLarge", "Request entity too large: limit is \(largestBody)")))
        }
        do {
            let user = try handler.user(headers: headers, certificate: certificate)
            let request = APIRequest(
                method: head.method.rawValue, target: head.uri, headers: headers, body: body, user: user)
            front.note(request)
            await writer.write(await handler.answer(request))
        } catch let status as KubernetesStatus {
            await writer.write(.status(status))
        } catch {
            writer.close()
        }
    }
}

/// Who the client's certificate says it is; only certificates of our own authority get through the handshake.
enum PeerCertificate {
    static func user(_ channel: any Channel) -> KubernetesUser? {
        guard let tls = try? channel.pipeline.syncOperations.handler(type: NIOSSLServerHandler.self),
            let bytes = try? tls.peerCertificate?.toDERBytes()
        else { return nil }
        return CertificateSubject.user(bytes)
    }
}

/// Writes one answer to a connection.
struct AnswerWriter: Sendable {
    let channel: any Channel
    let head: HTTPRequestHead

    func close() { channel.close(promise: nil) }

    func write(_ answer: APIAnswer) async {
        do {
            switch answer.body {
            case .bytes(let bytes): try await whole(answer, bytes)
            case .stream(let produce): try await pieces(answer, produce)
            }
        } catch {
            // The client left, or the answer is to break off.
            close()
        }
    }

    private func responseHead(_ answer: APIAnswer) -> HTTPResponseHead {
        var headers = HTTPHeaders(answer.headers.map { ($0.name, $0.value) })
        headers.add(name: "Audit-Id", value: StoreState.uid())
        headers.add(name: "Cache-Control", value: "no-cache, private")
        return HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: answer.code), headers: headers)
    }

    private func whole(_ answer: APIAnswer, _ bytes: [UInt8]) async throws {
        var response = responseHead(answer)
        response.headers.replaceOrAdd(name: "Content-Length", value: String(bytes.count))
        channel.write(HTTPServerResponsePart.head(response), promise: nil)
        if head.method != .HEAD {
            channel.write(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(bytes: bytes))), promise: nil)
        }
        try await finish()
    }

    private func pieces(_ answer: APIAnswer, _ produce: (APIStream) async throws -> Void) async throws {
        if answer.code != 0 {
            try await channel.writeAndFlush(HTTPServerResponsePart.head(responseHead(answer))).get()
        }
        let channel = channel
        try await produce(
            APIStream(
                write: { bytes in
                    try await channel.writeAndFlush(
                        HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(bytes: bytes)))
                    ).get()
                }, cut: { channel.close(promise: nil) }))
        if answer.code == 0 { return close() }
        try await finish()
    }

    private func finish() async throws {
        try await channel.writeAndFlush(HTTPServerResponsePart.end(nil)).get()
        if !head.isKeepAlive { close() }
    }
}
