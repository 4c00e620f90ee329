import Host
import Maintenance
import Testing

@testable import Plans

/// From a plan to what a run carries, where it is asked for wrongly, and what ties the two together.
struct RunnableTests {
    private static let text = """
        service: steam
        targets:
          db: { postgresql: "${env:DB}" }
        environments: { staging: {}, production: {} }
        procedures:
          weekly:
            window: weekly
            inputs:
              tables: { type: list }
              full: { type: boolean, default: false }
              rows: { type: number, default: 10 }
            steps:
              - id: vacuum
                do: postgresql.vacuum
                for-each: "${inputs.tables}"
                with: { tables: "${each}", full: "${inputs.full}", parallel: 2 }
              - id: archive
                do: postgresql.archive
                with: { table: t, older-than: 2 years, batch: "${steps.look.used}" }
                limit: { rows: "${inputs.rows}" }
              - id: look
                check: postgresql.connections
                fail: used > ${inputs.rows}
        windows:
          weekly: { opens: "Sunday 02:00", lasts: 1h }
        """

    private func plan(_ text: String = text.replacing("steps.look.used", with: "inputs.rows")) throws -> Plan {
        try PlanLoader.load(path: "plan.yaml", host: .files(["plan.yaml": text]), catalogue: FakeCatalogue.whole)
    }

    private func mistakes(
        _ procedure: String, _ environment: String?, _ inputs: [String: String], of text: String? = nil
    ) throws -> [String] {
        do {
            let read = try text.map { try plan($0) } ?? plan()
            _ = try read.runnable(
                procedure: procedure, environment: environment, inputs: inputs, catalogue: FakeCatalogue.whole)
            return []
        } catch let error as PlanErrors {
            return error.diagnostics.map(\.message)
        }
    }

