import ClientKubernetes
import Host
import Maintenance

/// What a rollout's watches bring, in one stream.
enum RolloutNews: Sendable {
    case workload(KubernetesObject?)
    case pod(KubernetesObject, isGone: Bool)
    case slice(KubernetesObject, isGone: Bool)
    case event(KubernetesObject)
    case tick
}

/// Follows a rollout by watching its workload, its pods, their endpoints and the cluster's warnings.
struct RolloutWatch: Sendable {
    let access: KubernetesAccess
    let baseline: RolloutBaseline
    let selector: String
    let host: Host

    /// Calls `body` with each new view until it returns something.
    func follow<Result: Sendable>(
        _ look: RolloutLook, _ body: (inout RolloutView) async throws -> Result?
    ) async throws -> Result {
        var view = look.view(baseline)
        if let result = try await body(&view) { return result }
        let (news, feed) = AsyncStream.makeStream(of: RolloutNews.self)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            defer {
                feed.finish()
                group.cancelAll()
            }
            start(look, feed, &group)
            var sinceLook = Duration.zero
            for await item in news {
                try Task.checkCancellation()
                view.take(item, at: host.now())
                if case .tick = item { sinceLook += KubernetesActionLimits.tick }
                if sinceLook >= KubernetesActionLimits.freshLook {
                    sinceLook = .zero
                    try await view.lookAgain(access)
                }
                if let result = try await body(&view) { return result }
            }
            throw CancellationError()
        }
    }

    private func start(
        _ look: RolloutLook, _ feed: AsyncStream<RolloutNews>.Continuation,
        _ group: inout ThrowingTaskGroup<Void, any Error>
    ) {
        let (baseline, selector, host) = (baseline, selector, host)
        let watches = WatchFeed(access: access, namespace: baseline.namespace, feed: feed)
        group.addTask {
            let here = KubernetesList(
                objects: [look.workload].compactMap { $0 }, resourceVersion: look.workload?.resourceVersion ?? "0")
            await watches.watch(baseline.kind.api, fields: "metadata.name=\(baseline.name)", from: here) {
                .workload($1 ? nil : $0)
            }
        }
        group.addTask { await watches.watch(.pods, labels: selector, from: look.pods) { .pod($0, isGone: $1) } }
        // From the pods' moment on: older warnings are of other days.
        group.addTask {
            let none = KubernetesList(objects: [], resourceVersion: look.pods.resourceVersion)
            await watches.watch(.events, fields: "type=Warning", from: none) { object, _ in .event(object) }
        }
        if !baseline.services.isEmpty {
            group.addTask {
                await watches.watch(
                    .endpointSlices, labels: RolloutLook.sliceSelector(baseline.services), from: look.slices
                ) { .slice($0, isGone: $1) }
            }
        }
        group.addTask { try await watches.tick(.tick, on: host) }
    }
}

extension RolloutView {
    /// An API that is away for a moment is no news: what was seen before stays, until the deadline.
    mutating func lookAgain(_ access: KubernetesAccess) async throws {
        do {
            var view = try await RolloutLook.take(access, baseline).view(baseline)
            view.keep(from: self)
            self = view
        } catch let error as CouldNotLook where error.isPassing {
            return
        }
    }

    mutating func take(_ news: RolloutNews, at now: Instant) {
        switch news {
        case .workload(let object): workload = object.map { Workload($0.json, kind: baseline.kind) }
        case .pod(let object, let isGone):
            if isGone { lose(pod: object.json) } else { take(pod: object.json) }
        case .slice(let object, let isGone):
            if isGone { lose(slice: object.json) } else { take(slice: object.json) }
        case .event(let object): take(event: object.json, at: now)
        case .tick: break
        }
    }
}
