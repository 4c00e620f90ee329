import ActionsSecurity
import ClientHTTP
import ClientObjectStore
import ClientPrograms
import Foundation
import Host
import Maintenance
import Testing

/// Reports in a folder of their own, and one look at them through the same definitions as a plan's.
final class Reports {
    let folder: String
    /// The clock of the looks.
    var now = Instant("2026-11-22T09:00:00Z") ?? Host.system.now()
    var history: [PastMeasurement] = []

    init() throws {
        folder = NSTemporaryDirectory() + "reports-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// Writes a report; `at` is when its file says that it was written.
    @discardableResult
    func write(_ name: String, _ text: String, at: String = "2026-11-22T03:00:00Z") throws -> String {
        let path = folder + "/" + name
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        let seconds = try #require(Instant(at)).secondsSinceEpoch
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: Double(seconds))], ofItemAtPath: path)
        return path
    }

    func look(
        _ action: String, _ parameters: [PlanValue.Entry], at target: (any TargetKind)? = nil
    ) async throws -> Observation {
        let definition = try #require(SecurityActions.all.first { $0.name == action })
        guard case .check(let check) = try definition.configured(with: .map(parameters)).work else {
            throw CouldNotLook(.unexpected, "no check")
        }
        var host = Host.system
        let now = now
        host.now = { now }
        let history = history
        let context = Context(
            host: host, deadline: host.steady() + .seconds(20), label: WorkLabel(run: "run", step: "step"),
            history: { $0 == "packages" ? history : [] })
        let local = try TargetKindDefinition(HostKind.self).target(from: .text("local"))
        let targets = StepTargets(OpenTarget(target ?? local, on: host))
        return try await doing {
            try await check.observe(targets, context)
        } finally: {
            await targets.close()
        }
    }

    func cause(_ action: String, _ parameters: [PlanValue.Entry]) async -> Cause.Code? {
        do {
            _ = try await look(action, parameters)
            return nil
        } catch { return (error as? CouldNotLook)?.cause.code }
    }
}

extension PlanValue.Entry {
    static func list(_ key: String, _ items: String...) -> PlanValue.Entry {
        .init(key, .list(items.map { .text($0) }))
    }
    static func text(_ key: String, _ text: String) -> PlanValue.Entry { .init(key, .text(text)) }
}

extension Observation {
    func value(_ name: String) -> Double? { measurements.first { $0.name == name }?.value }
    /// The findings as `severity code`.
    var words: [String] { findings.map { "\($0.severity.rawValue) \($0.cause.code.rawValue)" } }
}
