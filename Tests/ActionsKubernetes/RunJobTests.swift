import ClientKubernetes
import Host
import Maintenance
import Sandbox
import Testing

@testable import ActionsKubernetes

/// Programs as Jobs: run once, found again, their end named.
struct RunJobTests {
    private static let parameters: [String: PlanValue] = [
        "image": .text("shop/retention:v2"), "command": .list([.text("retain"), .text("--all")]),
        "args": .text("-v"), "environment": .map([.init("MODE", .text("weekly"))]),
        "secrets": .list([.text("DB_PASSWORD=retention-db/password")]), "memory": .text("64Mi"), "cpu": .text("100m"),
        "deadline": .text("600s"),
    ]

    private func step(
        _ bench: ClusterBench, _ more: [String: PlanValue] = [:], run: String = "run-1"
    ) throws -> ClusterStep {
        try bench.step(
            "kubernetes.run-job", Self.parameters.merging(more) { $1 }, patience: .seconds(30), run: run)
    }

    private func jobs(_ bench: ClusterBench) -> [JSON] { bench.store.list(.jobs, in: "shop").items }

    /// The name that the Job of a run has, for a script of its pods.
    private func name(_ begun: (WorkUnit, [UInt8])) throws -> String {
        try decodeJSON(RunJob.Baseline.self, begun.1).job
    }

    @Test func itRunsAndNobodyLooked() async throws {
        try await ClusterBench.with { bench in
            try bench.cluster.setLog(
                LogPattern(linesPerHour: 36_000, errorsPerHour: 0, component: "retention"), labels: [:])
            let step = try step(bench)
            #expect(try step.change.isProvenElsewhere)
            let begun = try await step.begin()
            #expect(try await step.probe(begun) == .pending)
            try await step.apply(begun)
            #expect(try await step.probe(begun).cause?.code == .nobodyLooked)
            let job = try #require(jobs(bench).first)
            #expect(bench.name(job).hasPrefix("step-mw-") && jobs(bench).count == 1)
            #expect(job[dotted: "spec.backoffLimit"] == 0 && job[dotted: "spec.activeDeadlineSeconds"] == 600)
            #expect(job[path: ["metadata", "labels", "millwright/run"]] == "run-1")
            let container = try #require(job[dotted: "spec.template.spec.containers"]?[0])
            #expect(container["image"] == "shop/retention:v2" && container["args"] == ["-v"])
            #expect(container["env"]?[0]?["value"] == "weekly")
            #expect(container["env"]?[1]?[dotted: "valueFrom.secretKeyRef.name"] == "retention-db")
            #expect(container["env"]?[1]?["value"] == nil)
            #expect(container[dotted: "resources.limits.memory"] == "64Mi")
            #expect(container[dotted: "resources.limits.cpu"] == nil)
            let kept = step.evidence.drain().filter { $0.statement.hasPrefix("log of pod ") }
            #expect(!kept.isEmpty && kept.allSatisfy { $0.excerpt.utf8.count <= 512 })
        }
    }

    /// The process dies between the intent and the creation, and between the creation and the record of it.
    @Test func foundAgainAndNeverTwice() async throws {
        try await ClusterBench.with { bench in
            let first = try step(bench)
            let begun = try await first.begin()
            try bench.cluster.script(.job(try name(begun)), .succeeds(after: .seconds(60)))
            // Nothing was sent yet: it may be done.
            #expect(try await step(bench).probe(begun) == .pending)
            let work = Task { try await first.apply(begun) }
            #expect(try await bench.cluster.eventually { !$0.list(.jobs, in: "shop").items.isEmpty })
            work.cancel()
            _ = await work.result
            let next = try step(bench)
            #expect(try await next.probe(begun) == .running(handle: "Job \(try name(begun))"))
            // Applied all the same, it adopts the one that is there.
            try await next.apply(begun)
            #expect(try await next.probe(begun).cause?.code == .nobodyLooked)
            #expect(jobs(bench).count == 1 && bench.pods(count: "job-name").count == 1)
            // Another run has a Job of its own.
            let other = try await step(bench, run: "run-2").begin()
            #expect(try name(other) != name(begun))
        }
    }

    /// Two processes that both believe in being the only one.
    @Test func twoAtOnceAreOne() async throws {
        try await ClusterBench.with { bench in
            let begun = try await step(bench).begin()
            let (one, two) = (try step(bench), try step(bench))
            async let first = one.refusal(begun)
            async let second = two.refusal(begun)
            let refusals = await [first, second]
            #expect(refusals.allSatisfy { $0 == nil })
            #expect(jobs(bench).count == 1 && bench.pods(count: "job-name").count == 1)
        }
    }

