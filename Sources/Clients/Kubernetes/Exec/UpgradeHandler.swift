import Maintenance
import NIOCore

/// Asks for the WebSocket, and hands over what follows the answer. It reads the bytes itself: a short command's whole
/// output and the connection's end may come in one piece with the answer, and none of it may be lost between handlers.
final class UpgradeHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum State {
        case head
        case body(UpgradeAnswer)
        /// Everything belongs to the handlers behind.
        case upgraded
        case over
    }

    private let request: [UInt8]
    private let outcome: EventLoopPromise<ExecOutcome>
    /// Adds the handlers of the WebSocket, or throws where the answer is not what was asked for.
    private let upgrade: (UpgradeAnswer, any Channel) throws -> Void
    private var state = State.head
    private var bytes: [UInt8] = []

    init(
        request: [UInt8], _ outcome: EventLoopPromise<ExecOutcome>,
        upgrade: @escaping (UpgradeAnswer, any Channel) throws -> Void
    ) {
        self.request = request
        self.outcome = outcome
        self.upgrade = upgrade
    }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer(bytes: request)), promise: nil)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch state {
        case .upgraded: context.fireChannelRead(data)
        case .over: return
        case .head, .body:
            bytes += Self.unwrapInboundIn(data).readableBytesView
            do { try read(context) } catch { fail(error, context) }
        }
    }

    private func read(_ context: ChannelHandlerContext) throws {
        if case .head = state {
            guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else {
                guard bytes.count <= ExecLimits.head else { throw UpgradeAnswer.Malformed() }
                return
            }
            let answer = try UpgradeAnswer(head: bytes[..<end.lowerBound])
            bytes.removeSubrange(..<end.upperBound)
            guard answer.status == 101 else {
                state = .body(answer)
                try read(context)
                return
            }
            try upgrade(answer, context.channel)
            state = .upgraded
            let rest = bytes
            bytes = []
            if !rest.isEmpty { context.fireChannelRead(Self.wrapInboundOut(ByteBuffer(bytes: rest))) }
        } else if case .body(let answer) = state, answer.isWhole(bytes) || bytes.count >= ExecLimits.refusal {
            refuse(answer, context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if case .upgraded = state { context.fireErrorCaught(error) } else { fail(error, context) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        switch state {
        case .head: fail(ChannelError.eof, context)
        case .body(let answer): refuse(answer, context)
        case .upgraded, .over: break
        }
        context.fireChannelInactive()
    }

    private func refuse(_ answer: UpgradeAnswer, _ context: ChannelHandlerContext) {
        state = .over
        outcome.succeed(.refused(answer, body: answer.body(bytes)))
        context.close(promise: nil)
    }

    private func fail(_ error: any Error, _ context: ChannelHandlerContext) {
        state = .over
        outcome.fail(error)
        context.close(promise: nil)
    }
}

/// The head of the answer to a request for an upgrade.
struct UpgradeAnswer: Sendable {
    /// What came is no HTTP.
    struct Malformed: Error {}

    let status: Int
    /// By names in lower case; the first of each.
    private let headers: [String: String]

    init(head: ArraySlice<UInt8>) throws {
        var lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false)
        let first = lines.removeFirst().split(separator: " ", maxSplits: 2)
        guard first.count >= 2, first[0].hasPrefix("HTTP/1."), let status = Int(first[1]),
            (100...599).contains(status)
        else { throw Malformed() }
        var headers: [String: String] = [:]
        for line in lines {
            guard let colon = line.firstIndex(of: ":") else { throw Malformed() }
            let name = line[..<colon].lowercased()
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            if headers[name] == nil {
                headers[name] = String(value.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
            }
        }
        self.status = status
        self.headers = headers
    }

    func header(_ name: String) -> String? { headers[name] }

    private var isChunked: Bool { headers["transfer-encoding"]?.lowercased() == "chunked" }

    /// A body without a length ends with the connection.
    func isWhole(_ bytes: [UInt8]) -> Bool {
        if isChunked { return bytes.suffix(5).elementsEqual(Array("0\r\n\r\n".utf8)) }
        return headers["content-length"].flatMap { Int($0) }.map { bytes.count >= $0 } ?? false
    }

    /// The body without the marks of its chunks, as far as it came.
    func body(_ bytes: [UInt8]) -> [UInt8] {
        guard isChunked else { return Array(bytes.prefix(ExecLimits.refusal)) }
        var (body, rest) = ([UInt8](), bytes[...])
        while let end = rest.firstRange(of: Array("\r\n".utf8)),
            let count = Int(String(decoding: rest[..<end.lowerBound].prefix { $0 != 59 }, as: UTF8.self), radix: 16),
            count > 0
        {
            rest = rest[end.upperBound...]
            body += rest.prefix(count)
            rest = rest.dropFirst(min(rest.count, count)).dropFirst(2)
        }
        return body
    }
}
