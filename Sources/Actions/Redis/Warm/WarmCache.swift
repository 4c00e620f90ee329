import ClientHTTP
import ClientRedis
import Host
import Maintenance

/// Asks a service for what its users will ask for, so that the answers are in its cache before them.
struct WarmCache: RepairableChange {
    typealias Kind = ServiceAndCache

    var requests: [String] = []
    var items: [String] = []
    var keys: [String] = []
    var hitHeader: String?
    var hitValue = "HIT"
    var fasterThan: Duration?
    var expect = [200]
    var concurrency = 4
    var batch = 100

    static let declaration = Declaration(
        name: "cache.warm",
        summary: "Fills a cache by asking the service, and proves it: the keys are there, and asked again it is a hit.",
        measurements: [
            MeasurementDeclaration("planned", .count, "Requests that the plan makes.", aggregate: .last),
            MeasurementDeclaration(
                "warm", .count, "Requests that were left out: their keys are there.", aggregate: .last),
            MeasurementDeclaration("requests", .count, "Requests whose answers are in the cache."),
            MeasurementDeclaration("keys", .count, "Keys that are there now."),
            MeasurementDeclaration(
                "hit_rate", .percent, "Hits of the cache while all was asked a second time, others' traffic with it.",
                aggregate: .last),
            MeasurementDeclaration(
                "latency_after", .milliseconds, "The slowest answer the second time.", aggregate: .largest),
        ],
        timeout: .seconds(600),
        applies:
            "A service over HTTP whose cache is a Redis, or a server that speaks its protocol, without cluster mode. "
            + "Only GET is sent, twice each.",
        example: """
            requests: ["calculate?facility={item}&days=30"]
            items: [F-100, F-101, F-102]
            keys: ["calculation:{item}:30"]
            concurrency: 10
            """, limits: ["requests"])

    static let parameters: [Parameter<WarmCache>] = [
        .required(
            "requests", \.requests, "Paths under the service's base URL; `{item}` stands for each of `items` in turn."),
        .optional("items", \.items, default: [], "What `{item}` stands for."),
        .optional(
            "keys", \.keys, default: [],
            "Names of the keys that must be there afterwards, with `{item}` in them where "
                + "the requests have it."),
        .optional(
            "hit-header", \.hitHeader, default: nil,
            "A header of the answer that must say, the second time, it was a hit."),
        .optional("hit-value", \.hitValue, default: "HIT", "What the header holds then."),
        .optional(
            "faster-than", \.fasterThan, default: nil, "How soon the answer must begin to come the second time."),
        .optional("expect", \.expect, default: [200], "The statuses that are well."),
        .optional("concurrency", \.concurrency, default: 4, "Requests under way at once, at most 64."),
        .optional("batch", \.batch, default: 100, "Items that are asked for and proven together."),
    ]

    init() {}

    var impact: Impact { .online }

    func validate() throws(ValueError) {
        guard !requests.isEmpty else { throw ValueError("no request is named", path: ["requests"]) }
        guard !keys.isEmpty || hitHeader != nil || fasterThan != nil else {
            throw ValueError("nothing would prove it: give `keys`, `hit-header` or `faster-than`")
        }
        let placed = (requests + keys).contains { $0.contains(Self.place) }
        guard placed != items.isEmpty else {
            throw ValueError("`{item}` and `items` belong together", path: ["items"])
        }
        guard Set(items).count == items.count else { throw ValueError("an item is named twice", path: ["items"]) }
        guard items.count * requests.count <= RedisActionLimits.warmRequests else {
            throw ValueError("more than \(RedisActionLimits.warmRequests) requests", path: ["items"])
        }
        guard (1...64).contains(concurrency) else {
            throw ValueError("between 1 and 64 requests at once", path: ["concurrency"])
        }
        guard (1...1000).contains(batch) else { throw ValueError("between 1 and 1,000 items", path: ["batch"]) }
        guard !expect.isEmpty, expect.allSatisfy({ (100...599).contains($0) }) else {
            throw ValueError("a status is a number from 100 to 599", path: ["expect"])
        }
    }

    static let place = "{item}"

    var rights: [Right] {
        var rights = Right.readInfo
        for key in keys.map({ $0.replacing(Self.place, with: "*") }) {
            rights.append(.redis(.look, Right.quoted("%R~\(key)"), "to see whether the keys are there"))
        }
        if !keys.isEmpty { rights.append(.redis(.look, "+exists", "to see whether the keys are there")) }
        return rights
    }

    struct Baseline: Codable, Hashable, Sendable {
        /// Items whose keys were there before, by their place in the unit.
        let warm: [Int]
    }

    func preview(_ access: ServiceAndCache.Access, in context: Context) async throws -> Preview {
        _ = try await access.cache.wholeServer()
        let all = items.isEmpty ? [""] : items
        let isWarm = try await areWarm(all, access)
        let cold = all.indices.filter { !isWarm[$0] }.map { all[$0] }
        let warm = (all.count - cold.count) * requests.count
        let units = stride(from: 0, to: cold.count, by: batch).enumerated().map { number, start in
            let some = Array(cold[start..<min(start + batch, cold.count)])
            return WorkUnit(
                id: "batch-\(number + 1)",
                title: "\(some.count * requests.count) requests from \(path(requests[0], some[0]))",
                size: Double(some.count * requests.count),
                expected: .milliseconds(Int64(500 * some.count * requests.count / concurrency)), items: some)
        }
        let sample = cold.prefix(RedisActionLimits.sample).flatMap { item in requests.map { "GET \(path($0, item))" } }
        return Preview(
            summary: "\(cold.count * requests.count) requests would be made, \(concurrency) at once"
                + (warm > 0 ? "; \(warm) are left out, for their keys are there" : ""),
            units: units,
            measurements: [Measurement("planned", cold.count * requests.count), Measurement("warm", warm)],
            statements: Array(sample.prefix(RedisActionLimits.sample)))
    }

    func path(_ template: String, _ item: String) -> String {
        template.replacing(Self.place, with: item.percentEncoded)
    }

    func key(_ template: String, _ item: String) -> String { template.replacing(Self.place, with: item) }

    /// Whether all keys of each item are there. Where no key is named nobody can know before it is asked.
    func areWarm(_ items: [String], _ access: ServiceAndCache.Access) async throws -> [Bool] {
        guard !keys.isEmpty else { return items.map { _ in false } }
        let commands = items.map { item in
            RedisCommand(words: [Array("EXISTS".utf8)] + keys.map { Array(key($0, item).utf8) })
        }
        return try zip(commands, try await access.cache.send(commands)).map { command, reply in
            guard let count = try access.cache.value(reply, of: command).asNumber else {
                throw access.cache.malformed(command)
            }
            return count == keys.count
        }
    }
}

/// A service, and the cache that it fills.
enum ServiceAndCache: TargetRequirement {
    struct Access: Sendable {
        let service: HTTPAccess
        let cache: RedisAccess
    }

    static let roles = [
        TargetRole("service", kinds: [HTTPKind.name]), TargetRole("cache", kinds: [RedisKind.name]),
    ]

    /// The cache is only ever looked at: what changes it is the service.
    static func access(to targets: StepTargets, for purpose: Purpose, in context: Context) async throws -> Access {
        Access(
            service: try await targets.access(HTTPKind.self, role: "service", for: purpose, in: context),
            cache: try await targets.access(RedisKind.self, role: "cache", for: .look, in: context))
    }
}
