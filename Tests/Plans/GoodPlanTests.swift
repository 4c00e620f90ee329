import Maintenance
import Testing

@testable import Plans

/// Right plans, and what runs of their procedures carry: of each procedure in each environment.
struct GoodPlanTests {
    @Test(arguments: PlanFixture.named(".good.txt"))
    func whatARunCarries(_ name: String) throws {
        let fixture = try PlanFixture(name)
        let plan = try fixture.load()
        var runs: [RunPlan] = []
        for environment in plan.environments {
            for procedure in plan.procedures {
                let inputs = procedure.inputs.filter { $0.defaultValue == nil }
                runs.append(
                    try plan.runnable(
                        procedure: procedure.name, environment: environment,
                        inputs: Dictionary(uniqueKeysWithValues: inputs.map { ($0.name, "given, ${env:SECRET}") }),
                        catalogue: FakeCatalogue.whole))
            }
        }
        let actual = try RunPlanText.of(runs)
        if PlanFixture.isRecording { try fixture.record(actual) }
        #expect(actual == fixture.expected)
        #expect(!PlanFixture.isRecording, "recorded; look at it, and run again without MILLWRIGHT_RECORD")
        #expect(try decodeJSON([RunPlan].self, try encodeJSON(runs)) == runs)
    }
}
