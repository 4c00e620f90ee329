import Host

extension TableColumns {
    static let pods: [TableColumn] = [
        .named,
        TableColumn("Ready") { pod, _ in
            let statuses = pod["status"]?["containerStatuses"]?.array ?? []
            let ready = statuses.filter { $0["ready"] == true && $0["state"]?["running"] != nil }.count
            return .string("\(ready)/\(pod["spec"]?["containers"]?.array?.count ?? 0)")
        }, TableColumn("Status") { pod, _ in .string(podStatus(pod)) },
        TableColumn("Restarts", type: "string") { pod, now in
            let statuses = pod["status"]?["containerStatuses"]?.array ?? []
            let restarts = statuses.reduce(0) { $0 + ($1["restartCount"]?.int ?? 0) }
            let last = statuses.compactMap { $0["lastState"]?["terminated"]?["finishedAt"]?.string }.max()
            guard restarts > 0, let last else { return .string(String(restarts)) }
            return .string("\(restarts) (\(TableColumn.since(.string(last), now)) ago)")
        }, .age, .at("IP", "status.podIP", wide: true), .at("Node", "spec.nodeName", wide: true),
        .at("Nominated Node", "status.nominatedNodeName", wide: true),
        TableColumn("Readiness Gates", wide: true) { _, _ in "<none>" },
    ]

    /// The word in the column: the phase, or what is more telling.
    static func podStatus(_ pod: JSON) -> String {
        let status = pod["status"]
        var word = status?["reason"]?.string ?? status?["phase"]?.string ?? "Unknown"
        var hasRunning = false
        for container in (status?["containerStatuses"]?.array ?? []).reversed() {
            let state = container["state"]
            if let waiting = state?["waiting"]?["reason"]?.string, !waiting.isEmpty {
                word = waiting
            } else if let ended = state?["terminated"] {
                word =
                    ended["reason"]?.string
                    ?? ended["signal"]?.int.map { "Signal:\($0)" } ?? "ExitCode:\(ended["exitCode"]?.int ?? 0)"
            } else if container["ready"] == true, state?["running"] != nil {
                hasRunning = true
            }
        }
        if word == "Completed", hasRunning {
            let isReady = (status?["conditions"]?.array ?? []).contains {
                $0["type"] == "Ready" && $0["status"] == "True"
            }
            word = isReady ? "Running" : "NotReady"
        }
        if pod.isBeingDeleted {
            return status?["reason"] == "NodeLost" ? "Unknown" : "Terminating"
        }
        return word
    }

    private static func replicas(_ name: String, _ path: String) -> TableColumn {
        .at(name, path, or: 0, type: "integer")
    }

    private static func containers(_ path: [String]) -> [TableColumn] {
        let list: @Sendable (JSON, String) -> JSON = { object, field in
            let all = object[path: path + ["containers"]]?.array ?? []
            return .string(all.compactMap { $0[field]?.string }.joined(separator: ","))
        }
        return [
            TableColumn("Containers", wide: true) { object, _ in list(object, "name") },
            TableColumn("Images", wide: true) { object, _ in list(object, "image") },
        ]
    }

    private static let selector = TableColumn("Selector", wide: true) { object, _ in
        .string(labels(object["spec"]?["selector"]?["matchLabels"] ?? object["spec"]?["selector"]))
    }

    private static func share(_ name: String, _ part: String, _ whole: String) -> TableColumn {
        TableColumn(name) { object, _ in
            .string("\(object[dotted: part]?.int ?? 0)/\(object[dotted: whole]?.int ?? 0)")
        }
    }

    static let deployments: [TableColumn] =
        [
            .named, share("Ready", "status.readyReplicas", "spec.replicas"),
            replicas("Up-to-date", "status.updatedReplicas"), replicas("Available", "status.availableReplicas"), .age,
        ] + containers(["spec", "template", "spec"]) + [selector]

    static let replicaSets: [TableColumn] =
        [
            .named, replicas("Desired", "spec.replicas"), replicas("Current", "status.replicas"),
            replicas("Ready", "status.readyReplicas"), .age,
        ] + containers(["spec", "template", "spec"]) + [selector]

