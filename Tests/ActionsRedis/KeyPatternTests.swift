import ClientRedis
import Host
import Maintenance
import Sandbox
import Testing

@testable import ActionsRedis

struct KeyPatternTests {
    @Test(arguments: [
        ("*", "", true), ("*", "abc", true), ("a*", "abc", true), ("a*", "bac", false), ("*c", "abc", true),
        ("a?c", "abc", true), ("a?c", "ac", false), ("a[bx]c", "axc", true), ("a[^b]c", "abc", false),
        ("a[^b]c", "axc", true), ("[a-c]", "b", true), ("[c-a]", "b", true), ("[a-c]", "d", false),
        (#"a\*c"#, "a*c", true), (#"a\*c"#, "abc", false), (#"[\]]"#, "]", true), ("a*b*c", "aXbYbZc", true),
        ("a*b*c", "aXbYbZ", false), ("[abc", "b", true), ("", "", true), ("", "a", false), ("a:*", "a:", true),
    ])
    func matches(_ pattern: String, _ key: String, _ expected: Bool) {
        #expect(KeyPattern(pattern).matches(Array(key.utf8)) == expected)
    }

    /// The server is the law: random patterns on random keys, one by one.
    @Test func agreesWithTheServer() async throws {
        let server = try await RedisServer.start()
        var generator = SystemRandomNumberGenerator()
        let letters = Array("aab*?[]^-\\".utf8)
        func word(_ alphabet: [UInt8], _ length: ClosedRange<Int>) -> [UInt8] {
            (0..<Int.random(in: length, using: &generator)).map { _ in alphabet.randomElement(using: &generator) ?? 0 }
        }
        let keys = Set((0..<300).map { _ in word(Array("aabc*]-\\".utf8), 1...6) })
        try await server.load(keys.map { set($0) })
        let kind = try #require(
            try TargetKindDefinition(RedisKind.self).target(from: .text(server.url())) as? RedisKind)
        let client = kind.open(on: .system)
        let access = try await kind.access(client, for: .look, in: context())
        for _ in 0..<1500 {
            let pattern = word(letters, 1...6)
            var scan = RedisScan(pattern: pattern, count: 10_000)
            var found: Set<[UInt8]> = []
            while let page = try await scan.next(access) { found.formUnion(page) }
            let ours = KeyPattern(String(decoding: pattern, as: UTF8.self))
            #expect(found == keys.filter(ours.matches), "\(String(decoding: pattern, as: UTF8.self))")
        }
        await kind.close(client)
        await server.stop()
    }

    @Test func aPatternThatNeverEndsIsStillQuick() {
        let pattern = KeyPattern(String(repeating: "*a", count: 200) + "b")
        #expect(!pattern.matches(Array(repeating: UInt8(ascii: "a"), count: 10_000)))
    }

    @Test(arguments: ["*", "**", "?", "?*", "[^x]*", "[a-z]*"])
    func whatFitsEveryKeyNeedsAWord(_ pattern: String) throws {
        let definition = try #require(RedisActions.all.first { $0.name == "redis.delete-pattern" })
        func configure(_ more: [PlanValue.Entry]) throws {
            _ = try definition.configured(with: .map([PlanValue.Entry("pattern", .text(pattern))] + more))
        }
        #expect(throws: ValueErrors.self) { try configure([]) }
        #expect(throws: Never.self) { try configure([PlanValue.Entry("all-keys", .text("true"))]) }
    }

    @Test(arguments: [
        ("batch", "0"), ("batch", "10001"), ("pace", "0"), ("idle-longer-than", "100ms"), ("type", "text"),
        ("pattern", ""),
    ])
    func wrongParametersAreRefused(_ name: String, _ value: String) throws {
        let definition = try #require(RedisActions.all.first { $0.name == "redis.delete-pattern" })
        var entries = [PlanValue.Entry("pattern", .text("a:*"))].filter { $0.key != name }
        entries.append(PlanValue.Entry(name, .text(value)))
        #expect(throws: ValueErrors.self) { _ = try definition.configured(with: .map(entries)) }
    }
}

struct KeyNameTests {
    @Test func everyKeyComesBack() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let key = (0..<Int.random(in: 0...20, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            #expect(KeyName.bytes(KeyName.text(key)) == key)
        }
    }

    @Test(arguments: [("a b\"'", "a b\"'"), ("100%", "100%25"), ("é", "%C3%A9"), ("\r\n", "%0D%0A"), ("", "")])
    func isReadableWhereItCan(_ key: String, _ text: String) {
        #expect(KeyName.text(Array(key.utf8)) == text)
    }

    @Test(arguments: ["%", "%4", "%41", "%zz", "%c3", "é", "\n"])
    func aTextThatNoKeyGivesIsRefused(_ text: String) {
        #expect(KeyName.bytes(text) == nil)
    }

    /// Two keys that Swift's text comparison takes for one are two.
    @Test func equalLettersAreTwoKeys() {
        #expect(KeyName.text(Array("é".utf8)) != KeyName.text(Array("e\u{301}".utf8)))
    }
}

struct LatencyGuardTests {
    @Test func pausesGrowWhileTheServerIsSlowAndShrinkAfterwards() {
        var guarding = LatencyGuard(idle: .milliseconds(1))
        guarding.measured(.milliseconds(3))
        #expect(guarding.pause == .zero)
        guarding.measured(.milliseconds(50))
        #expect(guarding.pause == LatencyGuard.firstPause)
        for _ in 0..<20 { guarding.measured(.milliseconds(50)) }
        #expect(guarding.pause == LatencyGuard.longestPause)
        for _ in 0..<12 { guarding.measured(.milliseconds(1)) }
        #expect(guarding.pause == .zero)
    }
}
