/// What a new cluster has before anybody uses it: namespaces, roles, the API's own service.
enum ClusterBootstrap {
    static func fill(_ store: KubernetesStore, namespaces: [String]) throws {
        for name in ["default", "kube-system", "kube-public", "kube-node-lease"] + namespaces {
            try store.create(.namespaces, ["metadata": ["name": .string(name)]])
        }
        for (name, rules) in roles {
            try store.create(
                .clusterRoles, ["metadata": bootstrapped(name), "rules": .array(rules)])
        }
        for (name, role, group) in [
            ("cluster-admin", "cluster-admin", "system:masters"),
            ("system:basic-user", "system:basic-user", "system:authenticated"),
            ("system:discovery", "system:discovery", "system:authenticated"),
            ("system:public-info-viewer", "system:public-info-viewer", "system:authenticated"),
            ("system:public-info-viewer-anonymous", "system:public-info-viewer", "system:unauthenticated"),
        ] {
            try store.create(
                .clusterRoleBindings,
                [
                    "metadata": bootstrapped(name),
                    "roleRef": [
                        "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": .string(role),
                    ],
                    "subjects": [["apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": .string(group)]],
                ])
        }
        try store.create(
            .services,
            [
                "metadata": ["name": "kubernetes"],
                "spec": ["ports": [["name": "https", "port": 443, "targetPort": 6443]]],
            ], in: "default")
        // As a cluster that has lived for a while: a watch from its beginning comes too late.
        store.compact()
    }

    private static func bootstrapped(_ name: String) -> JSON {
        [
            "name": .string(name), "labels": ["kubernetes.io/bootstrapping": "rbac-defaults"],
            "annotations": ["rbac.authorization.kubernetes.io/autoupdate": "true"],
        ]
    }

    private static func rule(_ groups: [String], _ resources: [String], _ verbs: [String]) -> JSON {
        [
            "apiGroups": .array(groups.map(JSON.string)), "resources": .array(resources.map(JSON.string)),
            "verbs": .array(verbs.map(JSON.string)),
        ]
    }

    private static func urls(_ paths: [String]) -> JSON {
        ["nonResourceURLs": .array(paths.map(JSON.string)), "verbs": ["get"]]
    }

    private static let look = ["get", "list", "watch"]
    private static let write = ["create", "delete", "deletecollection", "patch", "update"]
    private static let viewed: [JSON] = [
        rule(
            [""],
            [
                "configmaps", "endpoints", "events", "limitranges", "namespaces", "persistentvolumeclaims",
                "persistentvolumeclaims/status", "pods", "pods/log", "pods/status", "replicationcontrollers",
                "resourcequotas", "serviceaccounts", "services", "services/status",
            ], look),
        rule(
            ["apps"],
            [
                "controllerrevisions", "daemonsets", "deployments", "deployments/scale", "replicasets",
                "replicasets/scale", "statefulsets", "statefulsets/scale",
            ], look),
        rule(["batch"], ["cronjobs", "jobs"], look), rule(["autoscaling"], ["horizontalpodautoscalers"], look),
        rule(["policy"], ["poddisruptionbudgets"], look), rule(["discovery.k8s.io"], ["endpointslices"], look),
        rule(["networking.k8s.io"], ["ingresses", "networkpolicies"], look),
    ]
    private static let edited: [JSON] = [
        rule([""], ["secrets"], look),
        rule(
            [""],
            [
                "configmaps", "events", "persistentvolumeclaims", "pods", "pods/attach", "pods/exec",
                "pods/portforward", "pods/eviction", "secrets", "serviceaccounts", "services",
            ], write),
        rule([""], ["pods/exec"], ["get"]),
        rule(
            ["apps"],
            [
                "daemonsets", "deployments", "deployments/scale", "replicasets", "replicasets/scale", "statefulsets",
                "statefulsets/scale",
            ], write),
        rule(["batch"], ["cronjobs", "jobs"], write), rule(["autoscaling"], ["horizontalpodautoscalers"], write),
        rule(["policy"], ["poddisruptionbudgets"], write), rule(["coordination.k8s.io"], ["leases"], look + write),
        rule(["networking.k8s.io"], ["ingresses", "networkpolicies"], write),
    ]
    private static let publicPaths = ["/healthz", "/livez", "/readyz", "/version", "/version/"]
    private static let roles: [(String, [JSON])] = [
        ("cluster-admin", [rule(["*"], ["*"], ["*"]), ["verbs": ["*"], "nonResourceURLs": ["*"]]]),
        (
            "admin",
            viewed + edited
                + [rule(["rbac.authorization.k8s.io"], ["rolebindings", "roles"], look + write)]
        ),
        ("edit", viewed + edited), ("view", viewed),
        (
            "system:basic-user",
            [
                rule(
                    ["authorization.k8s.io"], ["selfsubjectaccessreviews", "selfsubjectrulesreviews"], ["create"]),
                rule(["authentication.k8s.io"], ["selfsubjectreviews"], ["create"]),
            ]
        ),
        (
            "system:discovery",
            [
                urls([
                    "/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz",
                    "/version", "/version/",
                ])
            ]
        ),
        ("system:public-info-viewer", [urls(publicPaths)]),
    ]
}
