import ClientPrograms
import FoundationEssentials
import Host
import Maintenance
import Synchronization

/// What one rule leaves to the next.
final class AppliedUnit: Sendable {
    private let kept = Mutex<(unit: WorkUnit, baseline: [UInt8])?>(nil)

    func keep(_ unit: WorkUnit, _ baseline: [UInt8]) { kept.withLock { $0 = (unit, baseline) } }

    func take() -> (unit: WorkUnit, baseline: [UInt8])? {
        kept.withLock { kept in
            defer { kept = nil }
            return kept
        }
    }
}

/// A program under test: its description, and ways to ask it that keep to the protocol and ways that do not.
struct ConformanceSession: Sendable {
    /// What came of a request that no engine would send.
    enum Raw: Sendable {
        case reply(JSONValue)
        case refused(Cause)
        /// It ended without an answer.
        case silent(String)
        /// It said what it may not say.
        case misspoke(String)
        /// It had to be ended.
        case endless(String)
    }

    let host: Host
    let program: ActionProgram
    let description: ProgramDescription
    let configured: ConfiguredAction
    let parameters: PlanValue
    let targets: StepTargets
    /// The label's run: whatever carries it when the suite is over was left behind.
    let run: String
    /// A unit that was applied, for the rule that takes it back.
    let applied = AppliedUnit()
    private let command: ProgramCommand

    init(_ suite: ConformanceSuite) async throws {
        host = suite.host
        targets = suite.targets
        let bits = host.random()
        run = "conformance-" + hex(withUnsafeBytes(of: bits) { Array($0) })
        let directory = URL(filePath: suite.folder).standardizedFileURL.path
        command = ProgramCommand(suite.arguments, directory: directory)
        try command.validate()
        let asked = Self.Request(["call": "describe", "action": .text(suite.action ?? "")])
        guard case .reply(let reply) = try await Self.ask(asked, command, run, host, for: ExternalLimits.description)
        else { throw Self.wrong(try await Self.ask(asked, command, run, host, for: ExternalLimits.description)) }
        do throws(Misspoken) { description = try ProgramDescription(reply) } catch {
            throw NotHeld(why: "it describes itself wrongly: \(error.sentence)")
        }
        let source = ActionPrograms.Source(
            name: description.name, arguments: suite.arguments, environment: [:], folder: directory)
        let host = host
        program = try await OffPool.finish {
            Result { () throws(CouldNotLook) in try ExternalActions.programs.describe(source, host) }
        }.get()
        parameters = suite.parameters ?? description.example
        do throws(ValueErrors) {
            configured = try ExternalActions.programs.define(program).configured(with: parameters)
        } catch {
            throw NotHeld(why: "the parameters are wrong: " + error.errors.map(\.message).joined(separator: "; "))
        }
    }

    var change: ConfiguredChange? {
        if case .change(let change) = configured.work { change } else { nil }
    }

    var check: ConfiguredCheck? {
        if case .check(let check) = configured.work { check } else { nil }
    }

    /// The call that only looks and needs no unit.
    var look: Call { description.isChange ? .preview : .observe }

    /// What an engine would give an action.
    func context(
        _ unit: WorkUnit? = nil, for patience: Duration? = nil,
        childStarted: @escaping @Sendable (ProcessIdentity) async throws -> Void = { _ in }
    ) -> Context {
        Context(
            host: host, deadline: host.steady() + (patience ?? description.declaration.timeout),
            label: WorkLabel(run: run, step: "test", unit: unit?.id), childStarted: childStarted)
    }

    // MARK: Requests of any shape

    /// A request as bytes, or as members that stand beside the protocol's own.
    struct Request: Sendable {
        var members: [String: JSONValue]
        var bytes: [UInt8]?

        init(_ members: [String: JSONValue]) { self.members = members }

        init(bytes: [UInt8]) {
            members = [:]
            self.bytes = bytes
        }
    }

    func ask(_ request: Request) async throws -> Raw {
        try await Self.ask(request, command, run, host, for: description.declaration.timeout)
    }

    /// A request as the engine sends it, with other parameters.
    func ask(_ call: Call, with values: [String: JSONValue]) async throws -> Raw {
        try await ask(
            Request([
                "call": .text(call.rawValue), "action": .text(description.name), "parameters": .object(values),
                "targets": .object([:]), "seconds": 30,
                "label": ["run": .text(run), "step": "test"],
            ]))
    }

    private static func ask(
        _ request: Request, _ command: ProgramCommand, _ run: String, _ host: Host, for patience: Duration
    ) async throws -> Raw {
        try await OffPool.finish {
            Result { () throws(CouldNotLook) in
                let dialogue = try ProgramDialogue(command, label: WorkLabel(run: run, step: "test"), host: host)
                var members = request.members
                if members["protocol"] == nil { members["protocol"] = .number(Double(protocolVersion)) }
                members["id"] = "test"
                let line = request.bytes ?? ((try? encodeJSON(JSONValue.object(members))) ?? []) + [10]
                var reader = ReplyReader(id: "test")
                let outcome = dialogue.converse(line, until: host.steady() + patience, isCancelled: { false }) {
                    reader.read($0) { _ in }
                }
                return answer(outcome, reader)
            }
        }.get()
    }

    private static func answer(_ outcome: ProgramDialogue.Outcome, _ reader: ReplyReader) -> Raw {
        if let mistake = reader.mistake { return .misspoke(mistake.sentence) }
        switch outcome.end {
        case .byItself(let ending):
            guard outcome.rest.isEmpty else { return .misspoke("its last line has no end") }
            switch reader.answer {
            case .reply(let value) where ending == .exited(0): return .reply(value)
            case .reply: return .misspoke("it answered well and ended otherwise")
            case .couldNotLook(let cause), .failed(let cause): return .refused(cause)
            case nil: return .silent("it ended without an answer")
            }
        case .deadline: return .endless("it did not answer in time")
        case .lingered: return .endless("it did not end after its answer")
        case .tooMuch: return .endless("it wrote more than it may")
        case .cancelled, .stopped: return .endless("it was ended")
        }
    }

    private static func wrong(_ raw: Raw) -> NotHeld {
        switch raw {
        case .reply: NotHeld(why: "it describes itself only now and then")
        case .refused(let cause): NotHeld(why: "it refuses to describe itself: \(cause.sentence)")
        case .silent(let why), .misspoke(let why), .endless(let why): NotHeld(why: why)
        }
    }

    /// Values for the parameters as they are sent, with some of them replaced.
    func sent(_ replaced: [String: JSONValue] = [:]) -> [String: JSONValue] {
        var values: [String: JSONValue] = [:]
        for parameter in description.parameters {
            guard let given = parameters[parameter.name] ?? parameter.fallback else { continue }
            values[parameter.name] = (try? parameter.read(given))?.json
        }
        return values.merging(replaced) { $1 }
    }

    /// How many processes of this test still run; they are ended.
    func endLeft() async throws -> Int { try await Programs.endLeftChildren(of: run, on: host) }
}