    @Test func anotherJobOfThatName() async throws {
        try await ClusterBench.with { bench in
            let begun = try await step(bench).begin()
            let other = try step(bench, ["image": .text("shop/retention:v3")])
            try await step(bench).apply(begun)
            let same = try await other.begin()
            #expect(try name(same) == name(begun))
            #expect(await other.refusal(same)?.cause.code == .conflict)
            #expect(try await other.probe(same).cause?.code == .conflict)
            #expect(jobs(bench).count == 1)
        }
    }

    /// A Job that ran and was cleared away is not started a second time.
    @Test func goneWithoutATrace() async throws {
        try await ClusterBench.with { bench in
            let step = try step(bench)
            let begun = try await step.begin()
            try await step.apply(begun)
            try bench.store.delete(.jobs, try name(begun), in: "shop")
            #expect(try await bench.cluster.eventually { $0.list(.jobs, in: "shop").items.isEmpty })
            #expect(try await step.probe(begun).cause?.code == .perhapsApplied)
        }
    }

    struct Ending: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let script: PodBehaviour
        let code: String
        let words: String
        var more: [String: PlanValue] = [:]
    }

    private static let endings = [
        Ending(
            testDescription: "exit code", script: .fails(after: .seconds(5), exitCode: 3), code: "job-failed",
            words: "exit 3"),
        Ending(
            testDescription: "out of memory", script: .runsOutOfMemory(after: .seconds(5)), code: "job-failed",
            words: "OOMKilled"),
        Ending(
            testDescription: "no image", script: .pullFails(message: "manifest unknown"), code: "image-not-pulled",
            words: "It was deleted", more: ["patience": .text("1s")]),
        Ending(
            testDescription: "no node", script: .unschedulable(message: "0/3 nodes are available"),
            code: "unschedulable",
            words: "0/3 nodes", more: ["patience": .text("1s")]),
        Ending(
            testDescription: "no such secret", script: .configMissing("secret \"retention-db\" not found"),
            code: "container-not-created", words: "retention-db", more: ["patience": .text("1s")]),
        Ending(
            testDescription: "deadline", script: .runsForever, code: "job-failed", words: "DeadlineExceeded",
            more: ["deadline": .text("10s")]),
    ]

    @Test(arguments: endings) func eachEndIsNamed(_ ending: Ending) async throws {
        try await ClusterBench.with { bench in
            let step = try step(bench, ending.more)
            let begun = try await step.begin()
            try bench.cluster.script(.job(try name(begun)), ending.script)
            let refusal = try #require(await step.refusal(begun))
            #expect(refusal.cause.code.rawValue == ending.code && refusal.isCertain, "\(refusal.cause.sentence)")
            #expect(refusal.cause.sentence.contains(ending.words), "\(refusal.cause.sentence)")
            // It is not started again.
            _ = await step.refusal(begun)
            #expect(jobs(bench).count <= 1 && bench.pods(count: "job-name").count <= 1)
        }
    }

    @Test func wrongParameters() throws {
        for (name, value) in [
            ("image", ""), ("image", "a b"), ("memory", "much"), ("service-account", "Me_"), ("secrets", "A=b"),
            ("secrets", "A B=c/d"), ("deadline", "0s"), ("environment", "x"),
        ] {
            var given = Self.parameters
            given[name] = .text(value)
            #expect(throws: ValueErrors.self, "\(name): \(value)") {
                try ClusterStep("kubernetes.run-job", given, kubeconfig: "/none", patience: .seconds(1), run: "r")
            }
        }
    }

    @Test func namesOfSteps() {
        #expect(RunJob.stem("Archive[eu west]") == "archive-eu-west-")
        #expect(RunJob.stem("1st") == "step-1st" && RunJob.stem("…") == "step-")
        let long = JobMark.name(of: RunJob.stem(String(repeating: "Ä.x", count: 60)), mark: "m")
        #expect(SecretVariable.isObjectName(long) && long.count <= 52)
        let pieces = JobLog.pieces(String(repeating: "ä", count: 700))
        #expect(pieces.count == 3 && pieces.joined().count == 700)
    }
}

extension ClusterBench {
    /// Pods that carry a label.
    fileprivate func pods(count label: String) -> [JSON] {
        store.list(.pods, in: namespace).items.filter { $0[path: ["metadata", "labels", label]] != nil }
    }
}
