import Host

/// Everything that reacts to the objects, each kind by its controller. Only the loop's thread is ever in here.
final class Controllers {
    let store: KubernetesStore
    let loop: ClusterLoop
    let scripts: ClusterScripts
    let events: EventRecorder
    private let pods: PodLives
    private let deployments: DeploymentController
    private let replicaSets: ReplicaSetController
    private let statefulSets: StatefulSetController
    private let daemonSets: DaemonSetController
    private let jobs: JobController

    init(store: KubernetesStore, loop: ClusterLoop, scripts: ClusterScripts, logs: LogBook, pace: PodPace) {
        self.store = store
        self.loop = loop
        self.scripts = scripts
        events = EventRecorder(store: store)
        pods = PodLives(store: store, loop: loop, scripts: scripts, logs: logs, events: events, pace: pace)
        deployments = DeploymentController(store: store, loop: loop, events: events)
        replicaSets = ReplicaSetController(store: store, loop: loop, events: events)
        statefulSets = StatefulSetController(store: store, loop: loop, events: events)
        daemonSets = DaemonSetController(store: store, loop: loop, events: events)
        jobs = JobController(store: store, loop: loop, events: events)
    }

    func serve(_ key: ObjectKey) {
        switch key.resource {
        case APIResource.pods.qualified: pods.serve(key)
        case APIResource.nodes.qualified:
            pods.serveNode(key.name)
            for set in store.list(.daemonSets).items { daemonSets.serve(set) }
        case APIResource.services.qualified:
            serveServices(in: key.namespace)
        case APIResource.namespaces.qualified:
            find(.namespaces, key).map(NamespaceController(store: store, loop: loop).serve)
        case APIResource.deployments.qualified: find(.deployments, key).map(deployments.serve)
        case APIResource.replicaSets.qualified: find(.replicaSets, key).map(replicaSets.serve)
        case APIResource.statefulSets.qualified: find(.statefulSets, key).map(statefulSets.serve)
        case APIResource.daemonSets.qualified: find(.daemonSets, key).map(daemonSets.serve)
        case APIResource.jobs.qualified: find(.jobs, key).map(jobs.serve)
        case APIResource.cronJobs.qualified: find(.cronJobs, key).map(jobs.serveCronJob)
        case APIResource.persistentVolumeClaims.qualified:
            find(.persistentVolumeClaims, key).map(VolumeController(store: store, loop: loop).serve)
        case APIResource.podDisruptionBudgets.qualified:
            find(.podDisruptionBudgets, key).map(DisruptionController(store: store).serve)
        default: break
        }
    }

    private func find(_ resource: APIResource, _ key: ObjectKey) -> JSON? {
        store.find(resource, key.name, in: key.namespace)
    }

    private func serveServices(in namespace: String) {
        let controller = EndpointsController(store: store)
        for service in store.list(.services, in: namespace).items { controller.serve(service) }
        for budget in store.list(.podDisruptionBudgets, in: namespace).items {
            DisruptionController(store: store).serve(budget)
        }
    }

    /// Which keys a change makes worth another look. Called under the store's lock.
    static func keys(touchedBy event: StoreEvent) -> [ObjectKey] {
        let object = event.object
        var keys: [ObjectKey] = []
        if looksAfter.contains(event.resource.qualified) {
            keys.append(ObjectKey(event.resource, object.namespace, object.name))
        }
        for owner in Set(object.owners + (event.previous?.owners ?? [])) {
            guard let kind = owner["kind"]?.string, let name = owner["name"]?.string, let resource = owners[kind]
            else { continue }
            keys.append(ObjectKey(resource, object.namespace, name))
        }
        let isPod = event.resource.qualified == APIResource.pods.qualified
        let isService = event.resource.qualified == APIResource.services.qualified
        // Services are looked at a namespace at a time, however many pods changed meanwhile.
        if isPod || isService { keys.append(ObjectKey(.services, object.namespace, "*")) }
        return keys.filter { !($0.resource == APIResource.services.qualified && $0.name != "*") }
    }

