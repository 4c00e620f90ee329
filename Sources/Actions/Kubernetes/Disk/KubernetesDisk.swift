import ClientKubernetes
import ClientPrometheus
import Host
public import Maintenance

/// How full the disks are that the pods of a namespace write to.
public struct KubernetesDisk: Check {
    public typealias Kind = DiskSource

    var namespace: String?
    var nodes = true
    var claims: [WorkloadPattern] = []
    var except: [WorkloadPattern] = []

    public init() {}

    public static let declaration = Declaration(
        name: "kubernetes.disk",
        summary: "Looks how full the claims, the pods' own storage and their nodes' disks are, and judges the fullest.",
        measurements: [
            MeasurementDeclaration("used_percent", .percent, "The fullest of all.", aggregate: .largest),
            MeasurementDeclaration("claims_percent", .percent, "The fullest claim.", aggregate: .largest),
            MeasurementDeclaration(
                "inodes_percent", .percent, "Of the inodes, where the fewest are left.", aggregate: .largest),
            MeasurementDeclaration("mounts", "Places that were looked at."),
            MeasurementDeclaration("unmounted", "Claims that no pod mounts: nobody can read them now."),
        ],
        thresholds: Thresholds(warn: "used_percent >= 70%", fail: "used_percent >= 85%"),
        timeout: .seconds(60),
        applies: """
            On a `kubernetes` target it asks the kubelet of every node on which the namespace has a pod, which needs \
            the right `get nodes/proxy`: a strong one, as it also reads logs and runs commands through the kubelet. \
            Where that is too much, give a `prometheus` target that scrapes the kubelets (kubelet_volume_stats_* and, \
            for what should be there, kube-state-metrics); it then sees claims, and no pod's own storage.
            """,
        example: "{ except: scratch-* }")

    public static let parameters: [Parameter<KubernetesDisk>] = [
        .optional(
            "namespace", \.namespace, default: nil,
            "The namespace, where it is not the target's; a Prometheus needs it."),
        .optional(
            "nodes", \.nodes, default: true, "Whether the nodes' own disks are listed too, with that of their images."),
        .optional("claims", \.claims, default: [], "Claims to look at, by name or pattern; without it all."),
        .optional("except", \.except, default: [], "Claims to leave out."),
    ]

    public func validate() throws(ValueError) {
        for (key, patterns) in [("claims", claims), ("except", except)] {
            for (index, pattern) in patterns.enumerated() where pattern.kind != nil {
                throw ValueError("a claim has a name alone", path: [key, String(index)])
            }
        }
    }

    public var rights: [Right] {
        [
            .kubernetes(
                .look, ["list"], ["pods", "persistentvolumeclaims"], in: namespace,
                reason: "to see which disks there should be"),
            .kubernetes(
                .look, ["get"], ["nodes/proxy"], everywhere: true,
                reason:
                    "to ask the kubelets how full they are; it allows far more, so a prometheus target may be better"),
        ]
    }

    func isChosen(_ claim: String) -> Bool {
        (claims.isEmpty || claims.contains { $0.matches(.deployment, claim) })
            && !except.contains { $0.matches(.deployment, claim) }
    }

    public func observe(_ access: DiskAccess, in context: Context) async throws -> Observation {
        switch access.source {
        case .kubelets(let cluster):
            return try await KubeletDisks(check: self, access: cluster, namespace: namespace ?? cluster.namespace)
                .look().observation()
        case .prometheus(let prometheus):
            guard let namespace else {
                throw CouldNotLook(
                    .rejected, "A Prometheus knows many namespaces: name the one to look at with `namespace`.")
            }
            return try await MetricDisks(check: self, access: prometheus, namespace: namespace, now: context.host.now())
                .look().observation()
        }
    }
}
