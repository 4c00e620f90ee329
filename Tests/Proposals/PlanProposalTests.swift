import Host
import Maintenance
import Plans
import Proposals
import Testing

struct PlanProposalTests {
    /// What is proposed is a plan that can be read, whatever a service calls its things.
    @Test(arguments: [
        "orders", "a: b", "- x", "\"quoted\" \\ back", "on", "line\nend", "# hash", "é😀", "{a}",
        "${env:X}y".replacing("$", with: "$$"),
    ])
    func hostileNamesStayText(name: String) throws {
        var plan = PlanProposal(service: "shop")
        plan.targets = [.init(name: "t", kind: "fake", settings: .text("somewhere"))]
        plan.steps = [
            .init(
                action: "fake.check", isChange: false, target: "t",
                proposal: Proposal(
                    name: name, parameters: [.init("names", .list([.text(name)]))],
                    thresholds: Thresholds(warn: "ready < 17"), notes: ["17 of 17 now: \(name)\nservice: other"])),
            .init(action: "fake.check", isChange: false, target: "t", proposal: Proposal(name: name)),
        ]
        plan.notes = ["a note\nprocedures: {}"]
        var host = Host.system
        let bytes = Array(plan.yaml.utf8)
        host.readFile = { path, _ in
            guard path == "plan.yaml" else { throw FileError(path: path, reason: "not there", isMissing: true) }
            return bytes
        }
        let catalogue = Catalogue(
            actions: [.check(FakeCheck.self)], kinds: [TargetKindDefinition(FakeKind.self)])
        let read = try PlanLoader.load(path: "plan.yaml", host: host, catalogue: catalogue)
        let steps = try read.runnable(procedure: "health", catalogue: catalogue).steps
        #expect(read.service == "shop" && steps.count == 2)
        #expect(steps[0].parameters?["names"] == .list([.text(name)]) && steps[0].thresholds.warn == "ready < 17")
    }

    @Test func whatACrontabRuns() {
        let notes = CrontabReading.notes(
            """
            # comment
            MAILTO=ops@example.com
            0 3 * * 0 postgres /usr/bin/vacuumdb --all --password=hunter2
            @daily root /usr/local/bin/own-script hunter2
            */5 * * * * curl -fsS https://user:hunter2@example.com/health || true
            not a job
            """, of: "/etc/crontab")
        #expect(notes.count == 3 && notes.allSatisfy { !$0.contains("hunter2") })
        #expect(
            notes[0].contains("postgresql.vacuum") && notes[1].contains("program.run")
                && notes[2].contains("http.health"))
    }
}

struct FakeKind: TargetKind {
    static let name = "fake"
    static let summary = "A target for tests."
    static let shorthand = "url"
    static let schemes: [String] = []
    static var parameters: [Parameter<FakeKind>] { [.required("url", \.url, "Anything.")] }
    var url = ""
    var identity: String { url }
    func open(on host: Host) {}
    func access(_ client: Void, for purpose: Purpose, in context: Context) async throws {}
    func close(_ client: Void) async {}
}

struct FakeCheck: Check {
    typealias Kind = FakeKind
    static let declaration = Declaration(
        name: "fake.check", summary: "Looks.", measurements: [MeasurementDeclaration("ready", "Ready ones.")],
        applies: "Anywhere.")
    static var parameters: [Parameter<FakeCheck>] { [.optional("names", \.names, default: [], "Names.")] }
    var names: [String] = []
    func observe(_ access: Void, in context: Context) async throws -> Observation { Observation(summary: "seen") }
}
