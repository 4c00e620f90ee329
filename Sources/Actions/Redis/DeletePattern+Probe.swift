import ClientRedis
import Maintenance

extension DeletePattern {
    /// None of the planned keys that still are as the plan wants them may be left. A key that the server deleted for us
    /// and that is there again was made anew, which is what a cache in use does.
    func probe(
        _ unit: WorkUnit, since baseline: Baseline, _ access: RedisAccess, in context: Context
    ) async throws -> ChangeState {
        let space = try await access.keyspace()
        let states = try await conditions.states(of: try choice.keys(unit), space)
        let deleted = access.receipts.items(of: context.work(unit))
        let goneBefore = Set(baseline.gone)
        let unfitBefore = Set(baseline.unfit)
        var left = 0
        var gone = 0
        var remade = 0
        var expired = 0
        var kept: [KeyConditions.State: Int] = [:]
        for (index, state) in states.enumerated() {
            switch state {
            case .gone where goneBefore.contains(index) && !deleted.contains(index): expired += 1
            // What did not fit at the intent, and that we did not delete, somebody else removed.
            case .gone where unfitBefore.contains(index) && !deleted.contains(index): expired += 1
            case .gone: gone += 1
            case _ where deleted.contains(index):
                gone += 1
                remade += 1
            case .satisfies: left += 1
            case .persistent, .expiring, .otherType, .inUse, .small: kept[state, default: 0] += 1
            }
        }
        if left > 0 {
            let rest = "\(left) of \(states.count) planned keys are left"
            return gone == 0 && deleted.isEmpty ? .pending : .partial(rest)
        }
        return .applied(proof(of: states.count, gone: gone, remade: remade, expired: expired, kept: kept))
    }

    private func proof(
        of planned: Int, gone: Int, remade: Int, expired: Int, kept: [KeyConditions.State: Int]
    ) -> Proof {
        var parts = ["\(gone) of \(planned) planned keys deleted, none of them is left"]
        func add(_ count: Int?, _ what: String) { if let count, count > 0 { parts.append("\(count) \(what)") } }
        add(expired, "had gone by themselves")
        add(kept[.persistent], "kept, for they no longer expire")
        add(kept[.otherType], "kept, for their type is another one now")
        add(kept[.inUse], "kept, for they are in use again")
        add(kept[.small], "kept, for they are smaller now")
        add(remade, "made anew since")
        return Proof(
            parts.joined(separator: "; "),
            measurements: [
                Measurement("keys", gone), Measurement("kept", kept.values.reduce(0, +)),
                Measurement("expired", expired), Measurement("remade", remade),
            ])
    }
}
