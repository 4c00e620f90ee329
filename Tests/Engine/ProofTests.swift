import Host
import Journal
import Maintenance
import Plans
import Testing

@testable import Engine

/// A plan's proof is looked at once, after the units, and also when there was nothing to do.
@Suite struct ProofTests {
    let bench = Bench()

    private func change(units: Int, proof: String, onFailure: OnFailure? = nil) -> RunStep {
        RunStep(
            id: "work", action: "fake.change", isChange: true, parameters: .map([.init("units", .text("\(units)"))]),
            targets: ["on": "t"], onFailure: onFailure, proof: [Bench.check("work/proof/seen", "order", fail: proof)])
    }

    @Test func itIsSeenAfterTheLastUnit() async throws {
        bench.target.with { $0.values["order"] = 3 }
        let run = try await bench.run([change(units: 3, proof: "value < 3")])
        #expect(run.verdict == .pass)
        #expect(bench.target.with { $0.looks } == 1)
    }

    @Test func nothingToDoIsNoProof() async throws {
        bench.target.with { $0.values["order"] = 0 }
        let run = try await bench.run([change(units: 0, proof: "value < 3")])
        #expect(run.verdict == .fail)
    }

    @Test func aFailedProofTakesBackEverything() async throws {
        bench.target.with { $0.values["order"] = 1 }
        let run = try await bench.run([change(units: 2, proof: "value < 3", onFailure: .undo)])
        #expect(run.verdict == .fail)
        #expect(bench.target.with { $0.undone } == ["u1", "u0"])
        #expect(bench.target.with { $0.order } == ["u0", "u1"], "done twice")
    }

    @Test func aProofThatCannotBeSeenIsUnknown() async throws {
        let run = try await bench.run([change(units: 2, proof: "value < 3")])
        #expect(run.verdict == .unknown)
    }

    /// Its proof is green whatever it does, so the proof cannot say that it ran.
    @Test func doubtAboutAProgramStaysDespiteItsProof() async throws {
        bench.target.with {
            $0.values["always"] = 1
            $0.failures["program"] = [CouldNotLook(.timedOut, "It was ended at its deadline.")]
        }
        let step = RunStep(
            id: "run", action: "fake.program", isChange: true, targets: ["on": "t"], proof: [Bench.check("p", "always")]
        )
        let run = try await bench.run([step])
        #expect(run.verdict == .warn)
        #expect(run.step("run")?.cause?.code == .timedOut)
    }

    /// Masked where people read; where a name that is worked on would be altered, nothing is done under the wrong name.
    @Test(arguments: [("unit", Verdict.pass, 2), ("before", .unknown, 0)])
    func aSecretIsMaskedAndNeverWorkedOn(_ secret: String, _ verdict: Verdict, _ done: Int) async throws {
        let target = RunTarget(
            kind: "fake", settings: .map([.init("name", .text("one")), .init("key", .text("${env:KEY}"))]))
        var host = Host.system
        host.environment = { $0 == "KEY" ? secret : nil }
        let plan = RunPlan(
            service: "s", environment: "default", procedure: "p", targets: ["t": target],
            steps: [
                RunStep(
                    id: "work", action: "fake.change", isChange: true,
                    parameters: .map([.init("units", .text("2"))]), targets: ["on": "t"])
            ])
        let start = RunStart.make(
            plan, catalogue: bench.catalogue, host: host, nominal: host.now(), owner: Bench.owner, requestedBy: "tester"
        )
        let machine = host
        let run = try await FakeKind.$target.withValue(bench.target) {
            try await RunDriver(host: machine, catalogue: bench.catalogue, store: MemoryJournal()).begin("r1", start)
        }
        #expect(run.verdict == verdict)
        #expect(bench.target.with { $0.order }.count == done)
        #expect(run.step("work")?.units.first?.unit.title == (secret == "unit" ? "(secret) 0" : "unit 0"))
    }
}
