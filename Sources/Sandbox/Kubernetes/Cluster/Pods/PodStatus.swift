import Host

/// Writes a pod's status as its kubelet would.
struct PodStatus {
    let machine: PodMachine
    let pod: JSON
    let title: String
    let wall: Instant
    /// A node that does not answer: what runs there is not ready any more.
    var isNodeLost = false

    /// The whole status; times of conditions that did not change stay.
    func json() -> JSON {
        var status = pod["status"] ?? .emptyObject
        status["phase"] = .string(phase)
        status["startTime"] = machine.startTime.map { .string($0.timestamp) }
        if !machine.address.isEmpty {
            status["podIP"] = .string(machine.address)
            status["podIPs"] = [["ip": .string(machine.address)]]
            status["hostIP"] = .string(machine.hostAddress)
            status["hostIPs"] = [["ip": .string(machine.hostAddress)]]
        }
        status["containerStatuses"] = .array(machine.containers.map(container))
        status["conditions"] = .array(
            Conditions.merge(conditions, into: pod[dotted: "status.conditions"]?.array ?? [], at: wall))
        return status
    }

    private var phase: String {
        if let outcome = machine.outcome, machine.phase != .gone || restartPolicy == "Never" {
            return outcome ? "Succeeded" : "Failed"
        }
        return machine.containers.allSatisfy { $0.startedAt == nil } ? "Pending" : "Running"
    }

    private var restartPolicy: String { pod[dotted: "spec.restartPolicy"]?.string ?? "Always" }

    private var conditions: [JSON] {
        let unready = machine.containers.filter { !$0.isReady }.map(\.name)
        let names = unready.joined(separator: " ")
        var ready: JSON = ["type": "Ready", "status": unready.isEmpty && !isNodeLost ? "True" : "False"]
        var containersReady: JSON = ["type": "ContainersReady", "status": unready.isEmpty ? "True" : "False"]
        if let outcome = machine.outcome {
            let reason: JSON = outcome ? "PodCompleted" : "PodFailed"
            (ready["reason"], containersReady["reason"]) = (reason, reason)
        } else if !unready.isEmpty {
            for (field, value) in [
                ("reason", "ContainersNotReady"), ("message", "containers with unready status: [\(names)]"),
            ] {
                ready[field] = .string(value)
                containersReady[field] = .string(value)
            }
        }
        var made: JSON = ["type": "PodReadyToStartContainers", "status": "True"]
        if machine.containers.allSatisfy({ if case .creating = $0.stage { true } else { false } }) {
            made["status"] = "False"
        }
        return [
            made, ["type": "Initialized", "status": "True"], ready, containersReady,
            ["type": "PodScheduled", "status": "True"],
        ]
    }

    private func container(_ container: ContainerMachine) -> JSON {
        let state = state(container)
        let isUp = container.isRunning
        var status: JSON = [
            "name": .string(container.name), "image": .string(ImageName(container.image).full),
            "imageID": .string(container.startedAt == nil ? "" : ImageName(container.image).withDigest),
            "restartCount": .int(container.restarts), "ready": .bool(container.isReady), "started": .bool(isUp),
            "state": state, "lastState": lastState(container),
        ]
        if container.startedAt == nil {
            status["image"] = .string(container.image)
        } else {
            let id = SeededGenerator.hex(of: "\(machine.uid)/\(container.name)/\(container.restarts)")
            status["containerID"] = .string("containerd://\(id)")
        }
        return status
    }

    private func state(_ container: ContainerMachine) -> JSON {
        switch container.stage {
        case .creating: waiting("ContainerCreating")
        case .pulling where container.startedAt == nil && container.refusals == 0: waiting("ContainerCreating")
        case .pulling: waiting("ImagePullBackOff", refused(container))
        case .refused: waiting("ErrImagePull", container.pullMessage)
        case .pullBackOff: waiting("ImagePullBackOff", refused(container))
        case .configMissing: waiting("CreateContainerConfigError", container.pullMessage)
        case .running:
            ["running": ["startedAt": .string((container.startedAt ?? wall).timestamp)]]
        case .crashBackOff(_, let span):
            waiting(
                "CrashLoopBackOff",
                "back-off \(Self.text(span)) restarting failed container=\(container.name) pod=\(title)")
        case .exited, .finished: container.last.map(terminated) ?? waiting("ContainerCreating")
        }
    }

    private func refused(_ container: ContainerMachine) -> String {
        "Back-off pulling image \"\(container.image)\": ErrImagePull: \(container.pullMessage)"
    }

    private func lastState(_ container: ContainerMachine) -> JSON {
        switch container.stage {
        case .exited, .finished: .emptyObject
        default: container.last.map(terminated) ?? .emptyObject
        }
    }

    private func waiting(_ reason: String, _ message: String? = nil) -> JSON {
        var waiting: JSON = ["reason": .string(reason)]
        waiting["message"] = message.map(JSON.string)
        return ["waiting": waiting]
    }

    private func terminated(_ last: ContainerMachine.Termination) -> JSON {
        [
            "terminated": [
                "exitCode": .int(last.exitCode), "reason": .string(last.reason),
                "startedAt": .string(last.startedAt.timestamp), "finishedAt": .string(last.finishedAt.timestamp),
            ]
        ]
    }

    /// `10s`, `2m40s`, as Go writes them.
    static func text(_ span: Duration) -> String {
        let seconds = span.components.seconds
        return seconds < 60 ? "\(seconds)s" : "\(seconds / 60)m\(seconds % 60)s"
    }
}

/// The `conditions` of a status.
enum Conditions {
    /// The new conditions, each with the time since when it stands so; those of other types stay.
    static func merge(_ new: [JSON], into old: [JSON], at wall: Instant) -> [JSON] {
        let types = Set(new.compactMap { $0["type"]?.string })
        let kept = old.filter { !types.contains($0["type"]?.string ?? "") }
        return new.map { condition in
            var condition = condition
            let before = old.first { $0["type"] == condition["type"] }
            let isSame = before?["status"] == condition["status"]
            condition["lastTransitionTime"] =
                (isSame ? before?["lastTransitionTime"] : nil) ?? .string(wall.timestamp)
            condition["lastProbeTime"] = before?["lastProbeTime"] ?? .null
            return condition
        } + kept
    }

    static func status(of type: String, in object: JSON) -> String? { find(type, in: object)?["status"]?.string }

    static func find(_ type: String, in object: JSON) -> JSON? {
        object[dotted: "status.conditions"]?.array?.first { $0["type"]?.string == type }
    }
}

extension SeededGenerator {
    /// 64 hexadecimal digits, the same for the same text.
    static func hex(of text: String) -> String {
        var generator = SeededGenerator(seed: seed(of: text))
        return (0..<4).map { _ in
            let part = String(generator.next(), radix: 16)
            return String(repeating: "0", count: 16 - part.count) + part
        }.joined()
    }

    /// FNV-1a.
    static func seed(of text: String) -> UInt64 {
        text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}
