import Host
import Maintenance
import Testing

@testable import ActionsKubernetes

/// The reasons that a pod gives, each from an object as a real server writes it.
struct PodTroubleTests {
    let flaky: JSONValue
    let well: JSONValue
    let now: Instant

    init() throws {
        let pods = try Recorded("pods").items(1)
        flaky = try #require(pods.first { $0.text("metadata", "name")?.hasPrefix("flaky") == true })
        well = try #require(pods.first { $0.text("metadata", "name")?.hasPrefix("api-gateway") == true })
        now = try #require(Instant("2026-11-20T22:40:00Z"))
    }

    private func trouble(_ pod: JSONValue, settled: Duration = .seconds(600)) -> PodTrouble? {
        Pod(pod).trouble(at: now, restartedWithin: settled)
    }

    private func status(_ container: JSONValue) -> JSONValue {
        well.with(.list([container]), at: "status", "containerStatuses")
    }

    private func waiting(_ reason: String, _ message: String = "") -> JSONValue {
        status([
            "name": "main", "ready": false, "restartCount": 2,
            "state": ["waiting": ["reason": .text(reason), "message": .text(message)]], "lastState": [:],
        ])
        .with("False", at: "status", "conditions", "1", "status")
    }

    @Test func aPodThatIsWell() {
        #expect(trouble(well) == nil)
        #expect(Pod(well).isReady && !Pod(flaky).isReady)
    }

