import ClientSMTP
import Host
public import Maintenance

/// People who are told by mail.
public struct MailChannel: ChannelKind {
    public static let name = "mail"
    public static let summary = """
        Mail over SMTP. TLS is required unless `tls: none` says otherwise, and the server must be the one that it claims to \
        be. The server's answer to the message is the receipt; recipients whom it refuses are named. The Message-ID is made \
        from the id of the delivery.
        """
    public static let shorthand = "server"
    public static let recipientParameter: String? = "to"
    public static var parameters: [Parameter<MailChannel>] {
        [
            .required("server", \.server, "The mail server: a host, or host:port."),
            .required("from", \.from, "The sender."),
            .required("to", \.to, "The recipients: mail addresses, people and groups of the estate."),
            .optional("tls", \.tls, default: .starttls, "How the way there is protected."),
            .optional("user", \.user, default: nil, "The user to sign in as; needs `password` and TLS."),
            .optional("password", \.password, default: nil, "The user's password."),
            .optional("ca", \.ca, default: nil, "A PEM file of authorities to trust besides the system's."),
        ]
    }

    var server = ""
    var from: MailAddress?
    var to: [MailAddress] = []
    var tls = SMTPSecurity.starttls
    var user: String?
    var password: Secret?
    var ca: String?

    public init() {}

    public var identity: String { (try? smtp().identity) ?? "mail" }

    public var secrets: [Secret] { [password].compactMap { $0 }.filter { !$0.isEmpty } }

    public func validate() throws(ValueError) {
        _ = try smtp()
        guard !to.isEmpty, to.count <= SMTPLimits.recipients else {
            throw ValueError("1 to \(SMTPLimits.recipients) recipients, and these are \(to.count)", path: ["to"])
        }
        guard (user == nil) == (password == nil) else { throw ValueError("`user` and `password` belong together") }
        if user != nil, tls == .none {
            throw ValueError(
                "the password would go over the wire in clear; use `tls: starttls` or `implicit`", path: ["tls"])
        }
        if ca != nil, tls == .none { throw ValueError("`tls: none` checks no certificate", path: ["ca"]) }
    }

    public func deliver(_ notice: Notice, id: String, in context: Context) async throws -> DeliveryReceipt {
        let server: SMTPServer
        do throws(ValueError) { server = try smtp() } catch {
            throw DeliveryError.notSent(Cause(.malformed, error.message), mayRetry: false)
        }
        return try await server.send(try message(notice, id: id), in: context)
    }

    func message(_ notice: Notice, id: String) throws(DeliveryError) -> MailMessage {
        guard let from else { throw .notSent(Cause(.malformed, "The mail has no sender."), mayRetry: false) }
        let page = MailPage(notice)
        return MailMessage(
            from: from, to: to, subject: page.subject, text: page.text, html: page.html, id: id, date: notice.at)
    }

    private func smtp() throws(ValueError) -> SMTPServer {
        var (host, port) = (server[...], Int?.none)
        let isBare = server.first != "[" && server.count { $0 == ":" } > 1
        if !isBare, let colon = server.lastIndex(of: ":"), server.last != "]" {
            port = Int(server[server.index(after: colon)...])
            host = server[..<colon]
            guard let number = port, (1...65_535).contains(number) else {
                throw ValueError("the port is not a number from 1 to 65535", path: ["server"])
            }
        }
        if host.first == "[", host.last == "]" { host = host.dropFirst().dropLast() }
        let isName = host.utf8.allSatisfy {
            UnicodeScalar($0).properties.isAlphabetic && $0 < 128 || (48...57).contains($0) || "-._:".utf8.contains($0)
        }
        guard !host.isEmpty, isName else {
            throw ValueError("not a mail server such as smtp.example.com or smtp.example.com:587", path: ["server"])
        }
        return SMTPServer(
            host: String(host), port: port, security: tls,
            credentials: user.flatMap { user in password.map { (user: user, password: $0) } }, authorityFile: ca)
    }
}
