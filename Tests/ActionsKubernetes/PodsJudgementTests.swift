import Host
import Maintenance
import Testing

@testable import ActionsKubernetes

/// The judgement of a namespace, on a real server's objects and on made ones.
struct PodsJudgementTests {
    private let now = Instant("2026-11-20T22:40:00Z") ?? Instant(microsecondsSinceEpoch: 0)

    @Test func seventeenPodsOneCrashLooping() throws {
        let recorded = try Recorded("pods")
        let pods = recorded.items(1)
        let view = NamespaceView(
            namespace: "greenlang-gl008", pods: pods, workloads: Self.deployments(of: pods),
            replicaSets: Self.replicaSets(of: pods))
        var check = KubernetesPods()
        check.expected = 17
        let seen = try PodsJudgement.observe(view, check, at: now)
        #expect(seen.value("ready") == 16 && seen.value("expected") == 17 && seen.value("lacking") == 1)
        #expect(seen.value("crash_looping") == 1 && seen.value("restarts") == 7 && seen.value("pods") == 17)
        #expect(seen.findings.map(\.severity) == [.fail, .warn])
        #expect(seen.findings.map(\.cause.code.rawValue) == ["none-ready", "crash-looping"])
        #expect(seen.summary == "16 of 17 pods are ready, deployment/flaky lacks 1, 1 crash-looping")
        #expect(seen.details.count == 17 + 6)
    }

    /// A Job's pods and those of nobody are not counted: more than expected is not "not running".
    @Test func jobsDoNotCount() throws {
        let web = Made.deployment("web", replicas: 2)
        let job = Made.pod("backup-1", owner: ("Job", "backup", "job-uid"))
        let lone = Made.pod("debug", owner: nil)
        let view = Made.view([web], Made.pods(of: "web", 2) + [job, lone])
        let seen = try PodsJudgement.observe(view, KubernetesPods(), at: now)
        #expect(seen.value("ready") == 2 && seen.value("pods") == 2 && seen.findings.isEmpty)
    }

    @Test func moreThanExpectedIsWell() throws {
        var check = KubernetesPods()
        check.expected = 2
        let view = Made.view([Made.deployment("web", replicas: 4)], Made.pods(of: "web", 4))
        let seen = try PodsJudgement.observe(view, check, at: now)
        #expect(seen.value("ready") == 4 && seen.value("lacking") == 0 && seen.findings.isEmpty)
    }

    /// What one workload has beyond its own number, as in the midst of a rollout, fills no gap of another.
    @Test func aSurplusHidesNoLack() throws {
        let deleted = Made.pod("worker-1", owner: ("ReplicaSet", "worker-rs", "worker-rs"))
            .with("2026-11-20T22:40:10Z", at: "metadata", "deletionTimestamp")
        let view = Made.view(
            [Made.deployment("web", replicas: 2), Made.deployment("worker", replicas: 2)],
            Made.pods(of: "web", 3) + Made.pods(of: "worker", 1) + [deleted])
        for expected in [nil, 4] {
            var check = KubernetesPods()
            check.expected = expected
            let seen = try PodsJudgement.observe(view, check, at: now)
            #expect(seen.value("ready") == 4 && seen.value("lacking") == 1)
            #expect(seen.summary == "4 of 4 pods are ready, deployment/worker lacks 1, 1 terminating")
            #expect(seen.codes == ["pods-lacking"] && seen.findings.first?.subject == "deployment/worker")
            #expect(seen.details.prefix(2).map { $0["lacking"] } == [.number(0), .number(1)])
        }
        var modest = KubernetesPods()
        modest.expected = 3
        #expect(try PodsJudgement.observe(view, modest, at: now).value("lacking") == 0)
    }

    @Test func scaledBelowWhatIsExpected() throws {
        var check = KubernetesPods()
        check.expected = 3
        let view = Made.view([Made.deployment("web", replicas: 2)], Made.pods(of: "web", 2))
        let seen = try PodsJudgement.observe(view, check, at: now)
        #expect(seen.value("lacking") == 1 && seen.findings.count == 1)
        #expect(seen.findings.first?.cause.sentence == "The workloads are scaled to 2 pods, and 3 are expected.")
    }

    @Test func scaledToZeroIsNoPass() throws {
        let view = Made.view(
            [Made.deployment("web", replicas: 1), Made.deployment("worker", replicas: 0)], Made.pods(of: "web", 1))
        let seen = try PodsJudgement.observe(view, KubernetesPods(), at: now)
        #expect(seen.codes == ["scaled-to-zero"] && seen.findings[0].severity == .warn)
    }

