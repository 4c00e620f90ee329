import Dispatching
import Host
import Maintenance
import Plans
import Testing

@testable import Serving

/// What `serve` makes of steps whose people are asked ahead.
@Suite struct AskingTests {
    private static func plan(disabled: String = "") -> String {
        """
        service: a
        timezone: Europe/Berlin
        targets: { it: { fake: one } }
        windows: { night: { opens: "Sunday 02:30", lasts: 1h } }
        procedures:
          weekly:
            in: night
            catch-up: { mode: last, within: 10m }
            notices: [{ on: [asked, pass], to: chat }, { on: [ended, recovered], to: chat }]
            steps:
              - { id: look, check: fake.look }
              - { id: work, do: fake.work, with: { disruptive: true }, approval: { by: ada, ahead: 2 days }\(disabled) }
              - { id: more, do: fake.work, when: look.value > 0, approval: { by: ada } }

        """
    }

    private static let estate = """
        people: { ada: { mail: ada@example.com } }
        channels: { chat: { fake: chat } }

        """

    private func read(_ text: String) async throws -> Plan {
        try await FolderBench.inFolder { bench in
            try bench.write("estate.yaml", Self.estate)
            try bench.write("a.yaml", text)
            var folder = bench.plans
            let changes = try folder.look()
            return try #require(changes.changed.first?.plan(), "\(changes.problems)")
        }
    }

    private func at(_ text: String) throws -> Instant { try #require(Instant(text)) }

    @Test func theAskingIsAProcedureThatNeedsNothing() async throws {
        let all = try await read(Self.plan()).dispatched(FolderBench.catalogue)
        #expect(all.map(\.key.procedure) == ["weekly", "weekly.asking"])
        let (weekly, asking) = (try #require(all.first), try #require(all.last))
        #expect(!weekly.locks.isEmpty && weekly.isDisruptive && weekly.windows.count == 1)
        #expect(asking.locks.isEmpty && !asking.isDisruptive && asking.windows.isEmpty && asking.freezes.isEmpty)
        // As long as there is anything to be asked for; the clocks change by an hour at most.
        #expect(asking.lateness >= .seconds(47 * 3600) && asking.lateness <= .seconds(49 * 3600))
        let disabled = try await read(Self.plan(disabled: ", disabled: not yet")).dispatched(FolderBench.catalogue)
        #expect(disabled.map(\.key.procedure) == ["weekly"])
    }

    @Test func theRunOfAnAskingChangesNothingAndSaysSo() async throws {
        let plan = try await read(Self.plan())
        let asked = try at("2026-03-20T01:30:00Z")
        let run = try plan.runnable(
            procedure: "weekly.asking", environment: "default", occurrence: asked, catalogue: FolderBench.catalogue)
        #expect(run.asks == RunAsking(procedure: "weekly", nominal: try at("2026-03-22T01:30:00Z")))
        #expect(run.steps.map(\.id) == ["work"])
        #expect(run.steps.allSatisfy { !$0.isChange && $0.kind == .askAhead && $0.needs == [] })
        #expect(run.window == nil && plan.dispatched(FolderBench.catalogue).count == 2)
        #expect(run.notices?.heartbeat == nil)
        #expect(run.notices?.rules == [NoticeRule(on: [.asked], to: ["chat"])])
        let weekly = try plan.runnable(
            procedure: "weekly", environment: "default", occurrence: asked, catalogue: FolderBench.catalogue)
        #expect(weekly.asks == nil && weekly.steps.map(\.id) == ["look", "work", "more"])
    }
}
