import Synchronization

/// One change of one object.
public struct StoreEvent: Sendable {
    public enum Change: String, Sendable {
        case added = "ADDED"
        case modified = "MODIFIED"
        case deleted = "DELETED"
        /// Everything up to this version has been seen.
        case bookmark = "BOOKMARK"
    }

    public let change: Change
    public let resource: APIResource
    public let object: JSON
    /// What it was before, where it was.
    public let previous: JSON?
    public let version: Int
}

/// A list at one version of the store.
public struct StoredList: Sendable {
    /// Ordered by namespace and name.
    public var items: [JSON]
    public var version: Int
}

/// How an object is to go.
public struct DeleteOptions: Sendable {
    public enum Propagation: String, Sendable {
        case background = "Background", foreground = "Foreground", orphan = "Orphan"
    }

    /// Seconds that a pod has to end; nil for its own, 0 for at once.
    public var gracePeriod: Int?
    /// nil for the kind's own way (orphans for Jobs, as batch/v1 does; else in the background).
    public var propagation: Propagation?
    public var uid: String?
    public var resourceVersion: String?
    public var dryRun: Bool

    public init(
        gracePeriod: Int? = nil, propagation: Propagation? = nil, uid: String? = nil, resourceVersion: String? = nil,
        dryRun: Bool = false
    ) {
        self.gracePeriod = gracePeriod
        self.propagation = propagation
        self.uid = uid
        self.resourceVersion = resourceVersion
        self.dryRun = dryRun
    }

    /// Gone at once, as a kubelet reports a pod whose containers have ended.
    public static let now = DeleteOptions(gracePeriod: 0)
}

/// How an object went.
public enum Deletion: Sendable {
    case gone(JSON)
    /// It waits for its grace period, finalizers or dependents.
    case pending(JSON)

    public var object: JSON {
        switch self {
        case .gone(let object), .pending(let object): object
        }
    }
}

/// How a write is to be done.
public struct WriteOptions: Sendable {
    public var dryRun: Bool
    /// Who is noted in `managedFields`; nil leaves them as they are, as the controllers' writes do here.
    public var manager: String?
    /// `status` or `scale`: what else the object holds stays as it is.
    public var subresource: String?

    public init(dryRun: Bool = false, manager: String? = nil, subresource: String? = nil) {
        self.dryRun = dryRun
        self.manager = manager
        self.subresource = subresource
    }

    public static let plain = WriteOptions()
    public static let status = WriteOptions(subresource: "status")
}

/// The objects of a cluster with the rules of the real store: one counter of versions, conflicts, defaults, validation,
/// grace, finalizers, garbage collection, a watchable history. Every call is short, synchronous and thread-safe, and
/// throws a `KubernetesStatus`.
public final class KubernetesStore: Sendable {
    public let clock: KubernetesClock
    private let state: Mutex<StoreState>
    private let gone = GoneSubscribers()

    public init(clock: KubernetesClock = .system) {
        self.clock = clock
        state = Mutex(StoreState(clock: clock))
    }

    /// The version of the last change.
    public var version: Int { state.withLock { $0.version } }

    /// What is served now, with the kinds that custom resource definitions add.
    public var resources: [APIResource] { state.withLock { $0.resources } }

    public func resource(kind: String, apiVersion: String) -> APIResource? {
        state.withLock { $0.resource(kind: kind, apiVersion: apiVersion) }
    }

    // MARK: Reading

    public func get(_ resource: APIResource, _ name: String, in namespace: String = "") throws -> JSON {
        guard let object = find(resource, name, in: namespace) else { throw KubernetesStatus.notFound(resource, name) }
        return object
    }

    public func find(_ resource: APIResource, _ name: String, in namespace: String = "") -> JSON? {
        state.withLock { $0.objects[ObjectKey(resource, namespace, name)] }
    }

    /// `namespace` nil lists all of them.
    public func list(
        _ resource: APIResource, in namespace: String? = nil, labels: LabelSelector = .everything,
        fields: FieldSelector = .everything
    ) -> StoredList {
        state.withLock { $0.list(resource, namespace: namespace, labels: labels, fields: fields) }
    }

    /// The objects that name this one as an owner, of every kind.
    public func dependents(of uid: String) -> [JSON] { state.withLock { $0.dependents(of: uid) } }

    // MARK: Writing

    /// Creates from `object`; kind and apiVersion may be missing, `generateName` is honoured.
    @discardableResult
    public func create(
        _ resource: APIResource, _ object: JSON, in namespace: String? = nil, _ options: WriteOptions = .plain
    ) throws -> JSON {
        try state.withLock { try $0.create(resource, object, namespace: namespace, options) }
    }

    /// Replaces the object; a `resourceVersion` in it must be the current one.
    @discardableResult
    public func update(
        _ resource: APIResource, _ object: JSON, in namespace: String? = nil, _ options: WriteOptions = .plain
    ) throws -> JSON {
        try state.withLock { state in
            let key = ObjectKey(resource, namespace ?? object.namespace, object.name)
            return try state.update(resource, key, options) { _ in object }
        }
    }

