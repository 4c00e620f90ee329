import ClientKubernetes
import Host
import Maintenance
import Sandbox
import Testing

@testable import ActionsKubernetes

/// Errors in the logs of all replicas; what could not be read is never a pass.
struct LogsErrorsTests {
    /// Seconds before the instant at which a test began, as a log writes a time.
    private static func ago(_ seconds: Int64, from now: Instant) -> String {
        LogTime(secondsSinceEpoch: now.secondsSinceEpoch - seconds, nanoseconds: 1).description
    }

    private static func stamp(_ seconds: Int64, from now: Instant) -> String {
        Instant(secondsSinceEpoch: now.secondsSinceEpoch - seconds).description
    }

    private let now = Host.system.now()

    private func pod(_ name: String, _ lines: [(Int64, String)], app: String = "worker") -> ScriptedLogs.Pod {
        let started = Self.stamp(200_000, from: now)
        let lines = [(Int64(190_000), "long ago")] + lines
        return ScriptedLogs.Pod(
            name, labels: ["app": app], created: started,
            containers: [
                ScriptedLogs.Container(
                    "main", started: started, lines: lines.map { "\(Self.ago($0, from: now)) \($1)" })
            ])
    }

    private func observe(
        _ logs: ScriptedLogs, _ parameters: [String: PlanValue] = [:]
    ) async throws -> Observation {
        let settings = PlanValue.map([.init("kubeconfig", .text(try logs.kubeconfig()))])
        let kind = try TargetKindDefinition(KubernetesKind.self).target(from: settings)
        let target = OpenTarget(kind, on: .system)
        let given = ["selector": PlanValue.text("app=worker")].merging(parameters) { $1 }
        let definition = ActionDefinition.check(LogsErrors.self)
        let action = try definition.configured(with: .map(given.map { PlanValue.Entry($0.key, $0.value) }))
        guard case .check(let check) = action.work else { throw CouldNotLook(.unexpected, "no check") }
        let context = Context(
            host: .system, deadline: Host.system.steady() + .seconds(30), label: WorkLabel(run: "r", step: "s"))
        let seen = try await check.observe(StepTargets(target), context)
        await target.close()
        return seen
    }

    private func value(_ name: String, _ seen: Observation) -> Double? {
        seen.measurements.first { $0.name == name }?.value
    }

    @Test func everyLineOfEveryReplicaCounts() async throws {
        let logs = try ScriptedLogs()
        // Ten lines are what `kubectl logs -l` shows of each pod: the errors stand before them.
        let quiet = (1...20).map { (Int64(20 - $0), "INFO fine") }
        logs.pods = [
            pod("worker-0", (0..<120).map { (Int64(40_000 - $0), "ERROR one") } + quiet),
            pod("worker-1", (0..<120).map { (Int64(40_000 - $0), "ERROR two") } + quiet),
            pod("other-0", [(100, "ERROR not ours")], app: "other"),
        ]
        let seen = try await observe(logs)
        #expect(value("errors", seen) == 240 && value("replicas", seen) == 2 && value("lines", seen) == 280)
        #expect(value("errors_per_hour", seen).map { ($0 * 100).rounded() / 100 } == 10)
        #expect(seen.findings.isEmpty)
        #expect(seen.details.count == 2 && seen.details[0]["covered"] == .bool(true))
        #expect(seen.details[0]["errors"] == .number(120))
    }

    @Test func onlyThePeriodCounts() async throws {
        let logs = try ScriptedLogs()
        logs.pods = [pod("worker-0", [(7300, "ERROR before"), (7000, "ERROR in it"), (10, "INFO")])]
        let seen = try await observe(logs, ["since": .text("2h")])
        #expect(value("errors", seen) == 1 && value("errors_per_hour", seen) == 0.5)
    }

    @Test func anUnreadableReplicaIsUnknownAndNamed() async throws {
        let refusals = [
            ScriptedLogs.failure(403, "Forbidden", "User \"x\" cannot get resource \"pods/log\""),
            ScriptedLogs.failure(400, "BadRequest", "container is waiting to start: ContainerCreating"),
            ScriptedLogs.failure(500, "InternalError", "Get https://10.0.0.1:10250: dial tcp: i/o timeout"),
            Answer(status: 502, body: "<html>bad gateway</html>"), Answer(body: .short([50, 48], length: 100)),
            Answer(body: .bytes(Array("unable to retrieve container logs for containerd://1\n".utf8))),
        ]
        for (index, refusal) in refusals.enumerated() {
            let logs = try ScriptedLogs()
            var broken = pod("worker-1", [])
            broken.containers[0].answer = refusal
            logs.pods = [pod("worker-0", [(100, "INFO")]), broken]
            let seen = try await observe(logs)
            #expect(seen.findings.contains { $0.severity == .unknown && $0.subject == "worker-1/main" }, "\(index)")
            #expect(value("unreadable", seen) == 1 && value("errors", seen) == 0)
            #expect(seen.details.last?["covered"] == .bool(false))
        }
    }

