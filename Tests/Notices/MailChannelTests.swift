import ClientSMTP
import Host
import Maintenance
import Sandbox
import Testing

@testable import Notices

/// The mail channel over a mail server of the sandbox.
@Suite struct MailChannelTests {
    private static let trust = Task {
        let root = try await CertificateAuthority.makeRoot()
        return (root: root.rootPath, server: try await root.leaf(names: ["localhost"]))
    }

    private func settings(_ server: MailServer, _ more: [String: String] = [:]) async throws -> [String: PlanValue] {
        let base = [
            "server": "localhost:\(server.port)", "from": "Millwright <m@example.com>", "to": "ops@example.com",
            "ca": try await Self.trust.value.root,
        ]
        return base.merging(more) { _, second in second }.mapValues { .text($0) }
    }

    @Test func aNoticeArrivesUnderTLSFromWhoSignedIn() async throws {
        let server = try await MailServer.start(
            .startTLS, certificate: try await Self.trust.value.server, credentials: ("ann", "open-sesame"))
        var given = try await settings(server, ["user": "ann", "password": "open-sesame"])
        given["to"] = .list([.text("ops@example.com"), .text("Ann <ann@example.com>")])
        let channel = try Sample.channel("mail", given)
        let receipt = try await channel.deliver(Sample.notice(), id: Sample.id, in: Sample.context())
        #expect(receipt.text.hasPrefix("250 2.0.0 Ok"))
        let message = try #require(server.messages.first)
        #expect(message.isProtected && message.user == "ann" && message.recipients.count == 2)
        #expect(message.text.contains("Message-ID: <\(Sample.id)@example.com>"))
        #expect(message.text.contains("Subject: fail: shop daily: 9 pass, 2 fail"))
        #expect(channel.identity == "smtp://localhost:\(server.port)")
        #expect(channel.secrets.map { $0.reveal() } == ["open-sesame"])
        await server.stop()
    }

    @Test func aServerThatRefusesIsSaidToRefuse() async throws {
        let server = try await MailServer.start(.startTLS, certificate: try await Self.trust.value.server)
        server.on("RCPT", say: "550 5.7.1 Relaying denied")
        let channel = try Sample.channel("mail", try await settings(server))
        let error = try await Sample.failure {
            try await channel.deliver(Sample.notice(), id: Sample.id, in: Sample.context())
        }
        #expect(error?.cause.sentence.contains("550 5.7.1 Relaying denied") == true)
        await server.stop()
    }

    @Test(arguments: [
        ["to": "nobody"], ["to": "a@b.c\r\nRCPT TO:<eve@x.y>"], ["from": "x"], ["server": "smtp example"],
        ["server": "smtp.example.com:0"], ["server": "smtp.example.com:x"], ["server": ""], ["user": "ann"],
        ["password": "open"], ["user": "ann", "password": "open", "tls": "none"], ["tls": "perhaps"],
        ["tls": "none", "ca": "/etc/ca.pem"],
    ])
    func wrongSettings(_ more: [String: String]) {
        let base = ["server": "smtp.example.com", "from": "m@example.com", "to": "o@example.com"]
        #expect(throws: CouldNotLook.self) {
            try Sample.channel("mail", base.merging(more) { _, second in second }.mapValues { .text($0) })
        }
    }

    @Test(arguments: [
        ("smtp.example.com", "smtp://smtp.example.com:587"), ("smtp.example.com:2525", "smtp://smtp.example.com:2525"),
        ("[::1]:25", "smtp://[::1]:25"), ("::1", "smtp://[::1]:587"),
    ])
    func theServerIsRead(_ server: String, _ identity: String) throws {
        let channel = try Sample.channel(
            "mail", ["server": .text(server), "from": .text("m@example.com"), "to": .text("o@example.com")])
        #expect(channel.identity == identity)
    }
}
