import Host

/// What a node's kubelet tells of its pods: `stats/summary` and the two metrics pages.
struct KubeletStats {
    let store: KubernetesStore
    let disks: DiskLedger
    let node: JSON

    private var now: JSON { store.clock.timestamp() }

    private var pods: [JSON] {
        store.list(.pods).items.filter {
            $0[dotted: "spec.nodeName"]?.string == node.name && $0[dotted: "status.phase"] == "Running"
        }
    }

    // MARK: stats/summary

    var summary: JSON {
        let pods = pods
        let memory = pods.map { usage(of: $0).memory }.reduce(400 << 20, +)
        return [
            "node": [
                "nodeName": .string(node.name), "startTime": node[dotted: "metadata.creationTimestamp"] ?? now,
                "cpu": cpu(pods.map { usage(of: $0).nanoCores }.reduce(50_000_000, +)),
                "memory": self.memory(memory),
                "fs": fs(disks.node(node.name)),
                "runtime": ["imageFs": fs(disks.node(node.name))],
                "rlimit": ["time": now, "maxpid": 32_768, "curproc": .int(180 + pods.count * 4)],
            ],
            "pods": .array(pods.map(pod)),
        ]
    }

    private func pod(_ pod: JSON) -> JSON {
        let usage = usage(of: pod)
        let root = disks.pod(pod)
        let containers = (pod[dotted: "status.containerStatuses"]?.array ?? []).map { container -> JSON in
            [
                "name": container["name"] ?? "", "startTime": container[dotted: "state.running.startedAt"] ?? now,
                "cpu": cpu(usage.nanoCores), "memory": memory(usage.memory),
                "rootfs": fs(root, used: usage.writable), "logs": fs(root, used: usage.logs),
            ]
        }
        return [
            "podRef": ["name": .string(pod.name), "namespace": .string(pod.namespace), "uid": .string(pod.uid)],
            "startTime": pod[dotted: "status.startTime"] ?? now, "containers": .array(containers),
            "cpu": cpu(usage.nanoCores), "memory": memory(usage.memory), "volume": .array(volumes(of: pod)),
            "ephemeral-storage": fs(root, used: usage.writable + usage.logs),
        ]
    }

    private func volumes(of pod: JSON) -> [JSON] {
        (pod[dotted: "spec.volumes"]?.array ?? []).compactMap { volume in
            guard let claim = volume[dotted: "persistentVolumeClaim.claimName"]?.string else {
                guard volume["emptyDir"] != nil else { return nil }
                var empty = fs(disks.pod(pod), used: 4096)
                empty["name"] = volume["name"]
                return empty
            }
            var stats = fs(claimUse(claim, pod.namespace))
            stats["name"] = volume["name"]
            stats["pvcRef"] = ["name": .string(claim), "namespace": .string(pod.namespace)]
            return stats
        }
    }

    private func claimUse(_ claim: String, _ namespace: String) -> DiskUse {
        let object = store.find(.persistentVolumeClaims, claim, in: namespace)
        return disks.claim(claim, in: namespace, size: object?[dotted: "status.capacity.storage"])
    }

    private func fs(_ use: DiskUse, used: Int? = nil) -> JSON {
        let inodes = use.capacity / 16_384
        let inodesUsed = (used ?? use.used) / 40_960
        return [
            "time": now, "availableBytes": .int(use.available), "capacityBytes": .int(use.capacity),
            "usedBytes": .int(used ?? use.used), "inodesFree": .int(inodes - use.used / 40_960),
            "inodes": .int(inodes), "inodesUsed": .int(inodesUsed),
        ]
    }

    private func cpu(_ nanoCores: Int) -> JSON {
        ["time": now, "usageNanoCores": .int(nanoCores), "usageCoreNanoSeconds": .int(nanoCores * 86_400)]
    }

