import Foundation
import Host
import Maintenance
import Sandbox
import Synchronization
import Testing

@testable import Notices

/// Posting to a real receiver: what counts as a receipt, what certainly did not arrive, and what nobody can say.
@Suite struct WebhookTests {
    private func post(
        _ server: StandInServer, _ more: [String: PlanValue] = [:], path: String = "/services/T000/B000/s3cr3tS3cr3t",
        seconds: Int = 10
    ) async throws -> DeliveryReceipt {
        let channel = try Sample.channel(
            "webhook", more.merging(["url": .text(server.url(path))]) { first, _ in first })
        return try await channel.deliver(Sample.notice(), id: Sample.id, in: Sample.context(seconds))
    }

    @Test(arguments: ["slack", "generic"]) func aNoticeArrives(_ shape: String) async throws {
        let server = try StandInServer()
        server.otherwise { _ in Answer(body: "ok") }
        let receipt = try await post(server, ["shape": .text(shape), "headers": .map([.init("X-Team", .text("ops"))])])
        #expect(receipt == DeliveryReceipt("200 ok"))
        let request = try #require(server.requests.first)
        #expect(server.requests.count == 1 && request.method == "POST")
        #expect(request.path == "/services/T000/B000/s3cr3tS3cr3t")
        #expect(request.headers["content-type"] == "application/json")
        #expect(request.headers["idempotency-key"] == Sample.id && request.headers["x-team"] == "ops")
        #expect(request.headers["webhook-signature"] == nil)
        let json = try decodeJSON(JSONValue.self, request.body)
        #expect(json[shape == "slack" ? "blocks" : "schemaVersion"] != nil)
    }

    @Test func aJSONAnswersIDIsTheReceipt() async throws {
        let server = try StandInServer()
        server.otherwise { _ in .json(#"{"id": "msg_1\r\nx", "more": true}"#, status: 202) }
        #expect(try await post(server).text == "202 id msg_1 x")
    }

    /// As standardwebhooks.com has it.
    @Test(arguments: ["whsec_c2lnbi1tZS13aXRoLXRoaXM=", "a-plain-key"]) func aSignatureCanBeChecked(_ key: String)
        async throws
    {
        let server = try StandInServer()
        server.otherwise { _ in Answer(status: 204) }
        _ = try await post(server, ["secret": .text(key)])
        let request = try #require(server.requests.first)
        let id = try #require(request.headers["webhook-id"])
        let time = try #require(request.headers["webhook-timestamp"])
        let raw = key.hasPrefix("whsec_") ? Data("sign-me-with-this".utf8) : Data(key.utf8)
        let signed = Array("\(id).\(time).".utf8) + request.body
        #expect(request.headers["webhook-signature"] == "v1," + hmacSHA256Base64(key: Array(raw), signed))
        #expect(abs((Int64(time) ?? 0) - Sample.host.now().secondsSinceEpoch) < 60)
    }

    @Test(arguments: [
        (400, false), (401, false), (403, false), (404, false), (410, false), (413, false), (429, true), (500, true),
        (501, true), (503, true),
    ])
    func aRefusalIsNotSent(_ status: Int, _ mayRetry: Bool) async throws {
        let server = try StandInServer()
        server.otherwise { _ in Answer(status: status, headers: [("Retry-After", "7")], body: "no_service") }
        let error = try #require(try await Sample.failure { try await post(server) })
        let after: Duration? = status == 429 || status >= 500 ? .seconds(7) : nil
        #expect(error == .notSent(error.cause, mayRetry: mayRetry, after: after))
        #expect(error.cause.sentence.contains("\(status) no_service"))
    }

    @Test(arguments: [408, 502, 504]) func aGatewayThatGaveUpSaysNothingOfTheReceiver(_ status: Int) async throws {
        let server = try StandInServer()
        server.otherwise { _ in Answer(status: status) }
        let error = try #require(try await Sample.failure { try await post(server) })
        #expect(error == .perhapsSent(error.cause) && error.cause.code == .perhapsSent)
    }

    @Test(arguments: [301, 302, 307, 308]) func aRedirectIsNotFollowed(_ status: Int) async throws {
        let (server, other) = (try StandInServer(), try StandInServer())
        other.otherwise { _ in Answer(body: "ok") }
        server.otherwise { _ in .redirect(to: other.url("/else"), status: status) }
        let error = try #require(try await Sample.failure { try await post(server) })
        #expect(error == .notSent(error.cause, mayRetry: false))
        #expect(other.requests.isEmpty)
    }

    @Test func nobodyThere() async throws {
        // On this port nobody ever listens; one that was free a moment ago may have another test's server by now.
        let channel = try Sample.channel(
            "webhook", ["url": .text("http://127.0.0.1:1/services/T000/B000/s3cr3tS3cr3t")])
        let error = try #require(
            try await Sample.failure {
                try await channel.deliver(Sample.notice(), id: Sample.id, in: Sample.context())
            })
        #expect(error == .notSent(error.cause, mayRetry: true))
        #expect(!error.cause.sentence.contains("s3cr3t"))
        #expect(error.cause.code == .refused)
    }

    /// It ends in the handshake: whoever waits there has sent nothing.
    @Test func noConnectionInTimeIsNotSent() async throws {
        let proxy = try FaultProxy(to: 1, behaviour: .hang)
        let channel = try Sample.channel(
            "webhook", ["url": .text("https://127.0.0.1:\(proxy.port)/services/T000/B000/s3cr3tS3cr3t")])
        let error = try #require(
            try await Sample.failure {
                try await channel.deliver(Sample.notice(), id: Sample.id, in: Sample.context(1))
            })
        #expect(error == .notSent(error.cause, mayRetry: true))
        #expect(!error.cause.sentence.contains("s3cr3t"))
    }

