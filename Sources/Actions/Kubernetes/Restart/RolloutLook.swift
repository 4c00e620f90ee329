import ClientKubernetes
import Host
import Maintenance

/// The lists from which a rollout is judged, and from which a watch goes on.
struct RolloutLook: Sendable {
    let pods: KubernetesList
    let slices: KubernetesList
    let workload: KubernetesObject?

    var view: (RolloutBaseline) -> RolloutView {
        { baseline in
            RolloutView(
                baseline, workload: workload.map { Workload($0.json, kind: baseline.kind) },
                pods: pods.objects.map(\.json), slices: slices.objects.map(\.json))
        }
    }

    /// The workload first: its pods are then at least as new as what it says of them.
    static func take(_ access: KubernetesAccess, _ baseline: RolloutBaseline) async throws -> RolloutLook {
        let namespace = baseline.namespace
        let workload = try await access.find(baseline.kind.api, baseline.name, namespace: namespace)
        let selector = workload.map { Workload($0.json, kind: baseline.kind).selector.text } ?? ""
        guard !selector.isEmpty else {
            let nothing = KubernetesList(objects: [], resourceVersion: "")
            return RolloutLook(pods: nothing, slices: nothing, workload: workload)
        }
        return RolloutLook(
            pods: try await access.list(.pods, labels: selector, namespace: namespace),
            slices: try await Self.slices(access, baseline), workload: workload)
    }

    private static func slices(_ access: KubernetesAccess, _ baseline: RolloutBaseline) async throws -> KubernetesList {
        guard !baseline.services.isEmpty else { return KubernetesList(objects: [], resourceVersion: "") }
        return try await access.list(
            .endpointSlices, labels: sliceSelector(baseline.services), namespace: baseline.namespace)
    }

    static func sliceSelector(_ services: [String]) -> String {
        "kubernetes.io/service-name in (\(services.joined(separator: ",")))"
    }
}

extension CouldNotLook {
    /// An API server that is restarted or busy: in a moment it may be there again.
    var isPassing: Bool {
        let passing: Set<Cause.Code> = [
            .refused, .unreachable, .connectionLost, .timedOut, .busy, Cause.Code(rawValue: "server-error"),
        ]
        return passing.contains(cause.code)
    }
}

extension RolloutLook {
    /// As `take`, through a restart of the API server.
    static func takePatiently(
        _ access: KubernetesAccess, _ baseline: RolloutBaseline, in context: Context
    ) async throws -> RolloutLook {
        while true {
            do {
                return try await take(access, baseline)
            } catch let error as CouldNotLook where error.isPassing && context.remaining > .seconds(5) {
                try await context.host.sleep(KubernetesActionLimits.tick)
            }
        }
    }
}
