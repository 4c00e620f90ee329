/// A patch, in one of the four ways of the API.
public enum KubernetesPatch: Sendable {
    /// RFC 6902.
    case json([JSON])
    /// RFC 7386.
    case merge(JSON)
    /// Lists merged by the keys of their kind.
    case strategic(JSON)
    /// Server-side apply: the fields that this manager wants, and no others.
    case apply(JSON, manager: String, force: Bool)
}