    @Test func aCertificateThatIsRefusedIsNotTriedAgain() async throws {
        let certificate = try await CertificateAuthority.selfSigned(names: ["localhost"])
        let server = try await TLSServer.start(certificate: certificate)
        let channel = try Sample.channel("webhook", ["url": .text(server.url(host: "localhost") + "s3cr3tS3cr3t")])
        let error = try #require(
            try await Sample.failure {
                try await channel.deliver(Sample.notice(), id: Sample.id, in: Sample.context())
            })
        #expect(error == .notSent(error.cause, mayRetry: false))
        #expect(error.cause.code == .tlsFailed && !error.cause.sentence.contains("s3cr3t"))
        await server.stop()
    }

    @Test func aLostAnswerIsPerhapsSent() async throws {
        let server = try StandInServer()
        server.otherwise { _ in Answer(body: .raw([])) }
        let error = try #require(try await Sample.failure { try await post(server) })
        #expect(error == .perhapsSent(error.cause))
        #expect(server.requests.count == 1)
    }

    @Test func silenceIsPerhapsSent() async throws {
        let server = try StandInServer()
        server.otherwise { _ in Answer(body: .silence) }
        let error = try #require(try await Sample.failure { try await post(server, seconds: 2) })
        #expect(error == .perhapsSent(error.cause))
        #expect(server.requests.count <= 1)
    }

    @Test func anEndlessAnswerIsAReceiptAndNotRead() async throws {
        let server = try StandInServer()
        server.otherwise { _ in Answer(body: .endless(Array(repeating: 65, count: 4096))) }
        #expect(try await post(server).text.count <= Limits.receipt)
    }

    @Test func theURLIsInNoSentence() async throws {
        let server = try StandInServer()
        let path = "/services/T000/B000/s3cr3tS3cr3t?token=t0k3n-t0k3n-t0k3n"
        var errors: [DeliveryError] = []
        for answer in [
            Answer(body: .raw([])), Answer(body: .silence),
            Answer(status: 404, body: .bytes(Array("no \(path) at \(server.url(path))".utf8))),
            .redirect(to: server.url(path)), Answer(body: .raw(Array("garbage".utf8))),
        ] as [Answer] {
            server.otherwise { _ in answer }
            errors.append(try #require(try await Sample.failure { try await post(server, path: path, seconds: 1) }))
        }
        for error in errors {
            #expect(!error.cause.sentence.contains("s3cr3t") && !error.cause.sentence.contains("t0k3n"), "\(error)")
            #expect(error.cause.sentence.contains("http://127.0.0.1:\(server.port)"), "\(error)")
        }
    }

    @Test func theIdentityIsTheHostAlone() throws {
        let channel = try Sample.channel(
            "webhook", ["url": .text("https://hooks.slack.com/services/T0/B0/XXXXXXXXXXXXXXXX")])
        #expect(channel.identity == "https://hooks.slack.com:443")
        let masker = Masker(channel.secrets)
        #expect(masker.mask("POST /services/T0/B0/XXXXXXXXXXXXXXXX, XXXXXXXXXXXXXXXX") == "POST (secret), (secret)")
        #expect(masker.mask(channel.identity) == channel.identity)
    }

    @Test(arguments: [
        ["url": "hooks"], ["url": "ftp://x/y"], ["url": "https://ann:open@x/y"], ["url": "https://x/y#z"],
        ["url": "https://x/\r\ny"], ["url": "https://x/y", "shape": "teams"],
        ["url": "https://x/y", "secret": "whsec_?"],
    ])
    func wrongSettings(_ settings: [String: String]) {
        #expect(throws: CouldNotLook.self) { try Sample.channel("webhook", settings.mapValues { .text($0) }) }
    }

    @Test(arguments: [("X\r\nY", "1"), ("X-Y", "1\r\nHost: z"), ("webhook-id", "1"), ("Host", "z")])
    func wrongHeaders(_ name: String, _ value: String) {
        for key in ["headers", "secret-headers"] {
            #expect(throws: CouldNotLook.self) {
                try Sample.channel("webhook", ["url": .text("https://x/y"), key: .map([.init(name, .text(value))])])
            }
        }
    }
}
