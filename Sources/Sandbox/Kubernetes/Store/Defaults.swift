/// What the API fills in where a writer left it out.
enum Defaults {
    /// A new object starts with the status of something that no controller has seen yet.
    static func resetStatus(_ object: inout JSON, _ resource: APIResource) {
        switch resource.qualified {
        case "pods":
            let phase: JSON = [
                "phase": "Pending", "qosClass": .string(qualityOfService(object["spec"] ?? .emptyObject)),
            ]
            object["status"] = phase
        case "namespaces":
            object["status"] = ["phase": "Active"]
            object[path: ["spec", "finalizers"]] = ["kubernetes"]
            object[path: ["metadata", "labels", "kubernetes.io/metadata.name"]] = .string(object.name)
        case "services": object["status"] = ["loadBalancer": [:]]
        case "persistentvolumeclaims":
            object["status"] = ["phase": "Pending"]
            object[path: ["metadata", "finalizers"]] = ["kubernetes.io/pvc-protection"]
        case "persistentvolumes": object["status"] = ["phase": "Pending"]
        case "horizontalpodautoscalers.autoscaling":
            object["status"] = ["desiredReplicas": 0, "currentMetrics": .null]
        case "poddisruptionbudgets.policy":
            object["status"] = ["disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0]
        case "daemonsets.apps":
            object["status"] = [
                "currentNumberScheduled": 0, "numberMisscheduled": 0, "desiredNumberScheduled": 0, "numberReady": 0,
            ]
        case "statefulsets.apps": object["status"] = ["replicas": 0, "availableReplicas": 0]
        case "replicasets.apps", "replicationcontrollers": object["status"] = ["replicas": 0]
        case "customresourcedefinitions.apiextensions.k8s.io": CustomDefinition.accept(&object)
        // A kubelet registers its node with what it has.
        case "nodes": object[path: ["metadata", "annotations", "node.alpha.kubernetes.io/ttl"]] = "0"
        default:
            guard resource.traits.contains(.status) else { return }
            object["status"] = resource.traits.contains(.custom) ? nil : .emptyObject
        }
        if resource == .jobs { labelJob(&object) }
        if resource == .pods { admitPod(&object) }
    }

    static func apply(_ object: inout JSON, _ resource: APIResource) {
        switch resource.qualified {
        case "pods": edit(&object, ["spec"], pod)
        case "deployments.apps": deployment(&object)
        case "replicasets.apps", "replicationcontrollers":
            fill(&object, ["spec", "replicas"], 1)
            template(&object, ["spec", "template"])
        case "statefulsets.apps": statefulSet(&object)
        case "daemonsets.apps": daemonSet(&object)
        case "jobs.batch": edit(&object, ["spec"]) { job(&$0, isTemplate: false) }
        case "cronjobs.batch": cronJob(&object)
        case "services": service(&object)
        case "secrets":
            fill(&object, ["type"], "Opaque")
            foldStringData(&object)
        case "persistentvolumeclaims": fill(&object, ["spec", "volumeMode"], "Filesystem")
        case "horizontalpodautoscalers.autoscaling": fill(&object, ["spec", "minReplicas"], 1)
        case "nodes":
            fill(&object, ["spec"], [:])
            if object["spec"]?["unschedulable"] == false { object[path: ["spec", "unschedulable"]] = nil }
        case "networkpolicies.networking.k8s.io": fill(&object, ["spec", "policyTypes"], ["Ingress"])
        case "storageclasses.storage.k8s.io":
            fill(&object, ["reclaimPolicy"], "Delete")
            fill(&object, ["volumeBindingMode"], "Immediate")
        case "rolebindings.rbac.authorization.k8s.io", "clusterrolebindings.rbac.authorization.k8s.io":
            subjects(&object)
        case "events":
            for field in ["firstTimestamp", "lastTimestamp", "eventTime"] { fill(&object, [field], .null) }
            fill(&object, ["source"], [:])
            fill(&object, ["reportingComponent"], "")
            fill(&object, ["reportingInstance"], "")
        case "customresourcedefinitions.apiextensions.k8s.io": CustomDefinition.defaults(&object)
        default: break
        }
    }

    static func fill(_ object: inout JSON, _ path: [String], _ value: JSON) {
        if object[path: path]?.isNull ?? true { object[path: path] = value }
    }

    static func edit(_ object: inout JSON, _ path: [String], _ change: (inout JSON) -> Void) {
        var part = object[path: path] ?? .emptyObject
        change(&part)
        object[path: path] = part
    }

    private static func deployment(_ object: inout JSON) {
        fill(&object, ["spec", "replicas"], 1)
        fill(&object, ["spec", "strategy", "type"], "RollingUpdate")
        if object["spec"]?["strategy"]?["type"] == "RollingUpdate" {
            fill(&object, ["spec", "strategy", "rollingUpdate", "maxUnavailable"], "25%")
            fill(&object, ["spec", "strategy", "rollingUpdate", "maxSurge"], "25%")
        }
        fill(&object, ["spec", "revisionHistoryLimit"], 10)
        fill(&object, ["spec", "progressDeadlineSeconds"], 600)
        template(&object, ["spec", "template"])
    }

    private static func statefulSet(_ object: inout JSON) {
        fill(&object, ["spec", "replicas"], 1)
        fill(&object, ["spec", "podManagementPolicy"], "OrderedReady")
        fill(&object, ["spec", "revisionHistoryLimit"], 10)
        fill(&object, ["spec", "updateStrategy", "type"], "RollingUpdate")
        if object["spec"]?["updateStrategy"]?["type"] == "RollingUpdate" {
            fill(&object, ["spec", "updateStrategy", "rollingUpdate", "partition"], 0)
        }
        fill(
            &object, ["spec", "persistentVolumeClaimRetentionPolicy"],
            ["whenDeleted": "Retain", "whenScaled": "Retain"])
        template(&object, ["spec", "template"])
    }

    private static func daemonSet(_ object: inout JSON) {
        fill(&object, ["spec", "revisionHistoryLimit"], 10)
        fill(&object, ["spec", "updateStrategy", "type"], "RollingUpdate")
        if object["spec"]?["updateStrategy"]?["type"] == "RollingUpdate" {
            fill(&object, ["spec", "updateStrategy", "rollingUpdate", "maxUnavailable"], 1)
            fill(&object, ["spec", "updateStrategy", "rollingUpdate", "maxSurge"], 0)
        }
        template(&object, ["spec", "template"])
    }

    private static func cronJob(_ object: inout JSON) {
        fill(&object, ["spec", "concurrencyPolicy"], "Allow")
        fill(&object, ["spec", "suspend"], false)
        fill(&object, ["spec", "successfulJobsHistoryLimit"], 3)
        fill(&object, ["spec", "failedJobsHistoryLimit"], 1)
        fill(&object, ["spec", "jobTemplate", "metadata"], [:])
        template(&object, ["spec", "jobTemplate", "spec", "template"])
    }

    private static func job(_ spec: inout JSON, isTemplate: Bool) {
        if spec["completions"] == nil, spec["parallelism"] == nil { spec["completions"] = 1 }
        fill(&spec, ["parallelism"], 1)
        fill(&spec, ["backoffLimit"], 6)
        fill(&spec, ["completionMode"], "NonIndexed")
        fill(&spec, ["suspend"], false)
        fill(&spec, ["manualSelector"], false)
        fill(&spec, ["podReplacementPolicy"], "TerminatingOrFailed")
        template(&spec, ["template"])
    }

    private static func labelJob(_ object: inout JSON) {
        guard object["spec"]?["manualSelector"]?.bool != true else { return }
        let uid = JSON.string(object.uid)
        for path in [["metadata"], ["spec", "template", "metadata"]] {
            for prefix in ["", "batch.kubernetes.io/"] {
                object[path: path + ["labels", prefix + "controller-uid"]] = uid
                object[path: path + ["labels", prefix + "job-name"]] = .string(object.name)
            }
        }
        object[path: ["spec", "selector"]] = ["matchLabels": ["batch.kubernetes.io/controller-uid": uid]]
    }

    private static func service(_ object: inout JSON) {
        fill(&object, ["spec", "type"], "ClusterIP")
        fill(&object, ["spec", "sessionAffinity"], "None")
        let type = object["spec"]?["type"]?.string
        guard type != "ExternalName" else { return }
        fill(&object, ["spec", "ipFamilies"], ["IPv4"])
        fill(&object, ["spec", "ipFamilyPolicy"], "SingleStack")
        fill(&object, ["spec", "internalTrafficPolicy"], "Cluster")
        if type == "LoadBalancer" { fill(&object, ["spec", "allocateLoadBalancerNodePorts"], true) }
        if type != "ClusterIP" { fill(&object, ["spec", "externalTrafficPolicy"], "Cluster") }
        guard var ports = object["spec"]?["ports"]?.array else { return }
        for index in ports.indices {
            fill(&ports[index], ["protocol"], "TCP")
            fill(&ports[index], ["targetPort"], ports[index]["port"] ?? .null)
        }
        object[path: ["spec", "ports"]] = .array(ports)
    }

    private static func foldStringData(_ object: inout JSON) {
        guard let texts = object["stringData"]?.object else { return }
        for (key, value) in texts {
            object[path: ["data", key]] = .string(Base64.encode(Array((value.string ?? "").utf8)))
        }
        object["stringData"] = nil
    }

    private static func subjects(_ object: inout JSON) {
        guard var subjects = object["subjects"]?.array else { return }
        for index in subjects.indices where subjects[index]["kind"] != "ServiceAccount" {
            fill(&subjects[index], ["apiGroup"], "rbac.authorization.k8s.io")
        }
        object["subjects"] = .array(subjects)
    }
}
