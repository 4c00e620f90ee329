/// A parameter of an action or a target kind as a value: from an array of these come decoding, schema and docs.
public struct Parameter<Root>: Sendable {
    public let description: ParameterDescription
    /// Reads the plan's value into the root.
    let set: @Sendable (inout Root, PlanValue) throws(ValueError) -> Void

    /// A parameter that a plan must give.
    public static func required<Value: ParameterValue>(
        _ name: String, _ path: any WritableKeyPath<Root, Value> & Sendable, _ summary: String
    ) -> Parameter {
        Parameter(name, path, summary, default: nil)
    }

    /// A parameter with a default, which is what the root's initialiser gives the property.
    public static func optional<Value: ParameterValue>(
        _ name: String, _ path: any WritableKeyPath<Root, Value> & Sendable, default value: Value, _ summary: String
    ) -> Parameter {
        Parameter(name, path, summary, default: value)
    }

    private init<Value: ParameterValue>(
        _ name: String, _ path: any WritableKeyPath<Root, Value> & Sendable, _ summary: String, default value: Value?
    ) {
        description = ParameterDescription(
            name: name, typeName: Value.typeName, summary: summary, isRequired: value == nil,
            defaultText: value?.written, schema: Value.schema)
        set = { root, given throws(ValueError) in root[keyPath: path] = try Value.read(given) }
    }

    /// A parameter whose type is not one of the code's own.
    public init(
        description: ParameterDescription, set: @escaping @Sendable (inout Root, PlanValue) throws(ValueError) -> Void
    ) {
        self.description = description
        self.set = set
    }

    /// The same parameter of what holds the root: a kind that is reached through another takes that one's parameters.
    public func inside<Outer>(_ path: any WritableKeyPath<Outer, Root> & Sendable) -> Parameter<Outer> {
        Parameter<Outer>(description: description) { outer, given throws(ValueError) in
            try set(&outer[keyPath: path], given)
        }
    }
}

/// What docs, schema and messages need to know of a parameter.
public struct ParameterDescription: Sendable {
    public let name: String
    public let typeName: String
    public let summary: String
    public let isRequired: Bool
    public let defaultText: String?
    public let schema: JSONValue

    public init(
        name: String, typeName: String, summary: String, isRequired: Bool, defaultText: String?, schema: JSONValue
    ) {
        self.name = name
        self.typeName = typeName
        self.summary = summary
        self.isRequired = isRequired
        self.defaultText = defaultText
        self.schema = schema
    }
}

extension Array {
    /// Strict decoding: an unknown name is an error that says which was probably meant; all mistakes are collected.
    /// The parameters named in `unresolved` hold references yet to be resolved: they are given, but not read.
    public func decode<Root>(
        _ value: PlanValue?, of owner: String, into empty: Root, unresolved: Set<String> = []
    ) throws(ValueErrors) -> Root where Element == Parameter<Root> {
        var root = empty
        var errors: [ValueError] = []
        var given: Set<String> = []
        switch value {
        case nil, .null?: break
        case .map(let entries)?:
            for entry in entries {
                given.insert(entry.key)
                guard let parameter = first(where: { $0.description.name == entry.key }) else {
                    errors.append(unknown(entry.key, owner))
                    continue
                }
                if unresolved.contains(entry.key) { continue }
                do { try parameter.set(&root, entry.value) } catch { errors.append(error.under(entry.key)) }
            }
        case let other?:
            errors.append(ValueError("\(other.kindName) where a map of parameters is expected"))
        }
        for parameter in self where parameter.description.isRequired && !given.contains(parameter.description.name) {
            errors.append(
                ValueError(
                    "\(owner) needs the parameter `\(parameter.description.name)`: "
                        + parameter.description.summary))
        }
        guard errors.isEmpty else { throw ValueErrors(errors) }
        return root
    }

    private func unknown<Root>(_ name: String, _ owner: String) -> ValueError where Element == Parameter<Root> {
        let names = map(\.description.name)
        let hint =
            name.closest(among: names).map { ", did you mean `\($0)`?" }
            ?? (names.isEmpty ? "; it takes none" : "; it takes \(names.map { "`\($0)`" }.joined(separator: ", "))")
        return ValueError("unknown parameter of \(owner)\(hint)", path: [name])
    }
}

extension String {
    /// The candidate that was probably meant: at most a third of its letters differ.
    public func closest(among candidates: some Sequence<String>) -> String? {
        candidates
            .map { (candidate: $0, distance: editDistance(to: $0)) }
            .filter { $0.distance <= Swift.max(1, $0.candidate.count / 3) }
            .min { $0.distance < $1.distance }?.candidate
    }

    /// Levenshtein's distance.
    private func editDistance(to other: String) -> Int {
        let left = Array(self)
        let right = Array(other)
        var row = Array<Int>(0...right.count)
        for (i, a) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in right.enumerated() {
                let substituted = diagonal + (a == b ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = Swift.min(substituted, diagonal + 1, row[j] + 1)
            }
        }
        return row[right.count]
    }
}
