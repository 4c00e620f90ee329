import ClientRedis
import Host
import Maintenance

/// Empties one database, the one that the target names, and only where all of its keys are known to the plan.
struct Flush: Change {
    typealias Kind = RedisKind

    var expected: [KeyPattern] = []
    var pace = 50_000

    static let declaration = Declaration(
        name: "redis.flush",
        summary: "Empties one database (FLUSHDB ASYNC), unless it holds a key that the plan does not expect.",
        measurements: [
            MeasurementDeclaration("keys", .count, "Keys that the database held.", aggregate: .last),
            MeasurementDeclaration("foreign", .count, "Keys that no expected pattern gives.", aggregate: .last),
            MeasurementDeclaration("newer", .count, "Keys that came after it was emptied.", aggregate: .last),
        ],
        timeout: .seconds(300),
        applies:
            "Redis and servers that speak its protocol, version 4 and later, without cluster mode. Never FLUSHALL: the "
            + "other databases are another target's. Where others may write into this one at any moment, use "
            + "redis.delete-pattern, which cannot touch their keys.",
        example: """
            expected: ["gl006:*"]
            """, limits: ["keys"])

    static let parameters: [Parameter<Flush>] = [
        .required(
            "expected", \.expected,
            "The patterns of all keys that may be there: one that none of them gives is refused."),
        .optional("pace", \.pace, default: 50_000, "Keys a second that are looked at, at most."),
    ]

    init() {}

    var impact: Impact { .destructive }

    func validate() throws(ValueError) {
        guard !expected.isEmpty else { throw ValueError("no pattern is given", path: ["expected"]) }
        if let all = expected.first(where: \.isAnything) {
            throw ValueError(
                "`\(all.text)` fits every key, so that nothing would be refused: give the prefixes", path: ["expected"])
        }
        guard pace > 0 else { throw ValueError("the pace is at least 1 key a second", path: ["pace"]) }
    }

    var rights: [Right] {
        [
            .redis(.look, "+select", "to use the database that the target names"),
            .redis(.look, "+dbsize", "to count the keys"),
            .redis(.look, "+scan", "to find keys that are not expected"),
            .redis(.look, "+ping", "to measure whether the work is felt"),
            .redis(.change, "+select", "to use the database that the target names"),
            .redis(.change, "+scan", "to look for them once more"),
            .redis(.change, "+ping", "to measure whether the work is felt"),
            .redis(.change, "+info", "to see that it is one server from the look to the end"),
            .redis(.change, "+flushdb", "to empty the database"),
        ]
    }

    struct Baseline: Codable, Hashable, Sendable {
        let keys: Int64
    }

    /// What one pass over the keys found: no name is kept but those that are shown.
    private struct Pass {
        var sample: [String] = []
        var foreign: Set<[UInt8]> = []
    }

    func preview(_ access: RedisAccess, in context: Context) async throws -> Preview {
        let facts = try await access.wholeServer()
        let pass = try await pass(access, in: context)
        let count = try await Self.count(access)
        var findings: [Finding] = facts.isReplica ? [.replica(access.identity)] : []
        if !pass.foreign.isEmpty { findings.append(foreign(pass, access.identity)) }
        let units =
            count == 0
            ? []
            : [
                WorkUnit(
                    id: "database", title: "\(count) keys of \(access.identity)", size: Double(count),
                    expected: .seconds(1) + .milliseconds(count * 1000 / Int64(pace)))
            ]
        let sample = pass.sample.isEmpty ? [] : ["for example: \(pass.sample.joined(separator: ", "))"]
        return Preview(
            summary: "\(count) keys would be deleted: the whole database", units: units,
            measurements: [Measurement("keys", Double(count)), Measurement("foreign", pass.foreign.count)],
            findings: findings,
            statements: ["SCAN 0 MATCH * COUNT \(RedisActionLimits.scanPage)", "FLUSHDB ASYNC"] + sample)
    }

    private func foreign(_ pass: Pass, _ identity: String) -> Finding {
        let some = pass.foreign.prefix(RedisActionLimits.sample).map { KeyName.shown(KeyName.text($0)) }.sorted()
        let number = pass.foreign.count < RedisActionLimits.foreignKeys ? "\(pass.foreign.count)" : "too many"
        return Finding(
            identity, .fail,
            Cause(
                .rejected, "The database holds \(number) keys that are not expected: \(some.joined(separator: ", "))."),
            advice: "Use redis.delete-pattern, which leaves them alone, or add their pattern to `expected`.")
    }

    private func pass(_ access: RedisAccess, in context: Context) async throws -> Pass {
        var found = Pass()
        var pace = try await Pace.begin(pace, access, in: context)
        var scan = RedisScan(pattern: Array("*".utf8), count: RedisActionLimits.scanPage)
        var looked = 0
        while found.foreign.count < RedisActionLimits.foreignKeys, let page = try await scan.next(access) {
            for key in page {
                if !expected.contains(where: { $0.matches(key) }) {
                    found.foreign.insert(key)
                } else if found.sample.count < RedisActionLimits.sample {
                    found.sample.append(KeyName.shown(KeyName.text(key)))
                }
            }
            looked += page.count
            context.progress(Progress(done: Double(looked), "\(looked) keys looked at"))
            try await pace.after(page.count)
        }
        return found
    }

    private static func count(_ access: RedisAccess) async throws -> Int64 {
        let command = RedisCommand("DBSIZE")
        guard let count = try await access.ask(command).asNumber, count >= 0 else { throw access.malformed(command) }
        return count
    }

    func prepare(_ unit: WorkUnit, _ access: RedisAccess, in context: Context) async throws -> Baseline {
        _ = try await access.wholeServer()
        return Baseline(keys: try await Self.count(access))
    }

    /// A server that said that it emptied the database holds only newer keys. After a crash nobody knows that it did:
    /// only an empty one counts.
    func probe(
        _ unit: WorkUnit, since baseline: Baseline, _ access: RedisAccess, in context: Context
    ) async throws -> ChangeState {
        _ = try await access.wholeServer()
        let count = try await Self.count(access)
        guard count == 0 || !access.receipts.items(of: context.work(unit)).isEmpty else { return .pending }
        let newer = count > 0 ? "; \(count) keys came since" : ""
        return .applied(
            Proof(
                "the database was emptied of \(baseline.keys) keys\(newer)",
                measurements: [Measurement("keys", Double(baseline.keys)), Measurement("newer", Double(count))]))
    }

    func apply(_ unit: WorkUnit, since baseline: Baseline, _ access: RedisAccess, in context: Context) async throws {
        _ = try await access.wholeServer()
        let process = try await ServerInfo.process(access)
        let pass = try await pass(access, in: context)
        guard pass.foreign.isEmpty else { throw ChangeFailed(foreign(pass, access.identity).cause) }
        // A pass that began at one process and ended at another has not seen all keys of either.
        guard try await ServerInfo.process(access) == process else {
            throw ChangeFailed(
                .busy, "\(access.identity) was started anew during the look, or another server answers.")
        }
        _ = try await access.ask(RedisCommand("FLUSHDB", "ASYNC"))
        access.receipts.note([0], of: context.work(unit))
    }
}
