import Synchronization

/// What came over one connection of a watch; noted when it ends, or when its reader leaves.
final class WatchReport: Sendable {
    private let access: KubernetesAccess
    private let statement: String
    private let seen: Mutex<(events: Int, version: String)>

    init(_ access: KubernetesAccess, _ request: KubernetesRequest, from version: String) {
        self.access = access
        statement = "WATCH \(request.path) from resourceVersion \(version.prefix(64))"
        seen = Mutex((0, version))
    }

    deinit {
        let (events, version) = seen.withLock { $0 }
        access.note(statement, "\(events) events to resourceVersion \(version.prefix(64))")
    }

    var hasEvents: Bool { seen.withLock { $0.events > 0 } }

    func count(to version: String) { seen.withLock { $0 = ($0.events + 1, version) } }
}
