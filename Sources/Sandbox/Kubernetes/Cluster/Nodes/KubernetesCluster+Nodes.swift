public import Host

/// What the API server asks of the nodes, and how it can be spoiled. Refusals are thrown as `KubernetesStatus`.
extension KubernetesCluster {
    // MARK: Logs

    /// The log of one container, from the place that is asked for.
    public func logs(_ request: LogRequest) throws -> LogCursor {
        let pod = try store.get(.pods, request.pod, in: request.namespace)
        let (container, status) = try container(request.container, of: pod)
        try checkNode(of: pod, "containerLogs/\(request.namespace)/\(request.pod)/\(container)")
        let restarts = status?["restartCount"]?.int ?? 0
        let isStarted = status?[dotted: "state.waiting"] == nil || status?[dotted: "lastState.terminated"] != nil
        guard let status, isStarted else {
            let why = status?[dotted: "state.waiting.reason"]?.string ?? "ContainerCreating"
            let text = why.contains("Image") ? "trying and failing to pull image" : why
            throw KubernetesStatus.badRequest(
                "container \"\(container)\" in pod \"\(pod.name)\" is waiting to start: \(text)")
        }
        guard !request.previous || restarts > 0 else {
            throw KubernetesStatus.badRequest(
                "previous terminated container \"\(container)\" in pod \"\(pod.name)\" not found")
        }
        switch logBook.fault(pod: pod.uid) {
        case .nodeRefuses:
            throw KubernetesStatus(
                500, "InternalError",
                "Get \"https://\(address(of: pod)):10250/containerLogs/\(pod.namespace)/\(pod.name)/\(container)\": "
                    + "dial tcp \(address(of: pod)):10250: connect: connection refused")
        case .fileGone:
            let id = status["containerID"]?.string ?? "containerd://"
            return LogCursor(apology: "unable to retrieve container logs for \(id)", in: logBook)
        case nil: break
        }
        // After a crash and before the next start, the log is the one of the instance that ended.
        let instance = ContainerInstance(
            pod: pod.uid, container: container, restart: request.previous ? restarts - 1 : restarts)
        return LogCursor(request, of: instance, in: logBook, now: store.clock.now)
    }

    /// How containers of pods with these labels write their logs, from their next start on.
    public func setLog(_ pattern: LogPattern, labels: [String: String]) { scripts.setPattern(pattern, labels: labels) }

    /// The pod's running container writes these lines, now or when they say.
    public func log(pod name: String, in namespace: String, container: String? = nil, _ lines: [LogLine]) throws {
        let pod = try store.get(.pods, name, in: namespace)
        let (container, status) = try self.container(container, of: pod)
        let restart = status?["restartCount"]?.int ?? 0
        logBook.write(lines, to: ContainerInstance(pod: pod.uid, container: container, restart: restart))
    }

    /// Takes back every line that was written so.
    public func unlog(pod name: String, in namespace: String) throws {
        logBook.unwrite(pod: try store.get(.pods, name, in: namespace).uid)
    }

    /// The node rotated the log: what was before is gone; nil gives it back.
    public func rotateLogs(pod name: String, in namespace: String, keepingFrom instant: Instant?) throws {
        let pod = try store.get(.pods, name, in: namespace)
        for container in pod[dotted: "spec.containers"]?.array ?? [] {
            logBook.rotate(pod: pod.uid, container: container["name"]?.string ?? "", keepingFrom: instant)
        }
    }

    /// The pod's logs cannot be read, or can again.
    public func setLogFault(_ fault: LogFault?, pod name: String, in namespace: String) throws {
        logBook.setFault(fault, pod: try store.get(.pods, name, in: namespace).uid)
    }

    // MARK: Exec

    /// What the command answers in the container.
    public func exec(
        pod name: String, in namespace: String, container: String? = nil, command: [String], input: [UInt8] = []
    ) throws -> ExecAnswer {
        let pod = try store.get(.pods, name, in: namespace)
        let (container, status) = try self.container(container, of: pod)
        try checkNode(of: pod, "exec/\(namespace)/\(name)/\(container)")
        guard status?[dotted: "state.running"] != nil else {
            throw KubernetesStatus(
                500, "InternalError", "unable to upgrade connection: container not found (\"\(container)\")")
        }
        let spec = pod[dotted: "spec.containers"]?.array?.first { $0["name"]?.string == container }
        return try ContainerShell(
            pod: pod, container: spec ?? .emptyObject, scripts: execs, disks: disks, store: store
        ).run(command, input: input)
    }

