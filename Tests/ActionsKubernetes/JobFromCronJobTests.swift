import Host
import Maintenance
import Sandbox
import Testing

@testable import ActionsKubernetes

/// Jobs from a CronJob's template: started once, seen to their end.
struct JobFromCronJobTests {
    private func with(_ body: (ClusterBench) async throws -> Void) async throws {
        try await ClusterBench.with { bench in
            try bench.store.create(
                .cronJobs,
                [
                    "metadata": ["name": "ml-model-retraining"],
                    "spec": [
                        "schedule": "0 2 1 * *",
                        "jobTemplate": [
                            "metadata": ["labels": ["team": "ml"], "annotations": ["note": "by hand"]],
                            "spec": [
                                "backoffLimit": 0,
                                "template": bench.template("trainer", ["restartPolicy": "Never"]),
                            ],
                        ],
                    ],
                ], in: "shop")
            try await body(bench)
        }
    }

    private func step(_ bench: ClusterBench, _ more: [String: PlanValue] = [:], run: String = "run-1") throws
        -> ClusterStep
    {
        try bench.step(
            "kubernetes.job-from-cronjob", ["cronjob": .text("ml-model-retraining")].merging(more) { $1 },
            patience: .seconds(30), run: run)
    }

    private func jobs(_ bench: ClusterBench) -> [JSON] { bench.store.list(.jobs, in: "shop").items }

    @Test func itSucceeds() async throws {
        try await with { bench in
            let step = try step(bench)
            let begun = try await step.begin()
            #expect(try await step.probe(begun) == .pending)
            try await step.apply(begun)
            let proof = try #require(try await step.probe(begun).proof)
            #expect(proof.value("jobs") == 1 && proof.value("duration") != nil && proof.findings.isEmpty)
            let job = try #require(jobs(bench).first)
            #expect(bench.name(job).hasPrefix("ml-model-retraining-mw-"))
            #expect(job[path: ["metadata", "annotations", "cronjob.kubernetes.io/instantiate"]] == "manual")
            #expect(job[path: ["metadata", "annotations", "note"]] == "by hand")
            #expect(job[path: ["metadata", "labels", "team"]] == "ml")
            #expect(job[path: ["metadata", "labels", "millwright/run"]] == "run-1")
            #expect(job[dotted: "metadata.ownerReferences"]?[0]?["kind"] == "CronJob")
            #expect(job[dotted: "spec.activeDeadlineSeconds"] == 7200)
            // Again, as after a crash: nothing new is started.
            try await step.apply(begun)
            #expect(jobs(bench).count == 1)
        }
    }

    @Test func itFailsWithItsReasonAndItsLastWords() async throws {
        try await with { bench in
            try bench.cluster.script(.cronJob("ml-model-retraining"), .fails(after: .seconds(20), exitCode: 3))
            try bench.cluster.setLog(
                LogPattern(linesPerHour: 36_000, errorsPerHour: 0, component: "trainer"), labels: ["app": "trainer"])
            let step = try step(bench)
            let begun = try await step.begin()
            let refusal = try #require(await step.refusal(begun))
            #expect(refusal.cause.code.rawValue == "job-failed" && refusal.isCertain)
            #expect(refusal.cause.sentence.contains("BackoffLimitExceeded"))
            #expect(refusal.cause.sentence.contains("ended with exit 3"))
            #expect(refusal.cause.sentence.contains("Its log ends: "), "\(refusal.cause.sentence)")
            #expect(try await step.probe(begun).partly?.contains("exit 3") == true)
            // A Job that failed is not started again.
            _ = await step.refusal(begun)
            #expect(jobs(bench).count == 1)
        }
    }

    @Test func neverTwice() async throws {
        try await with { bench in
            try bench.cluster.script(.cronJob("ml-model-retraining"), .runsForever)
            // The process dies right after it was created.
            let first = try step(bench)
            let begun = try await first.begin()
            let work = Task { try await first.apply(begun) }
            #expect(try await bench.cluster.eventually { !$0.list(.jobs, in: "shop").items.isEmpty })
            work.cancel()
            _ = await work.result
            let next = try step(bench)
            guard case .running(let handle) = try await next.probe(begun) else { throw Unexpected() }
            #expect(handle == "Job \(bench.name(jobs(bench)[0]))")
            // Another run meets one that runs.
            let other = try step(bench, run: "run-2")
            #expect(try await other.preview().findings.map(\.cause.code) == [.busy])
            #expect(jobs(bench).count == 1)
        }
    }

