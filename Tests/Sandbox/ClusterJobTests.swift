import Synchronization
import Testing

@testable import Sandbox

/// Jobs end as recorded: well, badly, too late, suspended; and they are swept away when asked.
@Suite struct ClusterJobTests {
    private func make(
        _ fixture: ClusterFixture, _ name: String, restart: String = "Never", _ more: [String: JSON] = [:]
    )
        throws
    {
        var template = fixture.template("train", image: "shop/trainer:latest", restart: restart)
        template["metadata"] = nil
        var spec: JSON = ["backoffLimit": 0, "template": template]
        for (field, value) in more { spec[field] = value }
        try fixture.store.create(.jobs, ["metadata": ["name": .string(name)], "spec": spec], in: fixture.namespace)
    }

    private func job(_ fixture: ClusterFixture, _ name: String) throws -> JSON {
        try fixture.store.get(.jobs, name, in: fixture.namespace)
    }

    private func condition(_ fixture: ClusterFixture, _ name: String, _ type: String) throws -> JSON? {
        Conditions.find(type, in: try job(fixture, name))
    }

    private func pods(_ fixture: ClusterFixture, _ job: String) -> [JSON] {
        fixture.store.list(.pods, in: fixture.namespace, labels: LabelSelector(["job-name": job])).items
    }

    @Test func succeeds() async throws {
        try await ClusterFixture.with { fixture in
            let active = Mutex(0)
            fixture.store.observe { event in
                guard event.resource == .jobs else { return }
                active.withLock { $0 = max($0, event.object[dotted: "status.active"]?.int ?? 0) }
            }
            try make(fixture, "train")
            #expect(try await fixture.cluster.eventually { _ in try condition(fixture, "train", "Complete") != nil })
            let ended = try self.job(fixture, "train")
            #expect(ended[dotted: "status.succeeded"]?.int == 1)
            #expect(active.withLock { $0 } == 1)
            #expect(ended[dotted: "status.active"] == nil)
            #expect(ended[dotted: "status.completionTime"] != nil)
            let complete = Conditions.find("Complete", in: ended)
            #expect(complete?["reason"] == "CompletionsReached")
            #expect(Conditions.status(of: "SuccessCriteriaMet", in: ended) == "True")
            let pod = try #require(pods(fixture, "train").first)
            #expect(pod.labels["batch.kubernetes.io/controller-uid"] == ended.uid)
            #expect(pod[dotted: "status.phase"] == "Succeeded")
            #expect(Conditions.find("Ready", in: pod)?["reason"] == "PodCompleted")
            #expect(fixture.events("Completed").count == 1)
        }
    }

    @Test func failsWhenItsPodFails() async throws {
        try await ClusterFixture.with { fixture in
            fixture.cluster.script(.job("train"), .fails(after: .seconds(1), exitCode: 2))
            try make(fixture, "train")
            #expect(try await fixture.cluster.eventually { _ in try condition(fixture, "train", "Failed") != nil })
            let ended = try self.job(fixture, "train")
            #expect(Conditions.find("Failed", in: ended)?["reason"] == "BackoffLimitExceeded")
            #expect(Conditions.find("Failed", in: ended)?["message"] == "Job has reached the specified backoff limit")
            #expect(ended[dotted: "status.failed"]?.int == 1)
            let status = pods(fixture, "train").first?[dotted: "status.containerStatuses"]?[0]
            #expect(status?[dotted: "state.terminated.exitCode"]?.int == 2)
        }
    }

    @Test func triesAgainAsOftenAsAllowed() async throws {
        try await ClusterFixture.with(speed: 100) { fixture in
            fixture.cluster.script(.job("train"), .fails(after: .seconds(1), exitCode: 1))
            try make(fixture, "train", ["backoffLimit": 2])
            #expect(try await fixture.cluster.eventually { _ in try condition(fixture, "train", "Failed") != nil })
            #expect(pods(fixture, "train").count == 3)
            #expect(try job(fixture, "train")[dotted: "status.failed"]?.int == 3)
        }
    }

    @Test func missesItsDeadline() async throws {
        try await ClusterFixture.with { fixture in
            fixture.cluster.script(.job("train"), .runsForever)
            try make(fixture, "train", ["activeDeadlineSeconds": 5])
            #expect(try await fixture.cluster.eventually { _ in try condition(fixture, "train", "Failed") != nil })
            #expect(try condition(fixture, "train", "Failed")?["reason"] == "DeadlineExceeded")
            #expect(try await fixture.cluster.eventually { _ in pods(fixture, "train").isEmpty })
        }
    }

    @Test func runsSoManyBesideEachOther() async throws {
        try await ClusterFixture.with { fixture in
            try make(fixture, "train", ["parallelism": 2, "completions": 5])
            #expect(try await fixture.cluster.eventually { _ in try condition(fixture, "train", "Complete") != nil })
            #expect(try job(fixture, "train")[dotted: "status.succeeded"]?.int == 5)
            #expect(pods(fixture, "train").count == 5)
        }
    }

    @Test func waitsWhileSuspended() async throws {
        try await ClusterFixture.with { fixture in
            try make(fixture, "train", ["suspend": true])
            #expect(try await fixture.cluster.eventually { _ in try condition(fixture, "train", "Suspended") != nil })
            #expect(pods(fixture, "train").isEmpty)
            try fixture.store.patch(.jobs, "train", in: "shop", .merge(["spec": ["suspend": false]]))
            #expect(try await fixture.cluster.eventually { _ in try condition(fixture, "train", "Complete") != nil })
        }
    }

    @Test func isSweptAwayAfterItsTime() async throws {
        try await ClusterFixture.with(speed: 50) { fixture in
            try make(fixture, "train", ["ttlSecondsAfterFinished": 30])
            #expect(
                try await fixture.cluster.eventually { store in
                    store.find(.jobs, "train", in: "shop") == nil && pods(fixture, "train").isEmpty
                })
            #expect(fixture.events("Completed").count == 1)
        }
    }

    @Test func aCronJobKnowsWhatRuns() async throws {
        try await ClusterFixture.with { fixture in
            var template = fixture.template("train", image: "shop/trainer:latest", restart: "Never")
            template["metadata"] = nil
            let spec: JSON = [
                "schedule": "0 2 1 * *", "jobTemplate": ["spec": ["backoffLimit": 0, "template": template]],
            ]
            try fixture.store.create(.cronJobs, ["metadata": ["name": "nightly"], "spec": spec], in: "shop")
            let mark = fixture.cluster.script(.cronJob("nightly"), .runsForever)
            let name = try fixture.cluster.run(cronJob: "nightly", in: "shop")
            #expect(
                try await fixture.cluster.eventually { store in
                    try store.get(.cronJobs, "nightly", in: "shop")[dotted: "status.active"]?[0]?["name"]?.string
                        == name
                })
            fixture.cluster.unscript(mark)
            #expect(
                try await fixture.cluster.eventually { store in
                    let status = try store.get(.cronJobs, "nightly", in: "shop")["status"]
                    return status?["active"] == nil && status?["lastSuccessfulTime"] != nil
                })
        }
    }
}
