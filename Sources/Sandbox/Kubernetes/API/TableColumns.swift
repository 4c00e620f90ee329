import Host

/// A column of `kubectl get`, as the server defines it.
struct TableColumn: Sendable {
    var name: String
    var type = "string"
    var format = ""
    /// 0 always, 1 with `-o wide`.
    var priority = 0
    var cell: @Sendable (JSON, Instant) -> JSON

    var definition: JSON {
        [
            "name": .string(name), "type": .string(type), "format": .string(format), "description": "",
            "priority": .int(priority),
        ]
    }

    init(
        _ name: String, type: String = "string", format: String = "", wide: Bool = false,
        _ cell: @escaping @Sendable (JSON, Instant) -> JSON
    ) {
        self.name = name
        self.type = type
        self.format = format
        priority = wide ? 1 : 0
        self.cell = cell
    }

    /// What stands at a path, or this.
    static func at(
        _ name: String, _ path: String, or missing: JSON = "<none>", type: String = "string", wide: Bool = false
    )
        -> TableColumn
    {
        TableColumn(name, type: type, wide: wide) { object, _ in
            object[dotted: path].map { $0.isNull ? missing : $0 } ?? missing
        }
    }

    static let named = TableColumn("Name", format: "name") { object, _ in .string(object.name) }

    static let age = TableColumn("Age") { object, now in
        .string(since(object["metadata"]?["creationTimestamp"], now))
    }

    /// How long ago, as kubectl says it.
    static func since(_ time: JSON?, _ now: Instant) -> String {
        guard let text = time?.string, let instant = Instant(text) else { return "<unknown>" }
        return duration((now - instant).inSeconds)
    }

    static func duration(_ span: Double) -> String {
        let seconds = Int(span)
        func two(_ first: Int, _ unit: String, _ second: Int, _ smaller: String) -> String {
            second == 0 ? "\(first)\(unit)" : "\(first)\(unit)\(second)\(smaller)"
        }
        if seconds < -1 { return "<invalid>" }
        if seconds < 0 { return "0s" }
        if seconds < 120 { return "\(seconds)s" }
        let minutes = seconds / 60
        if minutes < 10 { return two(minutes, "m", seconds % 60, "s") }
        if minutes < 180 { return "\(minutes)m" }
        let hours = minutes / 60
        if hours < 8 { return two(hours, "h", minutes % 60, "m") }
        if hours < 48 { return "\(hours)h" }
        let days = hours / 24
        if days < 8 { return two(days, "d", hours % 24, "h") }
        if days < 730 { return "\(days)d" }
        return two(days / 365, "y", days % 365, "d")
    }
}

enum TableColumns {
    static func of(_ resource: APIResource) -> [TableColumn] {
        if resource.traits.contains(.custom) { return [.named, .age] }
        return byResource[resource.qualified] ?? [.named, .age]
    }

    private static let byResource: [String: [TableColumn]] = [
        "pods": pods, "deployments.apps": deployments, "replicasets.apps": replicaSets,
        "replicationcontrollers": replicaSets, "statefulsets.apps": statefulSets, "daemonsets.apps": daemonSets,
        "jobs.batch": jobs, "cronjobs.batch": cronJobs, "services": services, "nodes": nodes,
        "namespaces": [.named, .at("Status", "status.phase", or: ""), .age], "events": events,
        "configmaps": [.named, count("Data", ["data", "binaryData"]), .age],
        "secrets": [.named, .at("Type", "type", or: ""), count("Data", ["data"]), .age],
        "leases.coordination.k8s.io": [.named, .at("Holder", "spec.holderIdentity", or: ""), .age],
        "serviceaccounts": [
            .named,
            TableColumn("Secrets", type: "string") { object, _ in
                .int(object["secrets"]?.array?.count ?? 0)
            }, .age,
        ],
        "endpoints": [.named, TableColumn("Endpoints") { object, _ in .string(addresses(object)) }, .age],
        "endpointslices.discovery.k8s.io": [
            .named, .at("AddressType", "addressType", or: ""),
            TableColumn("Ports") { object, _ in
                let ports = (object["ports"]?.array ?? []).compactMap { $0["port"]?.int.map(String.init) }
                return .string(ports.isEmpty ? "<unset>" : ports.joined(separator: ","))
            },
            TableColumn("Endpoints") { object, _ in
                let all = (object["endpoints"]?.array ?? []).flatMap { $0["addresses"]?.array ?? [] }
                return .string(all.isEmpty ? "<unset>" : all.compactMap(\.string).joined(separator: ","))
            }, .age,
        ],
        "persistentvolumeclaims": [
            .named, .at("Status", "status.phase", or: ""), .at("Volume", "spec.volumeName", or: ""),
            .at("Capacity", "status.capacity.storage", or: ""),
            TableColumn("Access Modes") { object, _ in
                let short = ["ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX"]
                let modes = object["status"]?["accessModes"]?.array?.compactMap(\.string) ?? []
                return .string(modes.map { short[$0] ?? $0 }.joined(separator: ","))
            }, .at("StorageClass", "spec.storageClassName", or: ""), .age,
        ],
        "horizontalpodautoscalers.autoscaling": [
            .named,
            TableColumn("Reference") { object, _ in
                let target = object["spec"]?["scaleTargetRef"]
                return .string((target?["kind"]?.string ?? "") + "/" + (target?["name"]?.string ?? ""))
            }, TableColumn("Targets") { _, _ in "<unknown>" }, .at("MinPods", "spec.minReplicas", or: "<unset>"),
            .at("MaxPods", "spec.maxReplicas", or: 0, type: "integer"),
            .at("Replicas", "status.currentReplicas", or: 0, type: "integer"), .age,
        ],
        "poddisruptionbudgets.policy": [
            .named, .at("Min Available", "spec.minAvailable", or: "N/A"),
            .at("Max Unavailable", "spec.maxUnavailable", or: "N/A"),
            .at("Allowed Disruptions", "status.disruptionsAllowed", or: 0, type: "integer"), .age,
        ],
        "roles.rbac.authorization.k8s.io": [.named, .at("Created At", "metadata.creationTimestamp")],
        "clusterroles.rbac.authorization.k8s.io": [.named, .at("Created At", "metadata.creationTimestamp")],
        "rolebindings.rbac.authorization.k8s.io": [.named, role, .age],
        "clusterrolebindings.rbac.authorization.k8s.io": [.named, role, .age],
        "customresourcedefinitions.apiextensions.k8s.io": [.named, .at("Created At", "metadata.creationTimestamp")],
    ]

