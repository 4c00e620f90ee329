import Host
import Maintenance
import Testing

@testable import ActionsKubernetes

/// The judgement of a restart, on tapes of a real server and on made ones.
struct RolloutJudgementTests {
    private let now = Instant("2026-11-20T22:34:00Z") ?? Instant(microsecondsSinceEpoch: 0)

    /// No event of a real rollout but the last may be taken for its end. The first says generation 2, and all numbers of
    /// generation 1 are complete.
    @Test func aRealRolloutIsDoneAtItsLastEventOnly() throws {
        let recorded = try Recorded("rollout-restart")
        let before = recorded.body(0)
        let workload = Workload(before, kind: .deployment)
        let baseline = Tape.baseline(workload, pods: ["old-0", "old-1", "old-2", "old-3"])
        // The recording has no pods: all new ones are ready from the beginning, so that only the status can say no.
        let pods = (0..<4).map { Tape.pod("new-\($0)", mark: baseline.mark) }
        var states: [Bool] = []
        for event in recorded.events(2) {
            guard event.text("type") == "MODIFIED", let object = event.at("object") else { continue }
            let marked = object.with(
                .text(baseline.mark), at: "spec", "template", "metadata", "annotations", "millwright/restart")
            let view = RolloutView(baseline, workload: Workload(marked, kind: .deployment), pods: pods, slices: [])
            switch RolloutJudgement(view: view, patience: .seconds(5), now: now).state {
            case .done: states.append(true)
            case .progressing: states.append(false)
            case .absent, .failing: Issue.record("\(event)")
            }
        }
        #expect(states.count == 15 && states.last == true && states.dropLast().allSatisfy { !$0 })
    }

    @Test func theRealStall() throws {
        let recorded = try Recorded("set-image-fails-and-undo")
        let patched = Workload(recorded.body(1), kind: .deployment)
        let baseline = Tape.baseline(patched, pods: ["old-0", "old-1", "old-2"])
        func state(_ index: Int, stale: Bool = false) -> RolloutState {
            let object = recorded.body(index)
                .with(.text(baseline.mark), at: "spec", "template", "metadata", "annotations", "millwright/restart")
            let workload = Workload(object, kind: .deployment)
            let base = stale ? Tape.baseline(workload, pods: []) : baseline
            let view = RolloutView(
                base, workload: workload, pods: [Tape.pod("new-0", mark: base.mark, isReady: false)], slices: [])
            return RolloutJudgement(view: view, patience: .seconds(5), now: now).state
        }
        guard case .progressing(let text, let done, let total) = state(2) else { throw Unexpected() }
        #expect(text.hasPrefix("deployment/canary-me: 0 of 3 new pods are ready") && done == 0 && total == 3)
        guard case .failing(let cause) = state(6) else { throw Unexpected() }
        #expect(cause.code.rawValue == "stalled")
        // The same condition, written before the restart, speaks of another rollout.
        guard case .progressing = state(6, stale: true) else { throw Unexpected() }
    }

