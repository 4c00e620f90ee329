import Maintenance
import Testing

@Suite struct ConditionTests {
    private static let missing = Cause(.noData, "No data.")

    /// What three measured yes, no and unknown stand for: `t`, `f` and `u` of the truth tables.
    private func outcome(_ text: String, _ measured: [String: Measurement] = [:]) throws -> Condition.Outcome {
        let measured = measured.merging(["one": Measurement("one", 1)]) { first, _ in first }
        return try Condition(text).evaluate { name in
            measured[name].map { .success($0) } ?? .failure(CouldNotLook(Self.missing))
        }
    }

    /// Kleene's tables, each pair in both orders.
    @Test func threeValuedLogic() throws {
        let parts: [(Character, String)] = [("t", "one == 1"), ("f", "one == 2"), ("u", "absent == 1")]
        let and: [String: Character] = [
            "tt": "t", "tf": "f", "tu": "u", "ft": "f", "ff": "f", "fu": "f", "ut": "u", "uf": "f", "uu": "u",
        ]
        let or: [String: Character] = [
            "tt": "t", "tf": "t", "tu": "t", "ft": "t", "ff": "f", "fu": "u", "ut": "t", "uf": "u", "uu": "u",
        ]
        func letter(_ outcome: Condition.Outcome) -> Character {
            switch outcome {
            case .yes: return "t"
            case .no: return "f"
            case .unknown(let cause):
                #expect(cause == Self.missing)
                return "u"
            }
        }
        for (a, left) in parts {
            for (b, right) in parts {
                #expect(letter(try outcome("\(left) and \(right)")) == and["\(a)\(b)"], "\(a) and \(b)")
                #expect(letter(try outcome("\(left) or \(right)")) == or["\(a)\(b)"], "\(a) or \(b)")
            }
            let opposite: [Character: Character] = ["t": "f", "f": "t", "u": "u"]
            #expect(letter(try outcome("not \(left)")) == opposite[a])
            #expect(letter(try outcome("not not \(left)")) == a)
        }
    }

    @Test(arguments: [
        // `and` binds closer than `or`, `not` closer than both; parentheses closest.
        ("one == 1 or one == 2 and one == 3", true), ("(one == 1 or one == 2) and one == 3", false),
        ("not one == 2 and one == 1", true), ("not (one == 2 and one == 1)", true),
        ("not (one == 1 or one == 2)", false),
        ("one==1 and one==1", true), ("one >= 1", true), ("one > 1", false), ("one <= 1", true), ("one < 1", false),
        ("one != 1", false), ("1 == one", true), ("1 < 2", true), ("-1 < one", true), ("one < 2 million", true),
    ])
    func precedenceAndComparisons(text: String, isTrue: Bool) throws {
        #expect(try outcome(text) == (isTrue ? .yes : .no))
    }

    static let units: [(text: String, value: Double, unit: UnitOfMeasure, isTrue: Bool)] = [
        ("x >= 15%", 15, .percent, true), ("x >= 15%", 0.15, .ratio, true), ("x >= 15", 15, .percent, true),
        ("x >= 57%", 0.57, .ratio, true), ("x >= 57", 57, .percent, true), ("x == 29%", 29, .percent, true),
        ("x > 1s", 1001, .milliseconds, true), ("x > 1s", 1000, .milliseconds, false),
        ("x > 1000", 1001, .milliseconds, true),
        ("x < 30 days", 29.9, .days, true), ("x < 30", 29.9, .days, true), ("30 > x", 29.9, .days, true),
        ("x >= 5 GiB", 5_368_709_120, .bytes, true), ("x > 1 GiB/d", 2e9, .bytesPerDay, true),
        ("x > 3%/d", 3.5, .percentPerDay, true), ("x > 2 h", 121, .minutes, true), ("x < 90 %", 89, .percent, true),
    ]

    @Test(arguments: units)
    func unitsAreConverted(text: String, value: Double, unit: UnitOfMeasure, isTrue: Bool) throws {
        #expect(try outcome(text, ["x": Measurement("x", value, unit)]) == (isTrue ? .yes : .no))
    }

