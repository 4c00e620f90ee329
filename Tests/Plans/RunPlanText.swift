import Maintenance

@testable import Plans

/// What a run carries, for people: as JSON, with the plan's values as they were written and what is empty left out.
enum RunPlanText {
    static func of(_ runs: [RunPlan]) throws -> String {
        let json = try decodeJSON(JSONValue.self, try encodeJSON(runs))
        return String(decoding: try encodeJSON(simplified(json), pretty: true), as: UTF8.self) + "\n"
    }

    private static func simplified(_ value: JSONValue) -> JSONValue {
        switch value {
        case .list(let items): return .list(items.map(simplified))
        case .object(let fields):
            if fields.count == 1, let inner = planValue(fields) { return simplified(inner) }
            return .object(fields.filter { $0.key != "planDigest" && !isEmpty($0.value) }.mapValues(simplified))
        default: return value
        }
    }

    /// What stands in `{"text": {"_0": …}}`; of a map an object.
    private static func planValue(_ fields: [String: JSONValue]) -> JSONValue? {
        guard let inner = (fields["text"] ?? fields["list"] ?? fields["map"])?["_0"] else { return nil }
        guard fields["map"] != nil, case .list(let entries) = inner else { return inner }
        let pairs = entries.compactMap { entry in
            entry["key"]?.asText.flatMap { key in entry["value"].map { (key, $0) } }
        }
        return .object(Dictionary(pairs) { first, _ in first })
    }

    private static func isEmpty(_ value: JSONValue) -> Bool { value == .list([]) || value == .object([:]) }
}
