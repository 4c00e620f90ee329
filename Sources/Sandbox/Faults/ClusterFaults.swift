import Synchronization

extension Fault {
    /// What is wrong in the cluster itself. A rotated log shows only where its pod is older than what is left of it, and the
    /// maintenance restarts the pods: it has tests of its own.
    static let clusterFaults: [Fault] = ClusterFault.all.filter { $0.name != "logs-rotated" }.map { fault in
        Fault(fault.name, fault.summary, seenBy: fault.sight.seenBy, at: fault.sight.places, isWrong: fault.isWrong) {
            // Nothing is retrained while the model is good enough.
            if fault.sight == .retraining { $0.api.spoil(fault.name) { $0.accuracy = "0.87" } }
            let inForce = try await fault.apply(to: $0.world)
            $0.inCluster.withLock { $0[fault.name] = inForce }
        } heal: {
            let inForce = $0.inCluster.withLock { $0.removeValue(forKey: fault.name) }
            try await inForce?.heal()
            $0.api.heal(fault.name)
        }
    }

    /// What is wrong with its API.
    static let kubernetesFaults: [Fault] = [
        answers("kubernetes-401", "the API no longer knows the token", .status(401)),
        answers("kubernetes-403", "the API forbids everything", .status(403)),
        answers("kubernetes-410", "the API says of every list that it is too old", .status(410)),
        answers("kubernetes-429", "the API has too much to do, and says so to all", .status(429, retryAfter: 60)),
        answers("kubernetes-500", "the API fails inside", .status(500)),
        answers("kubernetes-html", "a proxy before the API answers with a page", .html),
        answers("kubernetes-garbage", "the API answers garbage", .garbage),
        answers("kubernetes-half", "the API's answers end in the middle", .half),
        answers("kubernetes-silent", "the API accepts and does not answer", .silent),
        Fault("kubernetes-refused", "nobody listens on the API's port", seenBy: "kubernetes.pods", at: Place.cluster) {
            try $0.proxies.cluster.set(.refuse)
        } heal: {
            try $0.proxies.cluster.set(.forward)
        },
        Fault(
            "kubernetes-logs-forbidden", "the right to read logs is missing", seenBy: "kubernetes.logs-errors",
            at: [.errors, .logs]
        ) {
            $0.kubernetes.fault(.status(403), resources: ["pods/log"])
        } heal: {
            $0.kubernetes.clear()
        },
    ]

    private static func answers(_ name: String, _ summary: String, _ fault: KubernetesFault) -> Fault {
        Fault(name, summary, seenBy: "kubernetes.pods", at: [.pods, .errors, .volumes]) {
            $0.kubernetes.fault(fault)
        } heal: {
            $0.kubernetes.clear()
        }
    }
}

extension ClusterFault.Sight {
    fileprivate var seenBy: String {
        switch self {
        case .pods, .node: "kubernetes.pods"
        case .logs: "kubernetes.logs-errors"
        case .disk: "kubernetes.disk"
        case .rollout: "kubernetes.rollout-restart"
        case .retraining: "kubernetes.job-from-cronjob"
        }
    }

    fileprivate var places: Set<Fault.Place> {
        switch self {
        case .pods: [.pods]
        case .node: [.pods, .volumes]
        case .logs: [.errors, .logs]
        case .disk: [.volumes]
        case .rollout: [.pods, .rollout]
        case .retraining: [.retraining, .accuracy]
        }
    }
}
