import Foundation
import Host

/// What hangs below an object: status, scale, logs, eviction, binding, the node's proxy.
struct Subresources: Sendable {
    let store: KubernetesStore
    let handlers: KubeletHandlers
    let request: APIRequest
    let path: ResourcePath

    private var resource: APIResource { path.resource }
    private var name: String { path.name ?? "" }
    private var namespace: String { path.namespace ?? "" }
    private var writes: ResourceWrites { ResourceWrites(store: store, request: request, path: path) }

    func answer(_ subresource: String) throws -> APIAnswer {
        let isKnown = Subresource.all(resource).contains { $0.name == subresource }
        guard isKnown || subresource == "attach" || subresource == "portforward" else {
            return .pageNotFound
        }
        switch (subresource, request.method) {
        case ("status", "GET"): return .json(try store.get(resource, name, in: namespace))
        case ("status", "PUT"): return try writes.update(subresource: "status")
        case ("status", "PATCH"): return try writes.patch(subresource: "status")
        case ("scale", _): return try scale()
        case ("log", "GET"): return try log()
        case ("eviction", "POST"): return try evict()
        case ("binding", "POST"): return try bind()
        case ("finalize", "PUT"):
            let object = try request.json()
            let made = try store.modify(resource, name, in: namespace) { $0["spec"] = object["spec"] }
            return .json(made)
        case ("proxy", "GET"): return try proxy()
        case ("exec", _), ("attach", _):
            // A connection that asked for an upgrade and came here is told why it got none.
            _ = try store.get(.pods, name, in: namespace)
            try ExecRequest(request, path, handlers).check()
            throw KubernetesStatus.badRequest("Upgrade request required")
        default: throw APIHandler.notAllowed
        }
    }

    // MARK: Scale

    private func scale() throws -> APIAnswer {
        let object = try store.get(resource, name, in: namespace)
        if request.method == "GET" { return .json(Self.scale(of: object)) }
        let wanted: JSON
        switch request.method {
        case "PUT": wanted = try request.json()
        case "PATCH":
            let patch = try request.json()
            wanted =
                try patch.array.map { try JSONPatch.apply($0, to: Self.scale(of: object)) }
                ?? MergePatch.apply(patch, to: Self.scale(of: object))
        default: throw APIHandler.notAllowed
        }
        guard let replicas = wanted["spec"]?["replicas"]?.int ?? (wanted["spec"]?["replicas"] == nil ? 0 : nil) else {
            throw KubernetesStatus.badRequest("Scale in version \"v1\" cannot be handled as a Scale")
        }
        guard replicas >= 0 else {
            throw KubernetesStatus.invalid(
                APIResource("autoscaling", "v1", "scales", "Scale"), name,
                [.invalid("spec.replicas", .int(replicas), "must be greater than or equal to 0")])
        }
        let made = try store.modify(resource, name, in: namespace, writes.options("scale")) { object in
            object[path: ["spec", "replicas"]] = .int(replicas)
            let asked = wanted["metadata"]?["resourceVersion"]
            if request.method == "PUT" || asked != object["metadata"]?["resourceVersion"], let asked {
                object[path: ["metadata", "resourceVersion"]] = asked
            }
        }
        return .json(Self.scale(of: made))
    }

