import Glibc
import Host
import Maintenance
import Synchronization

extension ConformanceRule {
    static let previewing = rule(
        "previews-alike", "It previews units, the same ones again, and changes nothing by it."
    ) { work in
        let first = try await work.units()
        let again = try await work.change.preview(work.session.targets, work.session.context())
        guard again.units.map(\.id) == first.map(\.id) else {
            throw NotHeld(why: "the second preview has other units")
        }
        try await work.expect(["pending"], first[0], "after two previews")
    }

    /// What a change owes: it is made for real.
    static let changing = [
        rule("pending-before", "What is not done yet is pending.") { work in
            let unit = try await work.units()[0]
            try await work.expect(["pending"], unit, "before it was applied")
        },
        rule("probes-alike", "A probe changes nothing: the next one says the same.") { work in
            let unit = try await work.units()[0]
            let baseline = try await work.prepare(unit)
            let first = try await work.probe(unit, baseline)
            guard try await work.probe(unit, baseline) == first else {
                throw NotHeld(why: "the second probe says something else")
            }
        },
        rule("proven", "What was applied is seen by the probe, and applying it again does no harm.") { work in
            let unit = try await work.units()[0]
            let baseline = try await work.prepare(unit)
            try await work.change.apply(unit, baseline, work.session.targets, work.session.context(unit))
            try await work.expect(["applied"], unit, "after it was applied", baseline)
            do {
                try await work.change.apply(unit, baseline, work.session.targets, work.session.context(unit))
            } catch is ChangeFailed {
            }
            try await work.expect(["applied"], unit, "after it was applied twice", baseline)
            work.session.applied.keep(unit, baseline)
        },
        rule("undo", "What was applied can be taken back, and taken back again.") { work in
            guard let undo = work.change.undo else { throw NotTried(why: "it cannot be undone") }
            guard let (unit, baseline) = work.session.applied.take() else {
                throw NotTried(why: "nothing could be applied")
            }
            for time in ["once", "twice"] {
                try await undo(unit, baseline, work.session.targets, work.session.context(unit))
                try await work.expect(["pending"], unit, "after it was undone \(time)", baseline)
            }
        },
        rule("killed-in-mid-apply", "Killed at any moment, what it left is seen, and can be brought to its end.") {
            try await $0.killed()
        },
        ConformanceRule("leaves-nothing", "None of its processes outlives it.") { try await nothingLeft($0) },
    ]

    private static func rule(
        _ name: String, _ summary: String, _ test: @escaping @Sendable (ChangeUnderTest) async throws -> Void
    ) -> ConformanceRule {
        ConformanceRule(name, summary) { session in
            guard let change = session.change else { throw NotTried(why: "it is a check") }
            try await test(ChangeUnderTest(session: session, change: change))
        }
    }
}

/// A change that is made for real, unit by unit.
struct ChangeUnderTest: Sendable {
    let session: ConformanceSession
    let change: ConfiguredChange

    /// What is to be done yet; there must be something.
    func units() async throws -> [WorkUnit] {
        let preview = try await change.preview(session.targets, session.context())
        if let finding = preview.findings.first(where: { $0.severity != .warn }) {
            throw NotTried(why: "its preview says: \(finding.cause.sentence)")
        }
        guard !preview.units.isEmpty else { throw NotTried(why: "there is nothing to do with these parameters") }
        return preview.units
    }

    func prepare(_ unit: WorkUnit) async throws -> [UInt8] {
        try await change.prepare(unit, session.targets, session.context(unit))
    }

    func probe(_ unit: WorkUnit, _ baseline: [UInt8]) async throws -> ChangeState {
        try await change.probe(unit, baseline, session.targets, session.context(unit))
    }

    func expect(_ words: [String], _ unit: WorkUnit, _ when: String, _ baseline: [UInt8]? = nil) async throws {
        var before = baseline
        if before == nil { before = try await prepare(unit) }
        let state = try await probe(unit, before ?? [])
        guard words.contains(state.word) else {
            throw NotHeld(why: "the probe says `\(state.word)` \(when)\(state.words)")
        }
    }

    // MARK: Kills

    /// Kills it ever later, each time on a unit that is pending, and brings what it left to its end. Leaves a unit that
    /// is pending for the rules that follow, where there are several or it can be undone.
    func killed() async throws {
        for milliseconds in [2, 20, 100] {
            let left = try await units()
            guard left.count > 1 || change.undo != nil else {
                throw NotTried(why: "it has one unit, and cannot be undone")
            }
            let unit = left[0]
            let baseline = try await prepare(unit)
            try await kill(unit, baseline, after: .milliseconds(milliseconds))
            _ = try await session.endLeft()
            try await bringToEnd(unit, baseline)
            if let undo = change.undo {
                try await undo(unit, baseline, session.targets, session.context(unit))
                try await expect(["pending"], unit, "after it was undone", baseline)
            }
        }
    }

    private func kill(_ unit: WorkUnit, _ baseline: [UInt8], after delay: Duration) async throws {
        let child = Child()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                let context = session.context(unit) { child.set($0.pid) }
                // Its end by the signal is what is wanted; what it left is looked at.
                try? await change.apply(unit, baseline, session.targets, context)
                child.set(nil)
            }
            group.addTask {
                while !child.isThere { try await session.host.sleep(.milliseconds(1)) }
                try await session.host.sleep(delay)
                child.kill()
            }
            try await group.next()
            group.cancelAll()
        }
    }

    /// As the engine goes on after a crash.
    private func bringToEnd(_ unit: WorkUnit, _ baseline: [UInt8]) async throws {
        let state = try await probe(unit, baseline)
        switch state {
        case .applied: return
        case .pending: try await change.apply(unit, baseline, session.targets, session.context(unit))
        case .partial:
            guard let repair = change.repair else {
                throw NotHeld(why: "it was left half done, and the program has no `repair`")
            }
            try await repair(unit, baseline, session.targets, session.context(unit))
        case .running: throw NotHeld(why: "it says `running` of a process that was killed")
        case .unknown: throw NotHeld(why: "the probe cannot say what a kill left\(state.words)")
        }
        try await expect(["applied"], unit, "after a kill and the work that followed", baseline)
    }
}

/// The process that applies, as long as there is one.
private final class Child: Sendable {
    private let pid = Mutex<Int32?>(nil)

    var isThere: Bool { pid.withLock { $0 } != nil }

    func set(_ new: Int32?) { pid.withLock { $0 = new } }

    func kill() {
        pid.withLock { if let pid = $0 { Glibc.kill(-pid, SIGKILL) } }
    }
}

extension ChangeState {
    fileprivate var word: String {
        switch self {
        case .pending: "pending"
        case .running: "running"
        case .applied: "applied"
        case .partial: "partial"
        case .unknown: "unknown"
        }
    }

    /// What it says besides, for people.
    fileprivate var words: String {
        switch self {
        case .partial(let what): ": \(what)"
        case .unknown(let cause): ": \(cause.sentence)"
        case .pending, .running, .applied: ""
        }
    }
}
