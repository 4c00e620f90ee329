import Host
import Maintenance
import Testing

/// How a plan's parameters become an action's properties.
@Suite struct ParameterTests {
    enum Mode: String, WordValue { case fast, careful }

    struct Settings: Sendable {
        var table = ""
        var parallel = 2
        var age = Age(90, .day)
        var modes: [Mode] = [.careful]
        var timeout: Duration?
        var isFull = false
        var labels: [String: String] = [:]

        static let parameters: [Parameter<Settings>] = [
            .required("table", \.table, "Table to vacuum."),
            .optional("parallel", \.parallel, default: 2, "Workers."),
            .optional("older-than", \.age, default: Age(90, .day), "How old."),
            .optional("modes", \.modes, default: [.careful], "How."),
            .optional("timeout", \.timeout, default: nil, "How long."),
            .optional("full", \.isFull, default: false, "All of it."),
            .optional("labels", \.labels, default: [:], "Labels."),
        ]
    }

    private func decode(_ entries: [(String, PlanValue)]) throws(ValueErrors) -> Settings {
        try Settings.parameters.decode(
            .map(entries.map { PlanValue.Entry($0.0, $0.1) }), of: "postgresql.vacuum", into: Settings())
    }

    private func mistakes(_ entries: [(String, PlanValue)]) -> [String] {
        do {
            _ = try decode(entries)
            return []
        } catch {
            return error.errors.map { "\($0.path.joined(separator: "."))| \($0.message)" }
        }
    }

    @Test func whatIsGivenIsReadAndTheRestHasItsDefault() throws {
        let settings = try decode([
            ("table", .text("on")), ("older-than", .text("2 years")),
            ("modes", .list([.text("fast"), .text("careful")])),
            ("timeout", .text("90s")), ("full", .text("true")), ("labels", .map([.init("a", .text("1"))])),
        ])
        #expect(settings.table == "on")
        #expect(settings.parallel == 2)
        #expect(settings.age == Age(2, .year))
        #expect(settings.modes == [.fast, .careful])
        #expect(settings.timeout == .seconds(90))
        #expect(settings.isFull)
        #expect(settings.labels == ["a": "1"])
    }

    @Test func aLoneItemIsAListOfOne() throws {
        #expect(try decode([("table", .text("t")), ("modes", .text("fast"))]).modes == [.fast])
    }

    @Test func anUnknownParameterIsNamedWithWhatWasMeant() {
        #expect(
            mistakes([("table", .text("t")), ("paralel", .text("4"))])
                == ["paralel| unknown parameter of postgresql.vacuum, did you mean `parallel`?"])
        #expect(
            mistakes([("table", .text("t")), ("colour", .text("red"))]) == [
                "colour| unknown parameter of postgresql.vacuum; it takes `table`, `parallel`, `older-than`, `modes`, "
                    + "`timeout`, `full`, `labels`"
            ])
        let none: [Parameter<Settings>] = []
        let error = #expect(throws: ValueErrors.self) {
            try none.decode(.map([.init("x", .text("1"))]), of: "a.b", into: Settings())
        }
        #expect(error?.errors.map(\.message) == ["unknown parameter of a.b; it takes none"])
    }

    /// All mistakes at once, each with the way to it.
    @Test func allMistakesAreCollected() {
        let mistakes = mistakes([
            ("parallel", .text("many")), ("modes", .list([.text("fast"), .text("slow")])),
            ("labels", .map([.init("a", .list([]))])), ("full", .text("yes")), ("timeout", .text("5")),
        ])
        #expect(
            mistakes == [
                "parallel| `many` is not a whole number such as 200 or 2 million",
                "modes.1| `slow` is not one of `fast`, `careful`", "labels.a| a list where a text is expected",
                "full| `yes` is not `true` or `false`", "timeout| `5` is not a duration such as 30s, 5m or 1h",
                "| postgresql.vacuum needs the parameter `table`: Table to vacuum.",
            ])
    }

    @Test func whatIsNoMapIsRefused() {
        let error = #expect(throws: ValueErrors.self) {
            try Settings.parameters.decode(.list([]), of: "postgresql.vacuum", into: Settings())
        }
        #expect(error?.errors.first?.message == "a list where a map of parameters is expected")
    }

    @Test func withoutParametersOnlyTheRequiredOnesAreMissed() throws {
        for value: PlanValue? in [nil, .null] {
            let error = #expect(throws: ValueErrors.self) {
                try Settings.parameters.decode(value, of: "postgresql.vacuum", into: Settings())
            }
            #expect(error?.errors.count == 1)
        }
    }

    @Test func anUnresolvedReferenceIsGivenButNotRead() throws {
        let settings = try Settings.parameters.decode(
            .map([.init("table", .text("${env:X}")), .init("parallel", .text("${env:Y}"))]), of: "a.b",
            into: Settings(), unresolved: ["table", "parallel"])
        #expect(settings.table == "")
        #expect(settings.parallel == 2)
    }

    @Test func descriptionsSayTypeAndDefault() {
        let descriptions = Settings.parameters.map(\.description)
        #expect(descriptions.map(\.isRequired) == [true, false, false, false, false, false, false])
        #expect(descriptions.map(\.defaultText) == [nil, "2", "90 days", "[careful]", "none", "false", "{}"])
        #expect(descriptions[3].typeName == "a list, each item one of `fast`, `careful`")
    }

    @Test(arguments: [
        ("paralel", "parallel"), ("Parallel", "parallel"), ("tabel", nil), ("tabl", "table"), ("modse", nil),
        ("x", nil),
        ("", nil), ("older_than", "older-than"),
    ])
    func theClosestNameIsAtMostAThirdAway(name: String, expected: String?) {
        #expect(name.closest(among: ["table", "parallel", "older-than", "modes", "timeout"]) == expected)
    }
}
