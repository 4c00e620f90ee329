import Host

/// The scheduler and the kubelets: every pod's life, driven by its machine.
final class PodLives {
    let store: KubernetesStore
    let loop: ClusterLoop
    let scripts: ClusterScripts
    let logs: LogBook
    let events: EventRecorder
    let pace: PodPace
    private var machines: [String: PodMachine] = [:]
    private var uids: [ObjectKey: String] = [:]
    private var waiting: Set<ObjectKey> = []
    private var scheduler: Scheduler
    private var addresses = 0

    init(
        store: KubernetesStore, loop: ClusterLoop, scripts: ClusterScripts, logs: LogBook, events: EventRecorder,
        pace: PodPace
    ) {
        self.store = store
        self.loop = loop
        self.scripts = scripts
        self.logs = logs
        self.events = events
        self.pace = pace
        scheduler = Scheduler(store: store)
    }

    func serve(_ key: ObjectKey) {
        let pod = store.find(.pods, key.name, in: key.namespace)
        if let known = uids[key], known != pod?.uid { forget(key, known) }
        guard let pod else { return }
        let node = pod[dotted: "spec.nodeName"]?.string
        // A node that is lost does nothing and says nothing.
        if let node, scripts.isLost(node) {
            loseReadiness(pod)
            return
        }
        let moment = moment(for: pod)
        var machine = machines[pod.uid] ?? begin(pod, key, moment)
        defer {
            machines[pod.uid] = machine
            if let wake = machine.wake(moment), wake > moment.now {
                loop.enqueue(key, after: wake - moment.now + .milliseconds(1))
            }
        }
        if case .waiting(let since) = machine.phase {
            guard since + pace.schedule <= moment.now, let node = node ?? place(pod, key, moment) else { return }
            settle(&machine, pod, on: node, moment)
        }
        if Workload.isDone(pod), machine.outcome == nil {
            // Ended from outside, as by an eviction.
            apply(machine.end(137, "Error", moment), pod, moment)
        } else if pod.isBeingDeleted, machine.phase == .onNode {
            let grace = pod[dotted: "metadata.deletionGracePeriodSeconds"]?.int ?? 30
            apply(machine.stop(grace: grace, moment), pod, moment)
        }
        apply(machine.advance(moment), pod, moment)
        if machine.outcome != nil { scheduler.release(pod.uid) }
        report(machine, pod, moment)
    }

    /// The scheduler looks again at what waits, the kubelet at what it has.
    func serveNode(_ name: String) {
        for key in waiting { loop.enqueue(key) }
        for key in uids.keys
        where store.find(.pods, key.name, in: key.namespace)?[dotted: "spec.nodeName"]?.string == name {
            loop.enqueue(key)
        }
        NodeController(store: store, loop: loop, events: events).serve(name, isLost: scripts.isLost(name))
    }

    // MARK: Beginning

    private func begin(_ pod: JSON, _ key: ObjectKey, _ moment: PodMoment) -> PodMachine {
        var machine = PodMachine(pod, moment)
        if pod[dotted: "status.containerStatuses"] != nil {
            machine.adopt(pod, moment)
            if let node = pod[dotted: "spec.nodeName"]?.string { scheduler.take(pod, on: node) }
            for container in machine.containers where container.isRunning {
                beginLog(container, pod, container.startedAt)
            }
        }
        uids[key] = pod.uid
        return machine
    }

    private func place(_ pod: JSON, _ key: ObjectKey, _ moment: PodMoment) -> String? {
        let choice = scheduler.node(for: pod, refusal: moment.orders.unschedulable)
        switch choice {
        case .node(let node):
            waiting.remove(key)
            return node
        case .none(let message):
            waiting.insert(key)
            loop.enqueue(key, after: .seconds(5))
            if Conditions.find("PodScheduled", in: pod)?["message"]?.string != message {
                let condition: JSON = [
                    "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": .string(message),
                ]
                writeConditions([condition], pod, phase: "Pending")
            }
            events.record(on: pod, warning: true, "FailedScheduling", message, from: "default-scheduler")
            return nil
        }
    }

    private func settle(_ machine: inout PodMachine, _ pod: JSON, on node: String, _ moment: PodMoment) {
        if pod[dotted: "spec.nodeName"]?.string == nil {
            let bound = try? store.modify(.pods, pod.name, in: pod.namespace) { object in
                object[path: ["spec", "nodeName"]] = .string(node)
            }
            guard bound != nil else { return }
            events.record(
                on: pod, "Scheduled", "Successfully assigned \(pod.namespace)/\(pod.name) to \(node)",
                from: "default-scheduler")
        }
        scheduler.take(pod, on: node)
        addresses += 1
        let host = store.find(.nodes, node).flatMap(NodeController.address) ?? "10.1.0.1"
        machine.bind(
            moment, address: "10.244.\(addresses / 250 % 250).\(addresses % 250 + 1)", hostAddress: host)
    }

