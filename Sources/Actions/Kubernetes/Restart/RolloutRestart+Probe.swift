public import ClientKubernetes
import Host
public import Maintenance

extension RolloutRestart {
    public func probe(
        _ unit: WorkUnit, since baseline: RolloutBaseline, _ access: KubernetesAccess, in context: Context
    ) async throws -> ChangeState {
        var view = try await RolloutLook.take(access, baseline).view(baseline)
        let now = context.host.now()
        var state = RolloutJudgement(view: view, patience: patience, now: now).state
        if case .failing = state, try await Autoscaling.isAwaited(&view, access) {
            state = RolloutJudgement(view: view, patience: patience, now: now).state
        }
        let record = view.workload.flatMap { RestartMark.record(baseline.mark, in: $0.annotations) }
        switch state {
        case .absent:
            guard case .undone? = record, let rest = view.undoing else { return .pending }
            return .running(handle: rest)
        case .progressing(let text, _, _):
            guard case .applied(let at)? = record, now - at > deadline else { return .running(handle: text) }
            return .partial("\(text), \(deadline.rough) after the restart")
        case .failing(let cause): return .partial(cause.sentence)
        case .done(let done): return .applied(await proof(done, record, view, access))
        }
    }

    private func proof(
        _ done: RolloutState.Done, _ record: RestartMark.Record?, _ view: RolloutView, _ access: KubernetesAccess
    ) async -> Proof {
        let baseline = view.baseline
        let id = "\(baseline.kind.word)/\(baseline.name)"
        var proof = Proof(
            "\(id): \(done.pods) new pods are ready, the old ones are gone",
            measurements: [
                Measurement("workloads", 1), Measurement("pods", done.pods), Measurement("restarts", done.restarts),
            ], findings: done.findings)
        if view.workload?.hasReadinessProbes == false { proof.summary += "; without a readiness probe" }
        if case .settled(_, let lowest)? = record {
            proof.measurements.append(Measurement("lowest_ready", lowest))
            if lowest == 0, view.workload?.isDisrupted == false {
                proof.findings.append(
                    Finding(
                        id, .warn, Cause("none-ready", "\(id) had for a moment no ready pod while it was restarted."),
                        advice: "Set maxUnavailable to 0, and see its readiness probe."))
            }
        }
        if let memory = baseline.memory {
            proof.measurements.append(Measurement("memory_before", memory, .bytes))
            let names = Set(view.new.map(\.name))
            if let selector = view.workload?.selector.text,
                let after = await PodMemory.total(access, baseline.namespace, selector, of: names)
            {
                proof.measurements.append(Measurement("memory_after", after, .bytes))
            }
        }
        if let workload = view.workload, (try? workload.templateDigest) != baseline.template {
            proof.findings.append(
                Finding(
                    id, .warn,
                    Cause("changed-since", "Somebody changed the template of \(id) since: its pods are newer still.")))
        }
        return proof
    }
}

extension RolloutView {
    /// What is still wanting of a restart that is taken back; `nil` where the earlier template runs alone.
    var undoing: String? {
        guard let workload else { return nil }
        let id = workload.id
        if workload.isLagging { return "\(id): its controller has not looked yet" }
        if let left = new.first(where: { !$0.isOver }) { return "\(id): \(left.name) of the restart is left" }
        let wanted = min(workload.desired, baseline.ready ?? workload.desired)
        guard workload.updated == workload.desired, workload.replicas == workload.desired, workload.ready >= wanted
        else {
            return "\(id): \(workload.ready) of \(wanted) pods of the earlier template are ready"
        }
        return nil
    }
}

/// Pods for which a cluster autoscaler makes a node: they need patience, not a verdict.
enum Autoscaling {
    private static let reasons: Set<String> = ["TriggeredScaleUp", "Nominated"]

    /// Looks into the events of new pods without a node; true where one of them is newly known to be waited for.
    static func isAwaited(_ view: inout RolloutView, _ access: KubernetesAccess) async throws -> Bool {
        var isNew = false
        for pod in view.new where pod.node == nil && !view.awaited.contains(pod.uid) {
            let events = try await access.list(
                .events, fields: "involvedObject.uid=\(pod.uid)", namespace: view.baseline.namespace)
            guard events.objects.contains(where: { reasons.contains($0.json.text("reason") ?? "") }) else { continue }
            isNew = true
            view.awaited.insert(pod.uid)
        }
        return isNew
    }
}