    @Test func whatKeepsItFromBeingDone() throws {
        #expect(Tape().isDone)
        #expect(
            Tape { $0.pods.append(Tape.pod("old-0", mark: nil)) }.text?.contains("1 old pods are left; old-0") == true)
        #expect(Tape { $0.pods.removeLast() }.text == "deployment/web: 1 of 2 new pods are ready")
        #expect(
            Tape { $0.pods[0] = Tape.pod("new-0", mark: $0.mark, isReady: false) }.text?.contains(
                "new-0: It runs and is not ready") == true)
        #expect(
            Tape { $0.pods[0] = $0.pods[0].with("other", at: "metadata", "labels", "pod-template-hash") }.text?
                .contains("one template") == true)
        for field in ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas"] {
            #expect(
                Tape { $0.object = $0.object.with(1, at: "status", field) }.text?.contains("status") == true, "\(field)"
            )
        }
        #expect(
            Tape { $0.object = $0.object.with(9, at: "metadata", "generation") }.text?.contains("controller") == true)
        #expect(Tape { $0.services = ["web"] }.text?.contains("service web has no ready address") == true)
        #expect(
            Tape {
                $0.services = ["web"]; $0.slices = [Tape.slice("web", ready: true)]
            }.isDone)
        #expect(
            !Tape {
                $0.services = ["web"]; $0.slices = [Tape.slice("web", ready: false)]
            }.isDone)
        // An old pod that hangs is named.
        let hanging = Tape.pod("old-1", mark: nil).with("2026-11-20T22:30:00Z", at: "metadata", "deletionTimestamp")
        #expect(Tape { $0.pods.append(hanging) }.text?.contains("old-1: It hangs in its termination") == true)
    }

    @Test func whatWillNotPassByWaiting() throws {
        func bad(_ waiting: JSONValue) -> JSONValue {
            Tape.pod("new-0", mark: Tape.mark, isReady: false)
                .with(["waiting": waiting], at: "status", "containerStatuses", "0", "state")
        }
        let loop = bad(["reason": "CrashLoopBackOff", "message": "back-off"])
        #expect(Tape { $0.pods[0] = loop }.cause?.code.rawValue == "crash-looping")
        #expect(
            Tape { $0.pods[0] = loop }.cause?.sentence.hasPrefix("deployment/web: new pod new-0: Its container") == true
        )
        let image = bad(["reason": "ErrImagePull", "message": "not found"])
        #expect(Tape { $0.pods[0] = image }.cause?.code.rawValue == "image-not-pulled")
        #expect(
            Tape {
                $0.pods[0] = image; $0.patience = .seconds(86_400)
            }.cause == nil)
        let unscheduled = Tape.pod("new-0", mark: Tape.mark, isReady: false).with(nil, at: "spec", "nodeName").with(
            .list([
                [
                    "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes",
                    "lastTransitionTime": "2026-11-20T22:33:50Z",
                ]
            ]), at: "status", "conditions")
        #expect(Tape { $0.pods[0] = unscheduled }.cause?.code.rawValue == "unschedulable")
        // An autoscaler makes room for it.
        #expect(
            Tape {
                $0.pods[0] = unscheduled; $0.awaited = ["new-0"]
            }.cause == nil)
        // The same trouble of an old pod is what the restart may cure.
        let old = loop.with(nil, at: "metadata", "annotations").with("old-0", at: "metadata", "uid")
        #expect(Tape { $0.pods.append(old) }.cause == nil)
    }

    @Test func whatSomebodyElseDid() throws {
        #expect(Tape { $0.object = $0.object.with(true, at: "spec", "paused") }.cause?.code.rawValue == "paused")
        #expect(Tape { $0.object = $0.object.with("another", at: "metadata", "uid") }.cause?.code == .notFound)
        #expect(Tape { $0.object = .null }.cause?.code == .notFound)
        #expect(Tape { $0.object = $0.object.with(0, at: "spec", "replicas") }.cause?.code.rawValue == "scaled-to-zero")
        guard
            case .absent = Tape({
                $0.object = $0.object.with(
                    "other", at: "spec", "template", "metadata", "annotations", "millwright/restart")
            }).state
        else { throw Unexpected() }
        let refused: JSONValue = [
            "type": "ReplicaFailure", "status": "True", "message": "exceeded quota: small",
            "lastTransitionTime": "2026-11-20T22:33:00Z",
        ]
        #expect(
            Tape { $0.object = $0.object.with(.list([refused]), at: "status", "conditions") }.cause?.code.rawValue
                == "pods-refused")
    }

    @Test func restartsOfNewPodsAreTold() throws {
        let tape = Tape { $0.pods[0] = $0.pods[0].with(2, at: "status", "containerStatuses", "0", "restartCount") }
        guard case .done(let done) = tape.state else { throw Unexpected() }
        #expect(done.restarts == 2 && done.findings.map(\.subject) == ["new-0"])
    }

    @Test func theFewestReadyPods() {
        let tape = Tape()
        var view = tape.view
        #expect(view.lowestReady == 2)
        view.take(pod: Tape.pod("new-0", mark: Tape.mark, isReady: false))
        view.take(pod: Tape.pod("new-0", mark: Tape.mark))
        #expect(view.new.filter(\.isReady).count == 2 && view.lowestReady == 1)
    }

    @Test func recordsOfARestart() throws {
        let at = try #require(Instant("2026-11-20T22:34:00Z"))
        for record in [RestartMark.Record.applied(at), .settled(at, lowest: 3), .undone(at)] {
            let annotations = [RestartMark.key: RestartMark.text("run/step/deployment/web", record)]
            #expect(RestartMark.record("run/step/deployment/web", in: annotations) == record)
            #expect(RestartMark.record("run/step/deployment/we", in: annotations) == nil)
        }
    }
}

