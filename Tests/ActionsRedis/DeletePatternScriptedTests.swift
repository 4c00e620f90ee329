import ClientRedis
import Host
import Maintenance
import Testing

@testable import ActionsRedis

/// Servers that lie, refuse or are of another kind, scripted.
struct DeletePatternScriptedTests {
    private func action(_ pattern: String, _ adjust: (inout DeletePattern) -> Void = { _ in }) -> DeletePattern {
        var action = DeletePattern()
        action.choice.pattern = KeyPattern(pattern)
        adjust(&action)
        return action
    }

    private func access(
        _ facts: RedisServerFacts = RedisServerFacts(mode: .standalone), _ purpose: Purpose = .look,
        in context: Context,
        _ answer: @escaping @Sendable (RedisCommand) -> RedisValue
    ) -> RedisAccess {
        let link = RedisLink(send: { commands, _, _ in commands.map(answer) }, facts: { _, _ in facts })
        return RedisAccess(identity: "redis scripted", purpose: purpose, link: link, in: context)
    }

    private func previewed(
        _ action: DeletePattern, _ facts: RedisServerFacts = RedisServerFacts(mode: .standalone),
        _ answer: @escaping @Sendable (RedisCommand) -> RedisValue
    ) async -> Result<Preview, CouldNotLook> {
        let context = context()
        do {
            return .success(try await action.preview(access(facts, in: context, answer), in: context))
        } catch {
            return .failure(error as? CouldNotLook ?? CouldNotLook(Cause(error)))
        }
    }

    private static func page(_ cursor: String, _ keys: [String]) -> RedisValue {
        .list([.text(cursor), .list(keys.map { .text($0) })])
    }

    @Test func aKeyThatCameTwiceIsPlannedOnce() async throws {
        let preview = try await previewed(action("a:*")) { command in
            switch (command.name, command.words[safe: 1]) {
            case ("SCAN", Array("0".utf8)): Self.page("7", ["a:1", "a:2", "a:1"])
            case ("SCAN", _): Self.page("0", ["a:2", "a:3"])
            case ("PTTL", _): .number(1000)
            default: .text("PONG")
            }
        }.get()
        #expect(preview.units.flatMap(\.items) == ["a:1", "a:2", "a:3"])
    }

    @Test func aKeyBesideThePatternIsNeverPlanned() async {
        let result = await previewed(action("a:*")) { command in
            command.name == "SCAN" ? Self.page("0", ["a:1", "b:1"]) : .number(1000)
        }
        #expect(throws: CouldNotLook.self) { try result.get() }
        if case .failure(let error) = result { #expect(error.cause.code == .malformed) }
    }

    @Test(arguments: [
        RedisValue.null, .number(1), .list([]), .list([.text("0")]), .list([.text("0"), .text("x")]),
        .list([.text("0"), .list([.number(1)])]), .list([.text(""), .list([])]),
    ])
    func aScanThatIsNone(_ reply: RedisValue) async {
        let result = await previewed(action("a:*")) { $0.name == "SCAN" ? reply : .text("PONG") }
        if case .failure(let error) = result {
            #expect(error.cause.code == .malformed)
        } else {
            Issue.record("accepted")
        }
    }

    @Test(arguments: [RedisValue.text("soon"), .null, .number(-3), .list([])])
    func aTimeToLiveThatIsNone(_ reply: RedisValue) async {
        let result = await previewed(action("a:*")) { command in
            switch command.name {
            case "SCAN": Self.page("0", ["a:1"])
            case "PTTL": reply
            default: .text("PONG")
            }
        }
        if case .failure(let error) = result {
            #expect(error.cause.code == .malformed)
        } else {
            Issue.record("accepted")
        }
    }

    @Test func sentinelsAndTheUnknownAreNotSupported() async {
        for mode in [RedisServerFacts.Mode.sentinel, nil] {
            let result = await previewed(action("a:*"), RedisServerFacts(mode: mode)) { _ in Self.page("0", []) }
            if case .failure(let error) = result {
                #expect(error.cause.code == .notSupported)
            } else {
                Issue.record("\(String(describing: mode)) accepted")
            }
        }
    }

    @Test func aReplicaIsFoundBeforeAnythingIsDone() async throws {
        let preview = try await previewed(action("a:*"), RedisServerFacts(mode: .standalone, isReplica: true)) {
            command in
            command.name == "SCAN" ? Self.page("0", []) : .text("PONG")
        }.get()
        #expect(preview.findings.map(\.severity) == [.fail])
    }

    @Test func anEvictionByFrequencyKnowsNoIdleTime() async {
        let result = await previewed(action("a:*") { $0.choice.idleLongerThan = .seconds(60) }) { command in
            switch command.name {
            case "SCAN": Self.page("0", ["a:1"])
            case "PTTL": .number(5)
            case "OBJECT IDLETIME": .error(RedisErrorReply("ERR An LFU maxmemory policy is selected"))
            default: .text("PONG")
            }
        }
        if case .failure(let error) = result {
            #expect(error.cause.code == .rejected)
        } else {
            Issue.record("accepted")
        }
    }

    @Test(arguments: [
        RedisValue.list([.number(1)]), .list([.number(1), .number(9)]), .list([.number(1), .text("x")]), .null,
        .number(2),
    ])
    func aScriptThatAnswersSomethingElse(_ reply: RedisValue) async {
        let context = context()
        let access = access(RedisServerFacts(mode: .standalone), .change, in: context) { command in
            command.name == "EVAL" ? reply : .text("PONG")
        }
        let unit = WorkUnit(id: "keys-1", title: "", expected: .seconds(1), items: ["a:1", "a:2"])
        let baseline = DeletePattern.Baseline(at: Instant(secondsSinceEpoch: 0), gone: [], unfit: [])
        let cause = await causeThrown { try await action("a:*").apply(unit, since: baseline, access, in: context) }
        #expect(cause?.code == .malformed)
    }

    /// What the server says it did not delete, and is still there, is left, whatever else it said.
    @Test func aDeletionThatWasNoneIsNoProof() async throws {
        let context = context()
        let answer: @Sendable (RedisCommand) -> RedisValue = { command in
            switch command.name {
            case "EVAL": .list([.number(1), .number(0)])
            case "PTTL": .number(1000)
            default: .text("PONG")
            }
        }
        let link = RedisLink(send: { commands, _, _ in commands.map(answer) })
        func access(_ purpose: Purpose) -> RedisAccess {
            RedisAccess(identity: "redis scripted", purpose: purpose, link: link, in: context)
        }
        let unit = WorkUnit(id: "keys-1", title: "", expected: .seconds(1), items: ["a:1", "a:2"])
        let baseline = DeletePattern.Baseline(at: Instant(secondsSinceEpoch: 0), gone: [], unfit: [])
        let action = action("a:*")
        try await action.apply(unit, since: baseline, access(.change), in: context)
        let state = try await action.probe(unit, since: baseline, access(.look), in: context)
        #expect(state == .partial("1 of 2 planned keys are left"))
    }
}

extension Array {
    fileprivate subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
