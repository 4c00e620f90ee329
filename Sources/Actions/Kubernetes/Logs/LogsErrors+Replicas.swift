import ClientKubernetes
import Host
import Maintenance

extension LogsErrors {
    /// The logs of all pods, so many at a time. One that cannot be read keeps no other from being read.
    func read(
        _ pods: [KubernetesObject], since: Instant, until: Instant, _ access: KubernetesAccess, in context: Context
    ) async throws -> [PodLogScan] {
        guard pods.count <= KubernetesActionLimits.logPods else {
            throw CouldNotLook(
                .tooLarge,
                "\(pods.count) pods have these labels, and one check reads \(KubernetesActionLimits.logPods): narrow it."
            )
        }
        return try await withThrowingTaskGroup(of: (Int, PodLogScan).self) { group in
            var next = 0
            var scans: [(Int, PodLogScan)] = []
            while scans.count < pods.count {
                while next < pods.count, next - scans.count < KubernetesActionLimits.logsAtOnce {
                    let index = next
                    group.addTask {
                        (index, try await PodLogScan.read(pods[index], self, since: since, until: until, access))
                    }
                    next += 1
                }
                guard let scan = try await group.next() else { break }
                scans.append(scan)
                context.progress(
                    Progress(done: Double(scans.count), total: Double(pods.count), "logs of \(scan.1.pod)"))
            }
            return scans.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    /// The pods that a rollout in the period replaced are gone, and their logs with them.
    func rollouts(_ pods: [KubernetesObject], since: Instant, _ access: KubernetesAccess) async throws -> [Finding] {
        let young = pods.filter { ($0.created ?? since) > since }
        let sets = Set(young.compactMap(\.controller).filter { $0.kind == "ReplicaSet" }.map(\.name)).sorted()
        var findings: [Finding] = []
        for name in sets {
            do {
                guard let set = try await access.find(.replicaSets, name, namespace: namespace) else { continue }
                let revision = set.annotations["deployment.kubernetes.io/revision"].flatMap { Int($0) } ?? 1
                // What is rolled back to is an old set that is used again.
                let again = set.annotations["deployment.kubernetes.io/revision-history"] != nil
                guard revision > 1, let created = set.created, created > since || again else { continue }
                let workload = set.controller?.name ?? name
                let when = created > since ? "rolled out at \(created)" : "rolled back, or its pods were made anew,"
                findings.append(
                    lost(
                        workload,
                        "The deployment \(workload) was \(when) within the period; the logs of the pods before it are "
                            + "gone."))
            } catch let error as CouldNotLook {
                findings.append(Finding(name, .unknown, error.cause))
            }
        }
        return findings
    }

    /// Pods were replaced, and nobody can read the logs of those before them here.
    func lost(_ subject: String, _ sentence: String) -> Finding {
        Finding(
            subject, replaced == .warn ? .warn : .unknown, Cause(.partlyCovered, sentence),
            advice: "Take a shorter `since`, or look where the logs are collected.")
    }
}
