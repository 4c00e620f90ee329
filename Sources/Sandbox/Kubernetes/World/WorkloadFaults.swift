extension ClusterFault {
    private static let inspector = "steam-trap-inspector"

    static let workloadFaults: [ClusterFault] = [
        ClusterFault("deployment-missing", "the sensor gateway's Deployment is not there", .pods) { world in
            try world.store.delete(.deployments, "sensor-gateway", in: SteamTrapCluster.namespace)
            try await world.shows("the gap") { _ in world.pods(of: "sensor-gateway").isEmpty }
            return { try $0.restoreManifest(of: "sensor-gateway") }
        },
        scaled("deployment-scaled-down", "the API gateway was scaled from 3 to 1", "api-gateway", 1),
        scaled("deployment-scaled-to-zero", "the ML service was scaled to 0", "ml-service", 0),
        scaled("deployment-scaled-up", "there are two workers more than expected", "worker", 6),
        ClusterFault("deployment-paused", "the inspector is paused with a newer image not rolled out", .rollout) {
            world in
            try world.patch(inspector, ["spec": ["paused": true]])
            try world.patch(inspector, SteamTrapCluster.image(inspector, "greenlang/steam-trap-inspector:v2.4.3"))
            try await world.shows("the pause") { store in
                let object = try store.get(.deployments, inspector, in: SteamTrapCluster.namespace)
                return Conditions.find("Progressing", in: object)?["reason"] == "DeploymentPaused"
                    && object[dotted: "status.observedGeneration"]?.int == object.generation
            }
            return { try $0.restoreManifest(of: inspector) }
        },
        ClusterFault("rollout-stalled", "the inspector's new image cannot be pulled: the deadline has passed", .rollout)
        {
            world in
            let image = "greenlang/steam-trap-inspector:v2.4.3-gone"
            let heal = world.spoil(.image(image), .pullFails())
            try world.patch(inspector, ["spec": ["progressDeadlineSeconds": 2]])
            try world.patch(inspector, SteamTrapCluster.image(inspector, image))
            try await world.shows("the deadline") { store in
                let object = try store.get(.deployments, inspector, in: SteamTrapCluster.namespace)
                return Conditions.find("Progressing", in: object)?["reason"] == "ProgressDeadlineExceeded"
            }
            return { world in
                try world.restoreManifest(of: inspector)
                try await heal(world)
            }
        },
        ClusterFault("rollout-half-done", "the inspector's new pods are not ready: old and new run beside", .rollout) {
            world in
            let image = "greenlang/steam-trap-inspector:v2.4.3-half"
            let heal = world.spoil(.image(image), .neverReady)
            try world.patch(inspector, SteamTrapCluster.image(inspector, image))
            try await world.shows("the new pods") { _ in
                let new = world.pods(of: inspector).filter {
                    PodSelection.image(image).matches($0, cronJob: nil) && $0[dotted: "status.phase"] == "Running"
                }
                return new.count == 2 && world.pods(of: inspector).count == 5
            }
            return { world in
                try world.restoreManifest(of: inspector)
                try await heal(world)
            }
        },
        retraining("retraining-fails", "the retraining Job fails", .fails(after: .seconds(1), exitCode: 1)),
        retraining("retraining-hangs", "the retraining Job runs and runs", .runsForever),
        retraining("retraining-image-not-found", "the retraining Job's image cannot be pulled", .pullFails()),
        retraining("retraining-unschedulable", "no node takes the retraining Job's pod", .unschedulable()),
    ]

    /// The scaled-up one is seen as too many.
    private static func scaled(_ name: String, _ summary: String, _ app: String, _ replicas: Int) -> ClusterFault {
        ClusterFault(name, summary, .pods) { world in
            try world.patch(app, ["spec": ["replicas": .int(replicas)]])
            try await world.shows("the number of pods") { store in
                let object = try store.get(.deployments, app, in: SteamTrapCluster.namespace)
                return SteamTrapCluster.isSettled(object) && world.pods(of: app).count == replicas
            }
            return { try $0.restoreManifest(of: app) }
        }
    }

    /// Only those who start a retraining see it.
    private static func retraining(_ name: String, _ summary: String, _ behaviour: PodBehaviour) -> ClusterFault {
        ClusterFault(name, summary, .retraining) { world in
            let heal = world.spoil(.cronJob("ml-model-retraining"), behaviour)
            let before = Set(world.store.list(.jobs, in: SteamTrapCluster.namespace).items.map(\.uid))
            return { world in
                try await heal(world)
                for job in world.store.list(.jobs, in: SteamTrapCluster.namespace).items where !before.contains(job.uid)
                {
                    let options = DeleteOptions(propagation: .background)
                    try world.store.delete(.jobs, job.name, in: SteamTrapCluster.namespace, options)
                }
            }
        }
    }
}
