import ClientKubernetes
import ClientPrometheus
public import Maintenance

/// Where the use of disks is read: from the kubelets through the cluster's API, or from a Prometheus that asks them.
public enum DiskSource: TargetRequirement {
    public static let roles = [TargetRole(kinds: [KubernetesKind.name, PrometheusKind.name])]

    public static func access(
        to targets: StepTargets, for purpose: Purpose, in context: Context
    ) async throws -> DiskAccess {
        switch targets.kind() {
        case PrometheusKind.name?:
            DiskAccess(
                source: .prometheus(try await targets.access(PrometheusKind.self, for: purpose, in: context)))
        default:
            DiskAccess(source: .kubelets(try await targets.access(KubernetesKind.self, for: purpose, in: context)))
        }
    }
}

/// The way to whoever knows how full the disks are.
public struct DiskAccess: Sendable {
    enum Source: Sendable {
        case kubelets(KubernetesAccess)
        case prometheus(PrometheusAccess)
    }

    let source: Source
}
