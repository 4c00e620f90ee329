import ClientHTTP
import ClientRedis
import Host
import Maintenance

extension WarmCache {
    /// What asking for some items came to.
    private struct Round {
        /// Items of which a request was not answered as it must be, with the first reason of each.
        private(set) var wrong: [(item: String, reason: String)] = []
        /// Items of which an answer was not seen to be a hit.
        private(set) var misses: Set<String> = []
        private(set) var slowest: Duration = .zero

        mutating func take(_ item: String, _ outcome: Outcome) {
            switch outcome {
            case .answered(let isHit, let time):
                slowest = max(slowest, time)
                if !isHit { misses.insert(item) }
            case .wrong(let reason):
                if !wrong.contains(where: { $0.item == item }) { wrong.append((item, reason)) }
            }
        }
    }

    private enum Outcome: Sendable {
        case answered(isHit: Bool, Duration)
        case wrong(String)
    }

    func prepare(
        _ unit: WorkUnit, _ access: ServiceAndCache.Access, in context: Context
    ) async throws -> Baseline {
        let isWarm = try await areWarm(unit.items, access)
        return Baseline(warm: isWarm.indices.filter { isWarm[$0] })
    }

    func apply(
        _ unit: WorkUnit, since baseline: Baseline, _ access: ServiceAndCache.Access, in context: Context
    ) async throws {
        let isWarm = try await areWarm(unit.items, access)
        let cold = unit.items.indices.filter { !isWarm[$0] }.map { unit.items[$0] }
        let round = try await ask(cold, access, context)
        access.cache.receipts.note([0], of: context.work(unit))
        guard round.wrong.isEmpty else { throw ChangeFailed(.wrongAnswer, sentence(round.wrong, of: cold.count)) }
    }

    func repair(
        _ unit: WorkUnit, since baseline: Baseline, _ access: ServiceAndCache.Access, in context: Context
    ) async throws {
        try await apply(unit, since: baseline, access, in: context)
    }

    /// The keys are there; and once we asked, all is asked again, which must be hits. What a dead process asked is not
    /// known: then the keys decide, and without keys it is asked anew.
    func probe(
        _ unit: WorkUnit, since baseline: Baseline, _ access: ServiceAndCache.Access, in context: Context
    ) async throws -> ChangeState {
        let isWarm = try await areWarm(unit.items, access)
        let cold = isWarm.count { !$0 }
        let wasAsked = !access.cache.receipts.items(of: context.work(unit)).isEmpty
        guard keys.isEmpty || cold == 0 else {
            let part = "of \(cold) of \(unit.items.count) items keys are missing"
            return cold == unit.items.count && !wasAsked ? .pending : .partial(part)
        }
        guard wasAsked else {
            return hitHeader == nil && fasterThan == nil ? .applied(proof(unit, nil, nil)) : .pending
        }
        let before = try await ServerInfo.read(access.cache)
        let round = try await ask(unit.items, access, context)
        let after = try await ServerInfo.read(access.cache)
        if let first = round.wrong.first { return .partial("\(first.item) asked again: \(first.reason)") }
        guard round.misses.isEmpty else {
            return .partial("\(round.misses.count) of \(unit.items.count) items are no hits when they are asked again")
        }
        return .applied(proof(unit, round, try Self.hitRate(before, after)))
    }

    private func proof(_ unit: WorkUnit, _ round: Round?, _ hitRate: Double?) -> Proof {
        let count = unit.items.count * requests.count
        var measurements = [Measurement("requests", count), Measurement("keys", unit.items.count * keys.count)]
        if let round {
            measurements.append(Measurement("latency_after", round.slowest.inSeconds * 1000, .milliseconds))
        }
        if let hitRate { measurements.append(Measurement("hit_rate", hitRate, .percent)) }
        let seen = round == nil ? "their keys are there" : "asked again, each is answered"
        let rate = hitRate.map { ", \($0.percentText) hits of the cache meanwhile" } ?? ""
        return Proof("\(count) requests: \(seen)\(rate)", measurements: measurements)
    }

    private static func hitRate(_ before: ServerInfo, _ after: ServerInfo) throws -> Double? {
        let hits = try after.required("keyspace_hits") - before.required("keyspace_hits")
        let misses = try after.required("keyspace_misses") - before.required("keyspace_misses")
        guard hits >= 0, misses >= 0, hits + misses > 0 else { return nil }
        return 100 * hits / (hits + misses)
    }

    /// All requests of the items, so many at once.
    private func ask(_ items: [String], _ access: ServiceAndCache.Access, _ context: Context) async throws -> Round {
        var round = Round()
        var done = 0
        try await withThrowingTaskGroup(of: (String, Outcome).self) { group in
            for (index, work) in items.flatMap({ item in requests.map { (item, path($0, item)) } }).enumerated() {
                if index >= concurrency, let (item, outcome) = try await group.next() { round.take(item, outcome) }
                group.addTask { (work.0, try await answer(work.1, access.service, context)) }
                done += 1
                context.progress(Progress(done: Double(done), total: Double(items.count * requests.count), work.1))
            }
            for try await (item, outcome) in group { round.take(item, outcome) }
        }
        return round
    }

    private func answer(_ path: String, _ service: HTTPAccess, _ context: Context) async throws -> Outcome {
        do {
            let answer = try await service.get(path, limit: HTTPLimits.body, oversize: .cut)
            guard expect.contains(answer.status) else { return .wrong("it answered \(answer.status)") }
            let isNamed = hitHeader.map { answer.header($0)?.contains(hitValue) == true } ?? true
            let isSoon = fasterThan.map { answer.firstByte <= $0 } ?? true
            return .answered(isHit: isNamed && isSoon, answer.firstByte)
        } catch let error as CouldNotLook where context.remaining > .zero {
            return .wrong(error.cause.sentence)
        }
    }

    private func sentence(_ wrong: [(item: String, reason: String)], of asked: Int) -> String {
        let some = wrong.prefix(RedisActionLimits.sample).map {
            "\($0.item.isEmpty ? "the request" : $0.item): \($0.reason)"
        }
        let more = wrong.count > some.count ? " and \(wrong.count - some.count) more" : ""
        return
            "\(wrong.count) of \(asked) items were not answered as they must be: \(some.joined(separator: "; "))\(more)."
    }
}

extension Cause.Code {
    /// The service answered, and not as it must.
    static let wrongAnswer = Cause.Code(rawValue: "wrong-answer")
}
