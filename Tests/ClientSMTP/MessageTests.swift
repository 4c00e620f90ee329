import Foundation
import Host
import Maintenance
import Testing

@testable import ClientSMTP

/// The message's bytes: nothing in a text can begin a header, end the message, or look like the protocol.
struct MessageTests {
    private func lines(_ message: MailMessage) -> [String] {
        String(decoding: message.bytes, as: UTF8.self).components(separatedBy: "\r\n")
    }

    @Test func theHeadersAreThere() throws {
        let message = try Sample.message()
        let lines = lines(message)
        for line in [
            "Date: Sun, 22 Nov 2026 02:00:07 +0000", "From: \"Millwright\" <millwright@example.com>",
            "To: ops@example.com", "Subject: fail: shop daily",
            "Message-ID: <20261122-020000-7f3a9c.ops-mail@example.com>", "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
        ] { #expect(lines.contains(line), "\(line)") }
    }

    @Test(arguments: [
        "fail\r\nBcc: eve@example.com", "fail\nBcc: eve@example.com", "fail\u{2028}Bcc: eve", "fail\u{0}x",
        "=?utf-8?Q?=0D=0ABcc:_eve?=", "Ärger – 故障 🔥 " + String(repeating: "ü", count: 200),
    ])
    func aSubjectIsOneHeaderWhateverIsInIt(_ subject: String) throws {
        let lines = lines(try Sample.message(subject: subject))
        let head = lines.prefix { !$0.isEmpty }
        #expect(!head.contains { $0.hasPrefix("Bcc") })
        #expect(head.count { $0.hasPrefix("Subject:") } == 1)
        #expect(head.allSatisfy { $0.utf8.count <= 90 && $0.utf8.allSatisfy { (32..<127).contains($0) } })
        // A continuation line begins with a space; any other begins with a name.
        #expect(head.allSatisfy { $0.hasPrefix(" ") || $0.contains(#/^[A-Za-z-]+: /#) })
        let start = try #require(head.firstIndex { $0.hasPrefix("Subject:") })
        let words = head[start...].prefix { $0 == head[start] || $0.hasPrefix(" ") }.joined()
        let decoded = words.matches(of: /=\?utf-8\?B\?([^?]*)\?=/)
            .map { Data(base64Encoded: String($0.1)) ?? Data() }.reduce(Data(), +)
        if subject.hasPrefix("Ä") { #expect(String(decoding: decoded, as: UTF8.self) == String(subject.prefix(250))) }
    }

    @Test func aTextCannotEndTheMessageOrItsPart() throws {
        let message = try Sample.message(
            text: ".\r\n.\r\nQUIT\r\nFrom eve\n--=_" + sha256Hex("x".utf8).prefix(32) + "--\n.hidden\rbare\nlast ",
            html: "<p>\u{E4}\n.\n</p>")
        let stuffed = String(decoding: message.stuffed, as: UTF8.self)
        #expect(!stuffed.contains("\r\n.\r\n"))
        #expect(message.stuffed.allSatisfy { $0 < 127 })
        let bytes = message.bytes
        // Every line feed has its carriage return, and the other way round.
        for (index, byte) in bytes.enumerated() {
            if byte == 10 { #expect(bytes[index - 1] == 13) }
            if byte == 13 { #expect(bytes[index + 1] == 10) }
        }
        let lines = lines(message)
        #expect(lines.allSatisfy { $0.utf8.count <= 78 || $0.hasPrefix("Content-Type: multipart") })
        #expect(lines.count { $0.hasPrefix("--=_") } == 3)
        #expect(!lines.contains { $0.hasPrefix("From ") || $0.hasPrefix(".") })
    }

    @Test func quotedPrintableIsReadBack() throws {
        let text = "Ärger = 100 %\ttab \n" + String(repeating: "wörter ", count: 60) + "\n\u{1F525}\n.\n"
        let encoded = QuotedPrintable.encode(text)
        #expect(encoded.components(separatedBy: "\r\n").allSatisfy { $0.utf8.count <= 76 })
        var bytes: [UInt8] = []
        var rest = Array(encoded.replacing("=\r\n", with: "").utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "=") else {
                bytes.append(byte)
                continue
            }
            bytes.append(try #require(UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)))
            rest = rest.dropFirst(2)
        }
        #expect(String(decoding: bytes, as: UTF8.self) == text.replacing("\n", with: "\r\n") + "\r\n")
    }

    @Test(arguments: [
        "ops@example.com\r\nRCPT TO:<eve@example.com>", "ops@example.com> SIZE=1", "ops@@example.com", "ops",
        "@example.com",
        "ops@", "a b@example.com", "öps@example.com", "ops@exämple.com", "ops@-x.com", "ops@example..com",
        "Ops\r\nBcc: eve <ops@example.com>", "<>", "\"a b\"@example.com", String(repeating: "a", count: 65) + "@b.c",
    ])
    func anAddressThatCouldEndItsLineIsNone(_ text: String) {
        #expect(MailAddress(text) == nil)
    }

    @Test(arguments: ["ops@example.com", "Ops Team <ops+a.b@sub.example.com>", "<ops@[127.0.0.1]>", "\"Ö\" <o@e.x>"])
    func anAddressIsRead(_ text: String) { #expect(MailAddress(text) != nil) }

    @Test func anIDMakesAMessageIDWhateverIsInIt() throws {
        #expect(try Sample.message(id: "r1..a>b\r\n@c.").messageID == "<r1.abc@example.com>")
    }

    @Test func repliesAreTakenApartWhereverTheyAreCut() throws {
        let text = "250-first\r\n250-SIZE 10\r\n250 last\r\n354 go\n250\r\n"
        for size in 1...text.utf8.count {
            var decoder = SMTPReplyDecoder()
            var replies: [SMTPReply] = []
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                decoder.append(rest.prefix(size))
                rest = rest.dropFirst(size)
                while let reply = try decoder.next() { replies.append(reply) }
            }
            #expect(replies.map(\.code) == [250, 354, 250])
            #expect(replies.first?.lines == ["first", "SIZE 10", "last"])
            #expect(decoder.isEmpty)
        }
    }

    @Test(arguments: [
        "HTTP/1.1 400 Bad Request\r\n", "250_ok\r\n", "99 no\r\n", "600 no\r\n", "250-a\r\n550 b\r\n",
        "250 " + String(repeating: "x", count: 5000), String(repeating: "250-x\r\n", count: 300),
    ])
    func garbageIsNoReply(_ text: String) {
        var decoder = SMTPReplyDecoder()
        decoder.append(text.utf8)
        #expect(throws: SMTPFailure.self) { while try decoder.next() != nil {} }
    }
}
