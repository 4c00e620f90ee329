/// By which fields the items of a list are told apart, which depends on where the list is.
enum MergeKeys {
    enum List: Equatable {
        /// Replaced as a whole.
        case atomic
        /// Plain values that are there or not.
        case set
        /// Items with keys.
        case keyed([String])
    }

    /// How a list is merged by a strategic merge patch (`patchMergeKey` of the real types).
    static func strategic(_ path: [String], _ resource: APIResource) -> List {
        guard let name = path.last, !resource.traits.contains(.custom) else { return .atomic }
        let parent = path.dropLast().last ?? ""
        switch name {
        case "containers", "initContainers", "ephemeralContainers", "env", "volumes", "imagePullSecrets":
            return .keyed(["name"])
        case "volumeMounts": return .keyed(["mountPath"])
        case "volumeDevices": return .keyed(["devicePath"])
        case "hostAliases": return .keyed(["ip"])
        case "topologySpreadConstraints": return .keyed(["topologyKey"])
        case "resourceClaims", "schedulingGates": return .keyed(["name"])
        case "ports" where resource == .services: return .keyed(["port"])
        case "ports" where resource.plural != "endpointslices" && resource.group != "networking.k8s.io":
            return .keyed(["containerPort"])
        case "conditions" where parent == "status": return .keyed(["type"])
        case "addresses" where resource == .nodes: return .keyed(["type"])
        case "podIPs", "hostIPs": return .keyed(["ip"])
        case "ownerReferences" where parent == "metadata": return .keyed(["uid"])
        case "finalizers" where parent == "metadata": return .set
        case "secrets" where resource == .serviceAccounts: return .keyed(["name"])
        case "taints": return .atomic
        default: return .atomic
        }
    }

    /// How server-side apply and `managedFields` see a list (`listType` and `listMapKey`).
    static func apply(_ path: [String], _ resource: APIResource) -> List {
        let name = path.last ?? ""
        let parent = path.dropLast().last ?? ""
        switch name {
        case "ports" where resource == .services: return .keyed(["port", "protocol"])
        case "ports":
            let list = strategic(path, resource)
            return list == .atomic ? list : .keyed(["containerPort", "protocol"])
        case "topologySpreadConstraints": return .keyed(["topologyKey", "whenUnsatisfiable"])
        case "conditions" where parent == "status": return .keyed(["type"])
        case "finalizers" where parent == "metadata": return .set
        case "ownerReferences" where parent == "metadata": return .keyed(["uid"])
        case "accessModes", "command", "args", "tolerations": return .atomic
        case "imagePullSecrets", "secrets": return .keyed(["name"])
        default: return strategic(path, resource)
        }
    }

    /// Objects that belong to one manager as a whole.
    static func isAtomicObject(_ path: [String]) -> Bool {
        switch path.last ?? "" {
        case "selector": path.count == 2 && path.first == "spec"
        case "securityContext", "resources": false
        case "roleRef", "nodeAffinity", "secretRef", "configMapRef", "scaleTargetRef", "valueFrom": true
        default: false
        }
    }
}
