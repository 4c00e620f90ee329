/// A label selector in the query's form (`app=web,tier in (a,b),!old`), or from an object's `selector`.
public struct LabelSelector: Hashable, Sendable {
    enum Requirement: Hashable, Sendable {
        case isIn(String, Set<String>)
        case isNotIn(String, Set<String>)
        case exists(String)
        case isAbsent(String)
        case greater(String, Int)
        case less(String, Int)

        func matches(_ labels: [String: String]) -> Bool {
            switch self {
            case .isIn(let key, let values): labels[key].map(values.contains) ?? false
            case .isNotIn(let key, let values): labels[key].map { !values.contains($0) } ?? true
            case .exists(let key): labels[key] != nil
            case .isAbsent(let key): labels[key] == nil
            case .greater(let key, let bound): labels[key].flatMap { Int($0) }.map { $0 > bound } ?? false
            case .less(let key, let bound): labels[key].flatMap { Int($0) }.map { $0 < bound } ?? false
            }
        }
    }

    var requirements: [Requirement] = []
    var matchesNothing = false

    public static let everything = LabelSelector()

    /// Every one of these labels.
    public init(_ labels: [String: String] = [:]) {
        requirements = labels.sorted { $0.key < $1.key }.map { .isIn($0.key, [$0.value]) }
    }

    /// A `metav1.LabelSelector` (`matchLabels`, `matchExpressions`); nil selects nothing, an empty one everything.
    public init(_ selector: JSON?) {
        guard let selector else {
            self.init()
            matchesNothing = true
            return
        }
        self.init(selector["matchLabels"]?.strings ?? [:])
        for expression in selector["matchExpressions"]?.array ?? [] {
            let key = expression["key"]?.string ?? ""
            let values = Set(expression["values"]?.array?.compactMap(\.string) ?? [])
            switch expression["operator"]?.string {
            case "In": requirements.append(.isIn(key, values))
            case "NotIn": requirements.append(.isNotIn(key, values))
            case "Exists": requirements.append(.exists(key))
            case "DoesNotExist": requirements.append(.isAbsent(key))
            default: matchesNothing = true
            }
        }
    }

    public func matches(_ labels: [String: String]) -> Bool {
        !matchesNothing && requirements.allSatisfy { $0.matches(labels) }
    }

    public func matches(_ object: JSON) -> Bool { requirements.isEmpty ? !matchesNothing : matches(object.labels) }

    /// Reads the query's form.
    public init(parsing text: String) throws {
        var rest = Substring(text)
        while true {
            rest = rest.drop { $0 == " " }
            guard !rest.isEmpty else { return }
            requirements.append(try LabelSelector.requirement(&rest, of: text))
            rest = rest.drop { $0 == " " }
            if rest.first == "," {
                rest = rest.dropFirst()
            } else if !rest.isEmpty {
                throw LabelSelector.wrong(text, rest)
            }
        }
    }

    private static func requirement(_ rest: inout Substring, of text: String) throws -> Requirement {
        if rest.first == "!" {
            rest = rest.dropFirst()
            return .isAbsent(try word(&rest, of: text))
        }
        let key = try word(&rest, of: text)
        rest = rest.drop { $0 == " " }
        for (symbol, isEqual) in [("==", true), ("!=", false), ("=", true)] where rest.hasPrefix(symbol) {
            rest = rest.dropFirst(symbol.count).drop { $0 == " " }
            let value: Set = [String(take(&rest))]
            return isEqual ? .isIn(key, value) : .isNotIn(key, value)
        }
        if rest.first == ">" || rest.first == "<" {
            let isGreater = rest.first == ">"
            rest = rest.dropFirst().drop { $0 == " " }
            guard let bound = Int(take(&rest)) else { throw wrong(text, rest) }
            return isGreater ? .greater(key, bound) : .less(key, bound)
        }
        if rest.isEmpty || rest.first == "," { return .exists(key) }
        let operation = take(&rest)
        guard operation == "in" || operation == "notin" else { throw wrong(text, operation) }
        let values = try set(&rest, of: text)
        return operation == "in" ? .isIn(key, values) : .isNotIn(key, values)
    }

