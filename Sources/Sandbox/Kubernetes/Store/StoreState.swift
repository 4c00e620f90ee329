import Foundation

/// What the store holds; only reached under its lock.
struct StoreState {
    struct Subscriber {
        /// Qualified names; empty for all.
        let resources: Set<String>
        let namespace: String?
        let continuation: AsyncStream<StoreEvent>.Continuation
    }

    let clock: KubernetesClock
    var version = 0
    var objects: [ObjectKey: JSON] = [:]
    /// The keys of a resource, so that a list need not look at all objects.
    var keys: [String: Set<ObjectKey>] = [:]
    /// Under which key an object of this uid is.
    var uids: [String: ObjectKey] = [:]
    /// Who names a uid as owner.
    var owned: [String: Set<ObjectKey>] = [:]
    var events: [StoreEvent] = []
    /// Changes up to here are forgotten.
    var compacted = 0
    var resources = APIResource.builtIn
    private var byName: [String: APIResource] = [:]
    private var subscribers: [Int: Subscriber] = [:]
    /// Told of each change while the lock is held: they may not call the store.
    var observers: [@Sendable (StoreEvent) -> Void] = []
    private var nextSubscriber = 0
    private var nextAddress = 1

    static let longestHistory = 20_000

    init(clock: KubernetesClock) {
        self.clock = clock
        index()
    }

    // MARK: Kinds

    mutating func index() {
        var all = APIResource.builtIn
        for key in (keys[APIResource.customResourceDefinitions.qualified] ?? []).sorted() {
            if let definition = objects[key] { all += CustomDefinition.resources(definition) }
        }
        resources = all
        byName = Dictionary(all.map { ($0.qualified, $0) }) { first, _ in first }
    }

    func resource(kind: String, apiVersion: String) -> APIResource? {
        resources.first { $0.kind == kind && $0.apiVersion == apiVersion }
            ?? resources.first { $0.kind == kind && $0.group == apiVersion.split(separator: "/").dropLast().joined() }
    }

    func resource(of key: ObjectKey) -> APIResource? { byName[key.resource] }

    // MARK: Reading

    func list(_ resource: APIResource, namespace: String?, labels: LabelSelector, fields: FieldSelector) -> StoredList {
        let wanted = (keys[resource.qualified] ?? []).filter { key in
            (namespace.map { key.namespace == $0 } ?? true) && (fields.name.map { key.name == $0 } ?? true)
        }
        let items = wanted.sorted().compactMap { objects[$0] }.filter { labels.matches($0) && fields.matches($0) }
        return StoredList(items: items, version: version)
    }

    func dependents(of uid: String) -> [JSON] { (owned[uid] ?? []).sorted().compactMap { objects[$0] } }

    // MARK: Committing

    /// Puts a new state of an object in its place, with the next version, and tells everybody.
    mutating func commit(_ object: JSON, _ resource: APIResource, _ key: ObjectKey) -> JSON {
        version += 1
        var object = object
        object[path: ["metadata", "resourceVersion"]] = .string(String(version))
        let previous = objects[key]
        unindex(previous, key)
        objects[key] = object
        keys[key.resource, default: []].insert(key)
        uids[object.uid] = key
        for owner in object.owners { owned[owner["uid"]?.string ?? "", default: []].insert(key) }
        tell(previous == nil ? .added : .modified, resource, object, previous)
        if key.resource == APIResource.customResourceDefinitions.qualified { index() }
        return object
    }

    /// Takes an object away; the last state that watchers see has a version of its own.
    @discardableResult
    mutating func remove(_ key: ObjectKey, _ resource: APIResource) -> JSON? {
        guard var object = objects.removeValue(forKey: key) else { return nil }
        let previous = object
        version += 1
        object[path: ["metadata", "resourceVersion"]] = .string(String(version))
        unindex(previous, key)
        keys[key.resource]?.remove(key)
        uids[object.uid] = nil
        tell(.deleted, resource, object, previous)
        if key.resource == APIResource.customResourceDefinitions.qualified { index() }
        return object
    }

