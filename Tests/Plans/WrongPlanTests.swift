import Testing

@testable import Plans

/// Each wrong plan, and the exact words that it is met with.
struct WrongPlanTests {
    @Test(arguments: PlanFixture.named(".wrong.txt"))
    func everyMistakeIsNamedAtItsPlace(_ name: String) throws {
        let fixture = try PlanFixture(name)
        var actual = ""
        do {
            _ = try fixture.load()
        } catch {
            actual = error.description + "\n"
        }
        if PlanFixture.isRecording { try fixture.record(actual) }
        #expect(!actual.isEmpty, "the plan was taken for right")
        #expect(actual == fixture.expected)
        #expect(!PlanFixture.isRecording, "recorded; look at it, and run again without MILLWRIGHT_RECORD")
    }

    @Test func thereAreEnough() {
        #expect(PlanFixture.named(".wrong.txt").count >= 45)
    }
}