    /// Every whole percentage equals itself, however it is measured and written: no rounding makes a false green.
    @Test func percentagesEqualThemselves() throws {
        for percent in 0...100 {
            for (measured, written) in [
                (Measurement("x", Double(percent), .percent), "\(percent)%"),
                (Measurement("x", Double(percent), .percent), "\(percent)"),
                (Measurement("x", Double(percent) / 100, .ratio), "\(percent)%"),
            ] {
                #expect(try outcome("x >= \(written) and x <= \(written)", ["x": measured]) == .yes, "\(percent)")
            }
        }
    }

    /// What cannot be compared is neither true nor false: 3600 without a unit is not less than `2h`, nor more.
    @Test(arguments: [
        ("x < 2h", 3600, UnitOfMeasure.count), ("x > 2h", 3600, .count), ("x < 5 GiB", 1e9, .count),
        ("x > 15%", 20, .count),
        ("x > 15%", 20, .seconds), ("x > one", 20, .seconds), ("x > 1", .nan, .count), ("not x > 1", .nan, .count),
        ("x < 1", .nan, .percent), ("x == x", .nan, .count),
    ])
    func whatCannotBeComparedIsUnknown(text: String, value: Double, unit: UnitOfMeasure) throws {
        guard case .unknown(let cause) = try outcome(text, ["x": Measurement("x", value, unit)]) else {
            Issue.record("\(text) was decided")
            return
        }
        #expect(cause.code == .malformed)
    }

    @Test func endlessIsMoreThanAnything() throws {
        #expect(try outcome("x > 1", ["x": Measurement("x", .infinity)]) == .yes)
    }

    @Test func namesComeInTheirOrder() throws {
        #expect(try Condition("b > 1 and (a.rows < 2 or not b > c)").names == ["b", "a.rows", "c"])
    }

    @Test func mistakesAreFoundBeforeAnythingRuns() throws {
        let declared: [String: UnitOfMeasure] = ["lag": .seconds, "used": .percent, "size": .bytes, "rows": .count]
        func mistakes(_ text: String) throws -> Int { try Condition(text).mistakes { declared[$0] }.count }
        #expect(
            try mistakes("lag > 5s and used > 5% and size > 5 GiB and rows > 5 and lag > 5 and rows > 2 million") == 0)
        #expect(try mistakes("other > 5s") == 0)
        #expect(try mistakes("lag > 5%") == 1)
        #expect(try mistakes("lag > used or not size > 3s") == 2)
        #expect(try mistakes("rows > 5s") == 1)
        #expect(try mistakes("rows > size") == 1)
    }

    @Test(arguments: [
        ("", "empty"), ("   ", "empty"), ("ready", "a comparison is expected at the end"),
        ("ready >", "ends where a value"),
        ("ready > 5 >", "not expected"), ("ready = 5", "`=` is not expected"), ("ready > 5 ready < 3", "`and` or `or`"),
        ("(ready > 5", "`)` is missing"), ("ready > 5)", "`)` is not expected"), ("and > 5", "where a measurement"),
        ("ready > 5 apples", "`apples` is not expected"), ("ready > 5x", "not a number with a known unit"),
        ("ready > 1,5", "not expected"), ("ready > 5 AND x > 1", "`and` or `or`"), ("ready ! 5", "not expected"),
        ("ready > \"5\"", "not expected"), ("not", "ends where a value"), ("ready > 5; drop", "not expected"),
    ])
    func wrongConditionsSayWhatIsWrong(text: String, part: String) {
        let error = #expect(throws: ValueError.self) { try Condition(text) }
        #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
    }

    @Test func nestingAndLengthHaveTheirBounds() throws {
        for text in [
            String(repeating: "(", count: 200) + "a > 1" + String(repeating: ")", count: 200),
            String(repeating: "not ", count: 200) + "a > 1",
            Array(repeating: "a > 1", count: 400).joined(separator: " and "),
        ] {
            #expect(throws: ValueError.self) { try Condition(text) }
        }
        let long = Array(repeating: "one == 1", count: 150).joined(separator: " and ")
        #expect(try outcome(long) == .yes)
        let deep = String(repeating: "(", count: 20) + "one == 1" + String(repeating: ")", count: 20)
        #expect(try outcome(deep) == .yes)
    }
}
