import FoundationEssentials
import Host
import Maintenance
import Plans
import Synchronization

@testable import Serving

/// A target that is always there.
struct FakeKind: TargetKind {
    static let name = "fake"
    static let summary = "A target in memory."
    static let shorthand = "name"
    static let schemes: [String] = []
    static let parameters: [Parameter<FakeKind>] = [
        .required("name", \.name, "Its name."), .optional("user", \.user, default: nil, "Who changes it."),
    ]
    var name = ""
    var user: String?
    var identity: String { "fake \(name)" + (user.map { " as \($0)" } ?? "") }
    var place: String? { "fake \(name)" }
    func open(on host: Host) {}
    func access(_ client: Void, for purpose: Purpose, in context: Context) async throws {}
    func close(_ client: Void) async {}
}

struct FakeLook: Check {
    typealias Kind = FakeKind
    static let declaration = Declaration(
        name: "fake.look", summary: "Looks.", measurements: [MeasurementDeclaration("value", .count, "A value.")],
        timeout: .seconds(5), applies: "Everywhere.")
    static let parameters: [Parameter<FakeLook>] = []
    func observe(_ access: Void, in context: Context) async throws -> Observation {
        Observation(summary: "seen", measurements: [Measurement("value", 1)])
    }
}

/// Works for as long as the test says.
struct FakeWork: Change {
    typealias Kind = FakeKind
    static let declaration = Declaration(
        name: "fake.work", summary: "Works.", timeout: .seconds(20), applies: "Everywhere.")
    static let parameters: [Parameter<FakeWork>] = [
        .optional("disruptive", \.isDisruptive, default: false, "Users notice it.")
    ]
    /// The runs whose work was begun, and those whose work is over.
    @TaskLocal static var begun = Noted<[String]>([])
    @TaskLocal static var done = Noted<Set<String>>([])
    @TaskLocal static var mayEnd = Noted(true)

    var isDisruptive = false
    var impact: Impact { isDisruptive ? .disruptive : .online }

    struct Baseline: Codable {}

    func preview(_ access: Void, in context: Context) async throws -> Preview {
        Preview(summary: "work", units: [WorkUnit(id: "work", title: "work", expected: .seconds(1))])
    }
    func prepare(_ unit: WorkUnit, _ access: Void, in context: Context) async throws -> Baseline { Baseline() }
    func probe(
        _ unit: WorkUnit, since baseline: Baseline, _ access: Void, in context: Context
    ) async throws -> ChangeState {
        Self.done.value.contains(context.label.run) ? .applied(Proof("done")) : .pending
    }
    func apply(_ unit: WorkUnit, since baseline: Baseline, _ access: Void, in context: Context) async throws {
        Self.begun.with { $0.append(context.label.run) }
        while !Self.mayEnd.value { try? await Task.sleep(for: .milliseconds(2)) }
        Self.done.with { _ = $0.insert(context.label.run) }
    }
}

/// Keeps what reached it; the first attempts fail as the test says.
struct FakeChannel: ChannelKind {
    static let name = "fake"
    static let summary = "A receiver in memory."
    static let shorthand = "name"
    static let parameters: [Parameter<FakeChannel>] = [.required("name", \.name, "Its name.")]
    @TaskLocal static var heard = Noted<[(channel: String, id: String, notice: Notice)]>([])
    @TaskLocal static var failures = Noted(0)

    var name = ""
    var identity: String { "fake \(name)" }

    func deliver(_ notice: Notice, id: String, in context: Context) async throws -> DeliveryReceipt {
        let fails = Self.failures.with { left in
            left -= 1
            return left >= 0
        }
        if fails { throw DeliveryError.notSent(Cause(.refused, "Not now."), mayRetry: true, after: nil) }
        Self.heard.with { $0.append((name, id, notice)) }
        return DeliveryReceipt("heard")
    }
}

/// A folder of plans on a disk, and how often its files were read.
struct FolderBench {
    let folder: URL
    let reads = Noted<[String]>([])
    let log = Noted<[String]>([])
    static let catalogue = Catalogue(
        actions: [.check(FakeLook.self), .change(FakeWork.self)], kinds: [TargetKindDefinition(FakeKind.self)],
        channels: [ChannelKindDefinition(FakeChannel.self)])

    static func inFolder<Result>(_ body: (FolderBench) async throws -> Result) async throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "millwright-serving-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try await body(FolderBench(folder: folder))
    }

    var host: Host {
        var host = Host.system
        let read = host.readFile
        host.readFile = { [reads] path, limit in
            if path.hasSuffix(".yaml") { reads.with { $0.append(URL(filePath: path).lastPathComponent) } }
            return try read(path, limit)
        }
        return host
    }

    var plans: PlanFolder { PlanFolder(folder.path, host: host, catalogue: Self.catalogue) }

    func write(_ name: String, _ text: String) throws {
        try text.write(to: folder.appending(path: name), atomically: true, encoding: .utf8)
    }

    func remove(_ name: String) throws { try FileManager.default.removeItem(at: folder.appending(path: name)) }

    static func plan(_ service: String, _ procedures: [String] = ["daily"], at time: String = "09:00") -> String {
        "service: \(service)\ntargets: { it: { fake: one } }\nprocedures:\n"
            + procedures.map { "  \($0):\n    schedule: daily \(time)\n    steps: [{ check: fake.look }]\n" }.joined()
    }
}

extension PlanFolder {
    /// What is found once what changed is at rest: a file is read when two looks found it alike.
    mutating func lookTwice() throws(FileError) -> Changes {
        let first = try look()
        guard first.isEmpty else { return first }
        return try look()
    }
}
