import ClientHTTP
import FoundationEssentials
import Host
public import Maintenance

/// The form in which a webhook takes a notice.
public enum WebhookShape: String, Sendable, CaseIterable, WordValue { case slack, generic }

/// A URL that notices are posted to.
public struct WebhookChannel: ChannelKind {
    public static let name = "webhook"
    public static let summary = """
        A URL that notices are posted to, in Slack's form or as JSON of our own. Any answer from 200 to 299 is the \
        receipt; redirects are not followed. The id of the delivery is sent as `Idempotency-Key` and `webhook-id`. With \
        `secret` the request is signed as Standard Webhooks has it: `webhook-signature` is `v1,` and the Base64 of the \
        HMAC-SHA256 over `ID.TIMESTAMP.BODY`, the timestamp being that of `webhook-timestamp`.
        """
    public static let shorthand = "url"
    public static var parameters: [Parameter<WebhookChannel>] {
        [
            .required("url", \.url, "The URL, which is a secret: who has it can post."),
            .optional("shape", \.shape, default: .generic, "The form: `slack`, or `generic` JSON."),
            .optional(
                "secret", \.secret, default: nil,
                "Signs each request; a key that begins with `whsec_` is taken as Base64."),
            .optional("headers", \.headers, default: [:], "Headers to send with each request; nothing secret."),
            .optional(
                "secret-headers", \.secretHeaders, default: [:],
                "Headers whose values are secret, such as a token; each value a reference."),
            .optional("ca", \.ca, default: nil, "A PEM file of authorities to trust besides the system's."),
        ]
    }

    var url = Secret("")
    var shape = WebhookShape.generic
    var secret: Secret?
    var headers: [String: String] = [:]
    var secretHeaders: [String: Secret] = [:]
    var ca: String?

    public init() {}

    public var identity: String { (try? SecretURL(url).identity) ?? "webhook" }

    public var secrets: [Secret] {
        let own = ((try? SecretURL(url).secrets) ?? [url]) + secretHeaders.values + [secret].compactMap { $0 }
        return own.filter { !$0.isEmpty }
    }

    public func validate() throws(ValueError) {
        do { _ = try SecretURL(url, ca: ca) } catch { throw ValueError(error.message, path: ["url"]) }
        if let secret, signingKey(secret).isEmpty {
            throw ValueError("the key is empty, or no Base64 after `whsec_`", path: ["secret"])
        }
        guard headers.count + secretHeaders.count <= NoticeLimits.headers else {
            throw ValueError("more than \(NoticeLimits.headers) headers", path: ["headers"])
        }
        for (name, value) in headers { try Self.check(name, value, in: "headers") }
        for (name, value) in secretHeaders { try Self.check(name, value.reveal(), in: "secret-headers") }
    }

    public func deliver(_ notice: Notice, id: String, in context: Context) async throws -> DeliveryReceipt {
        let request: HTTPDelivery
        do { request = try delivery(notice, id: id, at: context.host.now()) } catch {
            throw DeliveryError.notSent(
                Cause(.malformed, "The notice could not be written for \(identity)."), mayRetry: false)
        }
        return try await request.send(in: context)
    }

    func delivery(_ notice: Notice, id: String, at now: Instant) throws -> HTTPDelivery {
        let url = try SecretURL(url, ca: ca)
        let body: [UInt8] =
            switch shape {
            case .slack: try encodeJSON(SlackMessage.json(notice))
            case .generic: try encodeJSON(GenericMessage(notice, id: id))
            }
        var all = headers.map { (name: $0.key, value: $0.value) }
        all += secretHeaders.map { (name: $0.key, value: $0.value.reveal()) }
        all.append((name: "Content-Type", value: "application/json"))
        all.append((name: "Idempotency-Key", value: id))
        all.append((name: "webhook-id", value: id))
        if let secret {
            let timestamp = String(now.secondsSinceEpoch)
            let signed = Array("\(id).\(timestamp).".utf8) + body
            all.append((name: "webhook-timestamp", value: timestamp))
            all.append(
                (name: "webhook-signature", value: "v1," + hmacSHA256Base64(key: signingKey(secret), signed)))
        }
        return HTTPDelivery(url: url, call: HTTPCall("POST", url.path, headers: all, body: body))
    }

    private func signingKey(_ secret: Secret) -> [UInt8] {
        let text = secret.reveal()
        guard text.hasPrefix("whsec_") else { return Array(text.utf8) }
        return Data(base64Encoded: String(text.dropFirst(6))).map { Array($0) } ?? []
    }

    private static func check(_ name: String, _ value: String, in parameter: String) throws(ValueError) {
        let token = name.utf8.allSatisfy { $0 > 32 && $0 < 127 && !Array("()<>@,;:\\\"/[]?={}".utf8).contains($0) }
        guard !name.isEmpty, token else {
            throw ValueError("a header's name is a word such as `X-Team`", path: [parameter])
        }
        guard value.utf8.allSatisfy({ $0 >= 32 && $0 != 127 }) else {
            throw ValueError("the value holds a line break or a control character", path: [parameter, name])
        }
        let ours = [
            "host", "content-length", "transfer-encoding", "connection", "content-type", "idempotency-key",
            "webhook-id",
            "webhook-timestamp", "webhook-signature",
        ]
        guard !ours.contains(name.lowercased()) else {
            throw ValueError("`\(name)` is set by the channel itself", path: [parameter])
        }
    }
}
