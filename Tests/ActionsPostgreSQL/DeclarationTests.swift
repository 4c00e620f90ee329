import ActionsPostgreSQL
import Maintenance
import Testing

struct DeclarationTests {
    @Test func everyActionOfTheListIsNamedAfterItsKind() {
        let names = PostgreSQLActions.all.map(\.name)
        #expect(names.allSatisfy { $0.hasPrefix("postgresql.") } && Set(names).count == names.count)
        #expect(PostgreSQLActions.all.allSatisfy { $0.roles == [TargetRole(kinds: ["postgresql"])] })
        #expect(PostgreSQLActions.kinds.map(\.name) == ["postgresql"])
    }

    static let mistakes: [(String, PlanValue, String)] = [
        ("postgresql.partitions", ["ahead": "-1"], "between"), ("postgresql.partitions", ["retain": "soon"], "span"),
        ("postgresql.create-partitions", ["table": "t", "every": "5 minutes"], "an hour or more"),
        ("postgresql.create-partitions", ["table": "t", "every": "1 day", "zone": "a;b"], "time zone"),
        ("postgresql.create-partitions", ["table": "t", "every": "1 day", "suffix": "_'"], "to_char"),
        ("postgresql.create-partitions", ["table": "t", "every": "1000", "suffix": "_YYYY"], "named after the first"),
        (
            "postgresql.drop-partitions",
            ["table": "t", "older-than": "1 year", "keep": "true", "lose-rows": "true"], "one of"
        ),
        (
            "postgresql.delete-orphans",
            ["table": "t", "columns": ["a", "b"], "parent": "p", "parent-columns": "a"], "as many columns"
        ),
        (
            "postgresql.delete-orphans",
            ["table": "t", "columns": "a", "parent": "p", "parent-columns": "a", "into": "p"], "another table"
        ),
        ("postgresql.archive", ["table": "a;b"], "table"),
        ("postgresql.archive", ["table": "a", "into": "a", "column": "c", "older-than": "2 years"], "twice"),
        ("postgresql.archive", ["table": "a", "into": "b", "column": "c", "older-than": "soon"], "age"),
        (
            "postgresql.archive", ["table": "a", "into": "b", "column": "c", "older-than": "1 day", "batch": "0"],
            "between"
        ),
        ("postgresql.vacuum", ["tables": "a b"], "pattern"), ("postgresql.vacuum", [:], "needs the parameter"),
        ("postgresql.query", ["sql": " "], "empty"),
        ("postgresql.query", ["sql": "SELECT 1", "measurements": ["a": "furlong"]], "unit"),
        ("postgresql.insert-missing", ["sql": "SELECT 1", "into": "a", "key": []], "columns"),
        ("postgresql.size", ["tables": "-1"], "between"),
    ]

    @Test(arguments: mistakes)
    func wrongParametersAreMistakes(_ name: String, _ parameters: PlanValue, _ words: String) throws {
        let action = try #require(PostgreSQLActions.all.first { $0.name == name })
        var text = ""
        do { _ = try action.configured(with: parameters) } catch {
            text = error.errors.map { $0.path.joined(separator: ".") + ": " + $0.message }.joined(separator: "\n")
        }
        #expect(text.contains(words), "\(text)")
    }
}
