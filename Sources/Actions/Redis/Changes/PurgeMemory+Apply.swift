import ClientRedis
import Host
import Maintenance

extension PurgeMemory {
    /// The loss is below what is worth the work, or by a good part less than it was; and the setting is as it was.
    func probe(
        _ unit: WorkUnit, since baseline: Baseline, _ access: RedisAccess, in context: Context
    ) async throws -> ChangeState {
        if let before = baseline.setting, try await Self.setting(access) != before {
            return .partial("activedefrag is not `\(before)` as it was before this step")
        }
        let info = try await ServerInfo.read(access)
        let loss = try Self.loss(unit, info)
        guard isHelped(loss, baseline) else { return .pending }
        let resident = try info.required("used_memory_rss")
        let ratio = try Self.ratio(info)
        var findings: [Finding] = []
        if loss >= Double(atLeast.bytes) {
            let cause = Cause(.partlyCovered, "\(ByteCount.text(loss)) are still lost: the time was too short for all.")
            findings.append(Finding(access.identity, .warn, cause, advice: "Give `defragment` more time."))
        }
        if resident >= baseline.resident {
            let cause = Cause(.partlyCovered, "The process takes no less memory, for its data grew meanwhile.")
            findings.append(Finding(access.identity, .warn, cause))
        }
        return .applied(
            Proof(
                "\(unit.title): the process takes \(ByteCount.text(resident)) after \(ByteCount.text(baseline.resident)), "
                    + "a ratio of \(ratio.written) after \(baseline.ratio.written)",
                measurements: [
                    Measurement("resident_before", baseline.resident, .bytes),
                    Measurement("resident_after", resident, .bytes),
                    Measurement("ratio_before", baseline.ratio, .ratio), Measurement("ratio_after", ratio, .ratio),
                    Measurement("released", max(0, baseline.loss - loss), .bytes),
                ], findings: findings))
    }

    private func isHelped(_ loss: Double, _ baseline: Baseline) -> Bool {
        loss < Double(atLeast.bytes) || baseline.setting != nil && loss <= baseline.loss * 0.8
    }

    func apply(_ unit: WorkUnit, since baseline: Baseline, _ access: RedisAccess, in context: Context) async throws {
        if let setting = baseline.setting {
            try await defragment(unit, putBack: setting, access, context)
        } else {
            _ = try await access.ask(RedisCommand("MEMORY", "PURGE"))
            // The server counts its memory anew a few times a second.
            guard try await wait(.seconds(3), unit, access, context) else {
                throw ChangeFailed(
                    .rejected,
                    "\(access.identity) did MEMORY PURGE, and keeps more than \(atLeast.written) of free pages all the "
                        + "same: its allocator does not give them back.")
            }
        }
    }

    /// The setting is put back also after an error. After a crash, or a stop that let no word through, the probe sees
    /// that it is not as it was, and this is done again.
    func repair(_ unit: WorkUnit, since baseline: Baseline, _ access: RedisAccess, in context: Context) async throws {
        try await apply(unit, since: baseline, access, in: context)
    }

    private func defragment(
        _ unit: WorkUnit, putBack setting: String, _ access: RedisAccess, _ context: Context
    ) async throws {
        let on = RedisCommand("CONFIG", "SET", "activedefrag", "yes")
        let reply = try await access.send([on]).first
        if case .error(let error)? = reply, error.code == "ERR" {
            throw ChangeFailed(
                .notSupported,
                "\(access.identity) cannot defragment: it was built without. A restart packs memory anew.")
        }
        _ = try access.value(reply, of: on)
        let back = RedisCommand("CONFIG", "SET", "activedefrag", setting)
        do {
            _ = try await wait(defragment ?? .zero, unit, access, context)
        } catch {
            _ = try? await access.ask(back)
            throw error
        }
        _ = try await access.ask(back)
    }

    /// True where the loss fell below what is worth the work.
    private func wait(
        _ longest: Duration, _ unit: WorkUnit, _ access: RedisAccess, _ context: Context
    ) async throws -> Bool {
        let end = min(context.host.steady() + longest, context.deadline - RedisActionLimits.puttingBack)
        while true {
            let loss = try Self.loss(unit, await ServerInfo.read(access))
            if loss < Double(atLeast.bytes) { return true }
            context.progress(Progress(done: 0, "\(ByteCount.text(loss)) are still lost"))
            guard context.host.steady() < end else { return false }
            try await context.host.sleep(RedisActionLimits.look)
        }
    }
}
