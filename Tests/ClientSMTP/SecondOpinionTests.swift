import Foundation
import Host
import Maintenance
import Sandbox
import Testing

@testable import ClientSMTP

/// What we send, read by a mail server and a mail parser that are not ours.
struct SecondOpinionTests {
    @Test(arguments: [SMTPSecurity.starttls, .implicit])
    func anotherServerUnderstandsTheMessage(_ security: SMTPSecurity) async throws {
        let trust = try await Trust.shared.value
        let server = try await PythonMailServer.start(
            certificate: trust.server, isImplicit: security == .implicit, user: "ann", password: "open sesame")
        let subject =
            "fail: Läden täglich – 9 pass, 1 fail\r\nBcc: eve@example.com " + String(repeating: "é", count: 150)
        let text = ".\n..two\nFrom here\n" + String(repeating: "wörter = gut ", count: 40) + "\n.\nend\n"
        let html = "<p>Größe &amp; 🔥</p>\n.\n"
        let message = try Sample.message(
            to: ["ops@example.com", "\"Ann Öz\" <ann@example.com>"], subject: subject, text: text, html: html)
        let receipt = try await SMTPServer(
            host: "localhost", port: server.port, security: security,
            credentials: (user: "ann", password: Secret("open sesame")), authorityFile: trust.root.rootPath
        ).send(message, in: Sample.context(30))
        #expect(receipt.text == "250 2.0.0 Ok: kept as 000001")
        let kept = try #require(try server.messages().first)
        #expect(kept.defects.isEmpty, "\(kept.defects)")
        #expect(kept.recipients == ["ops@example.com", "ann@example.com"])
        #expect(kept.protected && kept.user == "ann")
        #expect(kept.headers["Subject"] == String(subject.prefix(250)).replacing("\r\n", with: "  "))
        #expect(kept.headers["Bcc"] == nil)
        #expect(kept.headers["Message-ID"] == message.messageID)
        #expect(kept.headers["Date"] == "Sun, 22 Nov 2026 02:00:07 +0000")
        #expect(kept.headers["To"]?.contains("Ann Öz") == true)
        #expect(kept.text.replacing("\r\n", with: "\n") == text)
        #expect(kept.html.replacing("\r\n", with: "\n") == html)
        await server.stop()
    }
}
