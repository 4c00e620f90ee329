import ClientKubernetes
import ClientObjectStore
public import Maintenance

/// Logs of a cluster, and the bucket that they go to.
public enum LogsToStore: TargetRequirement {
    /// The access to both.
    public struct Access: Sendable {
        let logs: KubernetesAccess
        let store: ObjectStoreAccess
    }

    public static let roles = [
        TargetRole("logs", kinds: [KubernetesKind.name]), TargetRole("store", kinds: [S3Kind.name]),
    ]

    public static func access(
        to targets: StepTargets, for purpose: Purpose, in context: Context
    ) async throws -> Access {
        Access(
            logs: try await targets.access(KubernetesKind.self, role: "logs", for: purpose, in: context),
            store: try await targets.access(S3Kind.self, role: "store", for: purpose, in: context))
    }
}