    private static func set(_ rest: inout Substring, of text: String) throws -> Set<String> {
        rest = rest.drop { $0 == " " }
        guard rest.first == "(", let end = rest.firstIndex(of: ")") else { throw wrong(text, rest) }
        let inner = rest[rest.index(after: rest.startIndex)..<end]
        rest = rest[rest.index(after: end)...]
        return Set(
            inner.split(separator: ",", omittingEmptySubsequences: false).map { part in
                String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            })
    }

    private static func word(_ rest: inout Substring, of text: String) throws -> String {
        let word = take(&rest)
        guard !word.isEmpty else { throw wrong(text, rest) }
        return String(word)
    }

    private static func take(_ rest: inout Substring) -> Substring {
        let word = rest.prefix { !" ,=!()<>".contains($0) }
        rest = rest.dropFirst(word.count)
        return word
    }

    private static func wrong(_ text: String, _ rest: Substring) -> KubernetesStatus {
        .badRequest("unable to parse requirement: found '\(rest)' in \"\(text)\"")
    }
}

/// A field selector (`status.phase=Running,spec.nodeName!=node-0`).
public struct FieldSelector: Hashable, Sendable {
    struct Term: Hashable, Sendable {
        let path: String
        let value: String
        let isEqual: Bool
    }

    var terms: [Term] = []

    public static let everything = FieldSelector()

    public init() {}

    /// The object of this name.
    public init(name: String) { terms = [Term(path: "metadata.name", value: name, isEqual: true)] }

    public init(parsing text: String, for resource: APIResource) throws {
        for part in text.split(separator: ",") {
            let isEqual = part.firstRange(of: "!=") == nil
            let symbol = isEqual ? (part.firstRange(of: "==") == nil ? "=" : "==") : "!="
            guard let range = part.firstRange(of: symbol) else {
                throw KubernetesStatus.badRequest(
                    "invalid selector: '\(text)'; can't understand '\(part)'")
            }
            let path = String(part[..<range.lowerBound])
            guard FieldSelector.supported(resource).contains(path) else {
                throw KubernetesStatus.badRequest(
                    "Unable to find \"\(resource.apiVersion), Resource=\(resource.plural)\" that match label selector "
                        + "\"\", field selector \"\(text)\": field label not supported: \(path)")
            }
            terms.append(Term(path: path, value: String(part[range.upperBound...]), isEqual: isEqual))
        }
    }

    public func matches(_ object: JSON) -> Bool {
        terms.allSatisfy { term in
            let value =
                switch object[dotted: term.path == "source" ? "source.component" : term.path] {
                case .string(let text)?: text
                case .bool(let flag)?: flag ? "true" : "false"
                case .int(let number)?: String(number)
                default: term.path == "spec.unschedulable" ? "false" : term.path == "status.successful" ? "0" : ""
                }
            return (value == term.value) == term.isEqual
        }
    }

    /// Names the object by itself, where it does.
    var name: String? { terms.first { $0.path == "metadata.name" && $0.isEqual }?.value }

    private static func supported(_ resource: APIResource) -> Set<String> {
        let always: Set = ["metadata.name", "metadata.namespace"]
        let more: Set<String> =
            switch resource.qualified {
            case "pods":
                [
                    "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName",
                    "spec.hostNetwork", "status.phase", "status.podIP", "status.nominatedNodeName",
                ]
            case "events":
                [
                    "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
                    "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath",
                    "reason", "reportingComponent", "source", "type",
                ]
            case "secrets": ["type"]
            case "nodes": ["spec.unschedulable"]
            case "namespaces": ["status.phase"]
            case "jobs.batch": ["status.successful"]
            case "replicasets.apps", "replicationcontrollers": ["status.replicas"]
            case "services": ["spec.clusterIP", "spec.type"]
            default: []
            }
        return always.union(more)
    }
}
