import ClientPrograms
import FoundationEssentials
import Host
import Maintenance
import Synchronization
import Testing

@testable import ActionsExternal

/// A program of the test's own, and the action that it is.
struct ProgramBench: Sendable {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    static let examples = root.appending(path: "plans/examples/actions").path

    /// Python that answers as it should; a test replaces a call by another body.
    static let honest = """
        import json, os, signal, sys, time
        request = json.loads(sys.stdin.readline())
        call, given = request["call"], request.get("parameters", {})
        def say(**message): print(json.dumps({"id": request["id"], **message}), flush=True)
        def reply(**fields): say(type="reply", protocol=1, **fields)
        def unable(code, sentence): say(type="error", kind="could-not-look", code=code, sentence=sentence); sys.exit()

        """

    let folder: URL
    let arguments: [String]

    /// Writes a program of Python; it is gone with the folder.
    init(in folder: URL, _ script: String) throws {
        self.folder = folder
        let file = folder.appending(path: "program.py")
        try Data((Self.honest + script).utf8).write(to: file)
        arguments = ["/usr/bin/python3", file.path]
    }

    init(in folder: URL, example: String) {
        self.folder = folder
        arguments = [Self.examples + "/" + example]
    }

    func describe(_ name: String = "test.it", host: Host = .system) throws(CouldNotLook) -> ActionProgram {
        try ExternalActions.programs.describe(
            ActionPrograms.Source(name: name, arguments: arguments, environment: [:], folder: folder.path), host)
    }

    func action(_ name: String = "test.it", _ parameters: [PlanValue.Entry] = []) throws -> ConfiguredAction {
        try ExternalActions.programs.define(try describe(name)).configured(with: .map(parameters))
    }

    static func targets() throws -> StepTargets {
        let kind = TargetKindDefinition(HostKind.self)
        return StepTargets(
            OpenTarget(try kind.target(from: .text("local")), settings: kind.spelledOut(.text("local")), on: .system))
    }

    static func context(_ patience: Duration = .seconds(60), children: Children = Children()) -> Context {
        Context(
            host: .system, deadline: Host.system.steady() + patience,
            label: WorkLabel(run: "run-\(UInt64.random(in: 0...UInt64.max))", step: "step"),
            progress: { children.say($0.text) }, childStarted: { children.append($0) })
    }

    /// The processes and the words of a call.
    final class Children: Sendable {
        private let kept = Mutex<(children: [ProcessIdentity], texts: [String])>(([], []))
        var all: [ProcessIdentity] { kept.withLock { $0.children } }
        var texts: [String] { kept.withLock { $0.texts } }
        func append(_ child: ProcessIdentity) { kept.withLock { $0.children.append(child) } }
        func say(_ text: String) { kept.withLock { $0.texts.append(text) } }
    }

    func observe(
        _ name: String = "test.it", _ parameters: [PlanValue.Entry] = [], _ context: Context = context()
    ) async throws -> Observation {
        guard case .check(let check) = try action(name, parameters).work else {
            throw CouldNotLook(.unexpected, "no check")
        }
        return try await check.observe(try Self.targets(), context)
    }

    func change(_ name: String, _ parameters: [PlanValue.Entry]) throws -> ConfiguredChange {
        guard case .change(let change) = try action(name, parameters).work else {
            throw CouldNotLook(.unexpected, "no change")
        }
        return change
    }

    func conformance(
        _ name: String? = nil, _ parameters: [PlanValue.Entry]? = nil, only rules: Set<String>? = nil
    ) async throws -> [ConformanceRow] {
        var suite = ConformanceSuite(
            arguments, action: name, folder: folder.path, parameters: parameters.map { .map($0) },
            targets: try Self.targets(), host: .system)
        suite.only = rules
        return await suite.run()
    }
}

/// A folder of its own for a test, gone afterwards.
func withFolder<Result>(_ body: (URL) async throws -> Result) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "millwright-external-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try await body(folder)
}

extension [ConformanceRow] {
    var broken: [String] { compactMap { if case .notHeld = $0.outcome { $0.rule } else { nil } } }
    var untried: [String] { compactMap { if case .notTried = $0.outcome { $0.rule } else { nil } } }
}
