import ClientRedis
import Host
import Maintenance

/// What the keys of a database weigh, by type, time to live, use and prefix, and which are the largest: in one pass.
struct Keyspace: Check {
    typealias Kind = RedisKind

    var pattern: KeyPattern?
    var facts: [KeyFact] = KeyFact.allCases
    var pace = 20_000
    var samples = 5
    var largest = 20
    var separator = ":"
    var depth = 3

    static let declaration = Declaration(
        name: "redis.keyspace",
        summary: "Goes over all keys once, paced, and adds up what they weigh by type, expiry, use and prefix.",
        measurements: [
            MeasurementDeclaration("keys", "Keys that were seen, each once."),
            MeasurementDeclaration("bytes", .bytes, "What they take in memory, as the server estimates."),
            MeasurementDeclaration("largest", .bytes, "The largest of them."),
            MeasurementDeclaration("lasting", "Keys that never expire."),
            MeasurementDeclaration("lasting_percent", .percent, "The same, of all."),
            MeasurementDeclaration("repeats", "Keys that the scan gave more than once, and that were counted once."),
            MeasurementDeclaration("keys_per_second", "How fast the pass went."),
            MeasurementDeclaration(
                "latency_idle", .milliseconds, "99 of 100 answers came within this while it rested."),
            MeasurementDeclaration("latency", .milliseconds, "The same, of answers to others during the pass."),
        ],
        timeout: .seconds(900),
        applies:
            "Redis from version 4 on; a replica, which is the best place; of a cluster all primaries, one after the other. It uses SCAN, never "
            + "KEYS. Bytes are the server's estimate from `samples` elements. A pass goes on over a lost connection; one that "
            + "a crash ended begins anew. TYPE, PTTL and OBJECT are counted by the server as hits: `redis.hit-rate` knows.",
        example: "{ pattern: \"session:*\", facts: [type, bytes, ttl], pace: 5 thousand }")

    static let parameters: [Parameter<Keyspace>] = [
        .optional("pattern", \.pattern, default: nil, "Only keys that match it, with Redis's wildcards."),
        .optional(
            "facts", \.facts, default: KeyFact.allCases,
            "What is asked of each key: each is a command a key. Without `bytes` sizes are not known, and so on."),
        .optional(
            "pace", \.pace, default: 20_000,
            "Keys a second at most; it goes slower while others wait twice as long as before. 0 is as fast as it goes, "
                + "which others feel."),
        .optional(
            "samples", \.samples, default: 5,
            "Elements that the server weighs of each collection; more finds single large ones, and holds it up longer."),
        .optional("largest", \.largest, default: 20, "How many of the largest keys are listed."),
        .optional("separator", \.separator, default: ":", "The character between the parts of a key."),
        .optional("depth", \.depth, default: 3, "How many parts of a key make a prefix, at most."),
    ]

    func validate() throws(ValueError) {
        guard !facts.isEmpty, Set(facts).count == facts.count else {
            throw ValueError("at least one, and each once", path: ["facts"])
        }
        guard pace >= 0 else { throw ValueError("0 or more keys a second", path: ["pace"]) }
        guard (1...1000).contains(samples) else { throw ValueError("between 1 and 1000", path: ["samples"]) }
        guard (0...1000).contains(largest) else { throw ValueError("between 0 and 1000", path: ["largest"]) }
        guard separator.utf8.count == 1 else { throw ValueError("one ASCII character", path: ["separator"]) }
        guard (1...8).contains(depth) else { throw ValueError("between 1 and 8", path: ["depth"]) }
    }

    var rights: [Right] {
        let keys = pattern.map { "%R~\($0.text)" } ?? "%R~*"
        var rights: [Right] =
            Right.readInfo + [
                .redis(.look, "+scan", "to find the keys"),
                .redis(.look, "+cluster|nodes", "to find all servers of a cluster"),
                .redis(.look, "+dbsize", "to say how far the pass is"),
                .redis(.look, Right.quoted(keys), "to look at these keys (before Redis 7: \(keys.dropFirst(2)))"),
            ]
        if pace > 0 { rights.append(.redis(.look, "+ping", "to measure whether the pass is felt")) }
        for fact in facts {
            rights += Self.commands(fact).map { .redis(.look, "+\($0)", "to ask each key for its \(fact.rawValue)") }
        }
        return rights
    }

    private static func commands(_ fact: KeyFact) -> [String] {
        switch fact {
        case .type: ["type"]
        case .ttl: ["pttl"]
        case .idle: ["object|idletime", "object|freq"]
        case .bytes: ["memory|usage"]
        }
    }

    func observe(_ access: RedisAccess, in context: Context) async throws -> Observation {
        let keyspace = try await access.keyspace()
        let memory = try await ServerInfo.read(access, "memory")
        let policy = memory.text("maxmemory_policy") ?? ""
        let questions = KeyQuestions(facts: facts, countsUses: policy.hasSuffix("-lfu"), samples: samples)
        let survey = RedisSurvey(pattern: pattern?.bytes, questions: questions.questions)
        var tally = KeyTally(questions, largest: largest, separator: separator.utf8.first ?? 58, depth: depth)
        var ending = SurveyPass.Ending()
        // The primaries of a cluster one after the other: none has more of the work than one server would have.
        for server in keyspace.servers where ending.isWhole {
            let size = try await server.ask(RedisCommand("DBSIZE")).asNumber.map { Double($0) } ?? 0
            let watch = try await watch(size, server, context)
            let pass = SurveyPass(survey: survey, watch: watch, expected: size, access: server, context: context)
            let (sum, end) = try await pass.run(tally)
            tally = sum
            ending.add(end)
        }
        if keyspace.isCluster, ending.isWhole, !(try await access.keyspace().hasSameOwners(as: keyspace)) {
            throw CouldNotLook(
                .busy, "\(access.identity): slots of the cluster were moved during the pass: begin again.")
        }
        let report = KeyspaceReport(tally: tally, ending: ending, facts: facts, isReplica: keyspace.isReplica)
        access.note(survey.scan(count: RedisActionLimits.pacedPage), answer: report.evidence(survey))
        return report.observation(access.identity)
    }

    /// A pass that is over before anything can be measured is not worth the wait.
    private func watch(_ size: Double, _ access: RedisAccess, _ context: Context) async throws -> LatencyWatch? {
        guard pace > 0 else { return nil }
        guard size < Double(pace) / 10 else {
            return try await LatencyWatch.begin(Double(pace), access, in: context)
        }
        return LatencyWatch(Double(pace), [try await access.roundTrip().inSeconds], access, context)
    }
}