    @Test func rotatedLogsArePartlyCoveredAndTheirErrorsCountStill() async throws {
        let logs = try ScriptedLogs()
        var rotated = pod("worker-0", [(100, "ERROR")])
        rotated.containers[0].lines.removeFirst()
        logs.pods = [rotated]
        let seen = try await observe(logs)
        #expect(seen.findings.map(\.severity) == [.unknown])
        #expect(seen.findings.first?.cause.code == .partlyCovered)
        #expect(value("errors", seen) == 1)
    }

    @Test func noReplicaAndNoLineAreUnknown() async throws {
        let logs = try ScriptedLogs()
        var seen = try await observe(logs)
        #expect(seen.findings.map(\.severity) == [.unknown] && seen.missing["errors_per_hour"] != nil)
        logs.pods = [pod("worker-0", [])]
        seen = try await observe(logs)
        #expect(seen.findings.map(\.cause.code) == [.noData] && seen.missing["errors"] != nil)
        seen = try await observe(logs, ["silent": .text("main")])
        #expect(seen.findings.isEmpty && seen.missing["errors"] != nil)
    }

    @Test func aYoungApplicationHasItsRateOverItsOwnTime() async throws {
        let logs = try ScriptedLogs()
        let started = Self.stamp(3600, from: now)
        logs.pods = [
            ScriptedLogs.Pod(
                "worker-0", labels: ["app": "worker"], created: started,
                containers: [
                    ScriptedLogs.Container(
                        "main", started: started,
                        lines: (Int64(0)..<60).map { "\(Self.ago(3599 - $0, from: now)) ERROR" })
                ])
        ]
        let seen = try await observe(logs)
        #expect(value("errors", seen) == 60)
        #expect(value("errors_per_hour", seen).map { $0.rounded() } == 60)
        #expect(seen.findings.isEmpty)
    }

    /// Made 3,000 seconds ago.
    private func youngPod(_ name: String, of owner: (kind: String, name: String)) -> ScriptedLogs.Pod {
        let made = Self.stamp(3000, from: now)
        let line = "\(Self.ago(2999, from: now)) INFO up"
        var pod = ScriptedLogs.Pod(
            name, labels: ["app": "worker"], created: made,
            containers: [ScriptedLogs.Container("main", started: made, lines: [line])])
        pod.owner = owner
        return pod
    }

    @Test func aRolloutInThePeriodTookLogsAway() async throws {
        let logs = try ScriptedLogs()
        let young = Self.stamp(3000, from: now)
        logs.pods = [youngPod("worker-abc-1", of: ("ReplicaSet", "worker-abc"))]
        func put(revision: Int) {
            logs.put(
                """
                {"kind":"ReplicaSet","apiVersion":"apps/v1","metadata":{"name":"worker-abc","namespace":"shop","uid":"o",
                "resourceVersion":"7","creationTimestamp":"\(young)",
                "annotations":{"deployment.kubernetes.io/revision":"\(revision)"},
                "ownerReferences":[{"controller":true,"kind":"Deployment","name":"worker","uid":"d"}]}}
                """, at: "/apis/apps/v1/namespaces/shop/replicasets/worker-abc")
        }
        put(revision: 2)
        #expect(try await observe(logs).findings.map(\.severity) == [.unknown])
        #expect(try await observe(logs, ["replaced": .text("warn")]).findings.map(\.severity) == [.warn])
        // The first of all replaced nothing.
        put(revision: 1)
        #expect(try await observe(logs).findings.isEmpty)
    }

