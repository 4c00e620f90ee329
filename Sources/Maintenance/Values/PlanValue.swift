/// A value as it stands in a plan. Scalars are text; the parameter that takes one gives it its type, so that `on` stays
/// a word and `12:30` a time.
public indirect enum PlanValue: Hashable, Sendable, Codable {
    case text(String)
    case list([PlanValue])
    case map([Entry])
    case null

    public struct Entry: Hashable, Sendable, Codable {
        public let key: String
        public let value: PlanValue

        public init(_ key: String, _ value: PlanValue) {
            self.key = key
            self.value = value
        }
    }

    /// The value under a key of a map.
    public subscript(_ key: String) -> PlanValue? {
        guard case .map(let entries) = self else { return nil }
        return entries.first { $0.key == key }?.value
    }

    /// The same value with each text passed through `transform`.
    public func mapText<Failure: Error>(_ transform: (String) throws(Failure) -> PlanValue) throws(Failure) -> PlanValue
    {
        switch self {
        case .null: return .null
        case .text(let text): return try transform(text)
        case .list(let items):
            var result: [PlanValue] = []
            for item in items { result.append(try item.mapText(transform)) }
            return .list(result)
        case .map(let entries):
            var result: [Entry] = []
            for entry in entries { result.append(Entry(entry.key, try entry.value.mapText(transform))) }
            return .map(result)
        }
    }

    /// What it is, for messages: "a list".
    public var kindName: String {
        switch self {
        case .text: "a text"
        case .list: "a list"
        case .map: "a map"
        case .null: "nothing"
        }
    }
}

/// A mistake in a value of a plan: where in the value, what is wrong, what would be right.
public struct ValueError: Error, Hashable, Sendable {
    /// The keys and list indices that lead to the value.
    public var path: [String]
    public let message: String

    public init(_ message: String, path: [String] = []) {
        self.path = path
        self.message = message
    }

    public func under(_ key: String) -> ValueError { ValueError(message, path: [key] + path) }
}

/// All mistakes that were found in one value.
public struct ValueErrors: Error, Sendable {
    public let errors: [ValueError]
    public init(_ errors: [ValueError]) { self.errors = errors }
}