    @Test func nothingThereIsNothingSeen() throws {
        #expect(throws: CouldNotLook.self) {
            try PodsJudgement.observe(Made.view([], []), KubernetesPods(), at: now)
        }
        var check = KubernetesPods()
        check.workloads = [try .read(.text("web")), try .read(.text("worker-*")), try .read(.text("sts/web"))]
        let view = Made.view([Made.deployment("web", replicas: 1)], Made.pods(of: "web", 1))
        let seen = try PodsJudgement.observe(view, check, at: now)
        #expect(seen.codes == ["not-found", "not-found"] && seen.findings.allSatisfy { $0.severity == .fail })
        #expect(seen.findings.map(\.subject) == ["worker-*", "statefulset/web"])
    }

    @Test func aReadyPodOnANodeThatIsNot() throws {
        var view = Made.view([Made.deployment("web", replicas: 2)], Made.pods(of: "web", 2))
        view.unreadyNodes = ["node-1": "Kubelet stopped posting node status"]
        let seen = try PodsJudgement.observe(view, KubernetesPods(), at: now)
        #expect(seen.value("ready") == 1 && seen.codes == ["node-not-ready"])
        view.nodesCause = Cause(.noPermission, "May not.")
        #expect(try PodsJudgement.observe(view, KubernetesPods(), at: now).findings.last?.severity == .unknown)
    }

    @Test func rolloutsThatDoNotGetOn() throws {
        func codes(_ change: (JSONValue) -> JSONValue, _ check: KubernetesPods = KubernetesPods()) throws -> [String] {
            let web = (WorkloadKind.deployment, change(Made.deployment("web", replicas: 2).1))
            return try PodsJudgement.observe(Made.view([web], Made.pods(of: "web", 2)), check, at: now).codes
        }
        #expect(try codes { $0 }.isEmpty)
        #expect(try codes { $0.with(true, at: "spec", "paused") } == ["paused"])
        #expect(try codes { $0.with(9, at: "metadata", "generation") } == ["not-observed"])
        let half: (JSONValue) -> JSONValue = { $0.with(1, at: "status", "updatedReplicas") }
        #expect(try codes(half) == ["half-rolled"])
        var patient = KubernetesPods()
        patient.rolloutWithin = .seconds(86_400 * 365)
        #expect(try codes(half, patient).isEmpty)
        let stalled: JSONValue = [
            "type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded",
            "message": "ReplicaSet \"web-2\" has timed out progressing.",
        ]
        #expect(try codes { half($0).with(.list([stalled]), at: "status", "conditions") } == ["stalled"])
        // Right after a change the condition is still that of the rollout before.
        #expect(
            try codes {
                $0.with(.list([stalled]), at: "status", "conditions").with(2, at: "metadata", "generation")
            } == ["not-observed"])
        let refused: JSONValue = [
            "type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "exceeded quota: small",
        ]
        #expect(try codes { $0.with(.list([refused]), at: "status", "conditions") } == ["pods-refused"])
    }

    @Test func otherKinds() throws {
        let sts = Made.workload(.statefulSet, "db", replicas: 3)
        let partitioned = sts.with(1, at: "status", "updatedReplicas")
            .with(["type": "RollingUpdate", "rollingUpdate": ["partition": 2]], at: "spec", "updateStrategy")
        let daemon = Made.workload(.daemonSet, "agent", replicas: 2)
        let pods =
            (0..<3).map { Made.pod("db-\($0)", owner: ("StatefulSet", "db", "db")) }
            + [Made.pod("agent-0", owner: ("DaemonSet", "agent", "agent"))]
        let seen = try PodsJudgement.observe(
            Made.view([(.statefulSet, partitioned), (.daemonSet, daemon)], pods), KubernetesPods(), at: now)
        #expect(seen.value("desired") == 5 && seen.value("ready") == 4)
        #expect(seen.codes == ["half-rolled", "pods-missing"])
        #expect(seen.findings.first?.cause.sentence.contains("(partition 2)") == true)
    }

    @Test func oldEvictionsAreNoNews() throws {
        let evicted = Made.pod("web-old", owner: ("ReplicaSet", "web-1", "web-rs"))
            .with("Failed", at: "status", "phase").with("Evicted", at: "status", "reason")
        func seen(_ since: String) throws -> Observation {
            let pod = evicted.with(.text(since), at: "status", "conditions", "0", "lastTransitionTime")
            let view = Made.view([Made.deployment("web", replicas: 1)], Made.pods(of: "web", 1) + [pod])
            return try PodsJudgement.observe(view, KubernetesPods(), at: now)
        }
        #expect(try seen("2026-11-20T21:00:00Z").codes == ["evicted"])
        #expect(try seen("2026-11-10T21:00:00Z").codes.isEmpty)
        #expect(try seen("2026-11-10T21:00:00Z").value("evicted") == 1)
    }

    @Test func chosenBySelectorNameAndExcept() throws {
        let view = Made.view(
            [Made.deployment("web", replicas: 1), Made.deployment("worker", replicas: 1)],
            Made.pods(of: "web", 1) + Made.pods(of: "worker", 1))
        func workloads(_ change: (inout KubernetesPods) throws -> Void) throws -> Double? {
            var check = KubernetesPods()
            try change(&check)
            return try PodsJudgement.observe(view, check, at: now).value("workloads")
        }
        #expect(try workloads { $0.except = [try .read(.text("w?rker".replacing("?", with: "o")))] } == 1)
        #expect(try workloads { $0.selector = try .read(.text("app in (web, other)")) } == 1)
        #expect(try workloads { $0.workloads = [try .read(.text("w*r"))] } == 1)
        #expect(try workloads { $0.workloads = [try .read(.text("deploy/w*"))] } == 2)
    }

    /// 5,000 pods, and no step that takes each with each.
    @Test func fiveThousandPods() throws {
        let apps = (0..<50).map { "app-\($0)" }
        let view = Made.view(
            apps.map { Made.deployment($0, replicas: 100) }, apps.flatMap { Made.pods(of: $0, 100) })
        let clock = ContinuousClock()
        var seen: Observation?
        let span = try clock.measure { seen = try PodsJudgement.observe(view, KubernetesPods(), at: now) }
        #expect(seen?.value("ready") == 5000 && seen?.findings.isEmpty == true)
        #expect(span < .seconds(5), "\(span)")
    }

    // MARK: What the recording does not hold

    static func deployments(of pods: [JSONValue]) -> [(WorkloadKind, JSONValue)] {
        let counts = Dictionary(grouping: pods) { $0.text("metadata", "labels", "app") ?? "" }.mapValues(\.count)
        return counts.sorted { $0.key < $1.key }.map { Made.deployment($0.key, replicas: $0.value) }
    }

    static func replicaSets(of pods: [JSONValue]) -> [JSONValue] {
        var sets: [String: JSONValue] = [:]
        for pod in pods {
            guard let owner = Pod(pod).owner, let app = pod.text("metadata", "labels", "app") else { continue }
            sets[owner.uid] = Made.replicaSet(owner.uid, of: app)
        }
        return Array(sets.values)
    }
}

