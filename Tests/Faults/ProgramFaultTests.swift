import ActionsExternal
import Engine
import FoundationEssentials
import Host
import Journal
import Maintenance
import Plans
import Testing

/// The faults of a program that is an action: each with the verdict and the cause that must come of a whole run.
@Suite struct ProgramFaultTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        /// The program's body in Python; `reply` and `error` write its answer.
        let body: String
        let verdict: Verdict
        let code: String?
        var testDescription: String { name }
    }

    private static let frame = """
        import json, os, sys, time
        request = json.loads(sys.stdin.readline())
        call, place = request["call"], request.get("parameters", {}).get("place", "")
        def say(**message): print(json.dumps({"id": request["id"], **message}), flush=True)
        def reply(**fields): say(type="reply", protocol=1, **fields)
        def error(kind): say(type="error", kind=kind, code="no-permission", sentence="Not allowed.")
        def done(): return os.path.exists(place)
        parameters = [{"name": "place", "type": "text", "default": "", "summary": "A place."}]

        """
    private static let check = """
        if call == "describe":
            reply(name="test.it", kind="check", summary="It.", thresholds={"warn": "size > 10", "fail": "size > 20"},
                parameters=parameters, measurements=[{"name": "size", "summary": "How much."}])

        """
    private static let change = """
        def apply(): open(place, "w").close()
        def probe(): reply(**({"state": "applied", "summary": "done"} if done() else {"state": "pending"}))

        """
    private static let end = """

        if call == "describe":
            reply(name="test.it", kind="change", summary="It.", impact="online", parameters=parameters)
        elif call == "preview": reply(summary="one", units=[{"id": "one"}])
        elif call == "prepare": reply(baseline={})
        elif call == "probe": probe()
        elif call == "apply":
            apply()
            reply()
        """

    private static func look(_ answer: String) -> String { check + "if call == \"observe\": " + answer }

    private static let cases = [
        Case(
            name: "check: well", body: look(#"reply(summary="s", measurements={"size": 1})"#), verdict: .pass, code: nil
        ),
        Case(
            name: "check: warns", body: look(#"reply(summary="s", measurements={"size": 11})"#), verdict: .warn,
            code: "threshold"),
        Case(
            name: "check: fails", body: look(#"reply(summary="s", measurements={"size": 21})"#), verdict: .fail,
            code: "threshold"),
        Case(
            name: "check: may not look", body: look(#"error("could-not-look")"#), verdict: .unknown,
            code: "no-permission"),
        Case(
            name: "check: says that it failed", body: look(#"error("failed")"#), verdict: .unknown,
            code: "no-permission"),
        Case(name: "check: says nothing", body: look("sys.exit(0)"), verdict: .unknown, code: "exit-code"),
        Case(
            name: "check: leaves its number out", body: look(#"reply(summary="s")"#), verdict: .unknown,
            code: "malformed"),
        Case(
            name: "check: could not measure",
            body: look(#"reply(summary="s", missing={"size": {"code": "no-data", "sentence": "None."}})"#),
            verdict: .unknown, code: "no-data"),
        Case(name: "check: silent", body: look("time.sleep(60)"), verdict: .unknown, code: "timed-out"),
        Case(
            name: "check: dies after its answer",
            body: look(#"reply(summary="s", measurements={"size": 1}); os.kill(os.getpid(), 9)"#), verdict: .unknown,
            code: "exit-code"),
        Case(name: "change: done and proven", body: change + end, verdict: .pass, code: nil),
        Case(
            name: "change: says that it did, and did not", body: change + "def apply(): pass" + end, verdict: .fail,
            code: nil),
        Case(
            name: "change: did it, and died",
            body: change
                + #"def apply(): open(place, "w").close(); os.kill(os.getpid(), 9)"# + end, verdict: .pass, code: nil),
        Case(
            name: "change: refuses", body: change + #"def apply(): error("failed"); sys.exit()"# + end, verdict: .fail,
            code: "no-permission"),
        Case(
            name: "change: cannot be probed", body: change + #"def probe(): error("could-not-look")"# + end,
            verdict: .unknown, code: "no-permission"),
        Case(
            name: "change: half done",
            body: change + #"def probe(): reply(state="partial", summary="half") if done() else reply(state="pending")"#
                + end,
            verdict: .fail, code: nil),
    ]

    @Test(arguments: cases) func theFaultIsSeenAndNamed(_ fault: Case) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "millwright-program-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "program.py")
        try Data((Self.frame + fault.body + "\n").utf8).write(to: file)
        let program = try ExternalActions.programs.describe(
            .init(name: "test.it", arguments: ["/usr/bin/python3", file.path], environment: [:], folder: folder.path),
            .system)
        let step = RunStep(
            id: "it", action: "test.it", isChange: fault.body.contains("def apply"),
            parameters: .map([.init("place", .text(folder.path + "/done"))]), targets: ["on": "host"],
            timeoutMicroseconds: fault.code == "timed-out" ? 700_000 : nil)
        let plan = RunPlan(
            service: "machine", environment: "default", procedure: "faults",
            targets: ["host": RunTarget(kind: "host", settings: .text("local"))], steps: [step], programs: [program])
        let seen = try #require(try await FaultBench.run(plan).steps.first)
        #expect(seen.verdict == fault.verdict, "\(seen.summary) \(seen.cause?.sentence ?? "")")
        if let code = fault.code { #expect(seen.cause?.code.rawValue == code, "\(seen.cause?.sentence ?? "")") }
    }
}