struct Unexpected: Error {}

/// A made moment of a restart of two pods that is done; `change` spoils it.
struct Tape {
    static let mark = "run/step/deployment/web"
    var mark: String { Self.mark }
    var object = Made.workload(.deployment, "web", replicas: 2)
        .with(.text(mark), at: "spec", "template", "metadata", "annotations", "millwright/restart")
    var pods = [Self.pod("new-0", mark: mark), Self.pod("new-1", mark: mark)]
    var slices: [JSONValue] = []
    var services: [String] = []
    var patience = Duration.seconds(5)
    var awaited: Set<String> = []

    init(_ change: (inout Tape) -> Void = { _ in }) { change(&self) }

    var view: RolloutView {
        let workload = object == .null ? nil : Workload(object, kind: .deployment)
        let baseline = Self.baseline(
            Workload(Made.workload(.deployment, "web", replicas: 2), kind: .deployment), pods: ["old-0", "old-1"],
            services: services)
        var view = RolloutView(baseline, workload: workload, pods: pods, slices: slices)
        view.awaited = awaited
        return view
    }

    var state: RolloutState {
        let now = Instant("2026-11-20T22:34:00Z") ?? Instant(microsecondsSinceEpoch: 0)
        return RolloutJudgement(view: view, patience: patience, now: now).state
    }

    var isDone: Bool { if case .done = state { true } else { false } }
    var text: String? { if case .progressing(let text, _, _) = state { text } else { nil } }
    var cause: Cause? { if case .failing(let cause) = state { cause } else { nil } }

    static func baseline(_ workload: Workload, pods: Set<String>, services: [String] = []) -> RolloutBaseline {
        RolloutBaseline(
            kind: workload.kind, name: workload.name, namespace: "shop", uid: workload.uid,
            at: Instant("2026-11-20T22:33:00Z") ?? Instant(microsecondsSinceEpoch: 0),
            mark: "run/step/\(workload.id)", generation: workload.generation, template: "", earlierMark: nil,
            earlierInstant: nil, pods: pods, ready: nil, owners: ["web-rs"],
            progressing: workload.condition("Progressing")?.updated, services: services, memory: nil)
    }

    static func pod(_ name: String, mark: String?, isReady: Bool = true) -> JSONValue {
        var pod = Made.pod(name, owner: ("ReplicaSet", "web-rs", mark == nil ? "web-rs" : "web-rs-2"))
            .with(.text(mark == nil ? "1" : "2"), at: "metadata", "labels", "pod-template-hash")
        if let mark { pod = pod.with(.text(mark), at: "metadata", "annotations", "millwright/restart") }
        guard !isReady else { return pod }
        return pod.with("False", at: "status", "conditions", "0", "status")
            .with(false, at: "status", "containerStatuses", "0", "ready")
    }

    static func slice(_ service: String, ready: Bool) -> JSONValue {
        [
            "metadata": ["name": .text(service), "labels": ["kubernetes.io/service-name": .text(service)]],
            "endpoints": [["addresses": ["10.0.0.1"], "conditions": ["ready": .bool(ready)]]],
        ]
    }
}
