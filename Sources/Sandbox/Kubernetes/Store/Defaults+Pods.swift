extension Defaults {
    static func template(_ object: inout JSON, _ path: [String]) {
        edit(&object, path) { template in
            fill(&template, ["metadata"], [:])
            edit(&template, ["spec"], pod)
        }
    }

    static func pod(_ spec: inout JSON) {
        fill(&spec, ["restartPolicy"], "Always")
        fill(&spec, ["terminationGracePeriodSeconds"], 30)
        fill(&spec, ["dnsPolicy"], "ClusterFirst")
        fill(&spec, ["securityContext"], [:])
        fill(&spec, ["schedulerName"], "default-scheduler")
        for list in ["containers", "initContainers"] {
            guard var containers = spec[list]?.array else { continue }
            for index in containers.indices { container(&containers[index]) }
            spec[list] = .array(containers)
        }
        guard var volumes = spec["volumes"]?.array else { return }
        for index in volumes.indices {
            for source in ["secret", "configMap", "projected", "downwardAPI"] where volumes[index][source] != nil {
                fill(&volumes[index], [source, "defaultMode"], 420)
            }
        }
        spec["volumes"] = .array(volumes)
    }

    private static func container(_ container: inout JSON) {
        fill(&container, ["resources"], [:])
        fill(&container, ["terminationMessagePath"], "/dev/termination-log")
        fill(&container, ["terminationMessagePolicy"], "File")
        let image = container["image"]?.string ?? ""
        let name = image.split(separator: "/").last ?? ""
        let isMoving = !image.contains("@") && (!name.contains(":") || name.hasSuffix(":latest"))
        fill(&container, ["imagePullPolicy"], isMoving ? "Always" : "IfNotPresent")
        for probe in ["readinessProbe", "livenessProbe", "startupProbe"] where container[probe] != nil {
            for (field, value) in [("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1)] {
                fill(&container, [probe, field], .int(value))
            }
            fill(&container, [probe, "failureThreshold"], 3)
            if container[probe]?["httpGet"] != nil { fill(&container, [probe, "httpGet", "scheme"], "HTTP") }
        }
        guard var ports = container["ports"]?.array else { return }
        for index in ports.indices { fill(&ports[index], ["protocol"], "TCP") }
        container["ports"] = .array(ports)
    }

    /// What admission adds to a pod, and not to a template.
    static func admitPod(_ object: inout JSON) {
        edit(&object, ["spec"]) { spec in
            fill(&spec, ["priority"], 0)
            fill(&spec, ["enableServiceLinks"], true)
            fill(&spec, ["preemptionPolicy"], "PreemptLowerPriority")
            var tolerations = spec["tolerations"]?.array ?? []
            for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]
            where !tolerations.contains(where: { $0["key"]?.string == key }) {
                tolerations.append([
                    "key": .string(key), "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300,
                ])
            }
            spec["tolerations"] = .array(tolerations)
        }
    }

    static func qualityOfService(_ spec: JSON) -> String {
        let containers = spec["containers"]?.array ?? []
        let resources = containers.map { $0["resources"] ?? .emptyObject }
        let hasAny = resources.contains {
            !($0["requests"]?.object ?? [:]).isEmpty || !($0["limits"]?.object ?? [:]).isEmpty
        }
        guard hasAny else { return "BestEffort" }
        let isGuaranteed = resources.allSatisfy { part in
            let limits = part["limits"]?.object ?? [:]
            let requests = part["requests"]?.object ?? limits
            return limits["cpu"] != nil && limits["memory"] != nil && requests == limits
        }
        return isGuaranteed ? "Guaranteed" : "Burstable"
    }
}
