import Foundation
import NIOCore
import NIOSSL
import Synchronization

/// One client of the mail server.
final class MailSession: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Mode {
        case command
        case message
        /// Between the questions of AUTH LOGIN.
        case user
        case password(user: String)
    }

    private let server: MailServer
    private var mode = Mode.command
    private var buffer: [UInt8] = []
    private var isProtected = false
    private var user: String?
    private var sender: String?
    private var recipients: [String] = []
    private var text: [String] = []

    init(_ server: MailServer) {
        self.server = server
        isProtected = server.security == .implicit
    }

    func channelActive(context: ChannelHandlerContext) {
        server.state.withLock { $0.connections += 1 }
        react("CONNECT", "", context) { self.say(["220 sandbox ESMTP"], context) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        buffer += Array(Self.unwrapInboundIn(data).readableBytesView)
        while let end = buffer.firstIndex(of: 10) {
            var line = buffer[..<end]
            if line.last == 13 { line.removeLast() }
            let text = String(decoding: line, as: UTF8.self)
            buffer.removeSubrange(...end)
            take(text, context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func take(_ line: String, _ context: ChannelHandlerContext) {
        switch mode {
        case .message:
            guard line == "." else {
                text.append(line.hasPrefix(".") ? String(line.dropFirst()) : line)
                return
            }
            mode = .command
            react(".", line, context) {
                self.keep()
                self.say(["250 2.0.0 Ok: queued as SANDBOX\(self.server.messages.count)"], context)
            }
        case .user:
            mode = .password(user: decoded(line))
            say(["334 UGFzc3dvcmQ6"], context)
        case .password(let user):
            mode = .command
            signIn(user, decoded(line), context)
        case .command:
            server.state.withLock { $0.lines.append(line) }
            let verb = line.prefix { $0 != " " }.uppercased()
            react(verb, line, context) { self.answer(verb, line, context) }
        }
    }

    private func react(_ verb: String, _ line: String, _ context: ChannelHandlerContext, _ usual: () -> Void) {
        let script = server.state.withLock { $0.scripts[verb] }
        switch script?(line) {
        case nil: usual()
        case .say(let lines)?:
            // A consent is followed even where it was scripted.
            if verb == "DATA", lines.first?.hasPrefix("354") == true { mode = .message }
            say(lines, context)
        case .hangUp?: context.close(promise: nil)
        case .keepAndHangUp?:
            keep()
            context.close(promise: nil)
        case .silence?: break
        }
    }

    private func answer(_ verb: String, _ line: String, _ context: ChannelHandlerContext) {
        switch verb {
        case "EHLO":
            var offers = ["sandbox", "8BITMIME"]
            if server.security == .startTLS, !isProtected { offers.append("STARTTLS") }
            if server.credentials != nil { offers.append("AUTH \(server.mechanisms)") }
            say(offers.dropLast().map { "250-\($0)" } + ["250 \(offers[offers.count - 1])"], context)
        case "STARTTLS": startTLS(context)
        case "AUTH": authenticate(line, context)
        case "MAIL":
            guard server.credentials == nil || user != nil else { return say(["530 5.7.0 Sign in first"], context) }
            sender = Self.path(line)
            say(["250 2.1.0 Ok"], context)
        case "RCPT":
            recipients.append(Self.path(line))
            say(["250 2.1.5 Ok"], context)
        case "DATA":
            mode = .message
            say(["354 End data with <CR><LF>.<CR><LF>"], context)
        case "QUIT":
            say(["221 2.0.0 Bye"], context)
            context.close(promise: nil)
        default: say(["500 5.5.2 What?"], context)
        }
    }

    private func startTLS(_ context: ChannelHandlerContext) {
        guard server.security == .startTLS, let tls = server.tls else { return say(["502 5.5.1 No TLS"], context) }
        say(["220 2.0.0 Go ahead"], context)
        isProtected = true
        do {
            try context.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls), position: .first)
        } catch { context.close(promise: nil) }
    }

    private func authenticate(_ line: String, _ context: ChannelHandlerContext) {
        let words = line.split(separator: " ").map(String.init)
        if words.count == 2, words[1] == "LOGIN" {
            mode = .user
            return say(["334 VXNlcm5hbWU6"], context)
        }
        let parts = decoded(words.last ?? "").split(separator: "\0", omittingEmptySubsequences: false).map(String.init)
        guard words.count == 3, parts.count == 3 else { return say(["501 5.5.4 What?"], context) }
        signIn(parts[1], parts[2], context)
    }

    private func signIn(_ name: String, _ password: String, _ context: ChannelHandlerContext) {
        guard let known = server.credentials, known == (name, password) else {
            return say(["535 5.7.8 Authentication failed"], context)
        }
        user = name
        say(["235 2.7.0 Welcome"], context)
    }

    private func keep() {
        let message = MailServer.Message(
            from: sender ?? "", recipients: recipients, text: text.joined(separator: "\r\n"), isProtected: isProtected,
            user: user)
        server.state.withLock { $0.messages.append(message) }
        sender = nil
        recipients = []
        text = []
    }

    private func say(_ lines: [String], _ context: ChannelHandlerContext) {
        let text = lines.map { $0 + "\r\n" }.joined()
        context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
    }

    private func decoded(_ text: String) -> String {
        String(decoding: Data(base64Encoded: text) ?? Data(), as: UTF8.self)
    }

    private static func path(_ line: String) -> String {
        guard let open = line.firstIndex(of: "<"), let close = line.lastIndex(of: ">"), open < close else {
            return line
        }
        return String(line[line.index(after: open)..<close])
    }
}
