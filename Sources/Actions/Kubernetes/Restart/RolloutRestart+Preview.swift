public import ClientKubernetes
import Host
public import Maintenance

extension RolloutRestart {
    public func preview(_ access: KubernetesAccess, in context: Context) async throws -> Preview {
        let namespace = namespace ?? access.namespace
        var preview = Preview(summary: "", units: [])
        var pods = 0
        for pattern in named {
            let kind = pattern.kind ?? .deployment
            guard let object = try await access.find(kind.api, pattern.name, namespace: namespace) else {
                preview.findings.append(
                    Finding(
                        pattern.written, .fail,
                        Cause(.notFound, "There is no \(pattern.written) in \(namespace)."),
                        advice: "Check the name and the namespace."))
                continue
            }
            let workload = Workload(object.json, kind: kind)
            let findings = Self.findings(workload)
            preview.findings += findings
            if findings.contains(where: { $0.severity == .fail }) || workload.desired == 0 { continue }
            if workload.isDisrupted { preview.impact = .disruptive }
            pods += workload.desired
            preview.units.append(
                WorkUnit(
                    id: workload.id, title: workload.id,
                    // History replaces it.
                    expected: settle + .seconds(20) + .seconds(10) * workload.desired,
                    attributes: ["kind": kind.rawValue, "name": workload.name, "namespace": namespace]))
            preview.statements.append("kubectl --namespace \(namespace) rollout restart \(workload.id)")
        }
        if preview.units.isEmpty, !preview.findings.contains(where: { $0.severity == .fail }) {
            // To do nothing is no pass.
            preview.findings.append(
                Finding("workloads", .fail, Cause(.notFound, "No pod of these workloads runs, so none is restarted.")))
        }
        preview.summary = "\(preview.units.count) workloads, \(pods) pods"
        return preview
    }

    /// What speaks against a restart; `fail` keeps it from being done.
    static func findings(_ workload: Workload) -> [Finding] {
        func finding(_ severity: Verdict, _ code: String, _ sentence: String, _ advice: String) -> Finding {
            Finding(workload.id, severity, Cause(code, "\(workload.id) \(sentence)"), advice: advice)
        }
        if workload.isPaused {
            return [
                finding(
                    .fail, "paused", "is paused: a restart would do nothing until it is resumed.",
                    "Resume it: kubectl rollout resume.")
            ]
        }
        if workload.strategy == "OnDelete" {
            return [
                finding(
                    .fail, "on-delete", "replaces pods only when they are deleted, so that a restart would do nothing.",
                    "Delete its pods one by one, or set its update strategy to RollingUpdate.")
            ]
        }
        if workload.partition > 0 {
            return [
                finding(
                    .fail, "partition",
                    "is held back by partition \(workload.partition): only some pods would restart.",
                    "Set the partition to 0.")
            ]
        }
        if workload.desired == 0 {
            return [
                finding(.warn, "scaled-to-zero", "is scaled to zero: there is nothing to restart.", "Leave it out.")
            ]
        }
        if workload.isLagging || workload.isHalfRolled {
            return [
                finding(
                    .fail, "busy",
                    "is in the midst of another rollout: \(workload.updated) of \(workload.desired) pods "
                        + "are of its template.", "Wait for its end, or take it back: kubectl rollout undo.")
            ]
        }
        var findings: [Finding] = []
        if workload.ready < workload.desired {
            findings.append(
                finding(
                    .warn, "not-ready", "has only \(workload.ready) of \(workload.desired) pods ready before.",
                    "See its pods: what ails them may keep the new ones from starting as well."))
        }
        return findings
    }
}

extension Workload {
    /// True where users may notice that its pods are replaced.
    var isDisrupted: Bool {
        if desired <= 1 || strategy == "Recreate" { return true }
        switch kind {
        case .deployment, .replicaSet:
            return share(maxUnavailable, default: "25%", roundingUp: false) >= desired
        // Its pods are no substitutes for each other.
        case .statefulSet: return true
        case .daemonSet: return share(maxSurge, default: "0", roundingUp: true) == 0
        }
    }

    var hasReadinessProbes: Bool {
        template.items("spec", "containers").allSatisfy { $0.at("readinessProbe") != nil }
    }
}
