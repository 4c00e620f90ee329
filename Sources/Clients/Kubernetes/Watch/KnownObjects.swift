import Maintenance

/// The objects that a watch has told of, as far as the differences to a later list need them.
struct KnownObjects {
    /// By uid: a deleted object and a new one of the same name are two.
    private var outlines: [String: KubernetesObject] = [:]

    init(_ objects: [KubernetesObject]) {
        for object in objects { outlines[Self.key(object)] = object.outline }
    }

    mutating func note(_ event: KubernetesEvent) {
        switch event {
        case .added(let object), .modified(let object): outlines[Self.key(object)] = object.outline
        case .deleted(let object): outlines[Self.key(object)] = nil
        case .bookmark: break
        }
    }

    /// What must have happened for the objects to be these: first what went, then what came or changed.
    mutating func differences(to objects: [KubernetesObject]) -> [KubernetesEvent] {
        let now = Set(objects.map(Self.key))
        var events: [KubernetesEvent] = outlines.filter { !now.contains($0.key) }.map(\.value)
            .sorted { ($0.namespace, $0.name) < ($1.namespace, $1.name) }.map { .deleted($0) }
        for object in objects {
            guard let known = outlines[Self.key(object)] else {
                events.append(.added(object))
                continue
            }
            if known.resourceVersion != object.resourceVersion { events.append(.modified(object)) }
        }
        self = KnownObjects(objects)
        return events
    }

    /// Whether an event says what is known already: a list and a watch may overlap.
    func isKnown(_ object: KubernetesObject) -> Bool {
        !object.resourceVersion.isEmpty && outlines[Self.key(object)]?.resourceVersion == object.resourceVersion
    }

    func contains(_ object: KubernetesObject) -> Bool { outlines[Self.key(object)] != nil }

    private static func key(_ object: KubernetesObject) -> String {
        object.uid.isEmpty ? "\(object.namespace)/\(object.name)" : object.uid
    }
}
