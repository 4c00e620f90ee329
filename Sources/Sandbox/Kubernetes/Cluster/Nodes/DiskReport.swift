/// `df` in a container.
struct DiskReport {
    private struct Mount {
        let device: String
        let path: String
        let use: DiskUse
    }

    let pod: JSON
    let container: JSON
    let disks: DiskLedger
    let store: KubernetesStore

    func answer(_ arguments: [String]) -> ExecAnswer {
        let isHuman = arguments.contains { $0.hasPrefix("-") && $0.contains("h") }
        let paths = arguments.filter { !$0.hasPrefix("-") }
        let all = mounts
        var shown = paths.isEmpty ? all : []
        var errors = ""
        for path in paths {
            let found = all.filter { path == $0.path || path.hasPrefix($0.path == "/" ? "/" : $0.path + "/") }
                .max { $0.path.count < $1.path.count }
            if let found { shown.append(found) } else { errors += "df: \(path): No such file or directory\n" }
        }
        let head =
            isHuman
            ? ["Filesystem", "Size", "Used", "Avail", "Use%", "Mounted on"]
            : ["Filesystem", "1024-blocks", "Used", "Available", "Capacity", "Mounted on"]
        let rows = [head] + shown.map { row($0, isHuman) }
        let text = rows.map { row in
            row.enumerated().map { index, cell in
                let width = rows.map { $0[index].count }.max() ?? 0
                let space = String(repeating: " ", count: width - cell.count)
                return index == 0 ? cell + space : index == 5 ? cell : space + cell
            }.joined(separator: " ") + "\n"
        }
        return ExecAnswer(text.joined(), errors: errors, exitCode: errors.isEmpty ? 0 : 1)
    }

    private func row(_ mount: Mount, _ isHuman: Bool) -> [String] {
        func size(_ bytes: Int) -> String {
            guard isHuman else { return String(bytes / 1024) }
            return bytes >= 1 << 30 ? "\((bytes + (1 << 30) - 1) >> 30)G" : "\((bytes + (1 << 20) - 1) >> 20)M"
        }
        return [
            mount.device, size(mount.use.capacity), size(mount.use.used), size(mount.use.available),
            "\(mount.use.percent)%", mount.path,
        ]
    }

    private var mounts: [Mount] {
        let root = disks.pod(pod)
        let volumes = Dictionary(
            (pod[dotted: "spec.volumes"]?.array ?? []).map { ($0["name"]?.string ?? "", $0) }
        ) { first, _ in first }
        let mounted = (container["volumeMounts"]?.array ?? []).compactMap { mount -> Mount? in
            guard let path = mount["mountPath"]?.string, let volume = volumes[mount["name"]?.string ?? ""] else {
                return nil
            }
            guard let claim = volume[dotted: "persistentVolumeClaim.claimName"]?.string else {
                return volume["emptyDir"] == nil ? nil : Mount(device: "/dev/nvme0n1p1", path: path, use: root)
            }
            let size = store.find(.persistentVolumeClaims, claim, in: pod.namespace)?[dotted: "status.capacity.storage"]
            return Mount(
                device: "/dev/nvme1n1", path: path, use: disks.claim(claim, in: pod.namespace, size: size))
        }
        let memory = DiskUse(capacity: 64 << 20, percent: 0)
        return [
            Mount(device: "overlay", path: "/", use: root), Mount(device: "tmpfs", path: "/dev", use: memory),
            Mount(device: "shm", path: "/dev/shm", use: memory),
        ] + mounted
    }
}