    static func scale(of object: JSON) -> JSON {
        let metadata = object["metadata"] ?? .emptyObject
        var kept = JSON.emptyObject
        for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
            kept[field] = metadata[field]
        }
        var status: JSON = ["replicas": object["status"]?["replicas"] ?? 0]
        let labels = object["spec"]?["selector"]?["matchLabels"]?.strings ?? [:]
        if !labels.isEmpty {
            status["selector"] = .string(
                labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ","))
        }
        return [
            "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": kept,
            "spec": ["replicas": object["spec"]?["replicas"] ?? 0], "status": status,
        ]
    }

    // MARK: Logs

    private func log() throws -> APIAnswer {
        var asked = LogRequest(namespace: namespace, pod: name, container: request["container"])
        asked.previous = request.flag("previous")
        asked.timestamps = request.flag("timestamps")
        asked.follow = request.flag("follow")
        asked.tailLines = try number("tailLines")
        asked.limitBytes = try number("limitBytes")
        if let seconds = try number("sinceSeconds") { asked.since = store.clock.now() - .seconds(seconds) }
        if let text = request["sinceTime"] {
            guard let instant = Instant(text) else {
                throw KubernetesStatus.badRequest("invalid sinceTime: parsing time \"\(text)\"")
            }
            asked.since = instant
        }
        _ = try store.get(.pods, name, in: namespace)
        let cursor = try handlers.logs(asked)
        return .stream(type: "text/plain") { stream in
            var cursor = cursor
            while true {
                let bytes = cursor.read()
                if !bytes.isEmpty {
                    try await stream.write(bytes)
                } else if cursor.isOpen {
                    try await ContinuousClock().sleep(for: .milliseconds(10))
                } else {
                    return
                }
            }
        }
    }

    private func number(_ name: String) throws -> Int? {
        guard let text = request[name] else { return nil }
        guard let value = Int(text), value >= 0 else {
            throw KubernetesStatus(
                422, "Invalid",
                "PodLogOptions.meta.k8s.io \"\(self.name)\" is invalid: \(name): Invalid value: \(text): must be "
                    + "greater than or equal to 0")
        }
        return value
    }

    // MARK: Eviction and binding

    private func evict() throws -> APIAnswer {
        let body = try request.json()
        let pod = try store.get(.pods, name, in: namespace)
        let budgets = store.list(.podDisruptionBudgets, in: namespace).items.filter {
            LabelSelector($0["spec"]?["selector"]).matches(pod)
        }
        let phase = pod["status"]?["phase"]?.string
        let counts = phase != "Pending" && phase != "Succeeded" && phase != "Failed" && !pod.isBeingDeleted
        if counts, budgets.count > 1 {
            throw KubernetesStatus(
                500, "InternalError",
                "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.")
        }
        if counts, let budget = budgets.first { try spend(budget) }
        let options = body["deleteOptions"] ?? .emptyObject
        let isDryRun = request.isDryRun || options["dryRun"]?[0] == "All"
        _ = try store.delete(
            .pods, name, in: namespace,
            DeleteOptions(
                gracePeriod: options["gracePeriodSeconds"]?.int, uid: options["preconditions"]?["uid"]?.string,
                resourceVersion: options["preconditions"]?["resourceVersion"]?.string, dryRun: isDryRun))
        return .success(code: 201)
    }

    private func spend(_ budget: JSON) throws {
        func refusal(_ message: String, retryAfter: Int? = nil) -> KubernetesStatus {
            KubernetesStatus(
                429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.",
                details: ["causes": [["reason": "DisruptionBudget", "message": .string(message)]]],
                retryAfter: retryAfter)
        }
        guard budget["status"]?["observedGeneration"]?.int ?? 0 >= budget.generation else {
            throw refusal(
                "The disruption budget \(budget.name) is still being processed by the server.", retryAfter: 10)
        }
        guard budget["status"]?["disruptionsAllowed"]?.int ?? 0 > 0 else {
            let healthy = budget["status"]?["currentHealthy"]?.int ?? 0
            let wanted = budget["status"]?["desiredHealthy"]?.int ?? 0
            throw refusal(
                "The disruption budget \(budget.name) needs \(wanted) healthy pods and has \(healthy) currently")
        }
        guard !request.isDryRun else { return }
        try store.modify(.podDisruptionBudgets, budget.name, in: namespace, .status) { object in
            object[path: ["status", "disruptionsAllowed"]] = .int(
                (object["status"]?["disruptionsAllowed"]?.int ?? 1) - 1)
            object[path: ["status", "disruptedPods", name]] = store.clock.timestamp()
        }
    }

    private func bind() throws -> APIAnswer {
        let node = try request.json()["target"]?["name"]?.string ?? ""
        let pod = try store.get(.pods, name, in: namespace)
        guard (pod["spec"]?["nodeName"]?.string ?? "").isEmpty else {
            throw KubernetesStatus.conflict(
                .pods, name, "pod \(name) is already assigned to node \"\(pod["spec"]?["nodeName"]?.string ?? "")\"")
        }
        try store.modify(.pods, name, in: namespace) { $0[path: ["spec", "nodeName"]] = .string(node) }
        return .success(code: 201)
    }

    // MARK: Nodes

    private func proxy() throws -> APIAnswer {
        // The port may be named, as in `node-0:10250`.
        let node = String(name.prefix { $0 != ":" })
        switch path.rest {
        case "stats/summary": return .json(try handlers.summary(node))
        case "metrics", "metrics/cadvisor":
            return .text(try handlers.metrics(node, path.rest), type: "text/plain; version=0.0.4; charset=utf-8")
        case "healthz": return .text("ok")
        default: return .pageNotFound
        }
    }
}

/// `metrics.k8s.io`: what pods and nodes take now.
struct PodUsage: Sendable {
    let store: KubernetesStore
    let handlers: KubeletHandlers

    func answer(_ request: APIRequest, _ path: ResourcePath) throws -> JSON {
        guard request.method == "GET" else { throw APIHandler.notAllowed }
        let labels = try LabelSelector(parsing: request["labelSelector"] ?? "")
        let isNodes = path.resource.kind == "NodeMetrics"
        let kind = isNodes ? APIResource.nodes : .pods
        if let name = path.name {
            let object = try store.get(kind, name, in: path.namespace ?? "")
            var metrics = isNodes ? node(object) : pod(object)
            metrics["kind"] = .string(path.resource.kind)
            metrics["apiVersion"] = .string(path.resource.apiVersion)
            return metrics
        }
        let objects = store.list(kind, in: path.namespace, labels: labels).items
        return [
            "kind": .string(path.resource.kind + "List"), "apiVersion": .string(path.resource.apiVersion),
            "metadata": [:], "items": .array(objects.map(isNodes ? node : pod)),
        ]
    }

    private func pod(_ object: JSON) -> JSON {
        var metrics = bare(object)
        let containers = object["spec"]?["containers"]?.array ?? []
        let usage = handlers.usage(object)
        metrics["containers"] = .array(
            containers.map { container in
                [
                    "name": container["name"] ?? "",
                    "usage": quantity(usage.nanoCores / containers.count, usage.memoryBytes / containers.count),
                ]
            })
        return metrics
    }

    private func node(_ object: JSON) -> JSON {
        let pods = store.list(.pods).items.filter { $0["spec"]?["nodeName"]?.string == object.name }
        let usages = pods.map(handlers.usage)
        var metrics = bare(object)
        metrics["usage"] = quantity(
            usages.reduce(0) { $0 + $1.nanoCores }, usages.reduce(0) { $0 + $1.memoryBytes })
        return metrics
    }

    private func bare(_ object: JSON) -> JSON {
        var metadata = JSON.emptyObject
        for field in ["name", "namespace", "labels"] { metadata[field] = object["metadata"]?[field] }
        metadata["creationTimestamp"] = store.clock.timestamp()
        return ["metadata": metadata, "timestamp": store.clock.timestamp(), "window": "15s"]
    }

    private func quantity(_ nanoCores: Int, _ bytes: Int) -> JSON {
        ["cpu": .string("\(nanoCores)n"), "memory": .string("\(bytes / 1024)Ki")]
    }
}
