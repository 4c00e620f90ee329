public import Maintenance

/// The JSON Schema of plans and estates, for editors: from the same tables that the decoder reads by.
public enum PlanSchema {
    /// The schema of a plan, with each action's parameters under its `with`.
    public static func document(_ catalogue: Catalogue) -> JSONValue {
        root("plan", "A service's maintenance, as Millwright runs it.", catalogue)
    }

    /// The schema of an `estate.yaml`.
    public static func estate(_ catalogue: Catalogue) -> JSONValue {
        root("estate", "What all plans of a folder share.", catalogue)
    }

    private static func root(_ table: String, _ title: String, _ catalogue: Catalogue) -> JSONValue {
        var definitions: [String: JSONValue] = [
            "reference": [
                "type": "string", "pattern": "\\$\\{",
                "description": "A text with references such as ${env:NAME}, ${inputs.NAME} or ${steps.ID.MEASUREMENT}.",
            ]
        ]
        for name in reachable(from: table) {
            guard let table = PlanKeys.all.first(where: { $0.name == name }) else { continue }
            definitions[name] = schema(of: table, catalogue)
        }
        if table == "estate" {
            definitions["channel"] = kinds(
                catalogue.sortedChannels.map { ($0.name, $0.summary, $0.parameters) }, "A channel")
        }
        if table == "plan" {
            definitions["target"] = targets(catalogue)
            for action in catalogue.sortedActions {
                definitions["with " + action.name] = parameters(action.parameters, action.declaration.summary)
            }
        }
        return [
            "$schema": "https://json-schema.org/draft/2020-12/schema", "title": .text(title),
            "$ref": .text("#/$defs/\(table)"), "$defs": .object(definitions),
        ]
    }

    /// The tables that a document of this table can hold.
    private static func reachable(from name: String) -> [String] {
        var found = [name]
        var next = 0
        while next < found.count {
            let table = PlanKeys.all.first { $0.name == found[next] }
            for case let inner? in (table?.keys ?? []).map(\.shape.table) where !found.contains(inner) {
                found.append(inner)
            }
            next += 1
        }
        return found
    }

    private static func schema(of table: KeyTable, _ catalogue: Catalogue) -> JSONValue {
        var schema: [String: JSONValue] = [
            "type": "object", "description": .text(table.summary), "additionalProperties": false,
            "properties": .object(
                Dictionary(table.keys.map { ($0.name, described($0, catalogue)) }) { first, _ in first }),
        ]
        let required = table.keys.filter(\.isRequired).map { JSONValue.text($0.name) }
        if !required.isEmpty { schema["required"] = .list(required) }
        if table.name == "step" {
            schema["oneOf"] = .list(StepKindReader.words.map { ["required": [.text($0)]] })
        }
        // Nothing differs in an environment that is only named; an input may be only named too.
        if ["environment", "input", "field"].contains(table.name) { schema["type"] = ["object", "null"] }
        if table.keys.contains(where: { if case .parameters = $0.shape { true } else { false } }) {
            schema["allOf"] = .list(catalogue.sortedActions.map(rule))
        }
        return .object(schema)
    }

    /// The parameters beside an action's name.
    private static func rule(_ action: ActionDefinition) -> JSONValue {
        let verb = action.isChange ? "do" : "check"
        var then: [String: JSONValue] = ["properties": ["with": ["$ref": .text("#/$defs/with \(action.name)")]]]
        if action.parameters.contains(where: \.isRequired) { then["required"] = ["with"] }
        return [
            "if": ["properties": .object([verb: ["const": .text(action.name)]]), "required": [.text(verb)]],
            "then": .object(then),
        ]
    }

    private static func described(_ key: PlanKey, _ catalogue: Catalogue) -> JSONValue {
        guard case .object(var schema) = schema(of: key.shape, catalogue) else { return .bool(true) }
        schema["description"] = .text(key.summary)
        return .object(schema)
    }