    private static let role = TableColumn("Role") { object, _ in
        .string((object["roleRef"]?["kind"]?.string ?? "") + "/" + (object["roleRef"]?["name"]?.string ?? ""))
    }

    private static func count(_ name: String, _ fields: [String]) -> TableColumn {
        TableColumn(name, type: "string") { object, _ in
            .int(fields.reduce(0) { $0 + (object[$1]?.object?.count ?? 0) })
        }
    }

    private static func addresses(_ object: JSON) -> String {
        let all = (object["subsets"]?.array ?? []).flatMap { subset in
            (subset["addresses"]?.array ?? []).flatMap { address in
                (subset["ports"]?.array ?? []).map { "\(address["ip"]?.string ?? ""):\($0["port"]?.int ?? 0)" }
            }
        }
        return all.isEmpty ? "<none>" : all.prefix(3).joined(separator: ",")
    }

    private static let services: [TableColumn] = [
        .named, .at("Type", "spec.type", or: ""), .at("Cluster-IP", "spec.clusterIP"),
        TableColumn("External-IP") { object, _ in
            let ingress = object["status"]?["loadBalancer"]?["ingress"]?.array ?? []
            let names = ingress.compactMap { $0["ip"]?.string ?? $0["hostname"]?.string }
            if !names.isEmpty { return .string(names.joined(separator: ",")) }
            return object["spec"]?["type"] == "LoadBalancer" ? "<pending>" : object["spec"]?["externalName"] ?? "<none>"
        },
        TableColumn("Port(s)") { object, _ in
            let ports = (object["spec"]?["ports"]?.array ?? []).map { port in
                let node = port["nodePort"]?.int.map { ":\($0)" } ?? ""
                return "\(port["port"]?.int ?? 0)\(node)/\(port["protocol"]?.string ?? "TCP")"
            }
            return .string(ports.isEmpty ? "<none>" : ports.joined(separator: ","))
        }, .age,
        TableColumn("Selector", wide: true) { object, _ in .string(labels(object["spec"]?["selector"])) },
    ]

    static func labels(_ selector: JSON?) -> String {
        let labels = selector?.strings ?? [:]
        guard !labels.isEmpty else { return "<none>" }
        return labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
    }

    private static let events: [TableColumn] = [
        TableColumn("Last Seen") { object, now in
            let times = [
                object["series"]?["lastObservedTime"], object["lastTimestamp"], object["eventTime"],
                object["metadata"]?["creationTimestamp"],
            ]
            return .string(TableColumn.since(times.compactMap { $0 }.first { $0.string != nil }, now))
        }, .at("Type", "type", or: ""), .at("Reason", "reason", or: ""),
        TableColumn("Object") { object, _ in
            let about = object["involvedObject"]
            return .string("\((about?["kind"]?.string ?? "").lowercased())/\(about?["name"]?.string ?? "")")
        }, .at("Subobject", "involvedObject.fieldPath", or: "", wide: true),
        TableColumn("Source", wide: true) { object, _ in
            object["source"]?["component"] ?? object["reportingComponent"] ?? ""
        },
        TableColumn("Message") { object, _ in
            let text = object["message"]?.string ?? ""
            return .string(text.hasSuffix("\n") ? String(text.dropLast()) : text)
        },
        TableColumn("First Seen", wide: true) { object, now in
            .string(TableColumn.since(object["firstTimestamp"], now))
        }, .at("Count", "count", or: 1, type: "integer", wide: true),
        TableColumn("Name", format: "name", wide: true) { object, _ in .string(object.name) },
    ]
}
