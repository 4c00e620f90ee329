public import ClientKubernetes
import Host
public import Maintenance

extension RolloutRestart {
    public func prepare(
        _ unit: WorkUnit, _ access: KubernetesAccess, in context: Context
    ) async throws -> RolloutBaseline {
        guard let kind = unit.attributes["kind"].flatMap(WorkloadKind.init(rawValue:)),
            let name = unit.attributes["name"], let namespace = unit.attributes["namespace"]
        else { throw CouldNotLook(.malformed, "The unit \(unit.id) names no workload.") }
        let workload = Workload(try await access.get(kind.api, name, namespace: namespace).json, kind: kind)
        let listed = try await access.list(.pods, labels: workload.selector.text, namespace: namespace)
        let owners = try await Self.owners(workload, access, namespace)
        let pods = listed.objects.map { Pod($0.json) }.filter { pod in pod.owner.map { owners.contains($0.uid) } == true
        }
        let now = context.host.now()
        return RolloutBaseline(
            kind: kind, name: name, namespace: namespace, uid: workload.uid, at: now,
            mark: "\(context.label.run)/\(context.label.step)/\(workload.id)", generation: workload.generation,
            template: try workload.templateDigest, earlierMark: workload.templateAnnotations[RestartMark.key],
            earlierInstant: workload.templateAnnotations[RestartMark.instant], pods: Set(pods.map(\.uid)),
            ready: workload.ready,
            owners: owners, progressing: workload.condition("Progressing")?.updated,
            services: try await Self.services(workload, access, namespace),
            memory: await PodMemory.total(access, namespace, workload.selector.text, of: Set(pods.map(\.name))))
    }

    /// Whose pods are the workload's: its own uid, or its ReplicaSets'.
    private static func owners(
        _ workload: Workload, _ access: KubernetesAccess, _ namespace: String
    ) async throws -> Set<String> {
        guard workload.kind == .deployment else { return [workload.uid] }
        let sets = try await access.list(.replicaSets, labels: workload.selector.text, namespace: namespace)
        return Set(sets.objects.filter { Pod.Owner($0.json)?.uid == workload.uid }.map(\.uid))
    }

    /// The services that lead to its pods and have a ready address.
    private static func services(
        _ workload: Workload, _ access: KubernetesAccess, _ namespace: String
    ) async throws -> [String] {
        let labels = workload.templateLabels
        let services = try await access.list(.services, namespace: namespace).objects.map(\.json)
        let leading = services.filter { service in
            let selector = service.texts("spec", "selector")
            return !selector.isEmpty && selector.allSatisfy { labels[$0.key] == $0.value }
        }
        let names = leading.compactMap { $0.text("metadata", "name") }.sorted()
        guard !names.isEmpty else { return [] }
        let slices = try await access.list(
            .endpointSlices, labels: RolloutLook.sliceSelector(names), namespace: namespace)
        let serving = slices.objects.filter { slice in
            slice.json.items("endpoints").contains { $0.at("conditions", "ready") != .bool(false) }
        }
        let found = Set(serving.compactMap { $0.labels["kubernetes.io/service-name"] })
        return names.filter { found.contains($0) }
    }
}
