/// The kinds that the stand-in serves; custom resource definitions add theirs.
extension APIResource {
    public static let namespaces = APIResource(
        "", "v1", "namespaces", "Namespace", namespaced: false, short: ["ns"], .status)
    public static let nodes = APIResource("", "v1", "nodes", "Node", namespaced: false, short: ["no"], .status)
    public static let pods = APIResource(
        "", "v1", "pods", "Pod", short: ["po"], all: true, [.status, .generation, .returnsDeleted])
    public static let services = APIResource(
        "", "v1", "services", "Service", short: ["svc"], all: true, [.status, .returnsDeleted])
    public static let endpoints = APIResource(
        "", "v1", "endpoints", "Endpoints", short: ["ep"], singular: "endpoints")
    public static let configMaps = APIResource("", "v1", "configmaps", "ConfigMap", short: ["cm"])
    public static let secrets = APIResource("", "v1", "secrets", "Secret")
    public static let events = APIResource("", "v1", "events", "Event", short: ["ev"])
    public static let serviceAccounts = APIResource(
        "", "v1", "serviceaccounts", "ServiceAccount", short: ["sa"], .returnsDeleted)
    public static let persistentVolumeClaims = APIResource(
        "", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", short: ["pvc"], [.status, .returnsDeleted])
    public static let persistentVolumes = APIResource(
        "", "v1", "persistentvolumes", "PersistentVolume", namespaced: false, short: ["pv"], [.status, .returnsDeleted])
    public static let resourceQuotas = APIResource(
        "", "v1", "resourcequotas", "ResourceQuota", short: ["quota"], [.status, .returnsDeleted])
    public static let limitRanges = APIResource("", "v1", "limitranges", "LimitRange", short: ["limits"])
    public static let replicationControllers = APIResource(
        "", "v1", "replicationcontrollers", "ReplicationController", short: ["rc"], all: true,
        [.status, .scale, .generation])

    public static let deployments = APIResource(
        "apps", "v1", "deployments", "Deployment", short: ["deploy"], all: true, [.status, .scale, .generation])
    public static let replicaSets = APIResource(
        "apps", "v1", "replicasets", "ReplicaSet", short: ["rs"], all: true, [.status, .scale, .generation])
    public static let statefulSets = APIResource(
        "apps", "v1", "statefulsets", "StatefulSet", short: ["sts"], all: true, [.status, .scale, .generation])
    public static let daemonSets = APIResource(
        "apps", "v1", "daemonsets", "DaemonSet", short: ["ds"], all: true, [.status, .generation])
    public static let controllerRevisions = APIResource("apps", "v1", "controllerrevisions", "ControllerRevision")

    public static let jobs = APIResource("batch", "v1", "jobs", "Job", all: true, [.status, .generation])
    public static let cronJobs = APIResource(
        "batch", "v1", "cronjobs", "CronJob", short: ["cj"], all: true, [.status, .generation])
    public static let horizontalPodAutoscalers = APIResource(
        "autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", short: ["hpa"], all: true, .status)
    public static let podDisruptionBudgets = APIResource(
        "policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", short: ["pdb"], [.status, .generation])
    public static let ingresses = APIResource(
        "networking.k8s.io", "v1", "ingresses", "Ingress", short: ["ing"], [.status, .generation])
    public static let ingressClasses = APIResource(
        "networking.k8s.io", "v1", "ingressclasses", "IngressClass", namespaced: false, .generation)
    public static let networkPolicies = APIResource(
        "networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", short: ["netpol"], .generation)
    public static let endpointSlices = APIResource(
        "discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", .generation)
    public static let leases = APIResource("coordination.k8s.io", "v1", "leases", "Lease")

    private static let rbac = "rbac.authorization.k8s.io"
    public static let roles = APIResource(rbac, "v1", "roles", "Role")
    public static let roleBindings = APIResource(rbac, "v1", "rolebindings", "RoleBinding")
    public static let clusterRoles = APIResource(rbac, "v1", "clusterroles", "ClusterRole", namespaced: false)
    public static let clusterRoleBindings = APIResource(
        rbac, "v1", "clusterrolebindings", "ClusterRoleBinding", namespaced: false)

    public static let storageClasses = APIResource(
        "storage.k8s.io", "v1", "storageclasses", "StorageClass", namespaced: false, short: ["sc"], .returnsDeleted)
    public static let priorityClasses = APIResource(
        "scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", namespaced: false, short: ["pc"])
    public static let customResourceDefinitions = APIResource(
        "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", namespaced: false,
        short: ["crd", "crds"], [.status, .generation])

    private static let authorization = "authorization.k8s.io"
    public static let selfSubjectAccessReviews = APIResource(
        authorization, "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", namespaced: false, .virtual)
    public static let selfSubjectRulesReviews = APIResource(
        authorization, "v1", "selfsubjectrulesreviews", "SelfSubjectRulesReview", namespaced: false, .virtual)
    public static let subjectAccessReviews = APIResource(
        authorization, "v1", "subjectaccessreviews", "SubjectAccessReview", namespaced: false, .virtual)
    public static let localSubjectAccessReviews = APIResource(
        authorization, "v1", "localsubjectaccessreviews", "LocalSubjectAccessReview", .virtual)
    public static let tokenReviews = APIResource(
        "authentication.k8s.io", "v1", "tokenreviews", "TokenReview", namespaced: false, .virtual)
    public static let selfSubjectReviews = APIResource(
        "authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview", namespaced: false, .virtual)

    private static let metrics = "metrics.k8s.io"
    public static let nodeMetrics = APIResource(
        metrics, "v1beta1", "nodes", "NodeMetrics", namespaced: false, .virtual, singular: "")
    public static let podMetrics = APIResource(metrics, "v1beta1", "pods", "PodMetrics", .virtual, singular: "")

    /// What is served without any definition; the preferred version of a group comes first.
    public static let builtIn: [APIResource] = [
        namespaces, nodes, pods, services, endpoints, configMaps, secrets, events, serviceAccounts,
        persistentVolumeClaims, persistentVolumes, resourceQuotas, limitRanges, replicationControllers,
        deployments, replicaSets, statefulSets, daemonSets, controllerRevisions, jobs, cronJobs,
        horizontalPodAutoscalers, horizontalPodAutoscalers.at("v1"), podDisruptionBudgets, ingresses, ingressClasses,
        networkPolicies, endpointSlices,
        leases, roles, roleBindings, clusterRoles, clusterRoleBindings, storageClasses, priorityClasses,
        customResourceDefinitions, selfSubjectAccessReviews, selfSubjectRulesReviews, subjectAccessReviews,
        localSubjectAccessReviews, tokenReviews, selfSubjectReviews,
    ]
    /// Served only where the metrics server is installed.
    public static let metricsServer: [APIResource] = [nodeMetrics, podMetrics]
}
