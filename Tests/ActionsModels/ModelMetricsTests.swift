import ActionsModels
import ClientHTTP
import Host
import Maintenance
import Sandbox
import Testing

struct ModelMetricsTests {
    private let fresh = #""evaluated_at": "2026-11-22T01:00:00Z", "samples": 500"#

    @Test func accepted() async throws {
        let seen = try await look(#"{"accuracy": 0.934, "recall": 0.9, \#(fresh), "version": "v2.4.3"}"#)
        #expect(seen.value("below") == 0 && seen.value("accuracy") == 0.934 && seen.value("samples") == 500)
        #expect(seen.findings.isEmpty && seen.summary.hasPrefix("version v2.4.3: "))
    }

    @Test func belowWhatIsAccepted() async throws {
        let seen = try await look(#"{"accuracy": 0.8999, "recall": 0.95, \#(fresh)}"#)
        #expect(seen.value("below") == 1 && seen.findings.map(\.severity) == [.fail])
        #expect(seen.findings[0].subject == "accuracy")
    }

    /// No retraining begins on what nobody knows: `below` is missing, so that a condition on it is unknown.
    @Test(arguments: [
        (#""recall": 0.9"#, "no-data"), (#""accuracy": null, "recall": 0.1"#, "no-data"),
        (#""accuracy": "0.93", "recall": 0.9"#, "malformed"), (#""accuracy": 93.4, "recall": 0.9"#, "out-of-range"),
        (#""accuracy": -0.1, "recall": 0.9"#, "out-of-range"),
    ])
    func unknown(metrics: String, code: String) async throws {
        let seen = try await look("{\(metrics), \(fresh)}")
        #expect(seen.value("below") == nil && seen.missing["below"]?.code.rawValue == code)
        #expect(seen.findings.contains { $0.severity == .unknown })
    }

    @Test func tooFewSamples() async throws {
        let seen = try await look(
            #"{"accuracy": 0.2, "recall": 0.2, "evaluated_at": "2026-11-22T01:00:00Z", "samples": 3}"#)
        #expect(seen.value("below") == nil && seen.findings.allSatisfy { $0.severity == .unknown })
    }

    @Test(arguments: [
        (
            Answer.json(#"{"accuracy": 0.95, "recall": 0.95, "samples": 500, "evaluated_at": "2026-10-22T01:00:00Z"}"#),
            "stale"
        ),
        (Answer.json(#"{"accuracy": 0.95, "recall": 0.95, "samples": 500}"#), "no-data"),
        (Answer(body: "<html>"), "malformed"), (Answer(status: 500), "unexpected"), (Answer(status: 404), "not-found"),
        (Answer(body: .short(Array("{".utf8), length: 100)), "connection-lost"),
    ])
    func noEvaluation(answer: Answer, code: String) async throws {
        do {
            _ = try await look(answer)
            Issue.record("it was judged")
        } catch let error as CouldNotLook { #expect(error.cause.code.rawValue == code) }
    }

    private func look(_ document: String) async throws -> Observation { try await look(Answer.json(document)) }

    private func look(_ answer: Answer) async throws -> Observation {
        let server = try StandInServer()
        server.on("/ml/metrics", answer)
        let parameters: PlanValue = .map([
            .init("path", .text("ml/metrics")),
            .init(
                "metrics",
                .map([
                    .init("accuracy", .map([.init("at", .text("accuracy")), .init("at-least", .text("0.90"))])),
                    .init("recall", .map([.init("at", .text("/recall")), .init("at-least", .text("0.90"))])),
                ])),
            .init("fresh", .map([.init("at", .text("evaluated_at")), .init("within", .text("8 days"))])),
            .init("samples", .map([.init("at", .text("samples")), .init("at-least", .text("100"))])),
            .init("version", .text("version")),
        ])
        guard case .check(let check) = try ModelActions.all[0].configured(with: parameters).work else {
            throw CouldNotLook(.unexpected, "no check")
        }
        var host = Host.system
        host.now = { Instant("2026-11-22T09:00:00Z") ?? Host.system.now() }
        let target = try TargetKindDefinition(HTTPKind.self).target(from: .text("http://127.0.0.1:\(server.port)"))
        let targets = StepTargets(OpenTarget(target, on: host))
        let context = Context(
            host: host, deadline: host.steady() + .seconds(10), label: WorkLabel(run: "run", step: "model"))
        return try await doing {
            try await check.observe(targets, context)
        } finally: {
            await targets.close()
        }
    }
}

extension Observation {
    fileprivate func value(_ name: String) -> Double? { measurements.first { $0.name == name }?.value }
}
