import Host
import Schedules

/// Occurrences that are to have a run and cannot begin yet.
extension Dispatcher {
    /// An occurrence is due: it waits for its begin, or is missed where the one before it is not over.
    mutating func admit(
        _ p: Int, _ nominal: Instant, from start: Instant? = nil, until end: Instant? = nil, _ trigger: String? = nil,
        at now: Instant
    ) {
        guard let plan = procedures[p].plan else { return }
        if plan.overlap == .replace {
            for waiting in procedures[p].waiting { miss(p, waiting.nominal, .replaced) }
            procedures[p].waiting.removeAll()
        }
        let places = plan.overlap.waits + (procedures[p].running == nil ? 1 : 0)
        guard procedures[p].waiting.count < places || planted == .queuesWithoutBound else {
            return miss(p, nominal, .overlap, trigger)
        }
        let begin = (start ?? nominal) + jitter(of: nominal, plan)
        let notBefore = end.map { min(begin, $0) } ?? begin
        wait(p, nominal, notBefore: notBefore, deadline: end ?? notBefore + plan.lateness, trigger, isNew: true)
    }

    mutating func wait(
        _ p: Int, _ nominal: Instant, notBefore: Instant, deadline: Instant, _ trigger: String? = nil, isNew: Bool
    ) {
        let occurrence = procedures[p].occurrence(nominal)
        let entry: DispatchEntry =
            isNew
            ? .admitted(occurrence, notBefore: notBefore, deadline: deadline, trigger: trigger)
            : .postponed(occurrence, notBefore: notBefore, deadline: deadline)
        commands.append(.record(entry))
        let place = procedures[p].waiting.firstIndex { $0.nominal > nominal } ?? procedures[p].waiting.endIndex
        procedures[p].waiting.insert(
            ProcedureState.Waiting(nominal: nominal, notBefore: notBefore, deadline: deadline), at: place)
    }

    /// The occurrence could not be begun: it waits a while, and longer each time that it failed.
    mutating func retry(_ occurrence: Occurrence, because cause: MissCause, at now: Instant) {
        guard let p = index[occurrence.procedure], let running = procedures[p].running,
            running.nominal == occurrence.nominal
        else { return }
        release(p)
        mark(p)
        // Its place among those that wait was kept: it is the oldest.
        guard var waiting = procedures[p].beginning, planted != .forgetsRetry else { return }
        guard procedures[p].plan != nil else { return miss(p, occurrence.nominal, .removed) }
        waiting.notBefore =
            now + min(DispatchLimits.retry * (1 << min(waiting.failures, 10)), DispatchLimits.longestRetry)
        waiting.setback = cause
        if cause == .beginFailed {
            waiting.failures += 1
        } else if waiting.told != cause {
            waiting.told = cause
            commands.append(.notice(.waiting(occurrence, because: cause)))
        }
        guard waiting.notBefore <= waiting.deadline else { return miss(p, occurrence.nominal, cause) }
        commands.append(
            .record(.postponed(occurrence, notBefore: waiting.notBefore, deadline: waiting.deadline)))
        procedures[p].waiting.insert(waiting, at: 0)
    }

    /// Takes what waited too long: with a cause of its own it is missed; what a gap made late is handed back.
    mutating func takeLate(_ p: Int, at now: Instant) -> [ProcedureState.Waiting] {
        guard procedures[p].waiting.contains(where: { $0.deadline < now }) else { return [] }
        var late: [ProcedureState.Waiting] = []
        var kept: [ProcedureState.Waiting] = []
        for (place, waiting) in procedures[p].waiting.enumerated() {
            if waiting.deadline >= now {
                kept.append(waiting)
            } else if let cause = obstacle(p, place, at: now) {
                miss(p, waiting.nominal, cause)
            } else {
                late.append(waiting)
            }
        }
        procedures[p].waiting = kept
        return late
    }

    /// What keeps an occurrence that waited too long.
    private func obstacle(_ p: Int, _ place: Int, at now: Instant) -> MissCause? {
        if procedures[p].isStopped { return .paused }
        if procedures[p].isBehind { return nil }
        if place > 0 || procedures[p].running != nil { return .overlap }
        if let setback = procedures[p].waiting[place].setback { return setback }
        guard let plan = procedures[p].plan else { return .removed }
        if isHeld(plan) { return .held }
        if plan.begin(atOrAfter: now) != now { return .windowClosed }
        guard procedures[p].isContending else { return nil }
        return plan.locks.contains(where: busy.contains) ? .locked : isLimited(plan) ? .limited : .locked
    }

    /// What no window can take in time need not wait for it.
    mutating func leaveWhatFitsNoWindow(_ p: Int, at now: Instant) {
        guard let plan = procedures[p].plan, !plan.windows.isEmpty || !plan.freezes.isEmpty else { return }
        while let waiting = procedures[p].waiting.first, !procedures[p].isStopped, procedures[p].running == nil {
            let earliest = plan.begin(atOrAfter: max(now, waiting.notBefore))
            if let earliest, earliest <= waiting.deadline { return }
            procedures[p].waiting.removeFirst()
            miss(p, waiting.nominal, .windowClosed)
        }
    }

    func isHeld(_ plan: ProcedurePlan) -> Bool {
        guard !holds.isEmpty else { return false }
        return holds.contains(.everything) || holds.contains(.service(plan.key.service))
            || (planted != .ignoresTargetHold && plan.locks.contains { holds.contains(.target($0)) })
    }

    mutating func hold(_ holds: Set<Hold>) {
        guard holds != self.holds else { return }
        self.holds = holds
        for p in procedures.indices where !procedures[p].waiting.isEmpty { mark(p) }
    }

    /// By the occurrence's key and the seed: the same wherever it is asked for.
    private func jitter(of nominal: Instant, _ plan: ProcedurePlan) -> Duration {
        let width = UInt64(max(plan.jitter.microseconds, 0))
        guard width > 0 else { return .zero }
        var hash = policy.seed ^ 0xCBF2_9CE4_8422_2325
        func mix(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        for part in [plan.key.service, plan.key.environment, plan.key.procedure] {
            for byte in part.utf8 { mix(byte) }
            mix(0)
        }
        hash ^= UInt64(bitPattern: nominal.microsecondsSinceEpoch)
        // The finish of SplitMix64: every bit of the key moves every bit of the result.
        hash = (hash ^ (hash >> 30)) &* 0xBF58_476D_1CE4_E5B9
        hash = (hash ^ (hash >> 27)) &* 0x94D0_49BB_1331_11EB
        return .microseconds(Int64((hash ^ (hash >> 31)) % (width + 1)))
    }
}
