import ClientKubernetes
import ClientObjectStore
import Foundation
import Host
import Maintenance
import Sandbox
import Synchronization
import Testing

@testable import ActionsLogs

/// A namespace with logs, a bucket, and the action as the engine drives it.
struct Bench {
    let logs: ScriptedLogs
    let server: ObjectStoreServer
    let bucket: String
    let targets: StepTargets
    let change: ConfiguredChange
    let run: String

    static let now = Instant(secondsSinceEpoch: Host.system.now().secondsSinceEpoch)

    /// A time so long before the process began, as logs write it.
    static func ago(_ seconds: Int64) -> String {
        LogTime(secondsSinceEpoch: now.secondsSinceEpoch - seconds, nanoseconds: 5).description
    }

    static func stamp(_ seconds: Int64) -> String {
        Instant(secondsSinceEpoch: now.secondsSinceEpoch - seconds).description
    }

    init(
        _ logs: ScriptedLogs, _ server: ObjectStoreServer, _ bucket: String, _ parameters: [String: PlanValue] = [:],
        port: Int? = nil, run: String = "run-1"
    ) throws {
        self.logs = logs
        self.server = server
        self.bucket = bucket
        self.run = run
        func target<Kind: TargetKind>(_ kind: Kind.Type, _ settings: [String: String]) throws -> OpenTarget {
            let settings = PlanValue.map(settings.map { PlanValue.Entry($0.key, .text($0.value)) })
            return OpenTarget(try TargetKindDefinition(kind).target(from: settings), on: .system)
        }
        targets = StepTargets([
            "logs": try target(KubernetesKind.self, ["kubeconfig": try logs.kubeconfig()]),
            "store": try target(S3Kind.self, server.settings(bucket: bucket, prefix: "gl008/", port: port)),
        ])
        let definition = try #require(LogsActions.all.first)
        let action = try definition.configured(with: .map(parameters.map { PlanValue.Entry($0.key, $0.value) }))
        guard case .change(let change) = action.work else { throw CouldNotLook(.unexpected, "no change") }
        self.change = change
    }

    static func with<Result>(
        _ parameters: [String: PlanValue] = [:], _ body: (Bench) async throws -> Result
    ) async throws -> Result {
        let server = try await ObjectStoreServer.shared()
        return try await server.withBucket { bucket in
            let bench = try Bench(try ScriptedLogs(), server, bucket, parameters)
            return try await doing {
                try await body(bench)
            } finally: {
                await bench.targets.close()
            }
        }
    }

    func context(_ unit: WorkUnit? = nil, patience: Duration = .seconds(60)) -> Context {
        Context(
            host: .system, deadline: Host.system.steady() + patience,
            label: WorkLabel(run: run, step: "archive", unit: unit?.id))
    }

    func preview() async throws -> Preview { try await change.preview(targets, context()) }

    func prepare(_ unit: WorkUnit) async throws -> [UInt8] { try await change.prepare(unit, targets, context(unit)) }

    func probe(_ unit: WorkUnit, _ baseline: [UInt8]) async throws -> ChangeState {
        try await change.probe(unit, baseline, targets, context(unit))
    }

    func apply(_ unit: WorkUnit, _ baseline: [UInt8], patience: Duration = .seconds(60)) async throws {
        try await change.apply(unit, baseline, targets, context(unit, patience: patience))
    }

    /// As the engine does it: the intent, a look, the work, the proof.
    func archive(_ unit: WorkUnit) async throws -> ChangeState {
        let baseline = try await prepare(unit)
        #expect(try await probe(unit, baseline) == .pending)
        try await apply(unit, baseline)
        return try await probe(unit, baseline)
    }

    func text(of unit: WorkUnit) throws -> String {
        let key = try #require(unit.attributes["key"])
        let bytes = try #require(server.bytes(of: key, in: bucket))
        return String(decoding: try Self.gunzip(bytes), as: UTF8.self)
    }

    static func pod(_ name: String, _ lines: [(Int64, String)], started: Int64 = 100_000) -> ScriptedLogs.Pod {
        ScriptedLogs.Pod(
            name, labels: ["app": "worker"], created: stamp(started),
            containers: [
                ScriptedLogs.Container(
                    "main", started: stamp(started),
                    lines: ([(started, "first")] + lines).map { "\(ago($0)) \($1)" })
            ])
    }

    /// What gzip itself makes of it, so that not our own reader alone says that it is right.
    static func gunzip(_ bytes: [UInt8]) throws -> [UInt8] {
        let folder = try Scratch.folder()
        try Data(bytes).write(to: URL(fileURLWithPath: folder + "/a.gz"))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/gzip")
        process.arguments = ["-d", folder + "/a.gz"]
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return Array(try Data(contentsOf: URL(fileURLWithPath: folder + "/a")))
    }
}

/// The cause of what is thrown, and whether it says that it certainly failed.
func thrown(_ body: () async throws -> Void) async -> (cause: Cause, isFailure: Bool)? {
    do {
        try await body()
        return nil
    } catch { return (Cause(error), error is ChangeFailed) }
}
