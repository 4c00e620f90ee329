import Maintenance
import Testing

@testable import ActionsHTTP

struct FormulaTests {
    @Test(arguments: [
        ("1 + 2 * 3", 7), ("(1 + 2) * 3", 9), ("10 - 4 - 3", 3), ("12 / 3 / 2", 2), ("-a + 5", 3), ("--a", 2),
        ("100*a/(a+b)", 25), ("2.5e2 + 0", 250), ("a - -b", 8), ("((((a))))", 2),
    ])
    func values(text: String, expected: Double) throws {
        #expect(try Formula(text).value(of: ["a": 2, "b": 6]) == expected)
    }

    @Test(arguments: [
        "", "1 +", "1 2", "(1", "1)", "* 2", "a b", "1..2", "a % b", "a ^ 2", "f(x)", "2a", "1e",
        String(repeating: "(", count: 400),
        String(repeating: "-", count: 400) + "1", String(repeating: "1+", count: 400) + "1",
    ])
    func mistakes(text: String) {
        #expect(throws: ValueError.self) { try Formula(text) }
    }

    @Test func failures() throws {
        let failure = #expect(throws: Formula.Failure.self) { try Formula("1 / (a - a)").value(of: ["a": 1]) }
        guard case .divisionByZero("(a - a)") = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(throws: Formula.Failure.self) { try Formula("a + b").value(of: ["a": 1]) }
        #expect(throws: Formula.Failure.self) { try Formula("a * a").value(of: ["a": 1e200]) }
    }
}
