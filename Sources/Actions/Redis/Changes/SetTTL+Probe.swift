import ClientRedis
import Host
import Maintenance

extension SetTTL {
    /// How a planned key stands after all.
    private struct Tally {
        /// With the expiry that we set.
        var ours = 0
        /// Still as the plan wants them: without an expiry.
        var left = 0
        var gone = 0
        /// Given an expiry by us, and without one again.
        var remade = 0
        /// Given another expiry by somebody else, or not as the plan wants them any more.
        var kept = 0
    }

    /// None of the planned keys that still are as the plan wants them may be without an expiry. A key to which the server
    /// gave one for us and that has none again was written anew, by a writer that sets none.
    func probe(
        _ unit: WorkUnit, since baseline: Baseline, _ access: RedisAccess, in context: Context
    ) async throws -> ChangeState {
        let space = try await access.keyspace()
        let keys = try choice.keys(unit)
        let states = try await conditions.states(of: keys, space)
        let expiries = space.isAtLeast(7) ? try await expiries(of: keys, space) : []
        let done = access.receipts.items(of: context.work(unit))
        var tally = Tally()
        for (index, state) in states.enumerated() {
            switch state {
            case .gone: tally.gone += 1
            case .satisfies where done.contains(index): tally.remade += 1
            case .satisfies: tally.left += 1
            case .expiring where isOurs(index, keys[index], expiries, done, since: baseline): tally.ours += 1
            case .persistent, .expiring, .otherType, .inUse, .small: tally.kept += 1
            }
        }
        if tally.left > 0 {
            let rest = "\(tally.left) of \(states.count) planned keys are left without an expiry"
            return tally.ours == 0 && done.isEmpty ? .pending : .partial(rest)
        }
        return .applied(proof(of: states.count, tally, access.identity))
    }

    /// By its moment; by what the server said to us where it does not tell the moment.
    private func isOurs(
        _ index: Int, _ key: [UInt8], _ expiries: [Int64], _ done: Set<Int>, since baseline: Baseline
    ) -> Bool {
        done.contains(index)
            || expiries.indices.contains(index) && expiries[index] == expiry(of: key, from: baseline.at)
    }

    private func expiries(of keys: [[UInt8]], _ space: RedisKeyspace) async throws -> [Int64] {
        var expiries = Array(repeating: Int64(-2), count: keys.count)
        for share in space.shares(of: keys) {
            let commands = share.indices.map { RedisCommand("PEXPIRETIME", on: keys[$0]) }
            for ((index, command), reply) in zip(zip(share.indices, commands), try await share.server.send(commands)) {
                guard let moment = try share.server.value(reply, of: command).asNumber else {
                    throw share.server.malformed(command)
                }
                expiries[index] = moment
            }
        }
        return expiries
    }

    private func proof(of planned: Int, _ tally: Tally, _ identity: String) -> Proof {
        var parts = ["\(tally.ours) of \(planned) planned keys were given an expiry, none of the others is without one"]
        func add(_ count: Int, _ what: String) { if count > 0 { parts.append("\(count) \(what)") } }
        add(tally.kept, "left alone, for they had changed")
        add(tally.gone, "are gone")
        add(tally.remade, "written again without an expiry since")
        let writer = Finding(
            identity, .warn,
            Cause(.partlyCovered, "\(tally.remade) keys were written again without an expiry while this step went on."),
            advice: "Have whoever writes them set an expiry: this step can only follow.")
        return Proof(
            parts.joined(separator: "; "),
            measurements: [
                Measurement("keys", tally.ours + tally.remade), Measurement("kept", tally.kept),
                Measurement("gone", tally.gone), Measurement("remade", tally.remade),
            ], findings: tally.remade > 0 ? [writer] : [])
    }
}
