public import Host
import Maintenance

/// A message with a text and its HTML, as it goes over the wire.
public struct MailMessage: Sendable {
    public let from: MailAddress
    public let to: [MailAddress]
    public let subject: String
    public let text: String
    public let html: String
    /// Fixes the Message-ID: a receiver that gets the message twice can tell.
    public let id: String
    public let date: Instant

    public init(
        from: MailAddress, to: [MailAddress], subject: String, text: String, html: String, id: String, date: Instant
    ) {
        self.from = from
        self.to = to
        self.subject = String(subject.prefix(SMTPLimits.subject))
        self.text = Self.cut(text)
        self.html = Self.cut(html)
        self.id = id
        self.date = date
    }

    /// `<20261122-020000-7f3a9c04d1.ops-mail@example.com>`.
    public var messageID: String {
        var local = ""
        for character in id {
            let isAtom = character.isASCII && (character.isLetter || character.isNumber || "-_".contains(character))
            if isAtom || character == "." && !local.isEmpty && local.last != "." { local.append(character) }
        }
        while local.last == "." { local.removeLast() }
        return "<\(local.isEmpty ? "notice" : local)@\(from.domain)>"
    }

    /// The whole message with CRLF line ends, before dots are stuffed.
    var bytes: [UInt8] {
        // Quoted-printable never holds `=_`.
        let boundary = "=_" + sha256Hex(id.utf8).prefix(32)
        var head = ""
        head += MailHeader.line("Date", MailHeader.date(date))
        head += MailHeader.line("From", MailHeader.address(from))
        head += MailHeader.line("To", to.map(MailHeader.address).joined(separator: ",\r\n "))
        head += MailHeader.line("Subject", MailHeader.text(subject))
        head += MailHeader.line("Message-ID", messageID)
        head += MailHeader.line("Auto-Submitted", "auto-generated")
        head += MailHeader.line("X-Millwright-Delivery", MailHeader.text(id))
        head += MailHeader.line("MIME-Version", "1.0")
        head += MailHeader.line("Content-Type", "multipart/alternative; boundary=\"\(boundary)\"")
        var body = "\r\n"
        for (type, content) in [("plain", text), ("html", html)] {
            body += "--\(boundary)\r\n"
            body += MailHeader.line("Content-Type", "text/\(type); charset=utf-8")
            body += MailHeader.line("Content-Transfer-Encoding", "quoted-printable")
            body += "\r\n" + QuotedPrintable.encode(content)
        }
        return Array((head + body + "--\(boundary)--\r\n").utf8)
    }

    /// As the protocol wants it: a dot that begins a line is doubled (RFC 5321, 4.5.2). Without the final dot.
    var stuffed: [UInt8] {
        var result: [UInt8] = []
        let bytes = bytes
        result.reserveCapacity(bytes.count + 16)
        var isLineStart = true
        for byte in bytes {
            if isLineStart, byte == UInt8(ascii: ".") { result.append(byte) }
            result.append(byte)
            isLineStart = byte == 10
        }
        return result
    }

    private static func cut(_ text: String) -> String {
        guard text.utf8.count > SMTPLimits.body else { return text }
        return String(decoding: text.utf8.prefix(SMTPLimits.body), as: UTF8.self) + "\n…"
    }
}
