import Engine
import FoundationEssentials
import Host
import Journal
import Maintenance
import Plans
import Testing

/// The faults of the machine itself, which need no sandbox: each with the verdict and the cause that must come.
@Suite struct HostFaultTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let step: RunStep
        let verdict: Verdict
        let code: String?
        var testDescription: String { name }
    }

    private static func disk(_ mount: String, warn: String, fail: String) -> RunStep {
        RunStep(
            id: "disk", action: "disk.usage", isChange: false,
            parameters: .map([.init("mounts", .list([.text(mount)]))]), targets: ["on": "host"],
            thresholds: Thresholds(warn: warn, fail: fail))
    }

    private static func program(_ words: [String], timeout: Int64? = nil, proof: [RunStep] = []) -> RunStep {
        let command = PlanValue.list(words.map { .text($0) })
        return RunStep(
            id: "program", action: "program.run", isChange: true,
            parameters: .map([.init("command", command), .init("impact", .text("online"))]), targets: ["on": "host"],
            timeoutMicroseconds: timeout, proof: proof)
    }

    private static let never = "used_percent > 101%"
    private static let always = "used_percent >= 0%"
    private static let well = disk("/", warn: never, fail: never)
    private static let bad = disk("/", warn: never, fail: always)
    private static let cases = [
        Case(name: "disk: healthy", step: well, verdict: .pass, code: nil),
        Case(name: "disk: nearly full", step: disk("/", warn: always, fail: never), verdict: .warn, code: "threshold"),
        Case(name: "disk: full", step: bad, verdict: .fail, code: "threshold"),
        Case(
            name: "disk: not mounted", step: disk("/no/such/mount", warn: never, fail: never), verdict: .unknown,
            code: nil),
        Case(name: "program: proven", step: program(["true"], proof: [well]), verdict: .pass, code: nil),
        Case(name: "program: nobody looked", step: program(["true"]), verdict: .unknown, code: "nobody-looked"),
        Case(name: "program: its proof fails", step: program(["true"], proof: [bad]), verdict: .fail, code: "rejected"),
        Case(name: "program: wrong exit", step: program(["false"], proof: [well]), verdict: .fail, code: "exit-code"),
        Case(name: "program: not there", step: program(["/no/such/program"]), verdict: .fail, code: "not-found"),
        Case(
            name: "program: killed", step: program(["sh", "-c", "kill -9 $$"], proof: [well]), verdict: .fail,
            code: "exit-code"),
        Case(
            name: "program: ended at its deadline", step: program(["sleep", "60"], timeout: 1_000_000, proof: [well]),
            verdict: .warn, code: "timed-out"),
    ]

    @Test(arguments: cases) func theFaultIsSeenAndNamed(_ fault: Case) async throws {
        let plan = RunPlan(
            service: "machine", environment: "default", procedure: "faults",
            targets: ["host": RunTarget(kind: "host", settings: .text("local"))], steps: [fault.step])
        let step = try #require(try await FaultBench.run(plan).steps.first)
        #expect(step.verdict == fault.verdict, "\(step.summary) \(step.cause?.sentence ?? "")")
        if let code = fault.code { #expect(step.cause?.code.rawValue == code, "\(step.cause?.sentence ?? "")") }
    }
}
