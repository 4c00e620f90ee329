import FoundationEssentials
import Host
import Maintenance

/// The dialogue in which one message is handed over (RFC 5321).
struct SMTPSession {
    let server: SMTPServer
    let message: MailMessage
    let context: Context
    /// The final dot may have reached the server: from here on nobody can say that it has nothing.
    private(set) var isHandedOver = false

    init(server: SMTPServer, message: MailMessage, context: Context) {
        self.server = server
        self.message = message
        self.context = context
    }

    mutating func run() async throws -> DeliveryReceipt {
        let tls = server.security == .none ? nil : try await server.tlsContext(on: context.host)
        let connection = try await SMTPConnection.open(
            server, tls: server.security == .implicit ? tls : nil, until: context.deadline, on: context.host)
        defer { connection.close() }
        try expect(try await connection.reply(), "the connection")
        var extensions = try await greet(connection)
        if server.security == .starttls, let tls {
            guard extensions.contains("STARTTLS") else { throw SMTPFailure.noStartTLS }
            try expect(try await connection.command("STARTTLS"), "STARTTLS")
            try await connection.startTLS(tls, name: server.nameForTLS)
            // What was said in clear counts no more.
            extensions = try await greet(connection)
        }
        if let (user, password) = server.credentials { try await signIn(connection, extensions, user, password) }
        let refused = try await envelope(connection)
        return try await handOver(connection, refused)
    }

    /// The extensions that the server offers.
    private func greet(_ connection: SMTPConnection) async throws -> [String] {
        let reply = try await connection.command("EHLO \(connection.ownName)")
        try expect(reply, "EHLO")
        return reply.lines.dropFirst().map { $0.uppercased() }
    }

    private func signIn(
        _ connection: SMTPConnection, _ extensions: [String], _ user: String, _ password: Secret
    ) async throws {
        let offered = extensions.first { $0.hasPrefix("AUTH ") || $0.hasPrefix("AUTH=") }
        let mechanisms = (offered ?? "").dropFirst(5).split(separator: " ")
        if mechanisms.contains("PLAIN") {
            let response = Self.base64("\0\(user)\0\(password.reveal())")
            try expect(try await connection.command("AUTH PLAIN \(response)"), "AUTH")
        } else if mechanisms.contains("LOGIN") {
            for question in ["AUTH LOGIN", Self.base64(user)] {
                let reply = try await connection.command(question)
                guard reply.code == 334 else { throw SMTPFailure.answered(reply, to: "AUTH") }
            }
            try expect(try await connection.command(Self.base64(password.reveal())), "AUTH")
        } else {
            throw SMTPFailure.noSignIn
        }
    }

    /// Names sender and recipients; the recipients whom the server refused, each with its words.
    private func envelope(_ connection: SMTPConnection) async throws -> [String] {
        try expect(try await connection.command("MAIL FROM:<\(message.from.address)>"), "MAIL")
        var refused: [(text: String, reply: SMTPReply)] = []
        for recipient in message.to {
            let reply = try await connection.command("RCPT TO:<\(recipient.address)>")
            // It closes the connection after this one.
            if reply.code == 421 { throw SMTPFailure.answered(reply, to: "RCPT") }
            if !reply.isPositive { refused.append(("\(recipient.address): \(reply.shown)", reply)) }
        }
        if refused.count == message.to.count, let first = refused.first {
            let worth = refused.first { $0.reply.isTransient } ?? first
            throw SMTPFailure.answered(worth.reply, to: "RCPT")
        }
        return refused.map(\.text)
    }

    private mutating func handOver(_ connection: SMTPConnection, _ refused: [String]) async throws -> DeliveryReceipt {
        let consent = try await connection.command("DATA")
        guard consent.code == 354 else { throw SMTPFailure.answered(consent, to: "DATA") }
        // Without the final dot no server delivers anything.
        try await connection.write(message.stuffed)
        isHandedOver = true
        let reply = try await connection.command(".")
        try expect(reply, "the message")
        context.evidence.note(
            source: server.identity, statement: "DATA \(message.messageID) to \(message.to.count - refused.count)",
            answer: reply.shown.utf8)
        return DeliveryReceipt(reply.shown, refused: refused)
    }

    private func expect(_ reply: SMTPReply, _ command: String) throws(SMTPFailure) {
        guard reply.isPositive else { throw .answered(reply, to: command) }
    }

    private static func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }
}