/// Objects in the shape that the API gives them.
enum Made {
    static func deployment(_ name: String, replicas: Int) -> (WorkloadKind, JSONValue) {
        (.deployment, workload(.deployment, name, replicas: replicas))
    }

    static func workload(_ kind: WorkloadKind, _ name: String, replicas: Int) -> JSONValue {
        let count = JSONValue.number(Double(replicas))
        let status: JSONValue =
            kind == .daemonSet
            ? [
                "observedGeneration": 1, "desiredNumberScheduled": count, "currentNumberScheduled": count,
                "updatedNumberScheduled": count, "numberReady": count, "numberAvailable": count,
            ]
            : [
                "observedGeneration": 1, "replicas": count, "updatedReplicas": count, "readyReplicas": count,
                "availableReplicas": count,
            ]
        return [
            "kind": .text(kind.rawValue),
            "metadata": [
                "name": .text(name), "uid": .text(name), "generation": 1, "creationTimestamp": "2026-11-20T20:00:00Z",
            ],
            "spec": [
                "replicas": count, "selector": ["matchLabels": ["app": .text(name)]],
                "template": ["metadata": ["labels": ["app": .text(name)]]],
            ],
            "status": status,
        ]
    }

    static func replicaSet(_ uid: String, of deployment: String) -> JSONValue {
        [
            "metadata": [
                "name": .text(uid), "uid": .text(uid), "creationTimestamp": "2026-11-20T20:00:00Z",
                "ownerReferences": [
                    ["kind": "Deployment", "name": .text(deployment), "uid": .text(deployment), "controller": true]
                ],
            ]
        ]
    }

    static func pod(_ name: String, owner: (kind: String, name: String, uid: String)?) -> JSONValue {
        let owners: [JSONValue] =
            owner.map {
                [["kind": .text($0.kind), "name": .text($0.name), "uid": .text($0.uid), "controller": true]]
            } ?? []
        return [
            "metadata": [
                "name": .text(name), "uid": .text(name), "creationTimestamp": "2026-11-20T20:00:00Z",
                "ownerReferences": .list(owners),
            ],
            "spec": ["nodeName": .text("node-\(name.suffix(1))")],
            "status": [
                "phase": "Running",
                "conditions": [["type": "Ready", "status": "True", "lastTransitionTime": "2026-11-20T20:00:01Z"]],
                "containerStatuses": [
                    ["name": "main", "ready": true, "restartCount": 0, "state": ["running": [:]], "lastState": [:]]
                ],
            ],
        ]
    }

    static func pods(of app: String, _ count: Int) -> [JSONValue] {
        (0..<count).map { pod("\(app)-\($0)", owner: ("ReplicaSet", "\(app)-rs", "\(app)-rs")) }
    }

    static func view(_ workloads: [(WorkloadKind, JSONValue)], _ pods: [JSONValue]) -> NamespaceView {
        let sets = workloads.filter { $0.0 == .deployment }.compactMap { $0.1.text("metadata", "name") }
        return NamespaceView(
            namespace: "shop", pods: pods, workloads: workloads,
            replicaSets: sets.map { replicaSet("\($0)-rs", of: $0) })
    }
}

extension Observation {
    func value(_ name: String) -> Double? { measurements.first { $0.name == name }?.value }
    var codes: [String] { findings.map(\.cause.code.rawValue) }
}
