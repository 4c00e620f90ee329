import Host
import Maintenance
import Testing

@testable import ActionsPostgreSQL

struct FigureTests {
    /// Rows at each edge of the period: the first moment belongs to it, the last does not.
    private static let schema = """
        CREATE TABLE inspections (id int, status text, at timestamptz, seconds numeric);
        INSERT INTO inspections
        SELECT row_number() OVER (), status, edge + distance::interval, 2 FROM
            (SELECT date_trunc('day', now(), 'UTC') AS edge) e,
            (VALUES ('-7 days', 'COMPLETED'), ('-7 days -1 us', 'COMPLETED'), ('-1 us', 'FAILED'), ('0', 'FAILED'),
                ('-3 days', 'COMPLETED'), ('-3 days 1 hour', 'COMPLETED')) AS v (distance, status)
        """

    private static let overview: PlanValue = [
        "sql": """
        SELECT count(*) AS total, count(*) FILTER (WHERE status = 'COMPLETED') AS completed,
            round(100.0 * count(*) FILTER (WHERE status = 'COMPLETED') / nullif(count(*), 0), 2) AS success_rate,
            avg(seconds) AS mean
        FROM inspections WHERE at >= :from AND at < :to
        """,
        "units": ["success_rate": "%", "mean": "s"],
    ]

    private static func days(_ condition: String = "at >= :from AND at < :to") -> PlanValue {
        [
            "sql": .text(
                "SELECT (at AT TIME ZONE :zone)::date AS day, count(*) AS n, avg(seconds) AS mean FROM inspections "
                    + "WHERE \(condition) GROUP BY 1"),
            "by-day": "day", "total": "n = overview.total",
        ]
    }