    private static func schema(of shape: PlanKey.Shape, _ catalogue: Catalogue) -> JSONValue {
        switch shape {
        case .text, .condition, .schedule: ["type": ["string", "number", "boolean"]]
        case .name: ["type": ["string", "number"]]
        case .scalar(_, let schema): ["anyOf": [schema, ["$ref": "#/$defs/reference"]]]
        case .list(let item): ["type": "array", "minItems": 1, "items": self.schema(of: item, catalogue)]
        case .oneOrMany(let item):
            [
                "anyOf": [
                    self.schema(of: item, catalogue), ["type": "array", "items": self.schema(of: item, catalogue)],
                ]
            ]
        case .map(let value): ["type": "object", "additionalProperties": self.schema(of: value, catalogue)]
        case .table(let name): ["$ref": .text("#/$defs/\(name)")]
        case .target: ["$ref": "#/$defs/target"]
        case .targetNames:
            ["anyOf": [["type": "string"], ["type": "object", "additionalProperties": ["type": "string"]]]]
        case .channel: ["$ref": "#/$defs/channel"]
        case .channelNames:
            ["anyOf": [["type": "string"], ["type": "object", "additionalProperties": ["type": "string"]]]]
        case .check: names(catalogue, catalogue.sortedActions.filter { !$0.isChange })
        case .change: names(catalogue, catalogue.sortedActions.filter(\.isChange))
        case .parameters: ["type": "object"]
        case .value: ["type": ["string", "number", "boolean", "array"]]
        }
    }

    /// A built-in action, or one of a program, whose domain is another one.
    private static func names(_ catalogue: Catalogue, _ actions: [ActionDefinition]) -> JSONValue {
        let domains = Set(catalogue.actions.keys.map { String($0.prefix { $0 != "." }) }).sorted()
        return [
            "anyOf": [
                ["type": "string", "enum": .list(actions.map { .text($0.name) })],
                [
                    "type": "string", "pattern": .text("^(?!(\(domains.joined(separator: "|")))\\.)[^.]+\\.[^.]"),
                    "description": "An action of a program that the plan or its estate declares.",
                ],
            ]
        ]
    }

    private static func targets(_ catalogue: Catalogue) -> JSONValue {
        kinds(catalogue.sortedKinds.map { ($0.name, $0.summary, $0.parameters) }, "A target")
    }

    /// One kind with its settings, or with the lone text that its shorthand takes.
    private static func kinds(
        _ kinds: [(name: String, summary: String, parameters: [ParameterDescription])], _ what: String
    ) -> JSONValue {
        let settings = kinds.map { kind in
            (kind.name, ["anyOf": [["type": "string"], parameters(kind.parameters, kind.summary)]] as JSONValue)
        }
        return [
            "type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": false,
            "description": .text("\(what): its kind with the kind's settings."),
            "properties": .object(Dictionary(settings) { first, _ in first }),
        ]
    }

    private static func parameters(_ parameters: [ParameterDescription], _ summary: String) -> JSONValue {
        let properties = parameters.map { parameter in
            var schema: [String: JSONValue] = [
                "anyOf": [untyped(parameter.schema), ["$ref": "#/$defs/reference"]],
                "description": .text(parameter.summary),
            ]
            if let text = parameter.defaultText { schema["default"] = .text(text) }
            return (parameter.name, JSONValue.object(schema))
        }
        var schema: [String: JSONValue] = [
            "type": "object", "description": .text(summary), "additionalProperties": false,
            "properties": .object(Dictionary(properties) { first, _ in first }),
        ]
        let required = parameters.filter(\.isRequired).map { JSONValue.text($0.name) }
        if !required.isEmpty { schema["required"] = .list(required) }
        return .object(schema)
    }
}

/// Scalars are read as text, so that a number or a truth value is a text too.
private func untyped(_ schema: JSONValue) -> JSONValue {
    switch schema {
    case .list(let items): return .list(items.map(untyped))
    case .object(var fields):
        if schema == String.schema { fields["type"] = ["string", "number", "boolean"] }
        return .object(fields.mapValues(untyped))
    default: return schema
    }
}

extension PlanKey.Shape {
    /// The table of the maps in it.
    fileprivate var table: String? {
        switch self {
        case .table(let name): name
        case .list(let inner), .oneOrMany(let inner), .map(let inner): inner.table
        default: nil
        }
    }
}
