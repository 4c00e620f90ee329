import Host

extension ClusterFault {
    private static let inspector = "steam-trap-inspector"
    private static let namespace = SteamTrapCluster.namespace

    static let nodeFaults: [ClusterFault] = [
        ClusterFault("node-not-ready", "a node does not answer any more", .node) { world in
            // The node with a workload's only pod: what is lost does not hang on where the others happen to run.
            let node = try world.firstPod(of: "redis")[dotted: "spec.nodeName"]?.string ?? "node-0"
            world.cluster.setLost(node: node, true)
            try await world.shows("the node") { store in
                try Conditions.status(of: "Ready", in: store.get(.nodes, node)) == "Unknown"
                    && world.appPods.allSatisfy { $0[dotted: "spec.nodeName"]?.string != node || !Workload.isReady($0) }
            }
            return { $0.cluster.setLost(node: node, false) }
        },
        ClusterFault("node-stats-unreadable", "a node's kubelet tells no statistics", .disk) { world in
            let node = try world.firstPod(of: inspector)[dotted: "spec.nodeName"]?.string ?? "node-0"
            world.cluster.setStatsRefused(node: node, true)
            return { $0.cluster.setStatsRefused(node: node, false) }
        },
        ClusterFault("claim-90-percent", "the volume of Redis is 90 % full", .disk) { world in
            world.cluster.fillDisk(claim: "redis-data", in: namespace, percent: 90)
            return { $0.cluster.fillDisk(claim: "redis-data", in: namespace, percent: nil) }
        },
        ClusterFault("claim-72-percent", "the models' volume is 72 % full", .disk) { world in
            world.cluster.fillDisk(claim: "ml-models", in: namespace, percent: 72)
            return { $0.cluster.fillDisk(claim: "ml-models", in: namespace, percent: nil) }
        },
        ClusterFault("pod-disk-90-percent", "one inspector's file system is 90 % full", .disk) { world in
            let pod = try world.firstPod(of: inspector).name
            world.cluster.fillDisk(pod: pod, in: namespace, percent: 90)
            return { $0.cluster.fillDisk(pod: pod, in: namespace, percent: nil) }
        },
        ClusterFault("logs-rotated", "one inspector's log was rotated away, but for the last lines", .logs) { world in
            let pod = try world.firstPod(of: inspector).name
            let from = world.store.clock.now() - .seconds(15)
            try world.cluster.rotateLogs(pod: pod, in: namespace, keepingFrom: from)
            return { try $0.cluster.rotateLogs(pod: pod, in: namespace, keepingFrom: nil) }
        },
        unreadable("logs-refused", "one inspector's node refuses to give its log", .nodeRefuses),
        unreadable("logs-file-gone", "one inspector's log file is gone, and the API answers 200", .fileGone),
        ClusterFault("logs-errors-burst", "one inspector wrote 1,440 errors in the last day", .logs) { world in
            let pod = try world.firstPod(of: inspector).name
            let now = world.store.clock.now()
            let lines = (0..<1440).map { number in
                let at = now - .seconds(60 * (1440 - number))
                return LogLine(at: at, "\(at.milliseconds) ERROR [\(inspector)] could not store inspection: disk full")
            }
            try world.cluster.log(pod: pod, in: namespace, lines)
            return { try $0.cluster.unlog(pod: pod, in: namespace) }
        },
    ]

    private static func unreadable(_ name: String, _ summary: String, _ fault: LogFault) -> ClusterFault {
        ClusterFault(name, summary, .logs) { world in
            let pod = try world.firstPod(of: inspector).name
            try world.cluster.setLogFault(fault, pod: pod, in: namespace)
            return { try $0.cluster.setLogFault(nil, pod: pod, in: namespace) }
        }
    }
}
