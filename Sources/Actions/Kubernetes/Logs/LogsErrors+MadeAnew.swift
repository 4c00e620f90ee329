import ClientKubernetes
import Host
import Maintenance

extension LogsErrors {
    /// The pods of StatefulSets and DaemonSets that came within the period in the place of earlier ones: these have
    /// their number or their node, and their logs are gone.
    func madeAnew(_ pods: [KubernetesObject], since: Instant, _ access: KubernetesAccess) async throws -> [Finding] {
        var findings: [Finding] = []
        for kind in [WorkloadKind.statefulSet, .daemonSet] {
            let owned = Dictionary(grouping: pods.filter { $0.controller?.kind == kind.rawValue }) {
                $0.controller?.name ?? ""
            }
            let young = owned.filter { $0.value.contains { $0.isYoung(since) } }
            for (name, pods) in young.sorted(by: { $0.key < $1.key }) {
                let subject = "\(kind.word)/\(name)"
                do {
                    guard let set = try await access.find(kind.api, name, namespace: namespace) else { continue }
                    let anew =
                        kind == .statefulSet
                        ? set.numberedAnew(pods, since: since)
                        : set.placedAnew(pods, since: since, on: try await access.list(.nodes).objects)
                    if !anew.isEmpty {
                        findings.append(gone(subject, anew.map(\.name), kind == .daemonSet ? "new node" : "scaling"))
                    }
                } catch let error as CouldNotLook {
                    findings.append(Finding(subject, .unknown, error.cause))
                }
            }
        }
        return findings
    }

    private func gone(_ subject: String, _ pods: [String], _ excuse: String) -> Finding {
        let limit = KubernetesActionLimits.namedPods
        let more = pods.count > limit ? " and \(pods.count - limit) more" : ""
        let names = pods.sorted().prefix(limit).joined(separator: ", ") + more
        let sentence =
            "\(subject) made pods within the period that no \(excuse) explains (\(names)); the logs of the pods before "
            + "them are gone."
        return lost(subject, sentence)
    }
}

extension KubernetesObject {
    func isYoung(_ since: Instant) -> Bool { created.map { $0 > since } ?? false }

    /// Those of a StatefulSet's young pods that scaling did not add. It adds them above the first number, one after the
    /// other from below: one that is younger than a pod above it came later.
    func numberedAnew(_ pods: [KubernetesObject], since: Instant) -> [KubernetesObject] {
        let first = self["spec", "ordinals", "start"]?.asWhole ?? 0
        let wasScaled = isYoung(since) || scaled.map { $0 > since } ?? false
        var oldestAbove: Instant?
        var anew: [KubernetesObject] = []
        for (number, pod) in pods.map({ ($0.number, $0) }).sorted(by: { $0.0 > $1.0 }) {
            guard let created = pod.created else { continue }
            let isOutOfOrder = oldestAbove.map { created - $0 > KubernetesActionLimits.madeAtOnce } ?? false
            oldestAbove = min(oldestAbove ?? created, created)
            guard created > since else { continue }
            let wasAdded = isFirst(pod, after: self.created) || number > first && wasScaled
            if isOutOfOrder || !wasAdded { anew.append(pod) }
        }
        return anew
    }

    /// Those of a DaemonSet's young pods that are not the first of their nodes. One without a node has no log either.
    func placedAnew(_ pods: [KubernetesObject], since: Instant, on nodes: [KubernetesObject]) -> [KubernetesObject] {
        let births = Dictionary(nodes.map { ($0.name, $0.created) }) { first, _ in first }
        return pods.filter { pod in
            guard pod.isYoung(since), let node = pod["spec", "nodeName"]?.asText else { return false }
            return !isFirst(pod, after: created) && !isFirst(pod, after: births[node] ?? nil)
        }
    }

    private func isFirst(_ pod: KubernetesObject, after birth: Instant?) -> Bool {
        guard let birth, let created = pod.created else { return false }
        return created - birth <= KubernetesActionLimits.firstPod
    }

    /// The 2 of `db-2`.
    private var number: Int { name.split(separator: "-").last.flatMap { Int($0) } ?? 0 }

    /// When somebody last set the number of replicas and nothing else: a person or an autoscaler that scales. Of who
    /// sets a whole specification nobody knows what changed in it.
    private var scaled: Instant? {
        let entries = self["metadata", "managedFields"]?.asList ?? []
        return entries.compactMap { entry -> Instant? in
            guard case .object(let fields)? = entry["fieldsV1"]?["f:spec"],
                fields.keys.filter({ $0 != "." }) == ["f:replicas"]
            else { return nil }
            return entry["time"]?.asInstant
        }.max()
    }
}
