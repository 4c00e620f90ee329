import ClientRedis
import Host
import Maintenance
import Testing

@testable import ActionsRedis

struct KeyspacePiecesTests {
    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test func aKeyIsNewOnce() {
        var keys = DistinctKeys(most: 200_000)
        for number in 0..<100_000 { _ = keys.insert(bytes("key:\(number)")) }
        let again = stride(from: 0, to: 100_000, by: 7).filter { keys.insert(bytes("key:\($0)")) }
        #expect(again.isEmpty)
        #expect(keys.count == 100_000)
        #expect(keys.isComplete)
        let (first, second) = (keys.insert([]), keys.insert([]))
        #expect(first && !second)
    }

    @Test func beyondItsMemoryNothingIsKnownAndItSaysSo() {
        var keys = DistinctKeys(most: 10)
        for number in 0..<10 { _ = keys.insert(bytes("\(number)")) }
        #expect(!keys.isComplete)
        let known = keys.insert(bytes("1"))
        #expect(known)
        #expect(keys.count == 10)
    }

    @Test(arguments: [
        ("user:123:profile", ["user:", "user:*:"]), ("user:4f0e9c2a77bd:profile", ["user:", "user:*:"]),
        ("cache:2025-01-31:page:7", ["cache:", "cache:*:", "cache:*:page:"]), ("v2:a1:x", ["v2:", "v2:a1:"]),
        ("plain", []), ("a:b:c:d:e", ["a:", "a:b:", "a:b:c:"]), (":x", [":"]),
        ("f47ac10b-58cc-4372-a567-0e02b2c3d479:x", ["*:"]),
    ])
    func prefixesNameKinds_NotSingleThings(_ key: String, _ prefixes: [String]) {
        var tree = PrefixTree(separator: UInt8(ascii: ":"), depth: 3)
        tree.add(bytes(key), 100, isLasting: true)
        let found = tree.heaviest(10).map { String(decoding: $0.prefix, as: UTF8.self) }
        #expect(Set(found) == Set(prefixes))
        #expect(tree.heaviest(10).allSatisfy { $0.weight == KeyWeight(keys: 1, bytes: 100, lasting: 1) })
    }

    @Test func theTreeIsBoundedWhateverTheKeysAre() {
        var tree = PrefixTree(separator: UInt8(ascii: ":"), depth: 3)
        for number in 0..<100_000 {
            // Without a letter that hexadecimal has.
            let word = String(decoding: String(number).utf8.map { $0 + 60 }, as: UTF8.self)
            tree.add(bytes("z\(word):y\(number % 977)g:x\(number % 31)g:w"), 10, isLasting: false)
        }
        let heaviest = tree.heaviest(Int.max)
        #expect(heaviest.count <= RedisActionLimits.prefixes)
        let roots = heaviest.filter { $0.prefix.count { $0 == UInt8(ascii: ":") } == 1 }
        #expect(roots.count <= RedisActionLimits.prefixBranches + 1)
        #expect(roots.reduce(0) { $0 + $1.weight.keys } == 100_000)
        #expect(String(decoding: roots[0].prefix, as: UTF8.self) == "*:")
    }

    @Test func theLargestAreKeptInOrder() {
        var largest = LargestKeys(3)
        for (name, size) in [("a", 5), ("b", 9), ("c", 1), ("d", 7), ("e", 9), ("f", 2)] {
            largest.add(bytes(name), Int64(size), type: "string")
        }
        #expect(largest.all.map(\.bytes) == [9, 9, 7])
        var none = LargestKeys(0)
        none.add(bytes("a"), 5, type: "string")
        #expect(none.all.isEmpty)
    }

    @Test func eachClassEndsBelowItsBound() {
        var lives = KeyClasses(KeyClasses.lives)
        for number in [0, 59_999, 60_000, 86_400_000, 604_800_000, Int64.max] { lives.add(number, 1, false) }
        #expect(lives.filled.map(\.0) == ["under 1m", "under 1h", "under 7d", "7d and more", "never"])
        #expect(lives.filled.map(\.1.keys) == [2, 1, 1, 1, 1])
    }

    @Test func aPercentileIsWithinItsStep() throws {
        var counts = LatencyCounts()
        #expect(counts.p99 == nil)
        for number in 1...1000 { counts.add(Double(number) / 1e6) }
        let p99 = try #require(counts.p99)
        #expect(p99 >= 989e-6 && p99 <= 991e-6 * 1.06)
        counts.add(5)
        counts.add(1e9)
        #expect(LatencyWatch.p99((1...100).map(Double.init)) == 100)
        #expect(LatencyWatch.p99([]) == 0)
    }

    /// It goes slower while others wait twice as long as before, and faster again when they do not.
    @Test func theWatchSlowsTheWorkDown() {
        let link = RedisLink(send: { commands, _, _ in commands.map { _ in .text("PONG") } })
        let context = context()
        let access = RedisAccess(identity: "redis scripted", purpose: .look, link: link, in: context)
        let watch = LatencyWatch(20_000, Array(repeating: 0.0002, count: 400), access, context)
        for _ in 0..<2000 { watch.measured(.microseconds(210)) }
        #expect(watch.allowed.rate == 20_000)
        for _ in 0..<400 { watch.measured(.microseconds(900)) }
        #expect(watch.allowed.rate == 20_000 * 0.7 * 0.7)
        #expect(watch.allowed.pause == .zero)
        // The third time it did not help: it rests, and finds that it is not the work.
        for _ in 0..<200 { watch.measured(.microseconds(900)) }
        #expect(watch.allowed.pause == RedisActionLimits.restStep)
        for _ in 0..<RedisActionLimits.restTrips { watch.measured(.microseconds(800)) }
        #expect(watch.allowed.pause == .zero)
        #expect(watch.idle == 0.0008)
        for _ in 0..<2000 { watch.measured(.microseconds(900)) }
        #expect(watch.allowed.rate == 20_000)
        // After half a minute it looks whether the others are gone.
        for _ in 0..<4000 where watch.allowed.pause == .zero { watch.measured(.microseconds(900)) }
        for _ in 0..<RedisActionLimits.restTrips { watch.measured(.microseconds(200)) }
        #expect(watch.idle == 0.0002)
        for _ in 0..<5 { watch.measured(.milliseconds(40)) }
        #expect(watch.allowed.pause > .milliseconds(20))
    }
}
