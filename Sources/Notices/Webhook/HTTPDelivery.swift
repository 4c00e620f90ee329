import ClientHTTP
import Host
import Maintenance

/// One request to a receiver, and what its answer, or the lack of one, means.
struct HTTPDelivery {
    let url: SecretURL
    let call: HTTPCall

    /// The status and what the receiver said. Throws `DeliveryError`.
    func send(in context: Context) async throws -> DeliveryReceipt {
        let transport = HTTPTransport(url.endpoint, on: context.host)
        let answer: HTTPAnswer
        do {
            answer = try await transport.send(call, in: context, limit: NoticeLimits.answer, oversize: .cut)
            await transport.close()
        } catch {
            await transport.close()
            throw failed(error, isConnected: transport.hasConnected)
        }
        let said = Self.said(answer.body)
        context.evidence.note(
            source: url.identity, statement: call.method, answer: "\(answer.status) \(said)".utf8)
        return try receipt(answer, said)
    }

    /// Before there is a connection nothing was sent, whatever went wrong; over one, nobody can say.
    private func failed(_ error: any Error, isConnected: Bool) -> DeliveryError {
        // The transport's words name the path, which is secret here.
        let cause = Cause(Cause(error).code, Masker(url.secrets).mask(Cause(error).sentence))
        if isConnected { return .perhapsSent(Cause(.perhapsSent, "Perhaps it was sent. \(cause.sentence)")) }
        // What the settings or the certificate are is the same the next time.
        let isLasting = [.tlsFailed, .notFound, .notSupported, .malformed, .cancelled].contains(cause.code)
        return .notSent(cause, mayRetry: !isLasting)
    }

    private func receipt(_ answer: HTTPAnswer, _ said: String) throws(DeliveryError) -> DeliveryReceipt {
        let masked = Masker(url.secrets).mask(said)
        let words = "\(answer.status)\(masked.isEmpty ? "" : " \(masked)")"
        let cause = Cause(.rejected, "\(url.identity) answered \(words).")
        switch answer.status {
        case 200...299: return DeliveryReceipt(words)
        case 300...399:
            let place = Masker(url.secrets).mask(answer.redirectTarget ?? "nowhere")
            let sentence =
                "\(url.identity) answered \(answer.status) and sends us to \(place): give the URL that it means."
            throw .notSent(Cause(.rejected, sentence), mayRetry: false)
        // A gateway or a clock speaks, not the receiver: it may have taken the message.
        case 408, 502, 504, 520...599: throw .perhapsSent(Cause(.perhapsSent, "Perhaps it was sent. \(cause.sentence)"))
        case 429: throw .notSent(Cause(.busy, cause.sentence), mayRetry: true, after: Self.pause(answer))
        case 500...599: throw .notSent(cause, mayRetry: true, after: Self.pause(answer))
        default: throw .notSent(cause, mayRetry: false)
        }
    }

    /// What the receiver asked to wait, in seconds; a date is no better than our own pause.
    private static func pause(_ answer: HTTPAnswer) -> Duration? {
        guard let text = answer.header("Retry-After"), let seconds = Int(text), seconds >= 0 else { return nil }
        return min(.seconds(min(seconds, 1_000_000)), NoticeLimits.retryAfter)
    }

    /// The id that the receiver gave, else the beginning of what it said.
    private static func said(_ body: [UInt8]) -> String {
        if let json = try? decodeJSON(JSONValue.self, body), let id = json["id"] {
            switch id {
            case .text(let text): return "id \(NoticeText.oneLine(text, NoticeLimits.receipt))"
            case .number(let number): return "id \(Int64(exactly: number).map(String.init) ?? String(number))"
            default: break
            }
        }
        let text = String(decoding: body.prefix(4 * NoticeLimits.receipt), as: UTF8.self)
        return NoticeText.oneLine(text, NoticeLimits.receipt)
    }
}
