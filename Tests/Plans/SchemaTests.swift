import Maintenance
import Testing

@testable import Plans

/// The JSON Schema says what the decoder does: right plans fit it, and keys of no table do not.
struct SchemaTests {
    private let schema = PlanSchema.document(FakeCatalogue.whole)

    private func fits(_ text: String, _ schema: JSONValue) throws -> Bool {
        let node = try YAMLReader.read(Array(text.utf8), file: "plan.yaml")
        return SchemaCheck(root: schema).fits(SchemaCheck.json(node), schema)
    }

    @Test(arguments: PlanFixture.named(".good.txt"))
    func rightPlansFit(_ name: String) throws {
        let fixture = try PlanFixture(name)
        #expect(try fits(fixture.plan, schema))
        if let estate = fixture.estate { #expect(try fits(estate, PlanSchema.estate(FakeCatalogue.whole))) }
    }

    @Test(arguments: [
        "key-unknown", "key-missing", "key-not-in-this-version", "both-verbs", "wrong-shapes", "action-unknown",
        "action-wrong-verb", "parameters", "target-kind-unknown", "target-settings", "report",
    ])
    func wrongPlansDoNot(_ name: String) throws {
        #expect(try !fits(try PlanFixture(name + ".wrong.txt").plan, schema))
    }

    @Test func everyReferenceInItLeadsSomewhere() throws {
        let definitions = try #require(schema["$defs"])
        var count = 0
        func visit(_ value: JSONValue) {
            switch value {
            case .object(let fields):
                if let reference = fields["$ref"]?.asText {
                    count += 1
                    #expect(definitions[String(reference.dropFirst("#/$defs/".count))] != nil, "\(reference)")
                }
                for inner in fields.values { visit(inner) }
            case .list(let items): for inner in items { visit(inner) }
            default: break
            }
        }
        visit(schema)
        #expect(count > 50)
    }
}

/// As much of JSON Schema as ours uses.
struct SchemaCheck {
    let root: JSONValue

    /// A document as an editor's YAML reader would type it.
    static func json(_ node: PlanNode) -> JSONValue {
        switch node.content {
        case .null: return .null
        case .list(let items): return .list(items.map(json))
        case .map(let entries):
            return .object(Dictionary(entries.map { ($0.key, json($0.value)) }) { first, _ in first })
        case .text(let text):
            if text == "true" || text == "false" { return .bool(text == "true") }
            return Double(text).map(JSONValue.number) ?? .text(text)
        }
    }

    func fits(_ value: JSONValue, _ schema: JSONValue) -> Bool {
        guard case .object(let rules) = schema else { return schema == .bool(true) }
        return rules.allSatisfy { name, rule in holds(name, rule, value, rules) }
    }

    private func holds(_ name: String, _ rule: JSONValue, _ value: JSONValue, _ rules: [String: JSONValue]) -> Bool {
        switch (name, rule) {
        case ("$ref", .text(let reference)):
            guard let target = root["$defs"]?[String(reference.dropFirst("#/$defs/".count))] else { return false }
            return fits(value, target)
        case ("anyOf", .list(let options)): return options.contains { fits(value, $0) }
        case ("oneOf", .list(let options)): return options.count { fits(value, $0) } == 1
        case ("allOf", .list(let all)): return all.allSatisfy { fits(value, $0) }
        case ("if", _): return !fits(value, rule) || rules["then"].map { fits(value, $0) } ?? true
        case ("type", .list(let types)): return types.contains { isOf($0.asText ?? "", value) }
        case ("type", .text(let type)): return isOf(type, value)
        case ("enum", .list(let values)): return values.contains(value)
        case ("pattern", .text(let pattern)):
            guard let text = value.asText else { return true }
            return (try? Regex(pattern).firstMatch(in: text)) != nil
        case ("const", _): return value == rule
        case ("minItems", .number(let least)): if case .list(let items) = value { return Double(items.count) >= least }
        case ("items", _): if case .list(let items) = value { return items.allSatisfy { fits($0, rule) } }
        default: break
        }
        guard case .object(let fields) = value else { return true }
        switch (name, rule) {
        case ("required", .list(let names)): return names.allSatisfy { $0.asText.map { fields[$0] != nil } ?? false }
        case ("minProperties", .number(let least)): return Double(fields.count) >= least
        case ("maxProperties", .number(let most)): return Double(fields.count) <= most
        case ("properties", _): return fields.allSatisfy { key, inner in rule[key].map { fits(inner, $0) } ?? true }
        case ("additionalProperties", _):
            return fields.filter { rules["properties"]?[$0.key] == nil }.values.allSatisfy { fits($0, rule) }
        default: return true
        }
    }

    private func isOf(_ type: String, _ value: JSONValue) -> Bool {
        switch (type, value) {
        case ("null", .null), ("boolean", .bool), ("number", .number), ("string", .text), ("array", .list),
            ("object", .object):
            true
        case ("integer", .number(let number)): number == number.rounded()
        default: false
        }
    }
}
