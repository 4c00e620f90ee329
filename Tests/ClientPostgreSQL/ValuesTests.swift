import Host
import Maintenance
import Sandbox
import Testing

@testable import ClientPostgreSQL

struct ValuesTests {
    @Test func boundParametersAreNeverPartOfTheStatement() async throws {
        try await withDatabase { _, _, client in
            let hostile = "'; DROP TABLE x; -- \\ \" $1 %"
            let row = try await client.access().query(
                "SELECT $1::text AS same, length($1::text) AS length, $2::int + 1 AS next, $3::text AS nothing",
                [SQLParameter(hostile), 41, nil]
            ).one()
            #expect(try row.text("same") == hostile)
            #expect(try row.integer("length") == hostile.count)
            #expect(try row.integer("next") == 42)
            #expect(try row.optional("nothing") == nil)
        }
    }

    @Test func valuesComeBackAsTheyAre() async throws {
        try await withDatabase { _, _, client in
            let row = try await client.access().query(
                """
                SELECT '' AS empty, NULL AS nothing, E'a\\tb\\nc' AS lines, 'naïve 🔧 Ω' AS unicode, \
                '\\x00ff41'::bytea AS bytes, true AS yes, 1.50::numeric AS exact, 0.1::float8 AS double, \
                TIMESTAMPTZ '2026-03-29 01:30:00.123456+02' AS at, DATE '2024-02-29' AS day, \
                '-5'::int8 AS negative, ARRAY['x','y z'] AS list, '{"a": [1, null]}'::jsonb AS json
                """
            ).one()
            #expect(try row.text("empty") == "")
            #expect(try row.optional("nothing") == nil)
            #expect(try row.text("lines") == "a\tb\nc")
            #expect(try row.text("unicode") == "naïve 🔧 Ω")
            #expect(try row.text("bytes") == "\\x00ff41")
            #expect(try row.boolean("yes"))
            #expect(try row.text("exact") == "1.50")
            #expect(try row.number("double") == 0.1)
            #expect(try row.instant("at") == Instant("2026-03-28T23:30:00.123456Z"))
            #expect(try row.integer("negative") == -5)
            #expect(try row.text("list") == #"{x,"y z"}"#)
        }
    }

    @Test func aRolesOwnSettingsDoNotChangeHowValuesAreWritten() async throws {
        try await withDatabase { server, database, client in
            try await server.psql(
                """
                ALTER DATABASE \(database) SET datestyle = 'German'; ALTER DATABASE \(database) SET timezone = 'Asia/Tokyo';
                ALTER DATABASE \(database) SET bytea_output = 'escape'
                """)
            let row = try await client.access().query("SELECT TIMESTAMPTZ 'epoch' AS at, '\\xff'::bytea AS b").one()
            #expect(try row.text("at") == "1970-01-01 00:00:00+00")
            #expect(try row.text("b") == "\\xff")
        }
    }

    @Test func arraysOfTextsAreBoundWhole() async throws {
        try await withDatabase { _, _, client in
            let items: [String?] = [
                "plain", "", "with \"quotes\"", "back\\slash", "{brace},comma", nil, "NULL", "a\nb",
                "\"\u{301}", "\\\u{301}", "x\"\u{301},y\\\u{301}",
            ]
            let rows = try await client.access().query(
                "SELECT item FROM unnest($1::text[]) WITH ORDINALITY AS u(item, place) ORDER BY place",
                [.array(items)])
            #expect(rows.values.map { $0[0] } == items)
        }
    }

    @Test func aNulCharacterIsRefusedAndNotCutOff() async throws {
        try await withDatabase { _, _, client in
            let found = try await cause {
                _ = try await client.access().query("SELECT $1::text AS t", ["before\0after"])
            }
            #expect(found?.code == .malformed)
            #expect(try await client.access().query("SELECT 1 AS one").one().integer("one") == 1)
        }
    }

    @Test func bytesThatAreNoTextAreACauseAndNoGuess() async throws {
        try await withDatabase { server, _, _ in
            try await server.psql(
                "CREATE DATABASE ascii_only ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
            try await withTarget(.text(server.url(database: "ascii_only"))) { _, client in
                let found = try await cause { _ = try await client.access().query("SELECT E'\\xff\\xfe' AS raw") }
                #expect(found?.code == .malformed)
            }
            try await server.psql("DROP DATABASE ascii_only WITH (FORCE)")
        }
    }

    @Test func aMissingColumnOrAWrongTypeIsACause() async throws {
        let row = Row(columns: [.init("a"), .init("b")], values: ["x", nil])
        #expect(throws: CouldNotLook.self) { try row.integer("a") }
        #expect(throws: CouldNotLook.self) { try row.text("b") }
        #expect(throws: CouldNotLook.self) { try row.text("c") }
    }

    @Test func quotingNamesAndLiterals() async throws {
        try await withDatabase { _, _, client in
            let name = "weird \"name\" 'x' \\"
            let rows = try await client.access().query(
                "SELECT \(quotedLiteral(name)) AS \(quotedIdentifier(name))")
            #expect(rows.columns.map(\.name) == [name])
            #expect(rows.values == [[name]])
        }
    }

    /// A quote and the accent after it are one character for Swift, and a quote for the server.
    @Test(arguments: [
        "\"\u{301}", "'\u{301}", "\\\u{301}", "a\"\u{301} b", "'\u{301}; SELECT '2", "\\\u{301}'\u{301}\"\u{301}",
        "\\'\u{301}",
    ])
    func aQuoteWithAnAccentIsQuotedToo(_ text: String) async throws {
        try await withDatabase { _, _, client in
            let rows = try await client.access().query(
                "SELECT \(quotedLiteral(text)) AS \(quotedIdentifier(text)), ($1::text[])[1] AS item",
                [.array([text, "next"])])
            #expect(
                rows.columns.map { Array($0.name.unicodeScalars) } == [text, "item"].map { Array($0.unicodeScalars) })
            #expect(rows.values.count == 1)
            #expect(
                rows.values[0].map { $0.map { Array($0.unicodeScalars) } }
                    == [text, text].map { Array($0.unicodeScalars) })
        }
    }

    @Test func anEmptyAnswerKeepsItsColumns() async throws {
        try await withDatabase { _, _, client in
            let rows = try await client.access().query("SELECT 1 AS n, 'a'::text AS t WHERE false")
            #expect(rows.isEmpty)
            #expect(rows.columns.map(\.name) == ["n", "t"])
            #expect(rows.columns.map(\.type.isNumeric) == [true, false])
        }
    }

    @Test func hashOfALabelIsTheSameForEver() {
        #expect(WorkLock.hash("") == Int32(bitPattern: 0x4FD0_BFC1))
        #expect(WorkLock(WorkLabel(run: "a", step: "b")) == WorkLock(WorkLabel(run: "a", step: "b")))
        #expect(WorkLock(WorkLabel(run: "a", step: "b")) != WorkLock(WorkLabel(run: "a", step: "b", unit: "c")))
    }
}
