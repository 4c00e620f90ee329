/// The fields of the kinds that people write by hand: what is not among them is unknown, and a wrong type is refused.
/// `name:type`, where a type is `int`, `text`, `flag`, `[X]`, `{X}`, another entry of the table, or nothing for any.
enum Schema {
    private static let table: [String: String] = [
        "ConfigMap": "data:{text} binaryData:{text} immutable:flag",
        "Secret": "data:{text} stringData:{text} type:text immutable:flag",
        "Namespace": "spec status", "ServiceAccount": "secrets imagePullSecrets automountServiceAccountToken:flag",
        "Pod": "spec:PodSpec status", "Service": "spec:ServiceSpec status",
        "Deployment": "spec:DeploymentSpec status", "ReplicaSet": "spec:ReplicaSetSpec status",
        "StatefulSet": "spec:StatefulSetSpec status", "DaemonSet": "spec:DaemonSetSpec status",
        "Job": "spec:JobSpec status", "CronJob": "spec:CronJobSpec status", "Lease": "spec:LeaseSpec",
        "PersistentVolumeClaim": "spec status", "HorizontalPodAutoscaler": "spec:AutoscalerSpec status",
        "PodDisruptionBudget": "spec status", "NetworkPolicy": "spec", "Ingress": "spec status",
        "Role": "rules", "ClusterRole": "rules aggregationRule", "RoleBinding": "subjects roleRef",
        "ClusterRoleBinding": "subjects roleRef",
        "DeploymentSpec": """
        replicas:int selector:Selector template:PodTemplate strategy minReadySeconds:int revisionHistoryLimit:int \
        paused:flag progressDeadlineSeconds:int
        """,
        "ReplicaSetSpec": "replicas:int minReadySeconds:int selector:Selector template:PodTemplate",
        "StatefulSetSpec": """
        replicas:int selector:Selector template:PodTemplate volumeClaimTemplates serviceName:text ordinals \
        podManagementPolicy:text updateStrategy revisionHistoryLimit:int minReadySeconds:int \
        persistentVolumeClaimRetentionPolicy
        """,
        "DaemonSetSpec": """
        selector:Selector template:PodTemplate updateStrategy minReadySeconds:int revisionHistoryLimit:int
        """,
        "JobSpec": """
        parallelism:int completions:int activeDeadlineSeconds:int podFailurePolicy successPolicy backoffLimit:int \
        backoffLimitPerIndex:int maxFailedIndexes:int selector:Selector manualSelector:flag template:PodTemplate \
        ttlSecondsAfterFinished:int completionMode:text suspend:flag podReplacementPolicy:text managedBy:text
        """,
        "CronJobSpec": """
        schedule:text timeZone:text startingDeadlineSeconds:int concurrencyPolicy:text suspend:flag \
        jobTemplate:JobTemplate successfulJobsHistoryLimit:int failedJobsHistoryLimit:int
        """,
        "JobTemplate": "metadata spec:JobSpec", "PodTemplate": "metadata spec:PodSpec",
        "Selector": "matchLabels:{text} matchExpressions",
        "ServiceSpec": """
        ports selector:{text} clusterIP:text clusterIPs type:text externalIPs sessionAffinity:text loadBalancerIP:text \
        loadBalancerSourceRanges externalName:text externalTrafficPolicy:text healthCheckNodePort:int \
        publishNotReadyAddresses:flag sessionAffinityConfig ipFamilies ipFamilyPolicy:text \
        allocateLoadBalancerNodePorts:flag loadBalancerClass:text internalTrafficPolicy:text trafficDistribution:text
        """,
        "LeaseSpec": """
        holderIdentity:text leaseDurationSeconds:int acquireTime:text renewTime:text leaseTransitions:int \
        strategy:text \
        preferredHolder:text
        """,
        "AutoscalerSpec":
            "scaleTargetRef minReplicas:int maxReplicas:int metrics behavior targetCPUUtilizationPercentage:int",
        "PodSpec": """
        volumes initContainers:[Container] containers:[Container] ephemeralContainers restartPolicy:text \
        terminationGracePeriodSeconds:int activeDeadlineSeconds:int dnsPolicy:text nodeSelector:{text} \
        serviceAccountName:text serviceAccount:text automountServiceAccountToken:flag nodeName:text hostNetwork:flag \
        hostPID:flag hostIPC:flag shareProcessNamespace:flag securityContext imagePullSecrets hostname:text \
        subdomain:text affinity schedulerName:text tolerations hostAliases priorityClassName:text priority:int \
        dnsConfig readinessGates runtimeClassName:text enableServiceLinks:flag preemptionPolicy:text overhead \
        topologySpreadConstraints setHostnameAsFQDN:flag os hostUsers:flag schedulingGates resourceClaims resources \
        hostnameOverride
        """,
        "Container": """
        name:text image:text command args workingDir:text ports envFrom env resources resizePolicy restartPolicy:text \
        restartPolicyRules volumeMounts volumeDevices livenessProbe readinessProbe startupProbe lifecycle \
        terminationMessagePath:text terminationMessagePolicy:text imagePullPolicy:text securityContext stdin:flag \
        stdinOnce:flag tty:flag
        """,
        "ObjectMeta": """
        name:text generateName:text namespace:text selfLink:text uid:text resourceVersion:text generation:int \
        creationTimestamp deletionTimestamp deletionGracePeriodSeconds:int labels:{text} annotations:{text} \
        ownerReferences finalizers managedFields clusterName:text
        """,
    ]

