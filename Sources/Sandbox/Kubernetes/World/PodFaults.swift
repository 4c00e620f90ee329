extension ClusterFault {
    private static let app = "worker"

    static let podFaults: [ClusterFault] = [
        ClusterFault("pod-crash-loop", "one worker crash-loops", .pods) { world in
            let pod = try world.firstPod(of: app).name
            let heal = world.spoil(.pod(pod), .crashes(after: .milliseconds(200)))
            try await world.shows("the crash loop") { _ in world.waits(app, ["CrashLoopBackOff"]) }
            return heal
        },
        ClusterFault("pod-out-of-memory", "one worker is killed for its memory again and again", .pods) { world in
            let pod = try world.firstPod(of: app).name
            let heal = world.spoil(.pod(pod), .runsOutOfMemory(after: .milliseconds(200)))
            try await world.shows("the crash loop") { _ in world.waits(app, ["CrashLoopBackOff"]) }
            return heal
        },
        ClusterFault("pod-not-ready", "one worker runs and fails its readiness probe", .pods) { world in
            let pod = try world.firstPod(of: app).name
            let heal = world.spoil(.pod(pod), .neverReady)
            try await world.shows("the pod") { store in
                try !Workload.isReady(store.get(.pods, pod, in: SteamTrapCluster.namespace))
            }
            return heal
        },
        replaced("pod-unschedulable", "no node takes one of the workers", .unschedulable()) { world in
            world.pods(of: app).contains { Conditions.status(of: "PodScheduled", in: $0) == "False" }
        },
        replaced("pod-image-not-found", "one worker's image cannot be pulled", .pullFails()) { world in
            world.waits(app, ["ErrImagePull", "ImagePullBackOff"])
        },
        replaced(
            "pod-config-missing", "one worker's container cannot be made: its secret has no such key",
            .configMissing("couldn't find key url in Secret greenlang-gl008/db-credentials")
        ) { world in
            world.waits(app, ["CreateContainerConfigError"])
        },
        ClusterFault("pod-stuck-terminating", "one worker was deleted and does not go", .pods) { world in
            let pod = try world.firstPod(of: app).name
            let heal = world.spoil(.pod(pod), .hangsTerminating)
            // Ten minutes ago: its grace is long over.
            world.past.set(ago: .seconds(600))
            try world.store.delete(.pods, pod, in: SteamTrapCluster.namespace)
            world.past.set(ago: .zero)
            try await world.shows("the replacement") { _ in
                world.pods(of: app).filter { Workload.isReady($0) && !$0.isBeingDeleted }.count == 4
            }
            return heal
        },
        ClusterFault("pod-evicted", "one worker was evicted for its node's disk and lies about", .pods) { world in
            let pod = try world.firstPod(of: app).name
            try world.cluster.evict(
                pod, in: SteamTrapCluster.namespace,
                message: "The node was low on resource: ephemeral-storage. Threshold quantity: 10Gi.")
            // Besides the evicted one, which may count as ready for a moment still.
            try await world.shows("the replacement") { _ in
                world.pods(of: app).count { $0.name != pod && Workload.isReady($0) } == 4
            }
            return { world in
                try world.store.delete(.pods, pod, in: SteamTrapCluster.namespace, .now)
            }
        },
    ]

    /// One worker is deleted, and its replacement behaves so.
    private static func replaced(
        _ name: String, _ summary: String, _ behaviour: PodBehaviour,
        _ isSeen: @escaping @Sendable (SteamTrapCluster) -> Bool
    ) -> ClusterFault {
        ClusterFault(name, summary, .pods) { world in
            let heal = world.spoil(.labels(["app": app]), behaviour)
            try world.store.delete(.pods, world.firstPod(of: app).name, in: SteamTrapCluster.namespace)
            try await world.shows("the replacement") { _ in isSeen(world) }
            return heal
        }
    }
}
