public import Maintenance

/// How an object is altered in place.
public enum KubernetesPatch: Sendable {
    /// RFC 7386: `null` removes, a list replaces.
    case merge(JSONValue)
    /// As merge, but lists of named things are merged by their names; not for custom resources.
    case strategic(JSONValue)
    /// RFC 6902: a list of operations; a `test` among them makes it conditional.
    case json(JSONValue)
    /// Server-side apply: `manager` owns the fields it names; `force` takes them from whoever owned them.
    case apply(JSONValue, manager: String, force: Bool = false)

    var contentType: String {
        switch self {
        case .merge: "application/merge-patch+json"
        case .strategic: "application/strategic-merge-patch+json"
        case .json: "application/json-patch+json"
        // JSON is YAML.
        case .apply: "application/apply-patch+yaml"
        }
    }

    var document: JSONValue {
        switch self {
        case .merge(let value), .strategic(let value), .json(let value), .apply(let value, _, _): value
        }
    }

    var query: [(String, String?)] {
        if case .apply(_, let manager, let force) = self {
            return [("fieldManager", manager), ("force", force ? "true" : nil)]
        }
        return [("fieldManager", KubernetesPatch.manager)]
    }

    /// The name under which the API records what we altered.
    static let manager = "millwright"
}

/// What becomes of the objects that a deleted one owns.
public enum KubernetesPropagation: String, Sendable {
    /// They are deleted afterwards.
    case background = "Background"
    /// They are deleted first, the object last.
    case foreground = "Foreground"
    /// They stay, without an owner.
    case orphan = "Orphan"
}
