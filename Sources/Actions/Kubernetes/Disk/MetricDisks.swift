import ClientPrometheus
import Host
import Maintenance

/// Reads the claims from what a Prometheus scraped of the kubelets, and holds them against kube-state-metrics.
struct MetricDisks: Sendable {
    let check: KubernetesDisk
    let access: PrometheusAccess
    let namespace: String
    let now: Instant

    func look() async throws -> DiskFindings {
        let used = try await values("kubelet_volume_stats_used_bytes")
        let capacity = try await values("kubelet_volume_stats_capacity_bytes")
        let available = try await values("kubelet_volume_stats_available_bytes")
        let inodes = try await values("kubelet_volume_stats_inodes")
        let inodesUsed = try await values("kubelet_volume_stats_inodes_used")
        // Claims that pods mount, as kube-state-metrics tells them; without it nobody knows what is missing.
        let mounted = try await mounts()
        let all = try await values("kube_persistentvolumeclaim_info")
        guard !used.isEmpty || !mounted.isEmpty || !all.isEmpty else {
            throw CouldNotLook(
                .noData,
                "Prometheus has no claim of \(namespace): check the namespace, and that it scrapes the kubelets.")
        }
        var findings = DiskFindings()
        for (claim, bytes) in used.sorted(by: { $0.key < $1.key }) where check.isChosen(claim) {
            guard let total = capacity[claim], let left = available[claim], total > 0, left >= 0 else {
                findings.miss("claim \(claim)", .noData, "Prometheus does not know the size of claim \(claim).")
                continue
            }
            var use = DiskUse(place: .claim, name: claim, used: bytes, total: total, available: left)
            if let count = inodes[claim], count > 0, let busy = inodesUsed[claim] {
                use.inodesPercent = 100 * busy / count
            }
            findings.uses.append(use)
        }
        let known = Set(all.keys).union(mounted.keys)
        for claim in known.sorted() where used[claim] == nil && check.isChosen(claim) {
            if mounted[claim] == true {
                findings.miss(
                    "claim \(claim)", .noData,
                    "Prometheus has no fresh value of claim \(claim), which a running pod mounts.")
            } else {
                findings.unread.append(("claim \(claim)", "No running pod mounts it."))
            }
        }
        if known.isEmpty {
            findings.miss(
                "claims", .partlyCovered,
                "Prometheus has no kube-state-metrics, so that a claim without values would not be missed.")
        }
        let names = known.union(used.keys)
        for pattern in check.claims where !names.contains(where: { pattern.matches(.deployment, $0) }) {
            findings.miss("claim \(pattern.name)", .notFound, "Prometheus knows no claim \(pattern.name).")
        }
        return findings
    }

    /// The newest value of each claim, where it is a number and not older than Prometheus itself would give out.
    private func values(_ metric: String) async throws -> [String: Double] {
        let samples = try await access.query("max by (persistentvolumeclaim) (\(metric){\(inNamespace)})")
        var result: [String: Double] = [:]
        for sample in samples {
            if let claim = sample.labels["persistentvolumeclaim"], !claim.isEmpty, let value = sample.value {
                result[claim] = value
            }
        }
        return result
    }

    /// The claims that pods mount, and whether one of these pods runs: of one that is over or not started the kubelets
    /// tell nothing. One whose phase nobody tells counts as running, so that its claim is missed.
    private func mounts() async throws -> [String: Bool] {
        let volumes = try await access.query(
            "max by (persistentvolumeclaim, pod, uid) "
                + "(kube_pod_spec_volumes_persistentvolumeclaims_info{\(inNamespace)})")
        let others = try await access.query(
            "max by (pod, uid, phase) (kube_pod_status_phase{\(inNamespace),phase!=\"Running\"} == 1)")
        let idle = Set(
            others.filter { ["Pending", "Succeeded", "Failed"].contains($0.labels["phase"]) }.map(Self.pod))
        var result: [String: Bool] = [:]
        for sample in volumes {
            guard let claim = sample.labels["persistentvolumeclaim"], !claim.isEmpty else { continue }
            result[claim] = result[claim] == true || !idle.contains(Self.pod(sample))
        }
        return result
    }

    /// Its uid besides its name: a pod that is made anew is not the one before.
    private static func pod(_ sample: PrometheusSample) -> [String?] { [sample.labels["pod"], sample.labels["uid"]] }

    private var inNamespace: String {
        "namespace=\"\(namespace.filter { $0.isLetter || $0.isNumber || $0 == "-" })\""
    }
}