    private static let owners: [String: APIResource] = [
        "ReplicaSet": .replicaSets, "Deployment": .deployments, "StatefulSet": .statefulSets,
        "DaemonSet": .daemonSets, "Job": .jobs, "CronJob": .cronJobs,
    ]
    private static let looksAfter = Set(
        [
            APIResource.pods, .nodes, .services, .namespaces, .deployments, .replicaSets, .statefulSets, .daemonSets,
            .jobs, .cronJobs, .persistentVolumeClaims, .podDisruptionBudgets,
        ].map(\.qualified))
}

/// What the controllers of workloads have in common.
enum Workload {
    /// The reference of an object to the one that controls it.
    static func reference(to owner: JSON) -> JSON {
        [
            "apiVersion": .string(owner.apiVersion), "kind": .string(owner.kind), "name": .string(owner.name),
            "uid": .string(owner.uid), "controller": true, "blockOwnerDeletion": true,
        ]
    }

    static func controlled(by owner: JSON, _ kind: String, in store: KubernetesStore) -> [JSON] {
        store.dependents(of: owner.uid).filter { $0.kind == kind && $0.controllerOwner?["uid"]?.string == owner.uid }
    }

    /// Neither ended nor about to.
    static func isActive(_ pod: JSON) -> Bool { !isDone(pod) && !pod.isBeingDeleted }

    static func isDone(_ pod: JSON) -> Bool {
        let phase = pod[dotted: "status.phase"]?.string
        return phase == "Succeeded" || phase == "Failed"
    }

    static func isReady(_ pod: JSON) -> Bool { Conditions.status(of: "Ready", in: pod) == "True" }

    /// Ready for long enough; the wall's time when it will be, where only time is missing.
    static func isAvailable(_ pod: JSON, minReadySeconds: Int, now: Instant) -> Bool {
        guard isReady(pod) else { return false }
        guard minReadySeconds > 0 else { return true }
        let since = Conditions.find("Ready", in: pod)?["lastTransitionTime"]?.string.flatMap { Instant($0) }
        return since.map { now - $0 >= .seconds(minReadySeconds) } ?? false
    }

    /// A pod from a template.
    static func pod(from template: JSON, owner: JSON, labels: [String: String] = [:]) -> JSON {
        var metadata = template["metadata"] ?? .emptyObject
        metadata["name"] = nil
        metadata["labels"] = JSON(template.labels.merging(labels) { $1 })
        metadata["ownerReferences"] = [reference(to: owner)]
        return ["metadata": metadata, "spec": template["spec"] ?? .emptyObject]
    }

    /// Writes a status where it is another one.
    static func write(_ status: JSON, of object: JSON, _ resource: APIResource, in store: KubernetesStore) {
        guard object["status"] != status else { return }
        _ = try? store.modify(resource, object.name, in: object.namespace, .status) { $0["status"] = status }
    }

    /// The fields that are not zero: Go leaves zeros out.
    static func counts(_ fields: [(String, Int)]) -> [String: JSON] {
        Dictionary(uniqueKeysWithValues: fields.filter { $0.1 != 0 }.map { ($0.0, .int($0.1)) })
    }

    /// As the real controllers name a template: FNV-1a in letters that make no words.
    static func hash(_ template: JSON) -> String {
        let hash = template.bytes.reduce(UInt32(0x811c_9dc5)) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
        let letters = Array("bcdfghjklmnpqrstvwxz2456789")
        return String(String(hash).utf8.map { letters[Int($0) % letters.count] })
    }

    /// `25%` or `2` of `total`.
    static func share(_ value: JSON?, of total: Int, default fallback: String, roundUp: Bool) -> Int {
        if let number = value?.int { return number }
        let text = value?.string ?? fallback
        guard text.hasSuffix("%"), let percent = Int(text.dropLast()) else { return Int(text) ?? 0 }
        return (percent * total + (roundUp ? 99 : 0)) / 100
    }
}