    @Test func aPeriodHasItsFirstMomentAndNotItsLast() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let seen = try await bench.observe(
                "postgresql.figures", ["figures": ["overview": Self.overview, "days": Self.days()]])
            #expect(seen.verdict == .pass, "\(seen.observation.findings)")
            #expect(seen["overview.total"] == 4)
            #expect(seen["overview.success_rate"] == 75)
            #expect(seen.observation.measurements.first { $0.name == "overview.success_rate" }?.unit == .percent)
            #expect(seen["days.rows"] == 3)
            #expect(seen["rows"] == 4)
            #expect(seen["period_days"] == 7)
            let days = try #require(seen.observation.details.first { $0["figure"] == "days" })
            guard case .list(let rows)? = days["rows"] else { throw NoSuchAction() }
            #expect(rows.count == 7)
            #expect(rows.map { $0["1"] } == [1, 0, 0, 0, 2, 0, 1])
            #expect(rows[1]["2"] == .null)
            #expect(days["filledDays"] == 4)
            #expect(days["timezone"] == "UTC")
            let from = try #require(days["from"]?.asText.flatMap { Instant($0) })
            let to = try #require(days["to"]?.asText.flatMap { Instant($0) })
            #expect(to - from == .seconds(7 * 86_400))
            #expect(rows[0]["0"]?.asText == String(from.description.prefix(10)))
        }
    }

    @Test func whatTheDaysDoNotSumToIsAFailure() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let wrong = try await bench.observe(
                "postgresql.figures",
                ["figures": ["overview": Self.overview, "days": Self.days("at > :from::timestamptz AND at < :to")]],
                expecting: "`> :from`")
            #expect(wrong == nil)
            let seen = try await bench.observe(
                "postgresql.figures",
                [
                    "figures": [
                        "overview": Self.overview,
                        "days": Self.days("at >= :from + interval '1 us' AND at < :to"),
                    ]
                ])
            #expect(seen.verdict == .fail)
            let finding = try #require(seen.observation.findings.first)
            #expect(finding.cause.code.rawValue == "totals-differ")
            #expect(finding.cause.sentence == "The days sum to 3, and overview.total is 4.")
        }
    }

    @Test func anEmptyPeriodIsNotKnownAndNotZero() async throws {
        try await Bench.run(schema: "CREATE TABLE inspections (id int, status text, at timestamptz, seconds numeric)") {
            bench in
            let seen = try await bench.observe(
                "postgresql.figures",
                ["period": "previous month", "figures": ["overview": Self.overview, "days": Self.days()]])
            #expect(seen.verdict == .pass)
            #expect(seen["rows"] == 0)
            #expect(seen["overview.total"] == 0)
            #expect(seen["overview.success_rate"] == nil && seen["overview.mean"] == nil)
            #expect(seen.observation.missing["overview.success_rate"]?.code == .noData)
            #expect(seen.observation.summary.hasPrefix("nothing to count in "))
            let days = try #require(seen.observation.details.first { $0["figure"] == "days" })
            guard case .list(let rows)? = days["rows"] else { throw NoSuchAction() }
            #expect((28...31).contains(rows.count))
            #expect(rows.allSatisfy { $0["1"] == 0 && $0["2"] == .null })
        }
    }

    @Test func oneFigureThatIsRefusedLeavesTheOthers() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let seen = try await bench.observe(
                "postgresql.figures",
                [
                    "figures": [
                        "overview": Self.overview, "gone": ["sql": "SELECT count(*) AS n FROM nowhere"],
                        "divided": ["sql": "SELECT 100 / count(*) AS share FROM inspections WHERE false"],
                        "days": [
                            "sql":
                                "SELECT at::date AS day, count(*) AS n FROM inspections WHERE at >= :from OR at < :to GROUP BY 1",
                            "by-day": "day",
                        ],
                        "wide": ["sql": .text("SELECT " + (0..<30).map { "1 AS c\($0)" }.joined(separator: ", "))],
                    ]
                ])
            #expect(seen.verdict == .unknown)
            #expect(seen["overview.total"] == 4)
            let findings = Dictionary(uniqueKeysWithValues: seen.observation.findings.map { ($0.subject, $0) })
            #expect(findings["gone"]?.cause.code == .notFound)
            #expect(findings["divided"]?.advice?.contains("NULLIF") == true)
            #expect(findings["days"]?.cause.sentence.contains("not in the period") == true)
            #expect(findings["wide"]?.cause.code == .tooLarge)
            #expect(findings.count == 4 && findings.values.allSatisfy { $0.severity == .unknown })
            let gone = try #require(seen.observation.details.first { $0["figure"] == "gone" })
            #expect(gone["notKnown"] != nil)
        }
    }

    @Test func nothingIsKnownWhereNothingCouldBeAsked() async throws {
        try await Bench.run { bench in
            let seen = try await bench.observe(
                "postgresql.figures", ["figures": ["overview": Self.overview, "days": Self.days()]])
            #expect(seen.verdict == .unknown)
            #expect(seen["rows"] == nil && seen["overview.total"] == nil)
            let zone = try await failure {
                _ = try await bench.observe(
                    "postgresql.figures", ["timezone": "Europe/Nowhere", "figures": ["a": ["sql": "SELECT 1 AS n"]]])
            }
            #expect(zone?.isFailed == false)
            let written = try await bench.observe(
                "postgresql.figures",
                ["figures": ["a": ["sql": "CREATE TABLE made ()"], "b": ["sql": "SELECT 1 AS n"]]])
            #expect(written.verdict == .unknown)
            #expect(written["b.n"] == 1)
        }
    }

    @Test func manyRowsAreATableThatIsCut() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let seen = try await bench.observe(
                "postgresql.figures",
                [
                    "period": "yesterday", "timezone": "America/New_York",
                    "figures": [
                        "many": ["sql": "SELECT g AS id, repeat('x', 500) AS text FROM generate_series(1, 1000) g"],
                        "days": [
                            "by-day": "day",
                            "sql":
                                "SELECT (at AT TIME ZONE :zone)::date AS day, count(*) AS n FROM inspections WHERE at >= :from AND at < :to GROUP BY 1",
                        ],
                    ],
                ])
            #expect(seen.verdict == .warn)
            #expect(seen["many.rows"] == 1000)
            let many = try #require(seen.observation.details.first { $0["figure"] == "many" })
            guard case .list(let rows)? = many["rows"] else { throw NoSuchAction() }
            #expect(rows.count == PostgreSQLActionLimits.figureRows)
            #expect(rows[0]["1"]?.asText?.count == PostgreSQLActionLimits.figureText)
            #expect(seen.observation.summary.contains("America/New_York"))
        }
    }
}