    /// Commands that begin so are answered so in the selected pods; the last one that was set wins.
    @discardableResult
    public func setCommand(_ command: [String], of selection: PodSelection, _ answer: ExecAnswer) -> ScriptMark {
        execs.add(selection, command, answer)
    }

    public func unsetCommand(_ mark: ScriptMark) { execs.remove(mark) }

    public func setFile(_ path: String, of selection: PodSelection, _ bytes: [UInt8]) {
        execs.setFile(selection, path, bytes)
    }

    // MARK: Disks and statistics

    /// How full it is, in percent; nil for as usual.
    public func fillDisk(pod: String, in namespace: String, percent: Double?) {
        disks.fill(pod: pod, in: namespace, percent: percent)
    }

    public func fillDisk(claim: String, in namespace: String, percent: Double?) {
        disks.fill(claim: claim, in: namespace, percent: percent)
    }

    public func fillDisk(node: String, percent: Double?) { disks.fill(node: node, percent: percent) }

    /// The node's kubelet tells no statistics.
    public func setStatsRefused(node: String, _ isRefused: Bool) { disks.setRefusing(node, isRefused) }

    /// `nodes/NODE/proxy/stats/summary`.
    public func statsSummary(node: String) throws -> JSON { try stats(of: node, "stats/summary").summary }

    /// `nodes/NODE/proxy/metrics`.
    public func kubeletMetrics(node: String) throws -> String { try stats(of: node, "metrics").metrics }

    /// `nodes/NODE/proxy/metrics/cadvisor`.
    public func cadvisorMetrics(node: String) throws -> String { try stats(of: node, "metrics/cadvisor").cadvisor }

    /// What a pod takes now, as the metrics server would say.
    public func usage(of pod: JSON) -> (nanoCores: Int, memoryBytes: Int) {
        let usage = KubeletStats(store: store, disks: disks, node: .emptyObject).usage(of: pod)
        return (usage.nanoCores, usage.memory)
    }

    private func stats(of name: String, _ path: String) throws -> KubeletStats {
        let node = try store.get(.nodes, name)
        let address = NodeController.address(node) ?? name
        if scripts.isLost(name) { throw Self.unreachable(address, path) }
        guard !disks.isRefusing(name) else {
            throw KubernetesStatus(
                500, "InternalError", "Internal Error: failed to list pod stats: rpc error: code = Unavailable")
        }
        return KubeletStats(store: store, disks: disks, node: node)
    }

    // MARK: Finding

    private func container(_ asked: String?, of pod: JSON) throws -> (name: String, status: JSON?) {
        let names = (pod[dotted: "spec.containers"]?.array ?? []).compactMap { $0["name"]?.string }
        let chosen = asked ?? pod.annotations["kubectl.kubernetes.io/default-container"]
        guard let name = chosen ?? (names.count == 1 ? names[0] : nil) else {
            throw KubernetesStatus.badRequest(
                "a container name must be specified for pod \(pod.name), choose one of: "
                    + "[\(names.joined(separator: " "))]")
        }
        guard names.contains(name) else {
            throw KubernetesStatus.badRequest("container \(name) is not valid for pod \(pod.name)")
        }
        let status = pod[dotted: "status.containerStatuses"]?.array?.first { $0["name"]?.string == name }
        return (name, status)
    }

    private func checkNode(of pod: JSON, _ path: String) throws {
        guard let node = pod[dotted: "spec.nodeName"]?.string else {
            throw KubernetesStatus.badRequest("pod \(pod.name) does not have a host assigned")
        }
        if scripts.isLost(node) { throw Self.unreachable(address(of: pod), path) }
    }

    private func address(of pod: JSON) -> String {
        pod[dotted: "spec.nodeName"]?.string.flatMap { store.find(.nodes, $0) }.flatMap(NodeController.address)
            ?? "10.1.0.1"
    }

    private static func unreachable(_ address: String, _ path: String) -> KubernetesStatus {
        KubernetesStatus(
            500, "InternalError",
            "Get \"https://\(address):10250/\(path)\": dial tcp \(address):10250: i/o timeout")
    }
}
