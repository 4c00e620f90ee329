import ActionsExternal
import ClientPrograms
import FoundationEssentials
import Host
import Maintenance
import Testing

/// What a check may answer, and what makes it unknown.
@Suite(.serialized) struct ProtocolTests {
    /// Describes a check of one number; what it answers to `observe` is the test's.
    private static func check(_ observe: String) -> String {
        """
        if call == "describe":
            reply(name="test.it", kind="check", summary="It.", example={"path": "/a"},
                parameters=[{"name": "path", "type": "text", "default": "/", "summary": "A path."},
                    {"name": "token", "type": "secret", "default": None, "summary": "A token."}][:1],
                measurements=[{"name": "size", "unit": "B", "summary": "How much."}],
                thresholds={"fail": "size > 10 KiB"})
        if call == "observe":
        \(observe.split(separator: "\n").map { "    " + $0 }.joined(separator: "\n"))

        """
    }

    @Test func aCheckThatLooks() async throws {
        try await withFolder { folder in
            let bench = try ProgramBench(
                in: folder,
                Self.check(
                    """
                    say(type="progress", done=1, total=2, text="half")
                    say(type="log", text="looked")
                    print("to the log", file=sys.stderr)
                    reply(summary=given["path"] + " " + request["targets"]["on"]["identity"], measurements={"size": 2048},
                        findings=[{"subject": "s", "severity": "warn", "code": "large", "sentence": "Large."}],
                        details=[{"a": 1}])
                    """))
            let children = ProgramBench.Children()
            let context = ProgramBench.context(children: children)
            let seen = try await bench.observe("test.it", [.init("path", .text("/ä 💡\n'\""))], context)
            #expect(seen.summary == "/ä 💡\n'\" host local")
            #expect(seen.measurements == [Measurement("size", 2048, .bytes)])
            #expect(seen.findings.map(\.cause.code.rawValue) == ["large"] && seen.details == [["a": 1]])
            #expect(children.all.count == 1 && children.texts == ["half"])
            let evidence = context.evidence.drain()
            #expect(evidence.first?.statement == "test.it observe" && evidence[0].excerpt.contains("2048"))
            #expect(evidence.last?.excerpt == "looked\nto the log\n")
            let definition = try ExternalActions.programs.define(try bench.describe())
            #expect(definition.roles == [TargetRole(kinds: ["host"])] && !definition.isChange)
            #expect(definition.parameters.map(\.defaultText) == ["/"])
            #expect(
                definition.mistakes(in: .map([.init("pth", .text("/"))]), unresolved: []).first?.message.contains(
                    "`path`")
                    == true)
        }
    }

    struct Broken: Sendable, CustomTestStringConvertible {
        let name: String
        let body: String
        let code: Cause.Code
        let words: String
        var testDescription: String { name }
    }

    private static let well = #"reply(summary="s", measurements={"size": 1})"#
    private static let exitCode = Cause.Code(rawValue: "exit-code")
    static let broken = [
        Broken(name: "unknown message", body: #"say(type="dance"); "# + well, code: .malformed, words: "`dance`"),
        Broken(name: "no JSON", body: #"print("hello"); "# + well, code: .malformed, words: "no JSON"),
        Broken(
            name: "not UTF-8", body: #"sys.stdout.buffer.write(b'{"type":"\xff\xfe"}\n'); sys.stdout.flush()"#,
            code: .malformed, words: "no JSON"),
        Broken(name: "oversized line", body: #"print("x" * (2 << 20))"#, code: .tooLarge, words: "more than it may"),
        Broken(
            name: "endless output", body: #"while True: say(type="log", text="x")"#, code: .malformed,
            words: "messages"),
        Broken(
            name: "exit in mid-call", body: #"say(type="log", text="l"); print("boom", file=sys.stderr); sys.exit(3)"#,
            code: exitCode, words: "exit code 3 without an answer. Its last words: boom"),
        Broken(name: "killed", body: "os.kill(os.getpid(), signal.SIGKILL)", code: exitCode, words: "signal 9"),
        Broken(name: "no answer", body: "pass", code: exitCode, words: "without an answer"),
        Broken(name: "answered and failed", body: well + "; sys.exit(1)", code: exitCode, words: "answered well"),
        Broken(name: "two answers", body: well + "; " + well, code: .malformed, words: "after its answer"),
        Broken(
            name: "half a line", body: well + #"; print("{", end="", flush=True)"#, code: .malformed,
            words: "no end"),
        Broken(name: "lingers", body: well + "; time.sleep(60)", code: .malformed, words: "did not end"),
        Broken(name: "silent", body: "time.sleep(60)", code: .timedOut, words: "did not answer"),
        Broken(name: "another's id", body: #"request["id"] = "x"; "# + well, code: .malformed, words: "`id`"),
        Broken(
            name: "another protocol", body: #"say(type="reply", protocol=2, summary="s", measurements={"size": 1})"#,
            code: .malformed, words: "protocol"),
        Broken(name: "nothing measured", body: #"reply(summary="s")"#, code: .malformed, words: "`size` is neither"),
        Broken(
            name: "undeclared measurement", body: #"reply(summary="s", measurements={"size": 1, "more": 2})"#,
            code: .malformed, words: "`more`"),
        Broken(
            name: "no number", body: #"reply(summary="s", measurements={"size": "1"})"#, code: .malformed,
            words: "no number"),
        Broken(
            name: "not finite", body: #"reply(summary="s", measurements={"size": float("nan")})"#, code: .malformed,
            words: "no JSON"),
        Broken(
            name: "unknown member", body: #"reply(summary="s", measurements={"size": 1}, verdict="pass")"#,
            code: .malformed, words: "`verdict`"),
        Broken(
            name: "a finding that passes",
            body:
                #"reply(summary="s", measurements={"size": 1}, findings=[{"subject":"a","severity":"pass","sentence":"b"}])"#,
            code: .malformed, words: "severity"),
        Broken(
            name: "could not look", body: #"unable("no-permission", "Not allowed.")"#, code: .noPermission,
            words: "Not allowed."),
        Broken(
            name: "an error of no kind", body: #"say(type="error", kind="bad", sentence="b")"#, code: .malformed,
            words: "`kind`"),
    ]

    @Test(arguments: broken) func itIsUnknownAndNamed(_ one: Broken) async throws {
        try await withFolder { folder in
            let bench = try ProgramBench(in: folder, Self.check(one.body))
            _ = try bench.describe()
            let patience: Duration = one.code == .timedOut ? .milliseconds(700) : .seconds(60)
            let error = await #expect(throws: CouldNotLook.self) {
                try await bench.observe("test.it", [], ProgramBench.context(patience))
            }
            #expect(error?.cause.code == one.code, "\(error?.cause.sentence ?? "")")
            #expect(error?.cause.sentence.contains(one.words) == true, "\(error?.cause.sentence ?? "")")
        }
    }

    @Test func everythingMissingIsUnknown() async throws {
        try await withFolder { folder in
            let bench = try ProgramBench(
                in: folder,
                Self.check(#"reply(summary="s", missing={"size": {"code": "no-data", "sentence": "No answer."}})"#))
            let seen = try await bench.observe()
            #expect(seen.findings.map(\.severity) == [.unknown] && seen.missing["size"]?.code == .noData)
        }
    }

    @Test func cancellationEndsAllThatItStarted() async throws {
        try await withFolder { folder in
            let bench = try ProgramBench(
                in: folder,
                Self.check(
                    """
                    import subprocess
                    subprocess.Popen(["sleep", "60"], start_new_session=True)
                    say(type="progress", done=1, text="begun")
                    time.sleep(60)
                    """))
            let children = ProgramBench.Children()
            let context = ProgramBench.context(.seconds(30), children: children)
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    await #expect(throws: CancellationError.self) { try await bench.observe("test.it", [], context) }
                }
                while children.texts.isEmpty { try? await Task.sleep(for: .milliseconds(2)) }
                group.cancelAll()
            }
            #expect(try await Programs.endLeftChildren(of: context.label.run, on: .system) == 0)
        }
    }

    @Test func aProgramThatIsAnotherOneByNow() async throws {
        try await withFolder { folder in
            let bench = try ProgramBench(in: folder, Self.check(Self.well))
            guard case .check(let check) = try bench.action().work else { return }
            let targets = try ProgramBench.targets()
            _ = try await check.observe(targets, ProgramBench.context())
            // The same description: it may go on.
            _ = try ProgramBench(in: folder, Self.check(Self.well) + "# newer\n")
            _ = try await check.observe(targets, ProgramBench.context())
            let other = Self.check(Self.well).replacing("size > 10 KiB", with: "size > 20 KiB")
            _ = try ProgramBench(in: folder, other)
            let error = await #expect(throws: CouldNotLook.self) {
                try await check.observe(targets, ProgramBench.context())
            }
            #expect(error?.cause.code == .stale)
        }
    }

    @Test func aSecretGoesInAndNotOut() async throws {
        try await withFolder { folder in
            let script = Self.check(
                """
                assert "hunter22" not in open("/proc/self/cmdline").read() + open("/proc/self/environ").read()
                say(type="progress", done=1, text="with " + given["token"])
                unable("no-permission", "Not with " + given["token"])
                """
            ).replacing(#""default": None, "#, with: "").replacing("[:1]", with: "")
                .replacing(#"{"path": "/a"}"#, with: #"{"token": "x"}"#)
            let bench = try ProgramBench(in: folder, script)
            let children = ProgramBench.Children()
            let context = ProgramBench.context(children: children)
            let error = await #expect(throws: CouldNotLook.self) {
                try await bench.observe("test.it", [.init("token", .text("hunter22"))], context)
            }
            #expect(error?.cause.sentence == "Not with (secret)" && children.texts == ["with (secret)"])
            #expect(!context.evidence.drain().contains { $0.excerpt.contains("hunter22") })
        }
    }
}