    // MARK: Reporting

    private func report(_ machine: PodMachine, _ pod: JSON, _ moment: PodMoment) {
        switch machine.phase {
        case .waiting: return
        case .gone:
            _ = try? store.delete(.pods, pod.name, in: pod.namespace, .now)
            // Finalizers may keep it; then its containers are told as ended.
            if let kept = store.find(.pods, pod.name, in: pod.namespace), kept.uid == pod.uid { write(machine, kept) }
        case .onNode, .stopping: write(machine, pod)
        }
    }

    private func write(_ machine: PodMachine, _ pod: JSON) {
        guard !(Workload.isDone(pod) && pod[dotted: "status.reason"] != nil) else { return }
        let wall = store.clock.now()
        let status = PodStatus(machine: machine, pod: pod, title: Self.title(pod), wall: wall).json()
        Workload.write(status, of: pod, .pods, in: store)
    }

    private func loseReadiness(_ pod: JSON) {
        guard Conditions.status(of: "Ready", in: pod) == "True" else { return }
        writeConditions([["type": "Ready", "status": "False"]], pod, phase: nil)
    }

    private func writeConditions(_ conditions: [JSON], _ pod: JSON, phase: String?) {
        var status = pod["status"] ?? .emptyObject
        if let phase { status["phase"] = .string(phase) }
        status["conditions"] = .array(
            Conditions.merge(
                conditions, into: pod[dotted: "status.conditions"]?.array ?? [], at: store.clock.now()))
        Workload.write(status, of: pod, .pods, in: store)
    }

    private func apply(_ effects: [PodEffect], _ pod: JSON, _ moment: PodMoment) {
        let node = pod[dotted: "spec.nodeName"]?.string
        for effect in effects {
            switch effect {
            case .event(let isWarning, let reason, let message, let container):
                events.record(
                    on: pod, warning: isWarning, reason, message, from: "kubelet", host: node, container: container)
            case .began(let name, let restart):
                let instance = ContainerInstance(pod: pod.uid, container: name, restart: restart)
                logs.begin(instance, generatedLog(instance, pod, moment.wall))
                // The node keeps the last instance and the one before.
                logs.forget(ContainerInstance(pod: pod.uid, container: name, restart: restart - 2))
            case .ended(let name, let restart):
                logs.end(ContainerInstance(pod: pod.uid, container: name, restart: restart), at: moment.wall)
            }
        }
    }

    private func beginLog(_ container: ContainerMachine, _ pod: JSON, _ start: Instant?) {
        let instance = ContainerInstance(pod: pod.uid, container: container.name, restart: container.restarts)
        logs.begin(instance, generatedLog(instance, pod, start ?? store.clock.now()))
    }

    private func generatedLog(_ instance: ContainerInstance, _ pod: JSON, _ start: Instant) -> GeneratedLog? {
        guard let pattern = scripts.pattern(for: pod) else { return nil }
        let seed = SeededGenerator.seed(of: "\(pod.name)/\(instance.container)/\(instance.restart)")
        return GeneratedLog(pattern: pattern, seed: seed, start: start)
    }

    private func moment(for pod: JSON) -> PodMoment {
        PodMoment(
            now: loop.clock.elapsed, wall: store.clock.now(),
            orders: scripts.orders(for: pod, cronJob: cronJob(of: pod)), pace: pace,
            restartPolicy: pod[dotted: "spec.restartPolicy"]?.string ?? "Always", title: Self.title(pod))
    }

    private func cronJob(of pod: JSON) -> String? {
        guard let name = pod.labels["job-name"], let job = store.find(.jobs, name, in: pod.namespace) else {
            return nil
        }
        return job.owners.first { $0["kind"]?.string == "CronJob" }?["name"]?.string
    }

    private func forget(_ key: ObjectKey, _ uid: String) {
        machines[uid] = nil
        uids[key] = nil
        scheduler.release(uid)
        waiting.remove(key)
        logs.forget(pod: uid)
        events.forget(uid)
    }

    private static func title(_ pod: JSON) -> String { "\(pod.name)_\(pod.namespace)(\(pod.uid))" }
}
