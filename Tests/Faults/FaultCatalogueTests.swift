import Engine
import FoundationEssentials
import Host
import Journal
import Maintenance
import Plans
import Sandbox
import Testing

/// Puts every fault of the sandbox in, runs the plan for real, and compares what each step said with docs/faults.md.
///
/// A healthy service must be all pass: no false alarm, nothing unknown. A fault must be seen by at least one step, and no
/// step that it concerns may pass. `RECORD_FAULTS=1` writes the page anew, and still fails, so that it is read.
@Suite(.serialized) struct FaultCatalogueTests {
    @Test func everyFaultIsSeenAndNamed() async throws {
        let bench = try await FaultBench.start()
        var page = FaultPage()
        page.add(fault: "healthy", "nothing is wrong", try await bench.runAll())
        for fault in Fault.all where FaultBench.isChosen(fault) {
            try await bench.replenish()
            try await bench.sandbox.apply(fault)
            var seen = try await bench.run(fault)
            let isSeen = seen.contains { !$0.isWell }
            #expect(isSeen == fault.isWrong, "\(fault.name): \(fault.isWrong ? "a false green" : "a false alarm")")
            // The page tells of faults that have settled: a pod that takes another's place may still have been starting.
            if try !FaultPage.knows(fault.name, fault.summary, seen) { seen = try await bench.run(fault) }
            try await bench.sandbox.heal()
            page.add(fault: fault.name, fault.summary, seen)
        }
        try await bench.replenish()
        let healed = try await bench.runAll()
        for line in healed { #expect(line.isWell, "healed: \(line.step) \(line.sentence)") }
        await bench.sandbox.stop()
        try page.compare(isWhole: FaultBench.only == nil)
    }
}

/// What one step of a run said.
struct SeenStep {
    let procedure: String
    let step: String
    let verdict: Verdict?
    let code: String
    let sentence: String

    /// Nothing is retrained while the model is good enough; a restart within the last day, as the maintenance itself makes
    /// one, takes the logs before it, which is told; and seconds after an archive a pod may have written nothing new.
    var isWell: Bool {
        switch (verdict, step, code) {
        case (.pass, _, _), (nil, "retraining", _), (.warn, "errors", "partly-covered"), (.warn, "logs", "no-data"):
            true
        default: false
        }
    }
}
