import Foundation

/// A watch: events as lines of JSON until the client leaves or the time is over.
struct ResourceWatch: Sendable {
    let store: KubernetesStore
    let reads: ResourceReads
    let bookmarkInterval: Duration
    var fault: KubernetesFault?

    func answer() throws -> APIAnswer {
        let (labels, fields) = try reads.selectors()
        let asked = try reads.askedVersion()
        let feed = WatchFeed(watch: self, labels: labels, fields: fields)
        if case .silentWatch = fault {
            return .stream { _ in try await ContinuousClock().sleep(for: .seconds(86_400)) }
        }
        let subscription: StoreSubscription
        do {
            if let asked, asked > 0 {
                subscription = try store.watch(reads.resource, in: reads.path.namespace, after: asked)
            } else {
                subscription = store.watchFromNow(reads.resource, in: reads.path.namespace)
            }
        } catch let status as KubernetesStatus {
            let line = WatchFeed.line("ERROR", status.json)
            return .stream { try await $0.write(line) }
        }
        let timer = timer
        return .stream { stream in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { [feed] in
                    var feed = feed
                    try await feed.send(subscription, to: stream)
                }
                group.addTask { try await timer(subscription) }
                try await group.next()
                group.cancelAll()
            }
        }
    }

    /// Bookmarks now and then, and the end.
    private var timer: @Sendable (StoreSubscription) async throws -> Void {
        let wantsBookmarks = reads.request.flag("allowWatchBookmarks")
        var limit =
            reads.request["timeoutSeconds"].flatMap { Double($0) }.map { Duration.seconds($0) } ?? .seconds(1800)
        if case .endlessWatch = fault { limit = .seconds(86_400) }
        return { [limit, store, bookmarkInterval, resource = reads.resource] subscription in
            let clock = ContinuousClock()
            let end = clock.now + limit
            while clock.now < end {
                try await clock.sleep(until: min(end, clock.now + bookmarkInterval))
                if wantsBookmarks { store.bookmark(subscription, resource) }
            }
            // What was put before the end is to be sent.
            try await clock.sleep(for: .milliseconds(5))
        }
    }
}

/// Turns the store's changes into what this watch sees.
struct WatchFeed: Sendable {
    let watch: ResourceWatch
    let labels: LabelSelector
    let fields: FieldSelector
    private var sent = 0

    init(watch: ResourceWatch, labels: LabelSelector, fields: FieldSelector) {
        self.watch = watch
        self.labels = labels
        self.fields = fields
    }

    mutating func send(_ subscription: StoreSubscription, to stream: APIStream) async throws {
        if try await broken(stream) { return }
        for await event in subscription.stream {
            guard let line = line(event) else { continue }
            try await stream.write(line)
            sent += 1
            if try await broken(stream) { return }
        }
    }

    private func broken(_ stream: APIStream) async throws -> Bool {
        switch watch.fault {
        case .cutWatch(let after) where sent >= after:
            stream.cut()
            return true
        case .goneWatch(let after) where sent >= after:
            let status = KubernetesStatus(
                410, "Expired", "too old resource version: \(watch.store.oldestVersion) (\(watch.store.version))")
            try await stream.write(Self.line("ERROR", status.json))
            return true
        default: return false
        }
    }

    private func line(_ event: StoreEvent) -> [UInt8]? {
        if event.change == .bookmark { return Self.line("BOOKMARK", shown(event.object, isBookmark: true)) }
        func isSeen(_ object: JSON?) -> Bool {
            guard let object else { return false }
            return labels.matches(object) && fields.matches(object)
        }
        let now = isSeen(event.object)
        let before = isSeen(event.previous)
        let change: StoreEvent.Change
        switch (event.change, before, now) {
        case (.deleted, true, _): change = .deleted
        case (.deleted, false, _), (_, false, false): return nil
        case (_, false, true): change = .added
        case (_, true, true): change = .modified
        // It left the selection.
        case (_, true, false): change = .deleted
        }
        return Self.line(change.rawValue, shown(event.object, isBookmark: false))
    }

    private func shown(_ object: JSON, isBookmark: Bool) -> JSON {
        guard watch.reads.wantsTable else { return watch.reads.served(object) }
        let metadata: JSON = ["resourceVersion": object["metadata"]?["resourceVersion"] ?? .null]
        return watch.reads.table(isBookmark ? [] : [object], list: metadata, withColumns: sent == 0)
    }

    static func line(_ type: String, _ object: JSON) -> [UInt8] {
        (["type": .string(type), "object": object] as JSON).bytes + [0x0a]
    }
}
