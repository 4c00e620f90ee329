import Foundation
import Host
import Maintenance
import Sandbox
import Synchronization
import Testing

@testable import ClientSMTP

/// Handing a message over: what counts as a receipt, what certainly did not arrive, and what nobody can say.
struct SMTPServerTests {
    private func send(
        _ message: MailMessage? = nil, to server: MailServer, _ security: SMTPSecurity = .none,
        credentials: (String, Secret)? = nil, trusted: Bool = true, host: String = "127.0.0.1", seconds: Int = 10
    ) async throws -> DeliveryReceipt {
        let authority = try await Trust.shared.value.root.rootPath
        return try await SMTPServer(
            host: host, port: server.port, security: security,
            credentials: credentials.map { (user: $0.0, password: $0.1) },
            authorityFile: trusted ? authority : nil
        ).send(try message ?? Sample.message(), in: Sample.context(seconds))
    }

    private func failure(_ body: () async throws -> DeliveryReceipt) async throws -> DeliveryError {
        do {
            let receipt = try await body()
            Issue.record("delivered: \(receipt.text)")
            return .perhapsSent(Cause(.unexpected, ""))
        } catch let error as DeliveryError { return error }
    }

    private func start(
        _ security: MailServer.Security, credentials: (user: String, password: String)? = nil,
        mechanisms: String = "PLAIN LOGIN"
    ) async throws -> MailServer {
        try await MailServer.start(
            security, certificate: try await Trust.shared.value.server, credentials: credentials, mechanisms: mechanisms
        )
    }

    @Test(arguments: [(MailServer.Security.none, SMTPSecurity.none), (.startTLS, .starttls), (.implicit, .implicit)])
    func aMessageArrives(_ theirs: MailServer.Security, _ ours: SMTPSecurity) async throws {
        let server = try await start(theirs)
        let message = try Sample.message(to: ["ops@example.com", "Ann <ann@example.com>"], text: ".\n..\nend")
        let receipt = try await send(message, to: server, ours)
        #expect(receipt == DeliveryReceipt("250 2.0.0 Ok: queued as SANDBOX1"))
        let kept = try #require(server.messages.first)
        #expect(kept.from == "millwright@example.com")
        #expect(kept.recipients == ["ops@example.com", "ann@example.com"])
        #expect(kept.isProtected == (ours != .none))
        #expect(kept.text + "\r\n" == String(decoding: message.bytes, as: UTF8.self))
        #expect(server.messages.count == 1)
        await server.stop()
    }

    @Test func aNameIsCheckedToo() async throws {
        let server = try await start(.implicit)
        _ = try await send(to: server, .implicit, host: "localhost")
        #expect(server.messages.count == 1)
        await server.stop()
    }

    @Test func nothingIsSentInClearWhereTLSIsWanted() async throws {
        let server = try await start(.none)
        let error = try await failure { try await send(to: server, .starttls) }
        #expect(error.cause.code == .tlsFailed)
        #expect(error == .notSent(error.cause, mayRetry: false))
        #expect(!server.lines.contains { $0.hasPrefix("MAIL") || $0.hasPrefix("AUTH") })
        await server.stop()
    }

    @Test(arguments: [SMTPSecurity.starttls, .implicit])
    func aServerThatNobodyVouchesForGetsNothing(_ security: SMTPSecurity) async throws {
        let server = try await start(security == .implicit ? .implicit : .startTLS, credentials: ("ann", "open"))
        let error = try await failure {
            try await send(to: server, security, credentials: ("ann", Secret("open")), trusted: false)
        }
        #expect(error == .notSent(error.cause, mayRetry: false))
        #expect(error.cause.sentence.contains("not trusted"), "\(error.cause)")
        #expect(!server.lines.contains { $0.hasPrefix("AUTH") })
        await server.stop()
    }

    /// A man in the middle could put a reply of his own before the session: it must not be read under TLS.
    @Test func whatIsSaidInClearAfterSTARTTLSEndsEverything() async throws {
        let server = try await start(.startTLS)
        server.on("STARTTLS", say: "220 go", "250 mine")
        let error = try await failure { try await send(to: server, .starttls) }
        #expect(error == .notSent(error.cause, mayRetry: false))
        #expect(server.messages.isEmpty)
        await server.stop()
    }

    @Test(arguments: ["PLAIN LOGIN", "LOGIN", "CRAM-MD5 PLAIN"])
    func weSignIn(_ mechanisms: String) async throws {
        let server = try await start(.startTLS, credentials: ("ann", "o p\u{E4}n"), mechanisms: mechanisms)
        _ = try await send(to: server, .starttls, credentials: ("ann", Secret("o p\u{E4}n")))
        #expect(server.messages.first?.user == "ann")
        await server.stop()
    }

    @Test func aWrongPasswordIsFinalAndNotRepeated() async throws {
        let server = try await start(.startTLS, credentials: ("ann", "open"))
        let error = try await failure {
            try await send(to: server, .starttls, credentials: ("ann", Secret("wrong-one")))
        }
        #expect(error.cause.code == .signInFailed)
        #expect(error == .notSent(error.cause, mayRetry: false))
        #expect(!error.cause.sentence.contains("wrong-one"))
        await server.stop()
    }

    @Test func noKnownWayToSignIn() async throws {
        let server = try await start(.startTLS, credentials: ("ann", "open"), mechanisms: "GSSAPI")
        let error = try await failure { try await send(to: server, .starttls, credentials: ("ann", Secret("open"))) }
        #expect(error.cause.code == .signInFailed)
        await server.stop()
    }

