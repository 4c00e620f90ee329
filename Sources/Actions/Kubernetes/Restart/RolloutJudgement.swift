import Host
import Maintenance

/// How far a restart is.
enum RolloutState: Sendable {
    /// The template does not carry its mark.
    case absent
    case progressing(String, done: Int, total: Int)
    case done(Done)
    /// It will not come to its end by waiting.
    case failing(Cause)

    struct Done: Sendable {
        let pods: Int
        let restarts: Int
        let findings: [Finding]
    }
}

/// Judges a restart by the pods of its own generation: pure.
struct RolloutJudgement {
    let view: RolloutView
    /// Time that a new pod may be without node or image.
    let patience: Duration
    let now: Instant

    private var baseline: RolloutBaseline { view.baseline }
    private var id: String { "\(baseline.kind.word)/\(baseline.name)" }

    var state: RolloutState {
        guard let workload = view.workload else { return .failing(Cause(.notFound, "\(id) is not there any more.")) }
        guard workload.uid == baseline.uid else {
            return .failing(Cause(.notFound, "\(id) was deleted and made anew by somebody else."))
        }
        guard workload.templateAnnotations[RestartMark.key] == baseline.mark else { return .absent }
        if workload.isPaused {
            return failing("paused", "\(id) was paused in the midst of its restart: \(numbers(workload)).")
        }
        if workload.isLagging {
            return progressing(workload, "its controller has not looked yet")
        }
        if let trouble { return failing(trouble.0.kind.rawValue, "\(id): new pod \(trouble.1): \(trouble.0.sentence)") }
        if let cause = refusal(workload) { return .failing(cause) }
        if workload.isStalled, workload.condition("Progressing")?.updated != baseline.progressing {
            return failing("stalled", "\(id) does not get on: \(numbers(workload))\(lastWarning).")
        }
        guard workload.desired > 0 else {
            return failing("scaled-to-zero", "\(id) was scaled to zero in the midst of its restart.")
        }
        if let open = open(workload) { return progressing(workload, open) }
        return .done(done(workload))
    }

    /// What is still wanting; `nil` where all is seen to be in place.
    private func open(_ workload: Workload) -> String? {
        let new = view.new.filter { !$0.isOver && !$0.isTerminating }
        let ready = new.count { $0.isReady }
        guard ready == workload.desired, new.count == workload.desired else {
            return "\(ready) of \(workload.desired) new pods are ready\(waiting(new))"
        }
        guard new.allSatisfy({ !baseline.pods.contains($0.uid) }), Set(new.map(hash)).count == 1 else {
            return "the new pods are not of one template"
        }
        if let left = view.old.first {
            let trouble = left.trouble(at: now).map { ": \($0.sentence)" } ?? " is still there"
            return "\(view.old.count) old pods are left; \(left.name)\(trouble)"
        }
        let counts = [workload.updated, workload.ready, workload.replicas] + [workload.available].compactMap { $0 }
        guard counts.allSatisfy({ $0 == workload.desired }) else { return "its status is not complete yet" }
        if workload.kind == .statefulSet, workload.currentRevision != workload.updateRevision {
            return "its controller has not concluded the update"
        }
        if let service = baseline.services.first(where: { view.readyAddresses(of: $0) == 0 }) {
            return "service \(service) has no ready address yet"
        }
        return nil
    }

    private func hash(_ pod: Pod) -> String { pod.labels[baseline.kind.hashLabel] ?? "" }

    private func done(_ workload: Workload) -> RolloutState.Done {
        let new = view.new.filter { !$0.isTerminating }
        let findings = new.filter { $0.restarts > 0 && !$0.isOver }.map { pod in
            let last = pod.containers.compactMap(\.lastEnded).first.map { ", last with \($0.text)" } ?? ""
            return Finding(
                pod.name, .warn,
                Cause("restarted-lately", "New pod \(pod.name) restarted \(pod.restarts) times\(last)."),
                advice: "Read the log of its earlier life: kubectl logs --previous.")
        }
        return RolloutState.Done(
            pods: workload.desired, restarts: new.reduce(0) { $0 + $1.restarts }, findings: findings)
    }

    /// The first new pod that will not become ready by waiting.
    private var trouble: (PodTrouble, String)? {
        for pod in view.new where !pod.isTerminating {
            guard let trouble = pod.trouble(at: now), trouble.isLasting else { continue }
            if trouble.kind == .crashLooping { return (trouble, pod.name) }
            if trouble.kind == .unschedulable, view.awaited.contains(pod.uid) { continue }
            if now - (trouble.since ?? pod.created ?? now) >= patience { return (trouble, pod.name) }
        }
        return nil
    }

    private func refusal(_ workload: Workload) -> Cause? {
        if let failure = workload.condition("ReplicaFailure"), failure.isTrue,
            failure.since.map({ now - $0 >= patience }) ?? true
        {
            return Cause("pods-refused", "\(id): its new pods are refused: \(shown(failure.message)).")
        }
        guard let refusal = view.refusal, now - refusal.at >= patience,
            view.new.count(where: { !$0.isOver }) < workload.desired
        else { return nil }
        return Cause("pods-refused", "\(id): its new pods are refused: \(refusal.sentence).")
    }

    private func waiting(_ new: [Pod]) -> String {
        let first = new.lazy.compactMap { pod in pod.trouble(at: now).map { (pod.name, $0) } }.first
        return first.map { "; \($0.0): \($0.1.sentence.dropLast())" } ?? ""
    }

    private func numbers(_ workload: Workload) -> String {
        "\(workload.updated) of \(workload.desired) pods are of the new template"
    }

    private var lastWarning: String { view.warning.map { "; \($0)" } ?? "" }

    private func progressing(_ workload: Workload, _ text: String) -> RolloutState {
        let ready = view.new.count { $0.isReady }
        return .progressing("\(id): \(text)", done: min(ready, workload.desired), total: workload.desired)
    }

    private func failing(_ code: String, _ sentence: String) -> RolloutState {
        .failing(Cause(Cause.Code(rawValue: code), sentence))
    }
}

extension Cause {
    init(_ code: String, _ sentence: String) { self.init(Code(rawValue: code), sentence) }
}