    /// Two runs that saw nothing run, and start at the same time.
    @Test func twoStartersAtOnce() async throws {
        try await with { bench in
            try bench.cluster.script(.cronJob("ml-model-retraining"), .succeeds(after: .seconds(20)))
            let steps = [try step(bench, run: "run-1"), try step(bench, run: "run-2"), try step(bench, run: "run-3")]
            var begun: [(WorkUnit, [UInt8])] = []
            for step in steps { begun.append(try await step.begin()) }
            async let one = steps[0].refusal(begun[0])
            async let two = steps[1].refusal(begun[1])
            async let three = steps[2].refusal(begun[2])
            let refusals = await [one, two, three]
            #expect(refusals.count { $0 == nil } == 1)
            #expect(refusals.compactMap { $0 }.allSatisfy { $0.cause.code == .busy && $0.isCertain })
            let done = jobs(bench).count { $0[dotted: "status.succeeded"]?.int == 1 }
            #expect(done == 1)
        }
    }

    @Test func aNameThatIsTakenByAnother() async throws {
        try await with { bench in
            let step = try step(bench)
            let begun = try await step.begin()
            let name = try decodeJSON(JobFromCronJob.Baseline.self, begun.1).job
            try bench.store.create(
                .jobs,
                [
                    "metadata": ["name": .string(name)],
                    "spec": ["template": bench.template("other", ["restartPolicy": "Never"])],
                ],
                in: "shop")
            #expect(await step.refusal(begun)?.cause.code == .init(rawValue: "conflict"))
            #expect(try await step.probe(begun).cause?.code == .init(rawValue: "conflict"))
        }
    }

    @Test func suspendedAndMissing() async throws {
        try await with { bench in
            try bench.patch(.cronJobs, "ml-model-retraining", ["spec": ["suspend": true]])
            #expect(try await step(bench).preview().findings.map(\.severity) == [.fail])
            #expect(try await step(bench, ["suspended": .text("true")]).preview().findings.map(\.severity) == [.warn])
            let missing = try bench.step("kubernetes.job-from-cronjob", ["cronjob": .text("nothing")])
            #expect(try await missing.preview().findings.map(\.cause.code) == [.notFound])
        }
    }

    @Test func aPodThatCannotStart() async throws {
        try await with { bench in
            try bench.cluster.script(.cronJob("ml-model-retraining"), .pullFails(message: "manifest unknown"))
            let step = try step(bench, ["patience": .text("1s")])
            let begun = try await step.begin()
            let refusal = try #require(await step.refusal(begun))
            #expect(
                refusal.cause.code.rawValue == "image-not-pulled" && refusal.cause.sentence.contains("manifest unknown")
            )
            #expect(try await step.outcome(begun).partly?.contains("manifest unknown") == true)
        }
    }

    /// The cluster ends it, even where nobody watches.
    @Test func theDeadline() async throws {
        try await with { bench in
            try bench.cluster.script(.cronJob("ml-model-retraining"), .runsForever)
            let step = try step(bench, ["deadline": .text("10s")])
            let begun = try await step.begin()
            let refusal = try #require(await step.refusal(begun))
            #expect(refusal.cause.sentence.contains("DeadlineExceeded"), "\(refusal.cause.sentence)")
        }
    }

    @Test func anUndoDeletesWhatStillRuns() async throws {
        try await with { bench in
            try bench.cluster.script(.cronJob("ml-model-retraining"), .runsForever)
            let step = try step(bench, ["wait": .text("false")])
            let begun = try await step.begin()
            try await step.apply(begun)
            #expect(try await step.probe(begun).proof?.value("jobs") == 1)
            try await step.undo(begun)
            #expect(jobs(bench).isEmpty)
            #expect(try await step.probe(begun) == .pending)
            #expect(try await bench.cluster.eventually { _ in bench.pods(of: "trainer").isEmpty })
        }
    }

    @Test func whatHasEndedIsNotTakenBack() async throws {
        try await with { bench in
            let step = try step(bench)
            let begun = try await step.begin()
            try await step.apply(begun)
            #expect(await causeOf { try await step.undo(begun) }?.code == .rejected)
            #expect(jobs(bench).count == 1)
        }
    }

    /// A Job that ran and was cleared away is not started a second time.
    @Test func goneWithoutATrace() async throws {
        try await with { bench in
            let step = try step(bench)
            let begun = try await step.begin()
            try await step.apply(begun)
            let name = bench.name(jobs(bench)[0])
            try bench.store.delete(.jobs, name, in: "shop")
            #expect(try await bench.cluster.eventually { $0.list(.jobs, in: "shop").items.isEmpty })
            #expect(try await step.probe(begun).cause?.code == .perhapsApplied)
        }
    }

    @Test func namesAndLabels() {
        let one = JobMark.name(of: "ml-model-retraining", mark: "run/step/a")
        #expect(one == JobMark.name(of: "ml-model-retraining", mark: "run/step/a"))
        #expect(one != JobMark.name(of: "ml-model-retraining", mark: "run/step/b"))
        let long = JobMark.name(of: String(repeating: "a", count: 35) + "---b", mark: "x")
        #expect(long.count <= 52 && !long.contains("--"))
        #expect(JobMark.labelValue("2026-11-22T02:00:00Z/weekly:") == "2026-11-22T02-00-00Z-weekly")
    }
}
