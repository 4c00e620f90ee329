import Engine
import Host
import Journal
import Maintenance
import Plans
import Synchronization

/// A target in memory whose misbehaviour a test scripts. It outlives the runs, as a real one does.
final class FakeTarget: Sendable {
    struct State {
        var applied: [String: Int] = [:]
        var order: [String] = []
        var undone: [String] = []
        /// Units whose next applications throw, with what.
        var failures: [String: [any Error & Sendable]] = [:]
        /// Units that do nothing and say nothing.
        var silent: Set<String> = []
        /// Units that cannot be looked at.
        var hidden: Set<String> = []
        var half: Set<String> = []
        /// Units whose application does not come to an end by itself.
        var slow: Set<String> = []
        var values: [String: Double] = [:]
        var looks = 0
        var begun: [String] = []
        /// What the guard measures after so many units.
        var guardFailsAfter: Int?
    }

    let state = Mutex(State())

    func with<R: Sendable>(_ body: (inout State) throws -> R) rethrows -> R {
        try state.withLock { try body(&$0) }
    }
}

/// The kind reaches the target that the test put in place.
struct FakeKind: TargetKind {
    static let name = "fake"
    static let summary = "A target in memory."
    static let shorthand = "name"
    static let schemes: [String] = []
    static let parameters: [Parameter<FakeKind>] = [
        .required("name", \.name, "Its name."), .optional("key", \.key, default: Secret(""), "Signs in."),
    ]
    @TaskLocal static var target = FakeTarget()

    var name = ""
    var key = Secret("")
    var secrets: [Secret] { [key] }
    var identity: String { "fake \(name)" }
    func open(on host: Host) -> FakeTarget { Self.target }
    func access(_ client: FakeTarget, for purpose: Purpose, in context: Context) async throws -> FakeTarget {
        context.evidence.note(source: identity, statement: purpose.rawValue, answer: "seen".utf8)
        return client
    }
    func close(_ client: FakeTarget) async {}
}

/// Measures `value`: a number of the target, the guard's word, or nothing in time.
struct FakeCheck: Check {
    typealias Kind = FakeKind
    static let declaration = Declaration(
        name: "fake.check", summary: "Measures a value.",
        measurements: [MeasurementDeclaration("value", .count, "The value.")], timeout: .seconds(5),
        applies: "Everywhere.")
    static let parameters: [Parameter<FakeCheck>] = [
        .optional("value", \.value, default: "", "Which value."),
        .optional("hang", \.hangs, default: false, "Never answers."),
    ]
    var value = ""
    var hangs = false

    func observe(_ access: FakeTarget, in context: Context) async throws -> Observation {
        if hangs { try await context.host.sleep(.seconds(3600)) }
        return try access.with { state in
            state.looks += 1
            if value == "guard" {
                let isBad = state.guardFailsAfter.map { state.order.count >= $0 } ?? false
                return Observation(summary: "guard", measurements: [Measurement("value", isBad ? 1 : 0)])
            }
            guard let number = state.values[value] else { throw CouldNotLook(.noData, "There is no `\(value)`.") }
            return Observation(summary: "\(value) is \(number)", measurements: [Measurement("value", number)])
        }
    }
}

/// Applies `units` units, one by one, each at most once.
struct FakeChange: UndoableChange, RepairableChange {
    typealias Kind = FakeKind
    static let declaration = Declaration(
        name: "fake.change", summary: "Applies units.",
        measurements: [MeasurementDeclaration("rows", .count, "Rows done.")], timeout: .seconds(5),
        applies: "Everywhere.",
        limits: ["rows"])
    static let parameters: [Parameter<FakeChange>] = [
        .optional("units", \.units, default: 3, "How many."),
        .optional("seconds", \.seconds, default: 1, "Expected, each."),
    ]
    var units = 3
    var seconds = 1
    var impact: Impact { .online }

    struct Baseline: Codable { var before: Int }

    func preview(_ access: FakeTarget, in context: Context) async throws -> Preview {
        let all = (0..<units).map { number in
            WorkUnit(id: "u\(number)", title: "unit \(number)", size: 10, expected: .seconds(seconds))
        }
        return Preview(summary: "\(units) units", units: all)
    }

    func prepare(_ unit: WorkUnit, _ access: FakeTarget, in context: Context) async throws -> Baseline {
        try access.with { state in
            if state.hidden.contains(unit.id) { throw CouldNotLook(.noPermission, "\(unit.id) cannot be looked at.") }
            return Baseline(before: state.applied[unit.id] ?? 0)
        }
    }

    func probe(
        _ unit: WorkUnit, since baseline: Baseline, _ access: FakeTarget, in context: Context
    ) async throws -> ChangeState {
        access.with { state in
            if state.hidden.contains(unit.id) {
                return .unknown(Cause(.noPermission, "\(unit.id) cannot be looked at."))
            }
            if state.half.contains(unit.id) { return .partial("half of \(unit.id)") }
            return state.applied[unit.id] == nil
                ? .pending : .applied(Proof("\(unit.id) is in place", measurements: [Measurement("rows", 10)]))
        }
    }