    private static let fields: [String: [String: String]] = table.mapValues { text in
        var fields: [String: String] = [:]
        for word in text.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
            let parts = word.split(separator: ":", maxSplits: 1)
            fields[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
        }
        return fields
    }

    /// Takes out what the kind does not have and lists it; 400 for a value of the wrong type.
    static func check(_ object: inout JSON, _ resource: APIResource, unknown: inout [String]) throws {
        var place = Place(resource: resource)
        if !resource.traits.contains(.custom), let known = fields[resource.kind] {
            let own = known.merging(["kind": "text", "apiVersion": "text", "metadata": "ObjectMeta"]) { a, _ in a }
            try place.check(&object, fields: own, path: "", type: resource.kind)
        } else if var metadata = object["metadata"] {
            try place.check(&metadata, type: "ObjectMeta", path: "metadata", parent: resource.kind)
            object["metadata"] = metadata
        }
        unknown = place.unknown
    }

    private struct Place {
        let resource: APIResource
        var unknown: [String] = []

        mutating func check(_ value: inout JSON, fields known: [String: String], path: String, type: String) throws {
            guard case .object(var fields) = value else { return }
            for key in fields.keys.sorted() {
                let here = path.isEmpty ? key : path + "." + key
                guard let type = known[key] else {
                    unknown.append(here)
                    fields[key] = nil
                    continue
                }
                guard var inner = fields[key], !inner.isNull, !type.isEmpty else { continue }
                try check(&inner, type: type, path: here, parent: type)
                fields[key] = inner
            }
            value = .object(fields)
        }

        mutating func check(_ value: inout JSON, type: String, path: String, parent: String) throws {
            if type.hasPrefix("{"), case .object(var fields) = value {
                for (key, var inner) in fields where !inner.isNull {
                    try check(&inner, type: String(type.dropFirst().dropLast()), path: path, parent: parent)
                    fields[key] = inner
                }
            } else if type.hasPrefix("["), case .array(var items) = value {
                for index in items.indices {
                    let here = "\(path)[\(index)]"
                    try check(&items[index], type: String(type.dropFirst().dropLast()), path: here, parent: parent)
                }
                value = .array(items)
            } else if let known = Schema.fields[type], value.object != nil {
                try check(&value, fields: known, path: path, type: type)
            } else if !fits(value, type) {
                throw mismatch(value, type, path)
            }
        }

        private func fits(_ value: JSON, _ type: String) -> Bool {
            switch type {
            case "int": value.int != nil
            case "text": value.string != nil
            case "flag": value.bool != nil
            default: false
            }
        }

        private func mismatch(_ value: JSON, _ type: String, _ path: String) -> KubernetesStatus {
            let given =
                switch value {
                case .string: "string"
                case .int, .double: "number"
                case .bool: "bool"
                case .array: "array"
                default: "object"
                }
            let wanted = ["int": "int32", "text": "string", "flag": "bool"][type] ?? "v1.\(type)"
            let field = path.split(separator: "[").first.map(String.init) ?? path
            return .badRequest(
                "\(resource.kind) in version \"\(resource.version)\" cannot be handled as a \(resource.kind): json: "
                    + "cannot unmarshal \(given) into Go struct field \(resource.kind).\(field) of type \(wanted)")
        }
    }
}
