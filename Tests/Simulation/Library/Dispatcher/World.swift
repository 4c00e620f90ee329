import Dispatching
import Host
import Schedules

/// A dispatcher in its surroundings: folder of plans, journal, runs, clocks and everything that goes wrong.
final class World {
    /// What becomes of the next append and of what follows it.
    enum Journal { case works, fails, crashBefore, torn, crashAfter, crashAmid }

    struct Run {
        let p: Int
        let nominal: Instant
        var isOver = false
        var isCancelled = false
        /// It does not end before this step.
        var slowUntil = 0
    }

    let menu: Menu
    let planted: PlantedBug?
    let policy: DispatchPolicy
    var random: SeededGenerator
    var wall: Instant
    var steady = Duration.seconds(1000)
    var last: ClockReading?
    var zone: Zone
    var models: [Model] = []
    var holds: Set<Hold> = []
    var record = DispatchRecord()
    var dispatcher: Dispatcher
    var wake: Instant?
    /// By the newest answer.
    var begunNow: Set<Int> = []
    var runs: [Run] = []
    var triggers: [(identity: String, at: Instant)] = []
    /// The times of the fact that were seen, and when the agreed work was done.
    var times: [Instant] = []
    var done: Instant?
    /// All times of the fact that were ever seen.
    var told: Set<Instant> = []
    var failed: [Occurrence] = []
    var beginsToFail = 0
    var journal = Journal.works
    var cursors: [Instant?] = []
    /// What was found wrong, the first of it.
    private(set) var violation: Violation?
    /// What happened, line by line; kept only when it is asked for.
    private(set) var trace: [String]?
    var step = 0
    var events = 0
    var faults = 0
    var coverage = DispatcherSimulation.coverage

    init(_ menu: Menu, seed: UInt64, planted: PlantedBug?, isTraced: Bool = false) {
        if isTraced { trace = [] }
        var random = SeededGenerator(seed: seed)
        self.menu = menu
        self.planted = planted
        wall = random.pick(menu.starts) + .seconds(random.below(7200))
        zone = menu.zones[random.below(2)]
        policy = DispatchPolicy(
            disruptiveAtOnce: 1 + random.below(2), observeOnly: random.chance(20), seed: random.next(), missedRows: 3)
        dispatcher = Dispatcher(record, policy: policy, holds: holds, planted: planted)
        for p in 0...Menu.agreement { models.append(Model(menu.plan(p, &random, zone: zone), at: wall)) }
        cursors = [Instant?](repeating: nil, count: models.count)
        self.random = random
        deliver(.plans(changed: models.compactMap(\.plan), removed: []))
        tellWhatWasSeen()
    }

    /// Between a start and what it is told of facts nothing can be due by them.
    var isTold = false

    /// All that is known, as the shell tells it now and then.
    func tellWhatWasSeen() {
        isTold = false
        deliver(.seen(models[Menu.fact].key, times.isEmpty ? .nothing("nobody looked") : .fact(times)))
        isTold = true
        deliver(.seen(models[Menu.agreement].key, .done(done)))
    }

    func require(_ holds: Bool, _ invariant: Invariant, _ detail: @autoclosure () -> String) {
        guard !holds, violation == nil else { return }
        violation = Violation(invariant: invariant.rawValue, detail: detail(), event: events)
    }

    func model(of key: ProcedureKey) -> Int { Int(key.procedure.utf8.last ?? 48) - 48 }

    // MARK: The shell

