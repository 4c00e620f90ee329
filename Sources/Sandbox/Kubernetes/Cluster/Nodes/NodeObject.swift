import Host

/// A node as its kubelet registers it.
enum NodeObject {
    static func make(_ name: String, cpu: String, memory: String) -> JSON {
        [
            "metadata": [
                "name": .string(name),
                "labels": [
                    "kubernetes.io/hostname": .string(name), "kubernetes.io/os": "linux",
                    "kubernetes.io/arch": "amd64", "topology.kubernetes.io/region": "us-west-2",
                ],
                "annotations": ["node.alpha.kubernetes.io/ttl": "0"],
            ],
            "spec": ["providerID": .string("sandbox:///\(name)")],
        ]
    }

    static func status(
        _ name: String, address: String, cpu: String, memory: String, since: Instant, _ disk: Int
    ) -> JSON {
        let room: JSON = [
            "cpu": .string(cpu), "memory": .string(memory), "pods": "110",
            "ephemeral-storage": .string("\(disk / 1024)Ki"),
        ]
        let conditions: [(String, String, String, String)] = [
            ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
            ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
            ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
            ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
        ]
        return [
            "capacity": room, "allocatable": room,
            "conditions": .array(
                conditions.map { type, status, reason, message in
                    [
                        "type": .string(type), "status": .string(status), "reason": .string(reason),
                        "message": .string(message), "lastHeartbeatTime": .string(since.timestamp),
                        "lastTransitionTime": .string(since.timestamp),
                    ]
                }),
            "addresses": [
                ["type": "InternalIP", "address": .string(address)], ["type": "Hostname", "address": .string(name)],
            ],
            "daemonEndpoints": ["kubeletEndpoint": ["Port": 10250]],
            "nodeInfo": [
                "machineID": .string(String(SeededGenerator.hex(of: name).prefix(32))), "systemUUID": .string(name),
                "bootID": .string(name), "kernelVersion": "6.1.0", "osImage": "Debian GNU/Linux 12 (bookworm)",
                "containerRuntimeVersion": "containerd://1.7.27", "kubeletVersion": "v1.34.1",
                "kubeProxyVersion": "v1.34.1", "operatingSystem": "linux", "architecture": "amd64",
            ],
        ]
    }
}
