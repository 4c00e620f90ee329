import FoundationEssentials
import Host
import Maintenance

extension ConformanceRule {
    static let describe = ConformanceRule("describe", "It describes itself, strictly and in time.") { _ in }

    /// What any program owes, before anything is done.
    static let talking = [
        ConformanceRule("describes-alike", "It describes itself the same way again.") { session in
            let again = try await session.ask(
                .init(["call": "describe", "action": .text(session.description.name)]))
            guard case .reply(let reply) = again, reply == session.program.description else {
                throw NotHeld(why: "the second description is another one")
            }
        },
        refusal("other-protocol", "It refuses a version of the protocol that it does not speak.") { session in
            .init([
                "call": .text(session.look.rawValue), "action": .text(session.description.name), "protocol": 99,
                "parameters": .object(session.sent()), "targets": [:],
            ])
        },
        refusal("unknown-call", "It refuses a call that nobody knows.") { session in
            .init(["call": "dance", "action": .text(session.description.name), "parameters": .object(session.sent())])
        },
        ConformanceRule("no-request", "It answers nothing well to what is no request, and ends.") { session in
            for bytes in ["", "\n", "}{ this is \u{0}no request\n", "[1]\n"] {
                // Without a request there is no id to answer with: an error without it is right too.
                switch try await session.ask(.init(bytes: Array(bytes.utf8))) {
                case .reply: throw NotHeld(why: "it answered with a reply")
                case .endless(let why): throw NotHeld(why: why)
                case .refused, .silent, .misspoke: continue
                }
            }
        },
        ConformanceRule("missing-parameters", "It refuses a request without the parameters that it needs.") { session in
            guard session.description.parameters.contains(where: { $0.fallback == nil }) else {
                throw NotTried(why: "it needs none")
            }
            try refused(try await session.ask(session.look, with: [:]))
        },
        hostileValues,
        ConformanceRule("large-values", "It takes a text of 64 KiB, or refuses it.") { session in
            try await eachText(session) { _ in String(repeating: "ä", count: 32 << 10) }
        },
        ConformanceRule("keeps-secrets", "A secret is in nothing that it says.") { session in
            let canary = "canary-\(session.run)"
            let secrets = session.description.parameters.filter { $0.kind == .secret }
            guard !secrets.isEmpty else { throw NotTried(why: "it takes none") }
            let values = Dictionary(secrets.map { ($0.name, JSONValue.text(canary)) }) { first, _ in first }
            let said: String
            switch try await session.ask(session.look, with: session.sent(values)) {
            case .reply(let value): said = String(decoding: try encodeJSON(value), as: UTF8.self)
            case .refused(let cause): said = cause.sentence
            case .silent(let why), .misspoke(let why), .endless(let why): throw NotHeld(why: why)
            }
            if said.contains(canary) { throw NotHeld(why: "it repeats the secret") }
        },
        ConformanceRule("deadline", "It can be ended when its time is over, with all that it started.") { session in
            do {
                try await session.lookOnce(session.context(for: .milliseconds(1)))
            } catch let error as CouldNotLook where error.cause.code == .timedOut {
            }
            try await nothingLeft(session)
        },
        ConformanceRule("cancellation", "It can be cancelled, with all that it started.") { session in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try? await session.lookOnce(session.context()) }
                group.addTask { try await session.host.sleep(.milliseconds(5)) }
                try await group.next()
                group.cancelAll()
            }
            try await nothingLeft(session)
        },
    ]

    static let looking = [
        ConformanceRule("observes", "It observes, and says everything that it declares.") { session in
            try await session.lookOnce(session.context())
        },
        ConformanceRule("observes-again", "It observes again, and leaves nothing running.") { session in
            try await session.lookOnce(session.context())
            try await nothingLeft(session)
        },
    ]

    static func nothingLeft(_ session: ConformanceSession) async throws {
        let left = try await session.endLeft()
        guard left == 0 else { throw NotHeld(why: "\(left) of its processes outlived it") }
    }

    /// A shell that reads a value would leave its mark in a file.
    private static let hostileValues = ConformanceRule(
        "hostile-values", "A value is data: quotes, line breaks, options and commands in it do nothing."
    ) { session in
        let mark = FileManager.default.temporaryDirectory.path + "/" + session.run
        defer { try? FileManager.default.removeItem(atPath: mark) }
        let commands = ["$(touch \(mark))", "`touch \(mark)`", "'; touch \(mark); '", "\"\n touch \(mark)\n\""]
        let others = ["", "--help", "\u{202E}\u{1F469}\u{200D}\u{1F4BB}%s%n\\{}[],*", commands[0]]
        // A command is hidden behind a value that is right, too.
        let values: [(String) -> String] =
            others.map { text in { _ in text } } + commands.map { text in { $0 + text } }
        for value in values {
            try await eachText(session, value)
            if FileManager.default.fileExists(atPath: mark) {
                throw NotHeld(why: "it ran a command that stood in a value")
            }
        }
    }

    /// Replaces each parameter of type text in turn: the answer is one of the protocol's, whatever it says.
    private static func eachText(
        _ session: ConformanceSession, _ value: (_ right: String) -> String
    ) async throws {
        let texts = session.description.parameters.filter { $0.kind == .text || $0.kind == .texts }
        guard !texts.isEmpty else { throw NotTried(why: "it takes no texts") }
        for parameter in texts {
            let right = session.parameters[parameter.name] ?? parameter.fallback
            let text = JSONValue.text(value(right.map(ExternalParameter.written) ?? ""))
            let sent = session.sent([parameter.name: parameter.kind == .texts ? .list([text]) : text])
            switch try await session.ask(session.look, with: sent) {
            case .reply(let reply): try session.checkLook(reply)
            case .refused: continue
            case .silent(let why), .misspoke(let why), .endless(let why):
                throw NotHeld(why: "`\(parameter.name)`: \(why)")
            }
        }
    }

    private static func refusal(
        _ name: String, _ summary: String,
        _ request: @escaping @Sendable (ConformanceSession) -> ConformanceSession.Request
    ) -> ConformanceRule {
        ConformanceRule(name, summary) { session in try refused(try await session.ask(request(session))) }
    }

    private static func refused(_ raw: ConformanceSession.Raw) throws {
        switch raw {
        case .reply: throw NotHeld(why: "it answered with a reply")
        case .misspoke(let why), .endless(let why): throw NotHeld(why: why)
        case .refused, .silent: return
        }
    }
}

extension ConformanceSession {
    /// Observes or previews, as the engine does.
    func lookOnce(_ context: Context) async throws {
        switch configured.work {
        case .check(let check): _ = try await check.observe(targets, context)
        case .change(let change): _ = try await change.preview(targets, context)
        }
    }

    /// The reply to a look keeps to the protocol.
    func checkLook(_ reply: JSONValue) throws {
        do throws(Misspoken) {
            if description.isChange {
                _ = try Replies.preview(reply, description.measurements)
            } else {
                _ = try Replies.observation(reply, description.measurements)
            }
        } catch { throw NotHeld(why: error.sentence) }
    }
}
