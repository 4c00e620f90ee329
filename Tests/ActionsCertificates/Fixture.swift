import ClientTLS
import Host
import Maintenance
import Sandbox
import Testing

@testable import ActionsCertificates

/// What the check made of an endpoint, judged as the engine does: findings and default thresholds.
struct Seen {
    let observation: Observation
    let verdict: Verdict
    /// The causes of all findings.
    let causes: Set<String>

    init(_ observation: Observation) throws {
        self.observation = observation
        var verdict = observation.findings.map(\.severity).reduce(Verdict.pass) { $0.worst($1) }
        let thresholds = CertificateCheck.declaration.thresholds
        for (severity, text) in [(Verdict.warn, thresholds.warn), (.fail, thresholds.fail)] {
            let outcome = try Condition(try #require(text)).evaluate { name in
                if let found = observation.measurements.first(where: { $0.name == name }) { return .success(found) }
                return .failure(CouldNotLook(observation.missing[name] ?? Cause(.noData, "")))
            }
            switch outcome {
            case .yes: verdict = verdict.worst(severity)
            case .no: break
            case .unknown: verdict = verdict.worst(.unknown)
            }
        }
        self.verdict = verdict
        causes = Set(observation.findings.map(\.cause.code.rawValue))
    }

    func value(_ name: String) -> Double? { observation.measurements.first { $0.name == name }?.value }
    var roles: [String] {
        observation.details.map { detail in
            if case .text(let role)? = detail["role"] { return role }
            return "?"
        }
    }
}

/// Runs the check as the engine does.
func look(
    _ settings: [String: String], with parameters: [String: String] = [:], seconds: Double = 20, on host: Host = .system
) async throws -> Seen {
    let definition = try #require(CertificateActions.all.first { $0.name == "tls.certificate" })
    let configured = try definition.configured(
        with: .map(parameters.map { PlanValue.Entry($0.key, .text($0.value)) }))
    guard case .check(let check) = configured.work else { throw CouldNotLook(.unexpected, "no check") }
    let kind = try #require(
        try TargetKindDefinition(TLSKind.self).target(
            from: .map(settings.map { PlanValue.Entry($0.key, .text($0.value)) })) as? TLSKind)
    let context = Context(
        host: host, deadline: host.steady() + .milliseconds(Int64(seconds * 1000)),
        label: WorkLabel(run: "run", step: "certificate"))
    return try Seen(try await check.observe(StepTargets(OpenTarget(kind, on: host)), context))
}

func causeThrown(_ body: () async throws -> Void) async -> Cause? {
    do {
        try await body()
        return nil
    } catch {
        return Cause(error)
    }
}
