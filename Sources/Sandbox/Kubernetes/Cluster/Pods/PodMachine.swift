import Host

/// One pod's life on its node: its containers, its end, and the status that tells of them.
struct PodMachine: Sendable {
    enum Phase: Sendable, Equatable {
        /// No node has it yet.
        case waiting(since: Duration)
        case onNode
        /// Asked to go; nil where it never ends by itself.
        case stopping(until: Duration?)
        /// Reported as gone.
        case gone
    }

    let uid: String
    var phase: Phase
    var containers: [ContainerMachine]
    var startTime: Instant?
    var address = ""
    var hostAddress = ""

    init(_ pod: JSON, _ moment: PodMoment) {
        uid = pod.uid
        phase = .waiting(since: moment.now)
        let isTask = pod.controllerOwner?["kind"]?.string == "Job" || pod[dotted: "spec.restartPolicy"] == "Never"
        containers = (pod[dotted: "spec.containers"]?.array ?? []).enumerated().map { index, container in
            ContainerMachine(
                name: container["name"]?.string ?? "", image: container["image"]?.string ?? "", isFirst: index == 0,
                isTask: isTask, stage: .creating(until: moment.now))
        }
    }

    /// Given to a node: its containers are made from now on.
    mutating func bind(_ moment: PodMoment, address: String, hostAddress: String) {
        phase = .onNode
        startTime = moment.wall
        self.address = address
        self.hostAddress = hostAddress
        for index in containers.indices { containers[index].stage = .creating(until: moment.now + moment.pace.create) }
    }

    /// Found already running on its node when the cluster began to live.
    mutating func adopt(_ pod: JSON, _ moment: PodMoment) {
        phase = .onNode
        startTime = pod[dotted: "status.startTime"]?.string.flatMap { Instant($0) }
        address = pod[dotted: "status.podIP"]?.string ?? ""
        hostAddress = pod[dotted: "status.hostIP"]?.string ?? ""
        let statuses = pod[dotted: "status.containerStatuses"]?.array ?? []
        for index in containers.indices {
            guard let status = statuses.first(where: { $0["name"]?.string == containers[index].name }),
                let started = status[dotted: "state.running.startedAt"]?.string.flatMap({ Instant($0) })
            else { continue }
            containers[index].stage = .running(since: moment.now)
            containers[index].startedAt = started
            containers[index].restarts = status["restartCount"]?.int ?? 0
            containers[index].isReady = status["ready"]?.bool ?? false
        }
    }

    mutating func advance(_ moment: PodMoment) -> [PodEffect] {
        switch phase {
        case .onNode:
            var effects: [PodEffect] = []
            for index in containers.indices { effects += containers[index].advance(moment) }
            return effects
        case .stopping(nil) where !moment.orders.hangsTerminating:
            phase = .stopping(until: moment.now + moment.pace.stop)
            return []
        case .stopping(let until?) where until <= moment.now:
            phase = .gone
            return end(143, "Error", moment)
        default: return []
        }
    }

    /// The process is told to end.
    mutating func stop(grace: Int, _ moment: PodMoment) -> [PodEffect] {
        let span = min(.seconds(max(grace, 0)), moment.pace.stop)
        phase = .stopping(until: moment.orders.hangsTerminating ? nil : moment.now + span)
        return containers.filter(\.isRunning).map { container in
            .event(
                isWarning: false, reason: "Killing", message: "Stopping container \(container.name)",
                container: container.name)
        }
    }

    /// Every container that still runs ends.
    mutating func end(_ exitCode: Int, _ reason: String, _ moment: PodMoment) -> [PodEffect] {
        var effects: [PodEffect] = []
        for index in containers.indices where containers[index].stage != .finished {
            if containers[index].isRunning {
                effects.append(.ended(container: containers[index].name, restart: containers[index].restarts))
            }
            containers[index].end(exitCode, reason, moment)
        }
        return effects
    }

    func wake(_ moment: PodMoment) -> Duration? {
        switch phase {
        case .waiting(let since): since + moment.pace.schedule
        case .onNode: containers.compactMap { $0.wake(moment) }.min()
        case .stopping(let until): until
        case .gone: nil
        }
    }

    /// Ended for good: well, badly, or not yet (nil).
    var outcome: Bool? {
        guard !containers.isEmpty, containers.allSatisfy({ $0.stage == .finished }) else { return nil }
        return containers.allSatisfy { $0.last?.exitCode == 0 }
    }
}
