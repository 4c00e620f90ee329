/// What the API refuses as invalid (422), by kind; only the rules that people run into.
enum Validation {
    static func check(_ object: JSON, _ resource: APIResource, old: JSON?) throws {
        var causes = names(object, resource, isNew: old == nil)
        causes += labels(object)
        if let old { causes += changes(from: old, to: object, resource) }
        switch resource.qualified {
        case "pods": causes += pod(object["spec"], "spec")
        case "deployments.apps", "replicasets.apps", "statefulsets.apps", "daemonsets.apps":
            causes += workload(object)
        case "jobs.batch": causes += job(object["spec"], "spec", hasSelector: true)
        case "cronjobs.batch":
            causes += schedule(object)
            causes += job(object["spec"]?["jobTemplate"]?["spec"], "spec.jobTemplate.spec", hasSelector: false)
        case "services": causes += service(object)
        case "horizontalpodautoscalers.autoscaling": causes += autoscaler(object)
        case "persistentvolumeclaims": causes += claim(object)
        case "customresourcedefinitions.apiextensions.k8s.io": causes += definition(object)
        case "rolebindings.rbac.authorization.k8s.io", "clusterrolebindings.rbac.authorization.k8s.io":
            if (object["roleRef"]?["name"]?.string ?? "").isEmpty { causes.append(.required("roleRef.name")) }
        default: break
        }
        guard causes.isEmpty else { throw KubernetesStatus.invalid(resource, object.name, causes) }
    }

    // MARK: Names and labels

    private static let subdomain =
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
        + "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
        + "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
    private static let label =
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end "
        + "with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
        + "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"

    private static func names(_ object: JSON, _ resource: APIResource, isNew: Bool) -> [FieldCause] {
        guard isNew else { return [] }
        let name = object.name
        if name.isEmpty { return [.required("metadata.name", "name or generateName is required")] }
        if resource.group == "rbac.authorization.k8s.io" { return [] }
        if resource == .namespaces || resource == .services {
            return isLabel(name) && name.utf8.count <= 63 ? [] : [.invalid("metadata.name", .string(name), label)]
        }
        let isGood =
            name.utf8.count <= 253
            && name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { isLabel(String($0)) }
        return isGood ? [] : [.invalid("metadata.name", .string(name), subdomain)]
    }

    private static func isLabel(_ text: String) -> Bool {
        let isPlain = { (byte: UInt8) in (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte) }
        guard let first = text.utf8.first, let last = text.utf8.last else { return false }
        return isPlain(first) && isPlain(last) && text.utf8.allSatisfy { isPlain($0) || $0 == 0x2d }
    }

    private static func labels(_ object: JSON) -> [FieldCause] {
        object.labels.sorted { $0.key < $1.key }.compactMap { _, value in
            let isWord = { (byte: UInt8) in
                (0x61...0x7a).contains(byte) || (0x41...0x5a).contains(byte) || (0x30...0x39).contains(byte)
            }
            guard let first = value.utf8.first, let last = value.utf8.last else { return nil }
            let isGood =
                isWord(first) && isWord(last) && value.utf8.count <= 63
                && value.utf8.allSatisfy { isWord($0) || "-_.".utf8.contains($0) }
            guard !isGood else { return nil }
            return .invalid(
                "metadata.labels", .string(value),
                value.utf8.count > 63
                    ? "must be no more than 63 bytes"
                    : "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
                        + "and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or "
                        + "'12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')")
        }
    }

    // MARK: Workloads