    @Test func whatIsAskedForWronglyIsRefused() throws {
        #expect(try mistakes("weakly", "staging", [:]) == ["no procedure is named `weakly`; did you mean `weekly`?"])
        #expect(try mistakes("weekly", nil, [:]) == ["say which environment: there are `staging`, `production`"])
        #expect(
            try mistakes("weekly", "test", [:]) == ["no environment is named `test`; there are `production`, `staging`"]
        )
        #expect(try mistakes("weekly", "staging", [:]) == ["the input `tables` must be given"])
        #expect(
            try mistakes("weekly", "staging", ["tables": "a", "ful": "true", "rows": "many"]) == [
                "no input is named `ful`; did you mean `full`?",
                "the input `rows`: `many` is not a number such as 0.15",
            ])
        #expect(try mistakes("weekly", "staging", ["tables": "a,a"]) == ["`a` is in the list already"])
        #expect(
            try mistakes("weekly", "staging", ["tables": ""]) == [
                "`for-each` repeats over 1 to 100 items, and these are 0"
            ])
    }

    @Test func inputsArePutIn() throws {
        let run = try plan().runnable(
            procedure: "weekly", environment: "staging", inputs: ["tables": "traps, sensors", "rows": "2 million"],
            catalogue: FakeCatalogue.whole)
        #expect(run.steps.map(\.id) == ["vacuum[traps]", "vacuum[sensors]", "archive", "look"])
        #expect(run.steps[1].parameters?["tables"] == .text("sensors"))
        #expect(run.steps[1].parameters?["full"] == .text("false"))
        #expect(run.steps[2].limits == ["rows": 2_000_000])
        #expect(run.steps[3].thresholds == Thresholds(fail: "used > 2 million"))
        #expect(run.inputs["tables"] == .list([.text("traps"), .text("sensors")]))
        #expect(run.window?.lasts == .seconds(3600))
        #expect(run.window?.beginsRun == false)
    }

    /// The input decides the impact, so that the window is asked for only when it is known.
    @Test func whatAnInputBringsIsCheckedWhenItIsGiven() throws {
        let text = Self.text.replacing("steps.look.used", with: "inputs.rows").replacing(
            "    window: weekly\n", with: "")
        #expect(try mistakes("weekly", "staging", ["tables": "a"], of: text) == [])
        let found = try mistakes("weekly", "staging", ["tables": "a", "full": "true"], of: text)
        #expect(found.count == 1)
        #expect(found.first?.contains("is disruptive with these parameters") == true)
    }

    @Test func aStepCannotUseWhatComesLater() throws {
        let found = try mistakes("weekly", "staging", ["tables": "a"], of: Self.text)
        #expect(found == ["`look` comes later; only steps before this one have measured"])
    }

    @Test func theDigestIsOfEverySource() throws {
        let plan = "service: steam\nprocedures:\n  daily:\n    steps:\n      - check: disk.usage\n"
        func digest(_ files: [String: String]) throws -> String {
            try PlanLoader.load(path: "p/plan.yaml", host: .files(files), catalogue: FakeCatalogue.whole).digest
        }
        let alone = try digest(["p/plan.yaml": plan])
        let shared = try digest(["p/plan.yaml": plan, "p/estate.yaml": "people: {}"])
        #expect(alone.count == 64)
        #expect(Set([alone, shared, try digest(["p/plan.yaml": plan + "#"])]).count == 3)
        #expect(try digest(["p/plan.yaml": plan, "p/estate.yaml": "people: {}"]) == shared)
    }

    @Test func anEstateThatCannotBeReadIsNoMissingOne() {
        var host = Host.files(["plan.yaml": "service: steam\nprocedures: {}\n"])
        let files = host.readFile
        host.readFile = { path, limit in
            if path == "estate.yaml" { throw FileError(path: path, reason: "Permission denied") }
            return try files(path, limit)
        }
        let error = #expect(throws: PlanErrors.self) {
            try PlanLoader.load(path: "plan.yaml", host: host, catalogue: FakeCatalogue.whole)
        }
        #expect(error?.description.contains("estate.yaml:1:1: the file could not be read: Permission denied") == true)
    }

    @Test func aReferenceStandsForANumberWhileThePlanIsRead() throws {
        let text = """
            service: steam
            targets: { cache: { redis: { url: "${env:URL}", database: "${env:NUMBER}" } } }
            procedures:
              daily:
                steps:
                  - check: disk.usage
                    id: disk
                  - do: postgresql.archive
                    with: { table: t, older-than: 2 years, batch: "${steps.disk.used_percent}", tble: x }
            """
        let found = try mistakes("daily", nil, [:], of: text)
        #expect(
            found == [
                "`postgresql.archive` needs a target of kind `postgresql`, and there is none; declare one under `targets`",
                "unknown parameter of postgresql.archive, did you mean `table`?",
            ])
    }

    /// A weekly report tells what was due and did not run, whichever procedure it belongs to.
    @Test func aRunWithAWeeklyReportKnowsWhatIsDue() throws {
        let text = """
            service: steam
            targets: { db: { postgresql: "${env:DB}" } }
            windows: { night: { opens: "Sunday 02:00", lasts: 1h } }
            procedures:
              daily: { schedule: daily 09:00, steps: [{ check: postgresql.connections }] }
              by-hand: { steps: [{ check: postgresql.connections }], reports: [{ template: daily, formats: md }] }
              weekly:
                in: night
                steps: [{ check: postgresql.connections }]
                reports: [{ template: weekly, formats: [md, html] }]
            """
        let plan = try plan(text)
        let weekly = try plan.runnable(procedure: "weekly", catalogue: FakeCatalogue.whole)
        #expect(weekly.schedules == ["daily": "daily 09:00", "weekly": "Sunday 02:00"])
        #expect(weekly.reports == [RunReport(template: .weekly, formats: [.md, .html])])
        #expect(try plan.runnable(procedure: "by-hand", catalogue: FakeCatalogue.whole).schedules == nil)
    }
}
