import FoundationEssentials
import Maintenance

@testable import ActionsKubernetes

/// What a real API server answered, by scenario.
struct Recorded {
    let exchanges: [JSONValue]

    init(_ scenario: String) throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let file = folder.appending(path: "Fixtures/kubernetes/\(scenario).json")
        exchanges = try JSONDecoder().decode(JSONValue.self, from: Data(contentsOf: file)).items("exchanges")
    }

    func body(_ index: Int) -> JSONValue { exchanges[index].at("response", "body") ?? .null }

    func items(_ index: Int) -> [JSONValue] { body(index).items("items") }

    func events(_ index: Int) -> [JSONValue] {
        exchanges[index].items("response", "events").compactMap { $0.at("event") }
    }
}

extension JSONValue {
    /// The same document with another value at a path of keys; lists are entered by their indices.
    func with(_ value: JSONValue?, at path: String...) -> JSONValue { with(value, path[...]) }

    private func with(_ value: JSONValue?, _ path: ArraySlice<String>) -> JSONValue {
        guard let key = path.first else { return value ?? .null }
        let inner = (self[key] ?? .object([:])).with(value, path.dropFirst())
        switch self {
        case .list(var items):
            if let index = Int(key), items.indices.contains(index) { items[index] = inner }
            return .list(items)
        case .object(var fields):
            fields[key] = path.count == 1 && value == nil ? nil : inner
            return .object(fields)
        default: return .object([key: inner])
        }
    }
}
