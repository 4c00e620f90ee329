/// What may not change any more once an object is there.
extension Validation {
    static func changes(from old: JSON, to new: JSON, _ resource: APIResource) -> [FieldCause] {
        func immutable(_ path: String, _ detail: String = "field is immutable") -> [FieldCause] {
            let before = old[dotted: path]
            let after = new[dotted: path]
            return before == nil || before == after ? [] : [.invalid(path, after ?? .null, detail)]
        }
        switch resource.qualified {
        case "deployments.apps", "replicasets.apps", "daemonsets.apps": return immutable("spec.selector")
        case "statefulsets.apps": return statefulSet(from: old, to: new)
        case "jobs.batch":
            let isStarted = old["status"]?["startTime"] != nil || old["spec"]?["suspend"] != true
            return immutable("spec.selector") + immutable("spec.completions")
                + (isStarted ? immutable("spec.template") : [])
        case "configmaps", "secrets":
            return frozen(from: old, to: new)
                + (resource == .secrets ? immutable("type") : [])
        case "persistentvolumeclaims": return claim(from: old, to: new)
        case "services":
            let isExternal = new["spec"]?["type"] == "ExternalName" || old["spec"]?["type"] == "ExternalName"
            return isExternal ? [] : immutable("spec.clusterIP")
        case "pods": return pod(from: old, to: new)
        case "rolebindings.rbac.authorization.k8s.io", "clusterrolebindings.rbac.authorization.k8s.io":
            return immutable("roleRef", "cannot change roleRef")
        default: return []
        }
    }

    private static func frozen(from old: JSON, to new: JSON) -> [FieldCause] {
        guard old["immutable"] == true else { return [] }
        var causes: [FieldCause] = []
        if new["immutable"] != true {
            causes.append(.forbidden("immutable", "field is immutable when `immutable` is set"))
        }
        for field in ["data", "binaryData"] where (old[field] ?? .emptyObject) != (new[field] ?? .emptyObject) {
            causes.append(.forbidden(field, "field is immutable when `immutable` is set"))
        }
        return causes
    }

    private static func statefulSet(from old: JSON, to new: JSON) -> [FieldCause] {
        let free = [
            "replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
            "persistentVolumeClaimRetentionPolicy", "minReadySeconds",
        ]
        func rest(_ object: JSON) -> [String: JSON] {
            (object["spec"]?.object ?? [:]).filter { !free.contains($0.key) }
        }
        guard rest(old) != rest(new) else { return [] }
        return [
            .forbidden(
                "spec",
                "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
                    + "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and "
                    + "'minReadySeconds' are forbidden")
        ]
    }

    private static func pod(from old: JSON, to new: JSON) -> [FieldCause] {
        func rest(_ object: JSON) -> [String: JSON] {
            var spec = object["spec"]?.object ?? [:]
            for field in ["activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds"] { spec[field] = nil }
            if (old["spec"]?["nodeName"]?.string ?? "").isEmpty { spec["nodeName"] = nil }
            for list in ["containers", "initContainers"] {
                spec[list] = spec[list]?.array.map { containers in
                    .array(
                        containers.map { container in
                            var container = container
                            container["image"] = nil
                            return container
                        })
                }
            }
            return spec
        }
        guard rest(old) != rest(new) else { return [] }
        return [
            .forbidden(
                "spec",
                "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`"
                    + ",`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
                    + "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)")
        ]
    }

    private static func claim(from old: JSON, to new: JSON) -> [FieldCause] {
        let path = ["spec", "resources", "requests", "storage"]
        let before = old[path: path]
        let after = new[path: path]
        var bare = new
        bare[path: path] = before
        if old["status"]?["phase"] == "Bound", bare["spec"] == old["spec"] {
            guard let before = quantity(before), let after = quantity(after), after < before else { return [] }
            return [.forbidden("spec.resources.requests.storage", "field can not be less than status.capacity")]
        }
        guard old["spec"] != new["spec"] else { return [] }
        let lines = "@@ -6,7 +6,7 @@\n  \"Resources\": {\n   \"Limits\": null,\n   \"Requests\": {\n"
        let changed = "-   \"storage\": \((before ?? .null).text)\n+   \"storage\": \((after ?? .null).text)\n"
        return [
            .forbidden(
                "spec",
                "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound "
                    + "claims\n" + lines + changed + "   }\n  },\n  \"VolumeName\": \"\",\n")
        ]
    }

    /// Bytes of `100Gi`, `1.5G`, `2048`.
    static func quantity(_ value: JSON?) -> Double? {
        guard let text = value?.string ?? value?.int.map(String.init) else { return nil }
        let digits = text.prefix { $0.isNumber || $0 == "." || $0 == "-" }
        let factors: [String: Double] = [
            "": 1, "m": 0.001, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "Ki": 1024, "Mi": 1_048_576,
            "Gi": 1_073_741_824, "Ti": 1_099_511_627_776,
        ]
        guard let number = Double(digits), let factor = factors[String(text.dropFirst(digits.count))] else {
            return nil
        }
        return number * factor
    }
}