    @Test func aCrashLoopWithItsLastEnd() {
        #expect(trouble(flaky)?.kind == .crashLooping)
        #expect(trouble(flaky)?.sentence == "Its container main crash-loops: 7 restarts.")
        let killed = flaky.with(
            ["exitCode": 137, "reason": "OOMKilled", "finishedAt": "2026-11-20T22:39:48Z"],
            at: "status", "containerStatuses", "0", "lastState", "terminated")
        #expect(
            trouble(killed)?.sentence
                == "Its container main crash-loops: 7 restarts, last exit 137 (OOMKilled) 12s ago.")
    }

    @Test func theFirstCrashAndTheSecond() {
        let ended: JSONValue = ["terminated": ["exitCode": 2, "reason": "Error", "finishedAt": "2026-11-20T22:39:58Z"]]
        func crashed(_ restarts: Int) -> JSONValue {
            status(["name": "main", "ready": false, "restartCount": .number(Double(restarts)), "state": ended])
                .with("False", at: "status", "conditions", "1", "status")
        }
        #expect(trouble(crashed(0))?.kind == .notReady)
        #expect(trouble(crashed(1))?.kind == .crashLooping)
        #expect(trouble(crashed(1))?.sentence == "Its container main ended with exit 2, 1 restarts.")
    }

    @Test func anImageThatIsNotToBeHad() {
        for reason in ["ErrImagePull", "ImagePullBackOff", "InvalidImageName"] {
            let trouble = trouble(waiting(reason, "Back-off pulling image \"x:v9\"\nnot found"))
            #expect(trouble?.kind == .imageNotPulled && trouble?.isLasting == true, "\(reason)")
            #expect(trouble?.sentence.contains("(\(reason)): Back-off pulling image \"x:v9\" not found.") == true)
        }
        #expect(trouble(waiting("CreateContainerConfigError", "secret \"db\" not found"))?.kind == .notCreated)
        #expect(trouble(waiting("ContainerCreating").with("Pending", at: "status", "phase"))?.kind == .starting)
    }

    @Test func anInitContainerFirst() {
        let pod = waiting("PodInitializing").with(
            .list([
                [
                    "name": "migrate", "ready": false, "restartCount": 3, "lastState": ["terminated": ["exitCode": 1]],
                    "state": ["waiting": ["reason": "CrashLoopBackOff"]],
                ]
            ]), at: "status", "initContainerStatuses")
        #expect(
            trouble(pod)?.sentence == "Its init container migrate crash-loops: 3 restarts, last exit 1.")
    }

    @Test func theSchedulersSentence() {
        let message = "0/3 nodes are available: 3 Insufficient memory. preemption: 0/3 nodes are available."
        let condition: JSONValue = [
            "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": .text(message),
            "lastTransitionTime": "2026-11-20T22:39:00Z",
        ]
        let pod = well.with(nil, at: "spec", "nodeName").with("Pending", at: "status", "phase")
            .with(.list([condition]), at: "status", "conditions")
            .with(nil, at: "status", "containerStatuses")
        #expect(trouble(pod)?.kind == .unschedulable)
        #expect(trouble(pod)?.sentence.contains("3 Insufficient memory. preemption") == true)
        #expect(trouble(pod)?.since == Instant("2026-11-20T22:39:00Z"))
    }

    @Test func aTerminationThatHangs() {
        func leaving(_ at: String) -> JSONValue {
            well.with(.text(at), at: "metadata", "deletionTimestamp")
                .with(30, at: "metadata", "deletionGracePeriodSeconds")
                .with(["example.com/hold"], at: "metadata", "finalizers")
        }
        #expect(trouble(leaving("2026-11-20T22:39:59Z"))?.kind == .terminating)
        #expect(!Pod(leaving("2026-11-20T22:39:59Z")).isReady)
        #expect(
            trouble(leaving("2026-11-20T22:30:00Z"))?.sentence
                == "It hangs in its termination: still there 10m after its grace of 30s, held by the finalizers "
                + "example.com/hold.")
    }

    @Test func evictedAndFailed() {
        let failed = well.with("Failed", at: "status", "phase")
        let evicted = failed.with("Evicted", at: "status", "reason")
            .with("The node was low on resource: memory. ", at: "status", "message")
        #expect(trouble(evicted)?.sentence == "It was evicted: The node was low on resource: memory.")
        #expect(trouble(failed)?.kind == .failed)
        #expect(trouble(well.with("Succeeded", at: "status", "phase")) == nil)
    }

    @Test func notReadySince() {
        let pod = well.with("False", at: "status", "conditions", "1", "status")
            .with("2026-11-20T22:36:00Z", at: "status", "conditions", "1", "lastTransitionTime")
            .with(false, at: "status", "containerStatuses", "0", "ready")
        #expect(trouble(pod)?.sentence == "It runs and is not ready for 4m: container main.")
        let gate = well.with("False", at: "status", "conditions", "1", "status")
            .with(.list([["conditionType": "lb/ready"]]), at: "spec", "readinessGates")
        #expect(trouble(gate)?.sentence.hasSuffix(": the readiness gates lb/ready.") == true)
        let silent = well.with("Unknown", at: "status", "conditions", "1", "status")
        #expect(trouble(silent)?.sentence.hasPrefix("Its node does not say how it is") == true)
    }

    /// A pod that crash-loops slowly is ready whenever one looks.
    @Test func aReadyPodThatCrashedLately() {
        let pod = well.with(5, at: "status", "containerStatuses", "0", "restartCount").with(
            ["exitCode": 137, "reason": "OOMKilled", "finishedAt": "2026-11-20T22:37:00Z"],
            at: "status", "containerStatuses", "0", "lastState", "terminated")
        #expect(Pod(pod).isReady)
        #expect(trouble(pod)?.kind == .restarted)
        #expect(
            trouble(pod)?.sentence
                == "Its container main ended 3m ago with exit 137 (OOMKilled), 5 restarts; it is ready again.")
        #expect(trouble(pod, settled: .seconds(60)) == nil)
    }

    @Test func hostileMessages() {
        let pod = waiting("ImagePullBackOff", "\u{1b}[31m" + String(repeating: "x\n", count: 5000))
        let sentence = trouble(pod)?.sentence ?? ""
        #expect(sentence.count < 500 && !sentence.unicodeScalars.contains { $0.value < 32 })
        #expect(Pod(.text("no object")).name == "?")
        #expect(Pod(.object(["status": ["containerStatuses": ["x", 1, .null]]])).trouble(at: now) != nil)
    }
}
