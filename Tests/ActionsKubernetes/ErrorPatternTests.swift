import Maintenance
import Testing

@testable import ActionsKubernetes

/// What counts as an error where a plan says nothing else.
struct ErrorPatternTests {
    private func isError(_ line: String, _ pattern: ErrorPattern = ErrorPattern()) -> Bool {
        pattern.isError(Array(line.utf8)[...])
    }

    @Test(arguments: [
        "2026-11-21 10:00:00,123 ERROR worker: no sensor", "ERROR: x", "[ERROR] x", "x|ERROR|y", "ERROR",
        "WARN then ERROR",
        "FATAL: the database system is starting up", "CRITICAL root: x", "E1121 10:00:00.000000 1 main.go:1] x",
        "2026/11/21 10:00:00 [error] 7#7: *1 upstream timed out", "[crit] x", "level=error msg=x", "ts=1 level=fatal",
        "lvl=eror msg=x", "panic: runtime error: index out of range", "Exception in thread \"main\" java.lang.X",
        "error: no such file", "  Error: x", "SEVERE: x", "<ERROR>",
        #"{"level":"error","msg":"x"}"#, #"{"msg":"x","severity":"CRITICAL"}"#,
        #"{"a":{"level":"info"},"lvl":"FATAL"}"#,
        #"{"level":50,"msg":"x"}"#, #"{"level":3,"short_message":"x"}"#, #"{"time":1,"msg":"no level ERROR"}"#,
        #"{"levelname":"Error"}"#, #"{"level":"error""#,
    ])
    func errors(_ line: String) { #expect(isError(line), "\(line)") }

    @Test(arguments: [
        "INFO 0 errors", "ERROR_COUNT=0", "MYERRORS x", "error rate 0.1", "no ERRORS", "INFO ok", "", " ",
        "GET /error 200", #"{"level":"info","msg":"ERROR in the text"}"#, #"{"level":30,"error":null}"#,
        #"{"level":0,"msg":"x"}"#, "Errand", "E112 x", "level=info msg=\"an error\"", "xERROR", "TERROR", "PANICKED",
        #"{"error":"","status":200}"#, "Traceback (most recent call last):",
    ])
    func noErrors(_ line: String) { #expect(!isError(line), "\(line)") }

    @Test func bytesThatAreNoTextAreJudgedToo() {
        #expect(ErrorPattern().isError([0xff, 0xfe, 0x20] + Array("ERROR".utf8) + [0x20, 0xff]))
        #expect(!ErrorPattern().isError([0xff, 0x00, 0x80]))
    }

    @Test func aLevelFieldOfItsOwn() {
        var pattern = ErrorPattern()
        pattern.fields = ["sev"]
        pattern.levels = ["bad"]
        pattern.levelsOnly = true
        #expect(isError(#"{"sev":"BAD"}"#, pattern))
        #expect(!isError(#"{"level":"error"}"#, pattern) && !isError("ERROR", pattern))
    }

    @Test func brokenJSONNeverTraps() {
        let letters = Array(#"{}[]":,\ level0ae"#.utf8)
        var random = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            let bytes =
                [UInt8(ascii: "{")]
                + (0..<Int.random(in: 0...25, using: &random)).map { _ in
                    letters.randomElement(using: &random) ?? 0
                }
            _ = ErrorPattern().isError(bytes[...])
        }
    }

    @Test func aTraceBelongsToTheErrorBefore() throws {
        var judge = try LineJudge(pattern: nil, except: nil, errors: ErrorPattern())
        let lines = ["ERROR x", "Traceback (most recent call last):", "  File", "Traceback (most recent call last):"]
        #expect(try lines.map { try judge.isError(Array($0.utf8)[...]) } == [true, false, false, true])
    }

    @Test func aPatternOfThePlan() throws {
        var judge = try LineJudge(
            pattern: try LogPattern.read(.text(#"(?i)\berror\b"#)), except: try LogPattern.read(.text("retry")),
            errors: ErrorPattern())
        #expect(try judge.isError(Array("an Error".utf8)[...]))
        #expect(try !judge.isError(Array("an Error, retry".utf8)[...]))
        for wrong in ["(", "", "x*", "[a"] {
            #expect(throws: ValueError.self) { try LogPattern.read(.text(wrong)) }
        }
    }
}