    static let statefulSets: [TableColumn] =
        [.named, share("Ready", "status.readyReplicas", "spec.replicas"), .age]
        + containers(["spec", "template", "spec"])

    static let daemonSets: [TableColumn] =
        [
            .named, replicas("Desired", "status.desiredNumberScheduled"),
            replicas("Current", "status.currentNumberScheduled"), replicas("Ready", "status.numberReady"),
            replicas("Up-to-date", "status.updatedNumberScheduled"), replicas("Available", "status.numberAvailable"),
            TableColumn("Node Selector") { object, _ in
                .string(labels(object["spec"]?["template"]?["spec"]?["nodeSelector"]))
            }, .age,
        ] + containers(["spec", "template", "spec"]) + [selector]

    static let jobs: [TableColumn] =
        [
            .named,
            TableColumn("Status") { job, _ in
                func isTrue(_ type: String) -> Bool {
                    (job["status"]?["conditions"]?.array ?? []).contains {
                        $0["type"]?.string == type && $0["status"] == "True"
                    }
                }
                if isTrue("Complete") { return "Complete" }
                if isTrue("Failed") { return "Failed" }
                if job.isBeingDeleted { return "Terminating" }
                return isTrue("Suspended") ? "Suspended" : "Running"
            },
            TableColumn("Completions") { job, _ in
                let wanted = job["spec"]?["completions"]?.int ?? job["spec"]?["parallelism"]?.int ?? 1
                return .string("\(job["status"]?["succeeded"]?.int ?? 0)/\(wanted)")
            },
            TableColumn("Duration") { job, now in
                guard let start = job["status"]?["startTime"]?.string.flatMap({ Instant($0) }) else { return "" }
                let end = job["status"]?["completionTime"]?.string.flatMap { Instant($0) } ?? now
                return .string(TableColumn.duration((end - start).inSeconds))
            }, .age,
        ] + containers(["spec", "template", "spec"]) + [selector]

    static let cronJobs: [TableColumn] =
        [
            .named, .at("Schedule", "spec.schedule", or: ""), .at("Timezone", "spec.timeZone"),
            TableColumn("Suspend") { object, _ in object["spec"]?["suspend"] == true ? "True" : "False" },
            TableColumn("Active", type: "integer") { object, _ in
                .int(object["status"]?["active"]?.array?.count ?? 0)
            },
            TableColumn("Last Schedule") { object, now in
                let last = object["status"]?["lastScheduleTime"]
                return last?.string == nil ? "<none>" : .string(TableColumn.since(last, now))
            }, .age,
        ] + containers(["spec", "jobTemplate", "spec", "template", "spec"])

    static let nodes: [TableColumn] = [
        .named,
        TableColumn("Status") { node, _ in
            let ready = (node["status"]?["conditions"]?.array ?? []).first { $0["type"] == "Ready" }
            let word = ready?["status"] == "True" ? "Ready" : ready == nil ? "Unknown" : "NotReady"
            return .string(word + (node["spec"]?["unschedulable"] == true ? ",SchedulingDisabled" : ""))
        },
        TableColumn("Roles") { node, _ in
            let roles = node.labels.keys.filter { $0.hasPrefix("node-role.kubernetes.io/") }
            return .string(
                roles.isEmpty ? "<none>" : roles.sorted().map { String($0.dropFirst(24)) }.joined(separator: ","))
        }, .age, .at("Version", "status.nodeInfo.kubeletVersion", or: ""),
        TableColumn("Internal-IP", wide: true) { node, _ in
            (node["status"]?["addresses"]?.array ?? []).first { $0["type"] == "InternalIP" }?["address"] ?? "<none>"
        }, TableColumn("External-IP", wide: true) { _, _ in "<none>" },
        .at("OS-Image", "status.nodeInfo.osImage", or: "<unknown>", wide: true),
        .at("Kernel-Version", "status.nodeInfo.kernelVersion", or: "<unknown>", wide: true),
        .at("Container-Runtime", "status.nodeInfo.containerRuntimeVersion", or: "<unknown>", wide: true),
    ]
}
