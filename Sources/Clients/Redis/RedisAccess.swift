public import Host
public import Maintenance

/// The way to a server, as small as it can be: a test that scripts it needs no server.
public struct RedisLink: Sendable {
    public typealias Send = @Sendable ([RedisCommand], Purpose, _ deadline: Duration) async throws -> [RedisValue]

    /// Sends a batch and gives a reply for each command, in order; by the steady clock, no later than the deadline.
    public var send: Send
    public var facts: @Sendable (Purpose, _ deadline: Duration) async throws -> RedisServerFacts
    /// Sends a batch past all others: what it takes is what anybody else would wait.
    let sendBeside: Send
    /// The way to another node of the same cluster.
    let node: (@Sendable (RedisNode) -> RedisLink)?
    let receipts: RedisReceipts

    public init(
        send: @escaping Send,
        facts: @escaping @Sendable (Purpose, Duration) async throws -> RedisServerFacts = { _, _ in
            RedisServerFacts(mode: .standalone)
        },
        sendBeside: Send? = nil, node: (@Sendable (RedisNode) -> RedisLink)? = nil,
        receipts: RedisReceipts = RedisReceipts()
    ) {
        self.send = send
        self.sendBeside = sendBeside ?? send
        self.facts = facts
        self.node = node
        self.receipts = receipts
    }
}

/// A server as one step may use it: within its deadline, for its purpose, every answer noted as evidence.
public struct RedisAccess: Sendable {
    public let identity: String
    public let purpose: Purpose
    let link: RedisLink
    let context: Context
    /// Shared by all accesses of the client.
    public var receipts: RedisReceipts { link.receipts }

    public init(identity: String, purpose: Purpose, link: RedisLink, in context: Context) {
        self.identity = identity
        self.purpose = purpose
        self.link = link
        self.context = context
    }

    /// Sends commands at once and gives their replies in order. An error that the server answers is a reply here.
    public func send(_ commands: [RedisCommand]) async throws -> [RedisValue] {
        let replies = try await sendUnnoted(commands)
        note(commands, replies)
        return replies
    }

    /// The reply to one command; an error that the server answers is thrown.
    public func ask(_ command: RedisCommand) async throws -> RedisValue {
        try value(await send([command]).first, of: command)
    }

    /// The same without evidence, for an answer that holds data: who asks notes what may be kept of it.
    public func askUnnoted(_ command: RedisCommand) async throws -> RedisValue {
        try value(await sendUnnoted([command]).first, of: command)
    }

    /// Notes what may be kept of answers to a command that was sent without evidence.
    public func note(_ command: RedisCommand, answer: String) {
        context.evidence.note(source: identity, statement: command.description, answer: answer.utf8)
    }

    /// A reply that is no error.
    public func value(_ reply: RedisValue?, of command: RedisCommand) throws -> RedisValue {
        guard let reply else { throw malformed(command) }
        if case .error(let error) = reply { throw error.couldNotLook(at: identity, command: command.name) }
        return reply
    }

    /// For a reply that is not what the command gives.
    public func malformed(_ command: RedisCommand) -> CouldNotLook {
        CouldNotLook(.malformed, "\(identity) answered \(command.name) with something else than it gives.")
    }

    func sendUnnoted(_ commands: [RedisCommand]) async throws -> [RedisValue] {
        if purpose == .look, let wrong = commands.first(where: { !$0.isReadOnly }) {
            throw CouldNotLook(.noPermission, "A look at \(identity) may not send \(wrong.name): it only reads.")
        }
        var replies: [RedisValue] = []
        var rest = commands[...]
        while !rest.isEmpty {
            let batch = Array(rest.prefix(RedisLimits.commandsPerBatch))
            let answered = try await link.send(batch, purpose, context.deadline)
            guard answered.count == batch.count else { throw malformed(batch[0]) }
            replies += answered
            rest = rest.dropFirst(batch.count)
        }
        return replies
    }

    private func note(_ commands: [RedisCommand], _ replies: [RedisValue]) {
        guard let first = commands.first else { return }
        var answer: [UInt8] = []
        for reply in replies { reply.render(into: &answer, limit: RedisLimits.evidenceBytes) }
        let more = commands.count > 1 ? " and \(commands.count - 1) more like it" : ""
        context.evidence.note(source: identity, statement: first.description + more, answer: answer)
    }
}

/// What actions ask a server.
extension RedisAccess {
    /// What the server says of itself.
    public func server() async throws -> RedisServerFacts { try await link.facts(purpose, context.deadline) }

    /// The same; thrown where it is one of many, for its keys are only a part of all.
    public func wholeServer() async throws -> RedisServerFacts {
        let facts = try await server()
        switch facts.mode {
        case .standalone: return facts
        case .cluster:
            throw CouldNotLook(
                .notSupported,
                "\(identity) is a node of a cluster and holds a part of the keys: this is not done in clusters.")
        case .sentinel:
            throw CouldNotLook(
                .notSupported, "\(identity) is a sentinel and holds no data: give the server it watches.")
        case nil:
            throw CouldNotLook(
                .notSupported,
                "\(identity) does not say whether it is one server or a part of a cluster: nothing is done.")
        }
    }

    /// The server's own clock.
    public func time() async throws -> Instant {
        let command = RedisCommand("TIME")
        guard case .list(let parts) = try await ask(command), parts.count == 2, let seconds = parts[0].asNumber,
            let microseconds = parts[1].asNumber, (0..<4_000_000_000).contains(seconds),
            (0..<1_000_000).contains(microseconds)
        else { throw malformed(command) }
        return Instant(microsecondsSinceEpoch: seconds * 1_000_000 + microseconds)
    }

    /// How long a round trip takes now, for anybody: on a connection of its own, never behind our own commands. It
    /// measures; it is no evidence of anything.
    public func roundTrip() async throws -> Duration {
        let command = RedisCommand("PING")
        let start = context.host.steady()
        _ = try value(await link.sendBeside([command], purpose, context.deadline).first, of: command)
        return context.host.steady() - start
    }
}
