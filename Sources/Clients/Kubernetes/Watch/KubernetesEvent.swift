/// What a watch saw.
public enum KubernetesEvent: Sendable {
    case added(KubernetesObject)
    case modified(KubernetesObject)
    /// Its last state; no more than its metadata where it went while nobody watched.
    case deleted(KubernetesObject)
    /// All that happened until then was told: a sign that the watch is alive.
    case bookmark(resourceVersion: String)

    public var object: KubernetesObject? {
        switch self {
        case .added(let object), .modified(let object), .deleted(let object): object
        case .bookmark: nil
        }
    }
}
