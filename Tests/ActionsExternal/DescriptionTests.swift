import ActionsExternal
import FoundationEssentials
import Host
import Maintenance
import Testing

/// What a description may say: each mistake is told when the plan is read.
struct DescriptionTests {
    private static let well =
        #"name="test.it", kind="change", summary="It.", impact="online", measurements=[{"name":"n","summary":"N."}]"#

    private static let wrong: [(String, String)] = [
        (#"name="test.other", kind="check", summary="It.""#, "describes itself as `test.other`"),
        (#"name="Test it", kind="check", summary="It.""#, "`name`"),
        (#"name="test.it", kind="deed", summary="It.""#, "`kind`"),
        (#"name="test.it", kind="change", summary="It.""#, "`impact`"),
        (#"name="test.it", kind="check", summary="It.", impact="online""#, "`impact`"),
        (#"name="test.it", kind="check", summary="It.", undo=True"#, "nothing to undo"),
        (
            #"name="test.it", kind="check", summary="It.", rights=[{"kind":"h","purpose":"change","grant":"g","reason":"r"}]"#,
            "no right to change"
        ),
        (well + #", thresholds={"fail": "m > 1"}"#, "not measured"),
        (well + #", thresholds={"fail": "n >"}"#, "no condition"),
        (well + #", parameters=[{"name":"a","type":"text"}]"#, "`summary`"),
        (well + #", parameters=[{"name":"a","type":"word","summary":"A."}]"#, "`choices`"),
        (well + #", parameters=[{"name":"a","type":"integer","default":"x","summary":"A."}]"#, "default"),
        (well + #", parameters=[{"name":"a","type":"secret","default":"x","summary":"A."}]"#, "secret"),
        (well + #", parameters=[{"name":"a","type":"text","summary":"A."}]"#, "example"),
        (well + #", example={"b": 1}"#, "example"),
        (well + #", timeout="2 days""#, "timeout"),
        (well + #", targets=[]"#, "`targets`"),
        (well + #", more=1"#, "`more`"),
    ]

    @Test(arguments: wrong) func aWrongDescriptionIsRefused(_ fields: String, _ words: String) async throws {
        try await withFolder { folder in
            let bench = try ProgramBench(in: folder, "reply(\(fields))\n")
            let error = #expect(throws: CouldNotLook.self) { try bench.describe() }
            #expect(error?.cause.sentence.contains(words) == true, "\(error?.cause.sentence ?? "")")
        }
    }

    @Test func everyTypeOfParameter() async throws {
        try await withFolder { folder in
            let bench = try ProgramBench(
                in: folder,
                """
                kinds = ["text", "boolean", "integer", "number", "duration", "texts"]
                if call == "describe":
                    reply(name="test.it", kind="check", summary="It.", parameters=[
                        {"name": kind, "type": kind, "summary": "A value.", "default": value} for kind, value in
                        zip(kinds, ["a", True, 3, 0.5, "2h", ["x", "y"]])
                    ] + [{"name": "word", "type": "word", "choices": ["on", "off"], "summary": "A word.", "default": "on"}])
                else:
                    reply(summary=json.dumps(given, sort_keys=True))

                """)
            #expect(
                try await bench.observe().summary
                    == #"{"boolean": true, "duration": 7200, "integer": 3, "number": 0.5, "text": "a", "texts": ["x", "y"], "word": "on"}"#
            )
            #expect(
                try await bench.observe(
                    "test.it",
                    [.init("duration", .text("90s")), .init("texts", .text("lone")), .init("word", .text("off"))]
                ).summary
                    == #"{"boolean": true, "duration": 90, "integer": 3, "number": 0.5, "text": "a", "texts": ["lone"], "word": "off"}"#
            )
            let mistakes = try ExternalActions.programs.define(try bench.describe()).mistakes(
                in: .map([.init("word", .text("of")), .init("integer", .text("1.5"))]), unresolved: [])
            #expect(mistakes.count == 2)
        }
    }

    @Test func whatCannotBeStartedSaysSo() throws {
        for (arguments, code) in [(["/no/such/program"], Cause.Code.notFound), (["/etc/passwd"], .noPermission)] {
            let error = #expect(throws: CouldNotLook.self) {
                try ExternalActions.programs.describe(
                    .init(name: "test.it", arguments: arguments, environment: [:], folder: "/"), .system)
            }
            #expect(error?.cause.code == code)
        }
    }

    @Test func itIsAskedOnceAsLongAsItStaysTheSame() async throws {
        try await withFolder { folder in
            let count = folder.appending(path: "count").path
            let bench = try ProgramBench(
                in: folder,
                """
                open("\(count)", "a").write("x")
                reply(name="test.it", kind="check", summary="It.")

                """)
            for _ in 0..<3 { _ = try bench.describe() }
            #expect(try String(contentsOfFile: count, encoding: .utf8) == "x")
        }
    }
}