    @Test(arguments: ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "."], [450, 554])
    func aRefusalIsNotSentAndTheFourHundredsMayBeTriedAgain(_ verb: String, _ code: Int) async throws {
        let server = try await start(.none)
        server.on(verb, say: "\(code) 4.0.0 Not now")
        let error = try await failure { try await send(to: server) }
        #expect(error == .notSent(error.cause, mayRetry: code == 450))
        #expect(error.cause.sentence.contains("\(code) 4.0.0 Not now"))
        #expect(server.messages.isEmpty)
        await server.stop()
    }

    @Test(arguments: ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA"])
    func aLossBeforeTheMessageIsNotSent(_ verb: String) async throws {
        let server = try await start(.none)
        server.on(verb) { _ in .hangUp }
        let error = try await failure { try await send(to: server) }
        #expect(error == .notSent(error.cause, mayRetry: true))
        await server.stop()
    }

    @Test func aLossAfterTheMessageIsPerhapsSent() async throws {
        let server = try await start(.none)
        server.on(".") { _ in .keepAndHangUp }
        let error = try await failure { try await send(to: server) }
        #expect(error == .perhapsSent(error.cause))
        #expect(error.cause.code == .perhapsSent)
        #expect(server.messages.count == 1)
        await server.stop()
    }

    @Test(arguments: ["RCPT", "."]) func silenceEndsAtTheDeadline(_ verb: String) async throws {
        let server = try await start(.none)
        let reached = Mutex(false)
        server.on(verb) { _ in
            reached.withLock { $0 = true }
            return .silence
        }
        // The deadline comes when the server has fallen silent, however busy the machine is.
        var host = Host.system
        host.sleep = { _ in while !reached.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(5)) } }
        let context = Context(
            host: host, deadline: host.steady() + .seconds(60), label: WorkLabel(run: "r1", step: "delivery"))
        let error = try await failure {
            try await SMTPServer(host: "127.0.0.1", port: server.port, security: .none).send(
                try Sample.message(), in: context)
        }
        #expect(error == (verb == "." ? .perhapsSent(error.cause) : .notSent(error.cause, mayRetry: true)))
        #expect(error.cause.sentence.contains("did not answer in time"))
        await server.stop()
    }

    /// Otherwise the reply to nothing would be taken for the receipt of the message.
    @Test func aReplyThatNobodyAskedForIsNoReceipt() async throws {
        let server = try await start(.none)
        server.on("DATA", say: "354 go", "250 2.0.0 Ok: queued as NOTHING")
        let error = try await failure { try await send(to: server) }
        if case .notSent = error {} else { #expect(error.cause.code == .perhapsSent) }
        await server.stop()
    }

    @Test func anAnswerThatIsNeitherYesNorNoIsNoReceipt() async throws {
        let server = try await start(.none)
        server.on(".", say: "354 once more")
        let error = try await failure { try await send(to: server) }
        #expect(error == .perhapsSent(error.cause))
        await server.stop()
    }

    @Test func refusedRecipientsAreNamedAndTheOthersGetIt() async throws {
        let server = try await start(.none)
        server.on("RCPT") { $0.contains("bob") ? .say(["550 5.1.1 No such user"]) : nil }
        let message = try Sample.message(to: ["ann@example.com", "bob@example.com"])
        let receipt = try await send(message, to: server)
        #expect(receipt.refused == ["bob@example.com: 550 5.1.1 No such user"])
        #expect(server.messages.first?.recipients == ["ann@example.com"])
        await server.stop()
    }

    @Test func allRefusedIsNotSentAndOneThatIsOnlyBusyMayBeTriedAgain() async throws {
        let server = try await start(.none)
        server.on("RCPT") { $0.contains("bob") ? .say(["450 4.2.0 Greylisted"]) : .say(["550 5.1.1 No such user"]) }
        let message = try Sample.message(to: ["ann@example.com", "bob@example.com"])
        let error = try await failure { try await send(message, to: server) }
        #expect(error == .notSent(error.cause, mayRetry: true))
        #expect(server.messages.isEmpty)
        await server.stop()
    }

    @Test(arguments: ["HTTP/1.1 400 Bad Request", "\u{1}\u{2}", "220" + String(repeating: "x", count: 9000)])
    func whatIsNoMailServerIsFoundOut(_ greeting: String) async throws {
        let server = try await start(.none)
        server.on("CONNECT", say: greeting)
        let error = try await failure { try await send(to: server) }
        #expect(error == .notSent(error.cause, mayRetry: false))
        #expect(error.cause.code == .malformed)
        await server.stop()
    }

    @Test func nobodyThere() async throws {
        // A port that was free a moment ago may have another test's server by now; on this one nobody ever listens.
        let error = try await failure {
            try await SMTPServer(host: "127.0.0.1", port: 1, security: .none).send(
                try Sample.message(), in: Sample.context())
        }
        #expect(error == .notSent(error.cause, mayRetry: true))
        #expect(error.cause.code == .refused)
    }

    @Test func aCancelledDeliveryEndsAtOnce() async throws {
        let server = try await start(.none)
        server.on("CONNECT") { _ in .silence }
        let begun = Sample.host.steady()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { _ = try? await send(to: server, seconds: 60) }
            while server.connections == 0 { try? await Task.sleep(for: .milliseconds(2)) }
            group.cancelAll()
        }
        #expect(Sample.host.steady() - begun < .seconds(30))
        await server.stop()
    }
}