    private mutating func unindex(_ object: JSON?, _ key: ObjectKey) {
        for owner in object?.owners ?? [] {
            let uid = owner["uid"]?.string ?? ""
            owned[uid]?.remove(key)
            if owned[uid]?.isEmpty == true { owned[uid] = nil }
        }
    }

    private mutating func tell(_ change: StoreEvent.Change, _ resource: APIResource, _ object: JSON, _ previous: JSON?)
    {
        let event = StoreEvent(
            change: change, resource: resource, object: object, previous: previous, version: version)
        events.append(event)
        if events.count > Self.longestHistory { compact(keeping: Self.longestHistory / 2) }
        for subscriber in subscribers.values where subscriber.wants(event) { subscriber.continuation.yield(event) }
        for observer in observers { observer(event) }
    }

    // MARK: Following

    func existing(_ resources: [APIResource], wanted: Bool) -> [StoreEvent] {
        guard wanted else { return [] }
        let names = resources.isEmpty ? Array(keys.keys) : resources.map(\.qualified)
        return names.sorted().flatMap { name -> [StoreEvent] in
            (keys[name] ?? []).sorted().compactMap { key in
                guard let object = objects[key], let resource = resource(of: key) else { return nil }
                return StoreEvent(
                    change: .added, resource: resource, object: object, previous: nil,
                    version: object.resourceVersion ?? version)
            }
        }
    }

    func history(_ resource: APIResource, namespace: String?, after asked: Int) throws -> [StoreEvent] {
        guard asked >= compacted else { throw KubernetesStatus.expired(asked, oldest: compacted) }
        return events.filter { event in
            event.version > asked && event.resource.qualified == resource.qualified
                && (namespace.map { event.object.namespace == $0 } ?? true)
        }
    }

    mutating func subscribe(
        resources: [APIResource], namespace: String?, _ continuation: AsyncStream<StoreEvent>.Continuation
    ) -> Int {
        nextSubscriber += 1
        subscribers[nextSubscriber] = Subscriber(
            resources: Set(resources.map(\.qualified)), namespace: namespace, continuation: continuation)
        return nextSubscriber
    }

    mutating func unsubscribe(_ number: Int) { subscribers[number] = nil }

    func bookmark(_ number: Int, _ resource: APIResource) {
        let object: JSON = [
            "kind": .string(resource.kind), "apiVersion": .string(resource.apiVersion),
            "metadata": ["resourceVersion": .string(String(version)), "creationTimestamp": .null],
        ]
        subscribers[number]?.continuation.yield(
            StoreEvent(change: .bookmark, resource: resource, object: object, previous: nil, version: version))
    }

    mutating func compact(keeping: Int) {
        compacted = events.count > keeping ? events[events.count - keeping - 1].version : compacted
        if keeping == 0 { compacted = version }
        events.removeFirst(max(0, events.count - keeping))
    }

    /// Handed out, because finishing one comes back for the lock.
    mutating func takeSubscribers() -> [AsyncStream<StoreEvent>.Continuation] {
        defer { subscribers = [:] }
        return subscribers.values.map(\.continuation)
    }

    // MARK: Numbers

    /// The next free address of the services' network.
    mutating func address() -> String {
        nextAddress += 1
        return "10.96.\(nextAddress / 250).\(nextAddress % 250)"
    }

    static func uid() -> String { UUID().uuidString.lowercased() }

    /// Five letters and digits, none of which makes a word.
    static func suffix() -> String {
        String((0..<5).map { _ in "bcdfghjklmnpqrstvwxz2456789".randomElement() ?? "x" })
    }
}

extension StoreState.Subscriber {
    func wants(_ event: StoreEvent) -> Bool {
        (resources.isEmpty || resources.contains(event.resource.qualified))
            && (namespace.map { event.object.namespace == $0 } ?? true)
    }
}