    private static func workload(_ object: JSON) -> [FieldCause] {
        var causes: [FieldCause] = []
        let spec = object["spec"]
        if let replicas = spec?["replicas"], replicas.int ?? 0 < 0 {
            causes.append(.invalid("spec.replicas", replicas, "must be greater than or equal to 0"))
        }
        let labels = spec?["template"]?["metadata"]?["labels"] ?? .emptyObject
        if spec?["selector"] == nil {
            causes.append(.required("spec.selector"))
        } else if !LabelSelector(spec?["selector"]).matches(labels.strings) {
            causes.append(
                .invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`"))
        }
        causes += pod(spec?["template"]?["spec"], "spec.template.spec")
        if let policy = spec?["template"]?["spec"]?["restartPolicy"], policy != "Always" {
            causes.append(.unsupported("spec.template.spec.restartPolicy", policy, ["Always"]))
        }
        return causes
    }

    static func pod(_ spec: JSON?, _ path: String) -> [FieldCause] {
        let containers = spec?["containers"]?.array ?? []
        guard !containers.isEmpty else { return [.required(path + ".containers")] }
        var causes: [FieldCause] = []
        var seen: Set<String> = []
        for (index, container) in containers.enumerated() {
            let here = "\(path).containers[\(index)]"
            let name = container["name"]?.string ?? ""
            if name.isEmpty {
                causes.append(.required(here + ".name"))
            } else if !isLabel(name) {
                causes.append(.invalid(here + ".name", .string(name), label))
            } else if !seen.insert(name).inserted {
                causes.append(.duplicate(here + ".name", .string(name)))
            }
            if (container["image"]?.string ?? "").isEmpty { causes.append(.required(here + ".image")) }
        }
        return causes
    }

    private static func job(_ spec: JSON?, _ path: String, hasSelector: Bool) -> [FieldCause] {
        var causes = pod(spec?["template"]?["spec"], path + ".template.spec")
        let policy = spec?["template"]?["spec"]?["restartPolicy"] ?? "Always"
        if policy != "Never", policy != "OnFailure" {
            causes.append(.unsupported(path + ".template.spec.restartPolicy", policy, ["OnFailure", "Never"]))
        }
        return causes
    }

    private static func schedule(_ object: JSON) -> [FieldCause] {
        guard let text = object["spec"]?["schedule"]?.string, !text.isEmpty else { return [.required("spec.schedule")] }
        let parts = text.split(separator: " ")
        guard !text.hasPrefix("@"), parts.count != 5 else { return [] }
        return [
            .invalid(
                "spec.schedule", .string(text),
                "expected exactly 5 fields, found \(parts.count): [\(parts.joined(separator: " "))]")
        ]
    }

    // MARK: The rest

    private static func service(_ object: JSON) -> [FieldCause] {
        let spec = object["spec"]
        if spec?["type"] == "ExternalName" { return [] }
        let isHeadless = spec?["clusterIP"] == "None"
        guard let ports = spec?["ports"]?.array, !ports.isEmpty else {
            return isHeadless ? [] : [.required("spec.ports")]
        }
        return ports.enumerated().compactMap { index, port in
            let number = port["port"]?.int ?? 0
            guard !(1...65_535).contains(number) else { return nil }
            return .invalid("spec.ports[\(index)].port", .int(number), "must be between 1 and 65535, inclusive")
        }
    }

    private static func autoscaler(_ object: JSON) -> [FieldCause] {
        let most = object["spec"]?["maxReplicas"]?.int ?? 0
        let least = object["spec"]?["minReplicas"]?.int ?? 1
        if most < 1 { return [.invalid("spec.maxReplicas", .int(most), "must be greater than 0")] }
        guard least > most else { return [] }
        return [.invalid("spec.maxReplicas", .int(most), "must be greater than or equal to `minReplicas`")]
    }

    private static func claim(_ object: JSON) -> [FieldCause] {
        var causes: [FieldCause] = []
        if (object["spec"]?["accessModes"]?.array ?? []).isEmpty {
            causes.append(.required("spec.accessModes", "at least 1 access mode is required"))
        }
        if object["spec"]?["resources"]?["requests"]?["storage"] == nil {
            causes.append(.required("spec.resources[storage]"))
        }
        return causes
    }

    private static func definition(_ object: JSON) -> [FieldCause] {
        let wanted =
            (object["spec"]?["names"]?["plural"]?.string ?? "") + "." + (object["spec"]?["group"]?.string ?? "")
        guard object.name != wanted else { return [] }
        return [.invalid("metadata.name", .string(object.name), "must be spec.names.plural+\".\"+spec.group")]
    }
}
