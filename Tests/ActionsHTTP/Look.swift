import ActionsHTTP
import Host
import Maintenance
import Testing

/// One look by a check of this domain, through the same definitions as a plan's.
enum Look {
    /// What came of it: an observation, or the cause for which there is none.
    enum Outcome {
        case seen(Observation)
        case unknown(Cause)

        /// The first finding as `severity code`; of no observation `unknown code`; `well` where nothing was found.
        var word: String {
            switch self {
            case .unknown(let cause): "unknown \(cause.code.rawValue)"
            case .seen(let observation):
                observation.findings.first.map { "\($0.severity.rawValue) \($0.cause.code.rawValue)" } ?? "well"
            }
        }

        var sentence: String {
            switch self {
            case .unknown(let cause): cause.sentence
            case .seen(let observation): observation.findings.first?.cause.sentence ?? observation.summary
            }
        }

        /// The measurements that could not be made.
        var missing: [String] { observation?.missing.keys.sorted() ?? [] }
        var observation: Observation? { if case .seen(let observation) = self { observation } else { nil } }
    }

    static func configured(_ action: String, _ parameters: String) throws -> ConfiguredAction {
        let definition = try #require(HTTPActions.all.first { $0.name == action })
        return try definition.configured(with: try plan(parameters))
    }

    static func mistakes(_ action: String, _ parameters: String) throws -> [String] {
        do {
            _ = try configured(action, parameters)
            return []
        } catch let error as ValueErrors {
            return error.errors.map { ($0.path + [$0.message]).joined(separator: ": ") }
        }
    }

    static func at(
        _ target: PlanValue, _ action: String, _ parameters: String, patience: Duration = .seconds(20),
        now: Instant? = nil
    ) async throws -> Outcome {
        guard case .check(let check) = try configured(action, parameters).work else {
            throw CouldNotLook(.unexpected, "no check")
        }
        var host = Host.system
        if let now { host.now = { now } }
        let open = StepTargets(OpenTarget(try HTTPActions.kinds[0].target(from: target), on: host))
        let context = Context(
            host: host, deadline: host.steady() + patience, label: WorkLabel(run: "run", step: "step"))
        let outcome: Outcome
        do { outcome = .seen(try await check.observe(open, context)) } catch let error as CouldNotLook {
            outcome = .unknown(error.cause)
        }
        await open.close()
        return outcome
    }

    static func at(
        _ url: String, _ action: String, _ parameters: String, patience: Duration = .seconds(20), now: Instant? = nil
    ) async throws -> Outcome {
        try await at(.text(url), action, parameters, patience: patience, now: now)
    }

    /// Parameters as a plan has them, written in JSON: every scalar a text.
    static func plan(_ text: String) throws -> PlanValue {
        func value(_ json: JSONValue) -> PlanValue {
            switch json {
            case .null: .null
            case .bool(let value): .text(value ? "true" : "false")
            case .number(let value): .text(value.written)
            case .text(let value): .text(value)
            case .list(let items): .list(items.map(value))
            case .object(let fields): .map(fields.sorted { $0.key < $1.key }.map { .init($0.key, value($0.value)) })
            }
        }
        return value(try decodeJSON(JSONValue.self, text.utf8))
    }
}
