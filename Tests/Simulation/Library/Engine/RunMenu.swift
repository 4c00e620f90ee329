import Dispatching
import Engine
import Host
import Maintenance
import Plans
import Schedules

/// What the runs of a history are made of.
enum RunMenu {
    static let expected = Duration.seconds(20)
    private static let locks = [["t0"], ["t0"], ["t1", "t2"]]

    static func procedure(_ p: Int, _ schedules: [Schedule], _ random: inout SeededGenerator) -> ProcedurePlan {
        ProcedurePlan(
            ProcedureKey(service: "svc", environment: "prod", procedure: "p\(p)"),
            .schedule(random.pick(schedules), .utc), catchUp: CatchUp(random.pick([.last, .none])),
            overlap: random.pick([.skip, .skip, .queue(1), .replace]), lateness: .seconds(random.pick([60, 300, 900])),
            priority: random.below(2), locks: locks[p], isDisruptive: random.chance(30))
    }

    static func start(
        _ occurrence: Dispatching.Occurrence, at now: Instant, owner: Process, observeOnly: Bool, seed: UInt64,
        _ random: inout SeededGenerator
    ) -> RunStart {
        let p = Int(occurrence.procedure.procedure.utf8.last ?? 48) - 48
        let drawn = steps(locks[p], &random)
        var profiles: [String: StepProfile] = [:]
        for step in drawn {
            profiles[step.id] = step.undoes.flatMap { profiles[$0] } ?? profile(step, &random)
        }
        let steps = UndoScope(drawn) { profiles[$0.id]?.canUndo == true }.filled
        let end: WindowEnd? = random.chance(55) ? random.pick([.finish, .pause, .undo]) : nil
        let window = end.map { RunWindow(name: "w", opens: "daily 02:00", lastsMicroseconds: 1, end: $0) }
        let closes = now + .seconds(random.pick([40, 90, 300]))
        let later = RunOpening(
            opens: closes + .seconds(60), closes: closes + .seconds(400), lastBegin: closes + .seconds(380))
        let channels = [
            "mail": RunChannel(kind: "mail", settings: .null),
            "hook": RunChannel(kind: "hook", settings: .null, isIdempotent: true),
        ]
        let notices =
            random.chance(40)
            ? RunNotices(rules: [NoticeRule(on: [.ended, .asked], to: ["mail", "hook"])], channels: channels)
            : nil
        let targets = Dictionary(uniqueKeysWithValues: locks[p].map { ($0, RunTarget(kind: "kind", settings: .null)) })
        let plan = RunPlan(
            service: "svc", environment: "prod", procedure: occurrence.procedure.procedure, window: window,
            targets: targets, steps: steps, notices: notices)
        return RunStart(
            plan: plan, profiles: profiles, nominal: occurrence.nominal, owner: owner.identity, requestedBy: "eve",
            windowCloses: end == nil ? nil : closes, windowLastBegin: end == nil ? nil : closes - .seconds(5),
            laterOpenings: end == .pause ? [later] : nil, observeOnly: observeOnly)
    }

    private static func steps(_ targets: [String], _ random: inout SeededGenerator) -> [RunStep] {
        var steps = random.chance(12) ? chain(targets, &random) : []
        for number in steps.count..<max(steps.count, 1 + random.below(4)) {
            let earlier = steps.map(\.id).filter { _ in random.chance(40) }
            let needs = random.chance(targets.count > 1 ? 50 : 15) ? earlier : nil
            steps.append(step("s\(number)", random.pick(targets), needs: needs, &random))
        }
        guard random.chance(30) else { return steps }
        let changes = steps.filter { $0.isChange && $0.action == "change" }
        if let change = changes.first, random.chance(50) {
            steps.append(
                RunStep(
                    id: "last", action: "undo", kind: .undo(step: change.id), isChange: false, targets: change.targets,
                    isFinal: true))
        } else {
            steps.append(
                RunStep(
                    id: "last", action: "change", isChange: random.chance(60), parameters: .text("1"),
                    targets: ["on": random.pick(targets)], isFinal: true))
        }
        return steps
    }