    private func memory(_ bytes: Int) -> JSON {
        [
            "time": now, "usageBytes": .int(bytes + 12 << 20), "workingSetBytes": .int(bytes),
            "rssBytes": .int(bytes - bytes / 8), "availableBytes": .int(max(0, 16 << 30 - bytes)), "pageFaults": 1200,
            "majorPageFaults": 3,
        ]
    }

    // MARK: Usage

    /// What a pod takes; its memory grows with its age, as one with a leak does.
    func usage(of pod: JSON) -> (nanoCores: Int, memory: Int, writable: Int, logs: Int) {
        let seed = Int(SeededGenerator.seed(of: pod.labels["app"] ?? pod.name) % 1000)
        let started = pod[dotted: "status.startTime"]?.string.flatMap { Instant($0) } ?? store.clock.now()
        let hours = max(0, (store.clock.now() - started).inSeconds / 3600)
        let base = (120 + seed / 5) << 20
        let grown = Int(min(hours * 1.2, 180) * 1_048_576)
        return (40_000_000 + seed * 90_000, base + grown, (20 + seed / 20) << 20, (2 << 20) + Int(hours * 20_000))
    }

    // MARK: Metrics

    /// `kubelet_volume_stats_*`, a claim once however many pods use it.
    var metrics: String {
        var claims: Set<[String]> = []
        for pod in pods {
            for volume in pod[dotted: "spec.volumes"]?.array ?? [] {
                guard let claim = volume[dotted: "persistentVolumeClaim.claimName"]?.string else { continue }
                claims.insert([pod.namespace, claim])
            }
        }
        let uses = claims.sorted { $0.lexicographicallyPrecedes($1) }.map { (key: $0, use: claimUse($0[1], $0[0])) }
        let families: [(String, String, (DiskUse) -> Int)] = [
            ("available_bytes", "Number of available bytes in the volume", { $0.available }),
            ("capacity_bytes", "Capacity in bytes of the volume", { $0.capacity }),
            ("inodes", "Maximum number of inodes in the volume", { $0.capacity / 16_384 }),
            ("inodes_free", "Number of free inodes in the volume", { ($0.capacity - $0.used) / 16_384 }),
            ("inodes_used", "Number of used inodes in the volume", { $0.used / 16_384 }),
            ("used_bytes", "Number of used bytes in the volume", { $0.used }),
        ]
        return families.map { name, help, value in
            let head =
                "# HELP kubelet_volume_stats_\(name) [ALPHA] \(help)\n# TYPE kubelet_volume_stats_\(name) gauge\n"
            return head
                + uses.map { key, use in
                    "kubelet_volume_stats_\(name){namespace=\"\(key[0])\",persistentvolumeclaim=\"\(key[1])\"} "
                        + "\(value(use))\n"
                }.joined()
        }.joined() + "# TYPE kubelet_running_pods gauge\nkubelet_running_pods \(pods.count)\n"
    }

    /// `container_fs_*` and the working set, as cAdvisor tells them.
    var cadvisor: String {
        let rows = pods.flatMap { pod in
            (pod[dotted: "status.containerStatuses"]?.array ?? []).map { container in
                (
                    labels: "container=\"\(container["name"]?.string ?? "")\",device=\"/dev/nvme0n1p1\","
                        + "image=\"\(container["image"]?.string ?? "")\",namespace=\"\(pod.namespace)\","
                        + "pod=\"\(pod.name)\"", usage: usage(of: pod), root: disks.pod(pod)
                )
            }
        }
        func family(_ name: String, _ value: ((Int, Int, Int, Int), DiskUse) -> Int) -> String {
            "# TYPE \(name) gauge\n" + rows.map { "\(name){\($0.labels)} \(value($0.usage, $0.root))\n" }.joined()
        }
        return family("container_fs_usage_bytes") { usage, _ in usage.2 }
            + family("container_fs_limit_bytes") { _, root in root.capacity }
            + family("container_memory_working_set_bytes") { usage, _ in usage.1 }
    }
}
