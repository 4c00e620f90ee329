import FoundationEssentials
import Host
import Journal
import Maintenance
import Plans
import Reports
import Testing

@testable import Engine

/// A run with a step of each kind, whose target says things that would be markup.
@Suite struct ReportTests {
    private static let nasty = "<script>alert('|x|')</script>"

    private func document() async throws -> RunDocument {
        let store = MemoryJournal()
        let steps = [
            RunStep(id: "well", action: "a.check", isChange: false, targets: ["on": "t"]),
            RunStep(id: "bad", action: "a.check", isChange: false, targets: ["on": "t"]),
            RunStep(id: "blind", action: "a.check", isChange: false, targets: ["on": "t"]),
            RunStep(id: "later", action: "a.check", isChange: false, targets: ["on": "t"], when: "well.ready > 100"),
        ]
        let plan = RunPlan(service: "shop", environment: "default", procedure: "daily", steps: steps)
        let start = RunStart(
            plan: plan, profiles: [:], nominal: Instant(secondsSinceEpoch: 0),
            owner: ProcessIdentity(pid: 1, startTime: 1, bootID: "b"), requestedBy: "ann",
            identities: ["t": "db at here"])
        let evidence = Evidence(
            source: "db at here", statement: "SELECT 1", observedAt: Instant(secondsSinceEpoch: 1),
            digest: "abcdef0123456789",
            excerpt: "1")
        let body = Body(try encodeJSON(Attachment(evidence: [evidence], details: [["mount": "/"]])))
        try await store.append(Batch(bodies: [body]))
        var machine = RunMachine(run: "r1")
        func at(_ second: Int64) -> Instant { Instant(secondsSinceEpoch: second) }
        func seen(_ observation: Observation?, _ cause: Cause? = nil) -> CheckOutcome {
            CheckOutcome(
                observation: observation, couldNotLook: cause, attempt: 1, seconds: 0.1, attachment: body.digest)
        }
        _ = machine.handle(.started(start), at: at(0))
        let well = Observation(summary: "17 are ready", measurements: [Measurement("ready", 17)])
        _ = machine.handle(.observed(step: "well", seen(well)), at: at(1))
        let finding = Finding(Self.nasty, .fail, Cause(.rejected, "It is \(Self.nasty)."), advice: "Mend it.")
        _ = machine.handle(.observed(step: "bad", seen(Observation(summary: "bad", findings: [finding]))), at: at(2))
        _ = machine.handle(.observed(step: "blind", seen(nil, Cause(.noPermission, "No right."))), at: at(3))
        _ = machine.handle(.ended(machine.state.verdict), at: at(4))
        return try await RunDocument.make(machine.state, from: store)
    }

    @Test func theCountsAddUpAndEveryStepIsThere() async throws {
        let run = try await document()
        #expect(run.verdict == .fail)
        #expect(run.counts.pass == 1 && run.counts.fail == 1 && run.counts.unknown == 1 && run.counts.skipped == 1)
        #expect(run.counts.pass + run.counts.fail + run.counts.unknown + run.counts.skipped == run.steps.count)
        #expect(run.steps.first?.evidence.first?.digest == "abcdef0123456789")
        #expect(run.steps.first?.targets == ["on": "db at here"])
    }

    @Test func theJSONHasTheKeysThatScriptsDependOn() async throws {
        let bytes = try encodeJSON(try await document())
        let json = try decodeJSON(JSONValue.self, bytes)
        for key in [
            "schemaVersion", "run", "service", "environment", "procedure", "state", "verdict", "counts", "startedAt",
            "endedAt", "steps",
        ] {
            #expect(json[key] != nil, "\(key)")
        }
        let step = try #require(json["steps"]?["0"])
        for key in [
            "id", "action", "targets", "state", "verdict", "summary", "measurements", "thresholds", "findings",
            "details", "evidence", "startedAt", "endedAt",
        ] {
            #expect(step[key] != nil, "\(key)")
        }
        #expect(step["measurements"]?["ready"]?["value"] == .number(17))
    }

    @Test func whatATargetSaysIsNeverMarkup() async throws {
        let run = try await document()
        let html = HTMLReport.text(run)
        #expect(!html.contains("<script>"))
        #expect(html.contains("&lt;script&gt;"))
        let markdown = MarkdownReport.text(run)
        #expect(!markdown.contains("<script>alert('|"))
        let row = try #require(markdown.split(separator: "\n").first { $0.contains("Mend it.") })
        #expect(row.replacing("\\|", with: "").count { $0 == "|" } == 6, "\(row)")
    }

    @Test func theReportSaysWhatWasNotRun() async throws {
        let run = try await document()
        #expect(
            MarkdownReport.text(run).contains("`when: well.ready > 100` does not hold.")
                || MarkdownReport.text(run).contains("does not hold"))
        #expect(Words.title(run) == "fail: 1 pass, 1 fail, 1 unknown, 1 not run")
    }

    @Test func durationsAreWords() {
        #expect(Words.took(.milliseconds(12)) == "12 ms")
        #expect(Words.took(.milliseconds(3449)) == "3.4 s")
        #expect(Words.took(.seconds(125)) == "2 min 5 s")
        #expect(Words.took(.seconds(3660)) == "1 h 1 min")
    }
}
