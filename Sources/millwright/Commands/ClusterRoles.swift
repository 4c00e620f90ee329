import ClientKubernetes
import Maintenance
import Plans

/// The roles of a cluster that a plan needs: one for looking and one for changing in each namespace, and ClusterRoles
/// for what belongs to no namespace.
struct ClusterRoles {
    private var manifest = RoleManifest()
    /// Who looks, and who changes.
    let subjects: [Purpose: String]

    init(look: String, change: String) { subjects = [.look: look, .change: change] }

    /// A step whose role several kinds can play needs the rights of the kind that plays it.
    mutating func add(_ right: Right, of step: RunStep, in plan: RunPlan) {
        guard right.kind == KubernetesKind.name, let rule = KubernetesRule(right.grant) else { return }
        let targets = step.targets.values.sorted().compactMap { plan.targets[$0] }.filter { $0.kind == right.kind }
        for target in targets {
            var namespace = rule.namespace
            if case .text(let text)? = target.settings["namespace"], namespace == nil, !text.contains("${") {
                namespace = text
            }
            manifest.add(
                rule,
                to: RoleManifest.Role(
                    name: "millwright-\(right.purpose.rawValue)",
                    namespace: rule.isClusterWide ? nil : namespace ?? "{namespace}",
                    subject: subjects[right.purpose] ?? ""))
        }
    }

    var text: String { manifest.text }
}