extension Bench {
    /// `nil` where the parameters are refused with these words.
    func observe(_ name: String, _ parameters: PlanValue, expecting words: String) async throws -> Seen? {
        do { return try await observe(name, parameters) } catch let error as ValueErrors {
            #expect(error.errors.contains { $0.message.contains(words) }, "\(error.errors)")
            return nil
        }
    }
}

/// Without a server: what stands in a plan.
struct FigureSQLTests {
    @Test(arguments: [
        ("a >= :from AND a < :to", "a >= $1::timestamptz AND a < $2::timestamptz"),
        ("a < :to AND b >= :from AND c < :to", "a < $1::timestamptz AND b >= $2::timestamptz AND c < $1::timestamptz"),
        (
            ":from::date, x::text, ':to', \":from\", -- :from\n y",
            "$1::timestamptz::date, x::text, ':to', \":from\", -- :from\n y"
        ),
        ("/* :to */ $$ :to $$ $q$ :from $q$ a[1:to] E'\\':to'", "/* :to */ $$ :to $$ $q$ :from $q$ a[1:to] E'\\':to'"),
        ("at AT TIME ZONE :zone", "at AT TIME ZONE $1::text"),
    ])
    func placeholdersAreBound(_ written: String, _ bound: String) throws {
        #expect(try FigureSQL(written).text == bound)
    }

    @Test(arguments: [
        ("x BETWEEN :from\n AND :to", "BETWEEN"), ("x >= :from AND x <= :to", "`<= :to`"), ("x > :from", "`> :from`"),
        ("x < :until", ":until"),
    ])
    func endsThatOverlapAreMistakes(_ written: String, _ words: String) {
        #expect(throws: ValueError.self) { try FigureSQL(written) }
        do { _ = try FigureSQL(written) } catch { #expect(error.message.contains(words), "\(error.message)") }
    }

    @Test(arguments: [
        ("yesterday", true), ("last 7 days", true), ("last 0 days", false), ("last 367 days", false),
        ("last week", false),
        ("previous week", true), ("previous month", true), ("last 07 days", true), ("last -1 days", false),
    ])
    func periodsAreRead(_ text: String, _ isOne: Bool) {
        let read = try? FigurePeriod.read(.text(text))
        #expect((read != nil) == isOne)
    }

    static let mistakes: [(PlanValue, String)] = [
        (.map([]), "at least one"), (["a b": ["sql": "SELECT 1"]], "begins with a letter"),
        (["a": ["sql": " "]], "empty"), (["a": ["sql": "SELECT :from"]], "two ends"),
        (["a": ["sql": "SELECT 1 AS day", "by-day": "day"]], "needs :from and :to"),
        (["a": ["sql": "SELECT 1", "total": "n = b.n"]], "no `by-day`"),
        (["a": ["sql": "SELECT :from, :to", "by-day": "d", "total": "n = b.n"]], "no figure"),
        (["a": ["sql": "SELECT 1", "units": ["n": "furlong"]]], "unit"), (["a": "SELECT 1"], "map"),
        (["a": ["sql": "SELECT :from, :to", "by-day": "d", "total": "n"]], "equation"),
    ]

    @Test(arguments: mistakes)
    func wrongFiguresAreMistakes(_ figures: PlanValue, _ words: String) throws {
        let action = try #require(PostgreSQLActions.all.first { $0.name == "postgresql.figures" })
        var text = ""
        do { _ = try action.configured(with: ["figures": figures]) } catch {
            text = error.errors.map(\.message).joined(separator: "\n")
        }
        #expect(text.contains(words), "\(text)")
    }

    @Test func daysOfAnotherZoneNeedTheZone() throws {
        let action = try #require(PostgreSQLActions.all.first { $0.name == "postgresql.figures" })
        let figure: PlanValue = ["sql": "SELECT at::date AS d FROM x WHERE at >= :from AND at < :to", "by-day": "d"]
        #expect(throws: ValueErrors.self) {
            try action.configured(with: ["timezone": "Europe/Paris", "figures": ["a": figure]])
        }
        #expect(
            try action.configured(with: ["figures": ["a": figure]]).rights.map(\.grant).contains(
                "GRANT SELECT ON x TO {role};"))
    }
}