    /// Reads, changes and writes in one step, so that no other write comes between.
    @discardableResult
    public func modify(
        _ resource: APIResource, _ name: String, in namespace: String = "", _ options: WriteOptions = .plain,
        _ change: (inout JSON) throws -> Void
    ) throws -> JSON {
        try state.withLock { state in
            try state.update(resource, ObjectKey(resource, namespace, name), options) { current in
                var object = current
                try change(&object)
                return object
            }
        }
    }

    /// Applies a patch of any of the four kinds; `apply` creates what is not there.
    @discardableResult
    public func patch(
        _ resource: APIResource, _ name: String, in namespace: String = "", _ patch: KubernetesPatch,
        _ options: WriteOptions = .plain
    ) throws -> JSON {
        try state.withLock { try $0.patch(resource, ObjectKey(resource, namespace, name), patch, options).object }
    }

    /// As `patch`, and says whether the object was made.
    func apply(
        _ resource: APIResource, _ name: String, in namespace: String, _ patch: KubernetesPatch, _ options: WriteOptions
    ) throws -> (object: JSON, created: Bool) {
        try state.withLock { try $0.patch(resource, ObjectKey(resource, namespace, name), patch, options) }
    }

    @discardableResult
    public func delete(
        _ resource: APIResource, _ name: String, in namespace: String = "", _ options: DeleteOptions = DeleteOptions()
    ) throws -> Deletion {
        try state.withLock { try $0.delete(resource, ObjectKey(resource, namespace, name), options) }
    }

    // MARK: Following

    /// Told of every change from now on, and of what there is (as `added`), at once and in order; it must be short and
    /// may not call the store.
    func observe(_ observer: @escaping @Sendable (StoreEvent) -> Void) {
        state.withLock { state in
            for event in state.existing([], wanted: true) { observer(event) }
            state.observers.append(observer)
        }
    }

    /// What there is (as `added`), then every change, in order, until the task that reads is cancelled or the store is
    /// closed; no resources means all.
    public func follow(_ resources: [APIResource] = [], existing: Bool = true) -> AsyncStream<StoreEvent> {
        subscription(resources: resources, namespace: nil) { $0.existing(resources, wanted: existing) }.stream
    }

    /// The changes after a version; throws 410 where the history does not reach back so far.
    func watch(_ resource: APIResource, in namespace: String?, after version: Int) throws -> StoreSubscription {
        try subscription(resources: [resource], namespace: namespace) {
            try $0.history(resource, namespace: namespace, after: version)
        }
    }

    /// As a watch without a version: what there is, then the changes.
    func watchFromNow(_ resource: APIResource, in namespace: String?) -> StoreSubscription {
        subscription(resources: [resource], namespace: namespace) { state in
            state.existing([resource], wanted: true)
                .filter { namespace == nil || $0.object.namespace == namespace }
        }
    }

    private func subscription(
        resources: [APIResource], namespace: String?, _ start: (borrowing StoreState) throws -> [StoreEvent]
    ) rethrows -> StoreSubscription {
        let (stream, continuation) = AsyncStream.makeStream(of: StoreEvent.self)
        let number = try state.withLock { state in
            for number in gone.take() { state.unsubscribe(number) }
            for event in try start(state) { continuation.yield(event) }
            return state.subscribe(resources: resources, namespace: namespace, continuation)
        }
        // Called with the reader's task locked, which `yield` locks as well, with the state locked: one that took the
        // state's lock here would wait for it for ever.
        continuation.onTermination = { [gone] _ in gone.note(number) }
        return StoreSubscription(number: number, stream: stream)
    }

    /// Puts a bookmark into a subscription, behind everything that it has been sent.
    func bookmark(_ subscription: StoreSubscription, _ resource: APIResource) {
        state.withLock { $0.bookmark(subscription.number, resource) }
    }

    // MARK: History

    /// Forgets the history but for the last `keeping` changes: older watches and continue tokens get 410.
    public func compact(keeping: Int = 0) { state.withLock { $0.compact(keeping: keeping) } }

    /// The oldest version from which a watch can start.
    public var oldestVersion: Int { state.withLock { $0.compacted } }

    /// Ends every subscription.
    public func close() {
        for continuation in state.withLock({ $0.takeSubscribers() }) { continuation.finish() }
    }
}

/// A place in the stream of changes.
struct StoreSubscription: Sendable {
    let number: Int
    let stream: AsyncStream<StoreEvent>
}

/// Subscriptions whose reader is gone, until the store has time for them.
private final class GoneSubscribers: Sendable {
    private let numbers = Mutex<[Int]>([])

    func note(_ number: Int) { numbers.withLock { $0.append(number) } }

    func take() -> [Int] {
        numbers.withLock { numbers in
            defer { numbers = [] }
            return numbers
        }
    }
}