    func apply(_ unit: WorkUnit, since baseline: Baseline, _ access: FakeTarget, in context: Context) async throws {
        if access.with({ $0.slow.contains(unit.id) }) {
            access.with { $0.begun.append(unit.id) }
            try await context.host.sleep(.seconds(3600))
        }
        try access.with { state in
            state.begun.append(unit.id)
            if var failures = state.failures[unit.id], !failures.isEmpty {
                let error = failures.removeFirst()
                state.failures[unit.id] = failures
                throw error
            }
            if state.silent.contains(unit.id) { return }
            state.applied[unit.id, default: 0] += 1
            state.order.append(unit.id)
        }
    }

    func repair(_ unit: WorkUnit, since baseline: Baseline, _ access: FakeTarget, in context: Context) async throws {
        access.with { state in
            state.half.remove(unit.id)
            state.applied[unit.id] = 1
        }
    }

    func undo(_ unit: WorkUnit, since baseline: Baseline, _ access: FakeTarget, in context: Context) async throws {
        access.with { state in
            state.applied[unit.id] = nil
            state.undone.append(unit.id)
        }
    }
}

/// Runs something that only the plan's proof can see.
struct FakeProgram: ProvenElsewhere {
    typealias Kind = FakeKind
    static let declaration = Declaration(
        name: "fake.program", summary: "Runs something.", timeout: .seconds(5), applies: "Everywhere.")
    static let parameters: [Parameter<FakeProgram>] = []
    var impact: Impact { .online }

    struct Baseline: Codable {}

    func preview(_ access: FakeTarget, in context: Context) async throws -> Preview {
        Preview(summary: "one program", units: [WorkUnit(id: "program", title: "program", expected: .seconds(1))])
    }
    func prepare(_ unit: WorkUnit, _ access: FakeTarget, in context: Context) async throws -> Baseline { Baseline() }
    func apply(_ unit: WorkUnit, since baseline: Baseline, _ access: FakeTarget, in context: Context) async throws {
        try access.with { state in
            if let error = state.failures["program"]?.first { throw error }
            state.applied["program", default: 0] += 1
            state.values["program"] = 1
        }
    }
}

/// Everything that a test of the engine needs, put together.
struct Bench {
    let catalogue = Catalogue(
        actions: [.check(FakeCheck.self), .change(FakeChange.self), .change(FakeProgram.self)],
        kinds: [TargetKindDefinition(FakeKind.self)],
        channels: [ChannelKindDefinition(FakeChannel.self), ChannelKindDefinition(FakeWatchdog.self)])
    let target = FakeTarget()
    let host = Host.system
    static let owner = ProcessIdentity(pid: 1, startTime: 1, bootID: "boot")

    func start(_ steps: [RunStep], windowCloses: Instant? = nil) -> RunStart {
        let plan = RunPlan(
            service: "s", environment: "default", procedure: "p",
            targets: ["t": RunTarget(kind: "fake", settings: .text("one"))], steps: steps)
        return RunStart.make(
            plan, catalogue: catalogue, host: host, nominal: host.now(), owner: Self.owner, requestedBy: "tester",
            opening: windowCloses.map { RunOpening(opens: host.now(), closes: $0, lastBegin: $0) })
    }

    func run(
        _ steps: [RunStep], on store: any JournalStore = MemoryJournal(), windowCloses: Instant? = nil
    ) async throws -> Run {
        try await FakeKind.$target.withValue(target) {
            try await RunDriver(host: host, catalogue: catalogue, store: store).begin(
                "r1", start(steps, windowCloses: windowCloses))
        }
    }

    func resume(_ store: any JournalStore) async throws -> Run? {
        guard let row = try await store.row("r1"), row.state == .running else { return nil }
        return try await FakeKind.$target.withValue(target) {
            try await RunDriver(host: host, catalogue: catalogue, store: store).resume(row, by: Self.owner)
        }
    }

    static func check(_ id: String, _ value: String, warn: String? = nil, fail: String? = nil, when: String? = nil)
        -> RunStep
    {
        RunStep(
            id: id, action: "fake.check", isChange: false, parameters: .map([.init("value", .text(value))]),
            targets: ["on": "t"],
            thresholds: Thresholds(warn: warn, fail: fail), when: when)
    }

    static func change(
        _ id: String, units: Int = 3, seconds: Int = 1, when: String? = nil, limits: [String: Double] = [:],
        retry: RetryPolicy? = nil, guardSteps: [RunStep]? = nil, onFailure: OnFailure? = nil
    ) -> RunStep {
        RunStep(
            id: id, action: "fake.change", isChange: true,
            parameters: .map([.init("units", .text("\(units)")), .init("seconds", .text("\(seconds)"))]),
            targets: ["on": "t"],
            when: when, limits: limits, retry: retry, guardSteps: guardSteps, onFailure: onFailure)
    }
}
