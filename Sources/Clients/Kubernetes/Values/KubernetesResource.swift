import Maintenance

/// A kind of objects that the API serves, and where.
public struct KubernetesResource: Hashable, Sendable {
    /// Empty for the core group.
    public let group: String
    public let version: String
    /// As paths and rights name it: `deployments`.
    public let plural: String
    /// As objects name it: `Deployment`.
    public let kind: String
    public let namespaced: Bool

    public init(group: String = "", version: String = "v1", plural: String, kind: String, namespaced: Bool = true) {
        self.group = group
        self.version = version
        self.plural = plural
        self.kind = kind
        self.namespaced = namespaced
    }

    /// `v1`, `apps/v1`.
    public var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }

    /// As rights and error messages name it: `deployments.apps`.
    public var qualifiedName: String { group.isEmpty ? plural : "\(plural).\(group)" }

    /// Where its objects are; `namespace` empty is all namespaces.
    func path(namespace: String, name: String? = nil, subresource: String? = nil) -> String {
        var path = group.isEmpty ? "/api/\(version)" : "/apis/\(group)/\(version)"
        if namespaced, !namespace.isEmpty { path += "/namespaces/" + namespace.percentEncoded }
        path += "/" + plural
        if let name { path += "/" + name.percentEncoded }
        if let subresource { path += "/" + subresource }
        return path
    }
}

extension KubernetesResource {
    public static let pods = KubernetesResource(plural: "pods", kind: "Pod")
    public static let services = KubernetesResource(plural: "services", kind: "Service")
    public static let endpoints = KubernetesResource(plural: "endpoints", kind: "Endpoints")
    public static let events = KubernetesResource(plural: "events", kind: "Event")
    public static let configMaps = KubernetesResource(plural: "configmaps", kind: "ConfigMap")
    public static let secrets = KubernetesResource(plural: "secrets", kind: "Secret")
    public static let serviceAccounts = KubernetesResource(plural: "serviceaccounts", kind: "ServiceAccount")
    public static let resourceQuotas = KubernetesResource(plural: "resourcequotas", kind: "ResourceQuota")
    public static let persistentVolumeClaims = KubernetesResource(
        plural: "persistentvolumeclaims", kind: "PersistentVolumeClaim")
    public static let persistentVolumes = KubernetesResource(
        plural: "persistentvolumes", kind: "PersistentVolume", namespaced: false)
    public static let nodes = KubernetesResource(plural: "nodes", kind: "Node", namespaced: false)
    public static let namespaces = KubernetesResource(plural: "namespaces", kind: "Namespace", namespaced: false)
    public static let deployments = apps("deployments", "Deployment")
    public static let replicaSets = apps("replicasets", "ReplicaSet")
    public static let statefulSets = apps("statefulsets", "StatefulSet")
    public static let daemonSets = apps("daemonsets", "DaemonSet")
    public static let controllerRevisions = apps("controllerrevisions", "ControllerRevision")
    public static let jobs = KubernetesResource(group: "batch", plural: "jobs", kind: "Job")
    public static let cronJobs = KubernetesResource(group: "batch", plural: "cronjobs", kind: "CronJob")
    public static let endpointSlices = KubernetesResource(
        group: "discovery.k8s.io", plural: "endpointslices", kind: "EndpointSlice")
    public static let horizontalPodAutoscalers = KubernetesResource(
        group: "autoscaling", version: "v2", plural: "horizontalpodautoscalers", kind: "HorizontalPodAutoscaler")
    public static let podDisruptionBudgets = KubernetesResource(
        group: "policy", plural: "poddisruptionbudgets", kind: "PodDisruptionBudget")
    public static let leases = KubernetesResource(group: "coordination.k8s.io", plural: "leases", kind: "Lease")
    public static let ingresses = KubernetesResource(
        group: "networking.k8s.io", plural: "ingresses", kind: "Ingress")
    public static let networkPolicies = KubernetesResource(
        group: "networking.k8s.io", plural: "networkpolicies", kind: "NetworkPolicy")
    public static let roles = rbac("roles", "Role", true)
    public static let roleBindings = rbac("rolebindings", "RoleBinding", true)
    public static let clusterRoles = rbac("clusterroles", "ClusterRole", false)
    public static let clusterRoleBindings = rbac("clusterrolebindings", "ClusterRoleBinding", false)

    static let accessReviews = KubernetesResource(
        group: "authorization.k8s.io", plural: "selfsubjectaccessreviews", kind: "SelfSubjectAccessReview",
        namespaced: false)
    static let rulesReviews = KubernetesResource(
        group: "authorization.k8s.io", plural: "selfsubjectrulesreviews", kind: "SelfSubjectRulesReview",
        namespaced: false)

    private static func apps(_ plural: String, _ kind: String) -> KubernetesResource {
        KubernetesResource(group: "apps", plural: plural, kind: kind)
    }

    private static func rbac(_ plural: String, _ kind: String, _ namespaced: Bool) -> KubernetesResource {
        KubernetesResource(group: "rbac.authorization.k8s.io", plural: plural, kind: kind, namespaced: namespaced)
    }
}

/// The query of a path.
enum PathText {
    /// `?a=b&c=d`; nothing where there is nothing.
    static func query(_ items: [(String, String?)]) -> String {
        let given = items.compactMap { name, value in value.map { "\(name)=\($0.percentEncoded)" } }
        return given.isEmpty ? "" : "?" + given.joined(separator: "&")
    }
}