    /// Hands an event to the dispatcher, makes its records durable and performs the rest: or does not get so far.
    func deliver(_ event: DispatchEvent) {
        guard violation == nil else { return }
        events += 1
        let now = ClockReading(wall: wall, steady: steady)
        noteJump(now)
        let commands = dispatcher.handle(event, at: now)
        trace?.append("\(wall) \(journal) \(event)")
        for command in commands { trace?.append("    \(command)") }
        begunNow = Set(
            commands.compactMap { if case .begin(let begun, _) = $0 { model(of: begun.procedure) } else { nil } })
        let journal = self.journal
        self.journal = .works
        defer { for model in models { model.before = nil } }
        for model in models { model.lateAdmissions = 0 }
        switch journal {
        case .works:
            commands.forEach { persist($0) }
            checkAnswer(commands)
            commands.forEach { perform($0) }
            checkCancels()
        case .fails: restart()
        case .crashBefore: crash()
        case .torn:
            let records = commands.count {
                if case .record = $0 { true } else { false }
            }
            var left = records == 0 ? 0 : random.below(records + 1)
            for case .record(let entry) in commands where left > 0 {
                left -= 1
                persist(.record(entry))
            }
            crash()
        case .crashAfter, .crashAmid:
            commands.forEach { persist($0) }
            checkAnswer(commands)
            let performed = journal == .crashAfter ? 0 : random.below(commands.count + 1)
            commands.prefix(performed).forEach { perform($0) }
            crash()
        }
    }

    /// What waits keeps the time it has left when the wall clock is set.
    private func noteJump(_ now: ClockReading) {
        defer { last = now }
        guard let last else { return }
        let jump = (now.wall - last.wall) - (now.steady - last.steady)
        guard jump > DispatchLimits.clockJump || jump < .zero - DispatchLimits.clockJump else { return }
        for m in models.indices {
            for f in models[m].fates.indices where models[m].fates[f].state == .waiting {
                models[m].fates[f].notBefore = models[m].fates[f].notBefore + jump
                if !isEvent(m) { models[m].fates[f].deadline = models[m].fates[f].deadline + jump }
            }
        }
    }

    private func perform(_ command: DispatchCommand) {
        switch command {
        case .record, .notice: break
        case .wake(let at): wake = at
        case .cancel(let occurrence):
            if let run = run(of: occurrence) { runs[run].isCancelled = true }
        case .begin(let occurrence, _):
            if beginsToFail > 0 {
                beginsToFail -= 1
                failed.append(occurrence)
            } else {
                runs.append(Run(p: model(of: occurrence.procedure), nominal: occurrence.nominal))
            }
        }
    }

    func run(of occurrence: Occurrence) -> Int? {
        let p = model(of: occurrence.procedure)
        return runs.lastIndex { $0.p == p && $0.nominal == occurrence.nominal }
    }

    private func crash() {
        pass(.seconds(random.pick([0, 3, 400, 7200, 20_000])))
        restart()
    }

    /// A new process with what the journal has. It reads holds and plans, and hears again what it may not have heard.
    private func restart() {
        guard violation == nil else { return }
        var known = record
        for occurrence in record.begun where run(of: occurrence) != nil { known.noteRun(of: occurrence) }
        for m in models.indices {
            for f in models[m].fates.indices where models[m].fates[f].isOpen {
                models[m].fates[f].notBefore = models[m].fates[f].recordedNotBefore
                models[m].fates[f].deadline = models[m].fates[f].recordedDeadline
                models[m].fates[f].failures = 0
                let isRunning = runs.contains { $0.p == m && $0.nominal == models[m].fates[f].nominal }
                if models[m].fates[f].state == .begun, !isRunning { models[m].fates[f].state = .waiting }
            }
        }
        failed = []
        isTold = false
        last = nil
        wake = nil
        cursors = models.map { record.procedures[$0.key]?.cursor }
        dispatcher = Dispatcher(known, policy: policy, holds: holds, planted: planted)
        let removed = models.filter { !$0.hasPlan }.map(\.key)
        deliver(.plans(changed: models.compactMap(\.plan), removed: removed))
        tellWhatWasSeen()
        for trigger in triggers.suffix(2) where models[Menu.triggered].hasPlan {
            deliver(.triggered(models[Menu.triggered].key, identity: trigger.identity, at: trigger.at))
        }
        for run in runs
        where run.isOver && models[run.p].fates[models[run.p].place(of: run.nominal) ?? 0].state == .begun {
            deliver(.ended(Occurrence(models[run.p].key, run.nominal)))
        }
    }

    func pass(_ duration: Duration) {
        wall = wall + duration
        steady += duration
    }
}