    private static func step(
        _ id: String, _ target: String, needs: [String]?, _ random: inout SeededGenerator
    ) -> RunStep {
        let drawn = random.below(100)
        if drawn < 55 { return change(id, target, needs: needs, &random) }
        let kind: StepKind? =
            switch drawn {
            case ..<61: .wait(microseconds: 8_000_000)
            case ..<67:
                .ask(RunQuestion(text: "Well?", from: ["ann", "bob"], withinMicroseconds: 40_000_000, fields: []))
            default: nil
            }
        let soak =
            drawn >= 93 ? SoakPolicy(lastsMicroseconds: 30_000_000, everyMicroseconds: 8_000_000) : nil
        let isGuarded = (drawn < 61 || soak != nil) && random.chance(60)
        return RunStep(
            id: id, action: "check", kind: kind, isChange: false, targets: kind == nil ? ["on": target] : [:],
            when: id != "s0" && random.chance(15) ? "s0.value < 3" : nil,
            retry: soak == nil && kind == nil ? retry(&random) : nil,
            guardSteps: isGuarded ? checks("\(id)/guard", target) : nil,
            guardEveryMicroseconds: isGuarded ? 3_000_000 : nil,
            onFailure: random.pick([nil, nil, .stop, .undo, .undo]), needs: needs, soak: soak)
    }

    /// Changes, and a check of them all that is often not well.
    private static func chain(_ targets: [String], _ random: inout SeededGenerator) -> [RunStep] {
        let changes = (0..<2 + random.below(2)).map { change("s\($0)", random.pick(targets), needs: nil, &random) }
        let calm = RunStep(
            id: "s\(changes.count)", action: "check", isChange: false, targets: ["on": random.pick(targets)],
            onFailure: .undo, soak: SoakPolicy(lastsMicroseconds: 30_000_000, everyMicroseconds: 8_000_000))
        return changes + [calm]
    }

    private static func checks(_ id: String, _ target: String) -> [RunStep] {
        [RunStep(id: id, action: "check", isChange: false, targets: ["on": target])]
    }

    private static func change(
        _ id: String, _ target: String, needs: [String]?, _ random: inout SeededGenerator
    ) -> RunStep {
        let isProgram = random.chance(20)
        let approval =
            random.chance(15)
            ? RunApproval(by: Cluster.people, count: 1 + random.below(2), withinMicroseconds: 60_000_000) : nil
        return RunStep(
            id: id, action: isProgram ? "program" : "change", isChange: true,
            parameters: .text("\(1 + random.below(isProgram ? 1 : 4))"), targets: ["on": target],
            limits: random.chance(10) ? ["units": 2] : [:], retry: retry(&random),
            guardSteps: random.chance(40) ? checks("\(id)/guard", target) : nil,
            guardEveryMicroseconds: random.chance(70) ? 4_000_000 : nil,
            onFailure: random.pick([nil, .stop, .continue, .undo, .undo]),
            proof: random.chance(40) ? checks("\(id)/proof", target) : [], needs: needs, approval: approval)
    }

    private static func retry(_ random: inout SeededGenerator) -> RetryPolicy? {
        random.chance(40) ? RetryPolicy(times: 1 + random.below(2), waitMicroseconds: 3_000_000) : nil
    }

    /// What a check finds wrong: of one that takes changes back something that is often so.
    static func failsAbove(_ step: RunStep?) -> Int { step?.onFailure == .undo ? 2 : 7 }

    private static func profile(_ step: RunStep, _ random: inout SeededGenerator) -> StepProfile {
        StepProfile(
            thresholds: step.isChange
                ? Thresholds() : Thresholds(warn: "value > 4", fail: "value > \(failsAbove(step))"),
            impact: step.isChange ? .online : .observe, timeout: Cluster.timeout,
            isProvenElsewhere: step.action == "program", canUndo: step.action != "program" && random.chance(80))
    }

    /// What the step's preview finds, with so many more than the plan knew of.
    static func units(of step: String, in start: RunStart, more: Int) -> [WorkUnit] {
        guard case .text(let count)? = start.plan.steps.first(where: { $0.id == step })?.parameters else { return [] }
        return (0..<(Int(count) ?? 0) + more).map { WorkUnit(id: "u\($0)", title: "unit \($0)", expected: expected) }
    }
}
