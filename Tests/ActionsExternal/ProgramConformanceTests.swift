import FoundationEssentials
import Host
import Maintenance
import Testing

@testable import ActionsExternal

/// The suite holds the examples to be right, and names what is wrong with each broken program.
@Suite(.serialized) struct ProgramConformanceTests {
    @Test func theShellExamplesHold() async throws {
        try await withFolder { folder in
            let scratch = folder.appending(path: "secrets ä 'x\ny'")
            try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
            for name in ["a", "b c", "d\ne", "$(touch x)"] {
                let path = scratch.appending(path: name).path
                try Data("x".utf8).write(to: URL(filePath: path))
                try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
            }
            let bench = ProgramBench(in: folder, example: "files")
            let parameters = [PlanValue.Entry("folder", .text(scratch.path))]
            let check = try await bench.conformance("files.private", parameters)
            #expect(
                check.broken.isEmpty && check.untried == ["keeps-secrets"], "\(check.filter { $0.outcome != .held })")
            let change = try await bench.conformance("files.restrict", parameters)
            #expect(
                change.broken.isEmpty && change.untried == ["keeps-secrets"], "\(change.filter { $0.outcome != .held })"
            )
        }
    }

    @Test func thePythonExampleHolds() async throws {
        try await withFolder { folder in
            for name in ["a.log", "ä 'b'.log", "c.log"] {
                let text = String(repeating: "a line of a log with the name \(name)\n", count: 20_000)
                try Data(text.utf8).write(to: folder.appending(path: name))
            }
            let bench = ProgramBench(in: folder, example: "compress_logs.py")
            let rows = try await bench.conformance(
                nil, [.init("folder", .text(folder.path)), .init("older-than", .text("0s"))])
            #expect(rows.broken.isEmpty && rows.untried == ["keeps-secrets"], "\(rows.filter { $0.outcome != .held })")
        }
    }

    /// A change of one file, whose parts a broken program replaces.
    private static let change = """
        def state(): return open(given["path"]).read() if os.path.exists(given["path"]) else ""
        def write(text): open(given["path"], "w").write(text)
        def describe(): reply(name="test.it", kind="change", summary="It.", impact="online", undo=True, repair=True,
            parameters=[{"name": "path", "type": "text", "summary": "A file."},
                {"name": "token", "type": "secret", "summary": "A token."}], example={"path": "/a", "token": "t"})
        def preview(): reply(summary="s", units=[{"id": "one"}] if state() != "done" else [])
        def prepare(): reply(baseline={})
        def probe(): reply(**({"state": "applied", "summary": "done"} if state() == "done" else
            {"state": "partial", "summary": "begun"} if state() == "begun" else {"state": "pending"}))
        def apply(): write("begun"); write("done"); reply()
        def undo(): write(""); reply()
        def repair(): apply()
        def other(): unable("not-supported", "No such call.")

        """
    private static let end = """
        if request.get("protocol") != 1: other()
        elif call != "describe" and ("path" not in given or "token" not in given): unable("malformed", "No path.")
        elif call != "describe" and len(given["path"]) > 4000: unable("malformed", "Too long.")
        elif call != "describe" and not given["path"].startswith("/"): unable("malformed", "No path.")
        else: {"describe": describe, "preview": preview, "prepare": prepare, "probe": probe, "apply": apply, "undo": undo,
            "repair": repair}.get(call, other)()

        """

    private static let broken: [(String, String, [String])] = [
        ("honest", "", []),
        ("says that all is done", #"def probe(): reply(state="applied", summary="done")"#, ["pending-before"]),
        ("does it in the preview", #"real = preview\#ndef preview(): real(); write("done")"#, ["previews-alike"]),
        (
            "changes in the probe", #"real = probe\#ndef probe(): real(); write("begun" if state() == "" else "")"#,
            ["probes-alike"]
        ),
        ("does nothing", "def apply(): reply()", ["proven"]),
        ("undoes nothing", "def undo(): reply()", ["undo"]),
        (
            "cannot be repeated",
            #"def apply(): unable("busy", "Done.") if state() == "done" else (write("done"), reply())"#, ["proven"]
        ),
        (
            "leaves a lock when it is killed",
            """
            def apply():
                if os.path.exists(given["path"] + ".lock"): unable("busy", "Locked.")
                open(given["path"] + ".lock", "w"); time.sleep(0.3); write("done"); os.unlink(given["path"] + ".lock"); reply()
            """, ["killed-in-mid-apply"]
        ),
        (
            "leaves half that nobody repairs",
            #"def apply(): write("begun"); time.sleep(0.3); write("done"); reply()\#ndef repair(): reply()"#,
            ["killed-in-mid-apply"]
        ),
        (
            "leaves a daemon",
            """
            def prepare():
                import subprocess
                subprocess.Popen(["sleep", "20"], start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL)
                reply(baseline={})
            """, ["leaves-nothing"]
        ),
        ("answers to everything", #"def other(): reply(summary="s")"#, ["unknown-call"]),
        (
            "runs what it is given", #"real = preview\#ndef preview(): os.system("ls " + given["path"]); real()"#,
            ["hostile-values"]
        ),
        (
            "tells the secret",
            #"def preview(): reply(summary=given["token"], units=[{"id": "one"}] if state() != "done" else [])"#,
            ["keeps-secrets"]
        ),
        (
            "describes itself anew",
            #"real = reply\#ndef reply(**f): real(**{**f, **({"summary": str(time.time())} if call == "describe" else {})})"#,
            ["describes-alike"]
        ),
        (
            "numbers its units anew", #"def preview(): reply(summary="s", units=[{"id": str(time.time())}])"#,
            ["previews-alike"]
        ),
        ("writes besides", #"print("starting")"#, ["describe"]),
        ("does not end", "import atexit\natexit.register(lambda: time.sleep(60))", ["describe"]),
    ]

    @Test(arguments: broken) func eachIsCaughtByItsRule(
        _ name: String, _ replaced: String, _ rules: [String]
    ) async throws {
        try await withFolder { folder in
            let bench = try ProgramBench(in: folder, Self.change + replaced + "\n" + Self.end)
            let rows = try await bench.conformance(
                nil, [.init("path", .text(folder.path + "/state")), .init("token", .text("token"))],
                only: rules.isEmpty ? nil : Set(rules + (rules.contains("killed-in-mid-apply") ? [] : ["proven"])))
            let left = rows.filter { $0.outcome != .held }
            if rules.isEmpty { #expect(left.isEmpty, "\(left)") }
            for rule in rules { #expect(rows.broken.contains(rule), "\(left)") }
        }
    }
}