    @Test func podsOfAStatefulSetThatWereMadeAnewTookLogsAway() async throws {
        let logs = try ScriptedLogs()
        let owner = (kind: "StatefulSet", name: "worker")
        logs.pods = [pod("worker-0", [(100, "INFO")]), youngPod("worker-1", of: owner)]
        logs.pods[0].owner = owner
        let path = "/apis/apps/v1/namespaces/shop/statefulsets/worker"
        func put(scaled: Int64) {
            logs.put(
                """
                {"kind":"StatefulSet","apiVersion":"apps/v1","metadata":{"name":"worker","namespace":"shop","uid":"o",
                "resourceVersion":"7","creationTimestamp":"\(Self.stamp(200_000, from: now))","managedFields":[
                {"manager":"kubectl","operation":"Update","apiVersion":"apps/v1","subresource":"scale",
                "time":"\(Self.stamp(scaled, from: now))","fieldsType":"FieldsV1",
                "fieldsV1":{"f:spec":{"f:replicas":{}}}}]},"spec":{"replicas":2}}
                """, at: path)
        }
        put(scaled: 150_000)
        let seen = try await observe(logs)
        #expect(seen.findings.map(\.severity) == [.unknown] && seen.findings.first?.subject == "statefulset/worker")
        #expect(seen.findings.first?.cause.code == .partlyCovered)
        #expect(seen.findings.first?.cause.sentence.contains("(worker-1)") == true)
        #expect(try await observe(logs, ["replaced": .text("warn")]).findings.map(\.severity) == [.warn])
        put(scaled: 3100)
        #expect(try await observe(logs).findings.isEmpty)
        logs.server.on(path, ScriptedLogs.failure(403, "Forbidden", "cannot get resource"))
        #expect(try await observe(logs).findings.map(\.cause.code) == [.noPermission])
    }

    @Test func podsOfADaemonSetThatWereMadeAnewTookLogsAway() async throws {
        let logs = try ScriptedLogs()
        logs.pods = [youngPod("worker-x", of: ("DaemonSet", "worker"))]
        let (young, old) = (Self.stamp(3000, from: now), Self.stamp(200_000, from: now))
        let head = #""apiVersion":"v1","metadata":{"resourceVersion":"7"}"#
        logs.put(
            """
            {"kind":"PodList",\(head),"items":[{"metadata":{"name":"worker-x","namespace":"shop",
            "uid":"uid-of-worker-x","creationTimestamp":"\(young)","labels":{"app":"worker"},"ownerReferences":[
            {"controller":true,"kind":"DaemonSet","name":"worker","uid":"o"}]},
            "spec":{"nodeName":"node-0","containers":[{"name":"main"}]},"status":{"phase":"Running",
            "containerStatuses":[{"name":"main",\(logs.pods[0].containers[0].status)}]}}]}
            """, at: "/api/v1/namespaces/shop/pods")
        logs.put(
            """
            {"kind":"DaemonSet","apiVersion":"apps/v1","metadata":{"name":"worker","namespace":"shop","uid":"o",
            "resourceVersion":"7","creationTimestamp":"\(old)"},"spec":{}}
            """, at: "/apis/apps/v1/namespaces/shop/daemonsets/worker")
        func put(node born: String) {
            logs.put(
                """
                {"kind":"NodeList",\(head),"items":[{"metadata":{"name":"node-0","creationTimestamp":"\(born)"}}]}
                """, at: "/api/v1/nodes")
        }
        put(node: old)
        let seen = try await observe(logs)
        #expect(seen.findings.map(\.severity) == [.unknown] && seen.findings.first?.subject == "daemonset/worker")
        #expect(seen.findings.first?.cause.sentence.contains("no new node explains (worker-x)") == true)
        put(node: young)
        #expect(try await observe(logs).findings.isEmpty)
    }

    @Test func aLineOfMegabytesIsCutAndToldOf() async throws {
        let logs = try ScriptedLogs()
        logs.pods = [pod("worker-0", [(50, "ERROR " + String(repeating: "x", count: 3_000_000)), (40, "INFO")])]
        let seen = try await observe(logs)
        #expect(value("errors", seen) == 1 && value("lines", seen) == 2)
        #expect(seen.findings.map(\.severity) == [.warn])
    }

    @Test func anEvictedPodOfLongAgoIsNotAsked() async throws {
        let logs = try ScriptedLogs()
        var over = pod("worker-9", [])
        over.phase = "Failed"
        over.containers[0].status = """
            "restartCount":0,"state":{"terminated":{"startedAt":"\(Self.stamp(200_000, from: now))",
            "finishedAt":"\(Self.stamp(190_000, from: now))"}}
            """
        logs.pods = [pod("worker-0", [(100, "INFO")]), over]
        let seen = try await observe(logs)
        #expect(seen.findings.isEmpty && value("replicas", seen) == 1)
    }

    @Test func manyReplicasAreReadFewAtATime() async throws {
        let logs = try ScriptedLogs()
        logs.pods = (0..<60).map { pod("worker-\($0)", [(100, "ERROR")]) }
        #expect(value("errors", try await observe(logs)) == 60)
    }
}
