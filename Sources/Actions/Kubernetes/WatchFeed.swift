import ClientKubernetes
import Host

/// What several watches of a namespace bring, and the ticks between them, in one stream.
struct WatchFeed<News: Sendable>: Sendable {
    let access: KubernetesAccess
    let namespace: String
    let feed: AsyncStream<News>.Continuation

    /// Its end is no news: one looks again every few seconds, whatever becomes of the watches.
    func watch(
        _ resource: KubernetesResource, labels: String? = nil, fields: String? = nil, from list: KubernetesList,
        _ news: (KubernetesObject, _ isGone: Bool) -> News
    ) async {
        do {
            let watch = access.watch(resource, labels: labels, fields: fields, namespace: namespace, from: list)
            for try await event in watch {
                switch event {
                case .added(let object), .modified(let object): feed.yield(news(object, false))
                case .deleted(let object): feed.yield(news(object, true))
                case .bookmark: break
                }
            }
        } catch {
            return
        }
    }

    func tick(_ news: News, on host: Host) async throws {
        while !Task.isCancelled {
            try await host.sleep(KubernetesActionLimits.tick)
            feed.yield(news)
        }
    }
}
