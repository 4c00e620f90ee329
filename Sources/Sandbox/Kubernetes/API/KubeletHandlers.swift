/// What the API server passes on to the nodes.
public struct KubeletHandlers: Sendable {
    public var logs: @Sendable (LogRequest) throws -> LogCursor
    /// Pod, namespace, container, command and what came on standard input.
    public var exec: @Sendable (String, String, String?, [String], [UInt8]) throws -> ExecAnswer
    /// `stats/summary` of a node.
    public var summary: @Sendable (String) throws -> JSON
    /// A node's metrics; the path is `metrics`, or `metrics/cadvisor`.
    public var metrics: @Sendable (String, String) throws -> String
    /// What a pod takes now.
    public var usage: @Sendable (JSON) -> (nanoCores: Int, memoryBytes: Int)

    /// A cluster without any kubelet: as a real server answers that finds no address of the node.
    public static let none = KubeletHandlers(
        logs: { _ in throw unreachable }, exec: { _, _, _, _, _ in throw unreachable },
        summary: { _ in throw unreachable }, metrics: { _, _ in throw unreachable }, usage: { _ in (0, 0) })

    private static let unreachable = KubernetesStatus(500, "", "no preferred addresses found; known addresses: []")

    /// The nodes of a living cluster.
    public static func of(_ cluster: KubernetesCluster) -> KubeletHandlers {
        KubeletHandlers(
            logs: { try cluster.logs($0) },
            exec: { try cluster.exec(pod: $0, in: $1, container: $2, command: $3, input: $4) },
            summary: { try cluster.statsSummary(node: $0) },
            metrics: { node, path in
                try path == "metrics/cadvisor"
                    ? cluster.cadvisorMetrics(node: node) : cluster.kubeletMetrics(node: node)
            },
            usage: { cluster.usage(of: $0) })
    }
}
