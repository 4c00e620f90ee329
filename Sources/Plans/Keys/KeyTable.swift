public import Maintenance

/// A key that a map of a plan may have. From tables of these come the decoder, the JSON Schema and the docs.
public struct PlanKey: Sendable {
    /// What stands under a key.
    public indirect enum Shape: Sendable {
        /// Free text.
        case text
        /// A name of one's own: of a service, a target, a step.
        case name
        /// A scalar whose type has a name and a schema of its own.
        case scalar(typeName: String, schema: JSONValue)
        case condition
        case schedule
        case list(Shape)
        /// A list, or its only item by itself.
        case oneOrMany(Shape)
        case map(Shape)
        /// A map with the keys of a table.
        case table(String)
        /// One target: its kind with the kind's settings.
        case target
        /// The name of a target, or names by the roles that an action has.
        case targetNames
        /// One channel: its kind with the kind's settings.
        case channel
        /// The name of a channel, or names by environment.
        case channelNames
        /// An action's name; the parameters beside it are checked against it.
        case check, change
        /// The parameters of the action beside it.
        case parameters
        /// Any scalar or list.
        case value
    }

    public let name: String
    public let shape: Shape
    public let summary: String
    public let isRequired: Bool

    static func required(_ name: String, _ shape: Shape, _ summary: String) -> PlanKey {
        PlanKey(name: name, shape: shape, summary: summary, isRequired: true)
    }

    static func optional(_ name: String, _ shape: Shape, _ summary: String) -> PlanKey {
        PlanKey(name: name, shape: shape, summary: summary, isRequired: false)
    }

    /// The type in words, for docs and messages.
    public var typeName: String { shape.typeName }
}

extension PlanKey.Shape {
    static func scalar<Value: ParameterValue>(_: Value.Type) -> PlanKey.Shape {
        .scalar(typeName: Value.typeName, schema: Value.schema)
    }

    public var typeName: String {
        switch self {
        case .text: "a text"
        case .name: "a name of letters, digits, `-`, `_` and `.`"
        case .scalar(let typeName, _): typeName
        case .condition: "a condition such as `ready < 17`"
        case .schedule: "a schedule such as `daily 09:00`"
        case .list(let item): "a list, each item \(item.typeName)"
        case .oneOrMany(let item): "\(item.typeName), or a list of them"
        case .map(let value): "a map from names, each value \(value.typeName)"
        case .table(let name): "a map (see \(name))"
        case .target: "a kind of target with its settings"
        case .targetNames: "the name of a target, or a map from roles to names"
        case .channel: "a kind of channel with its settings"
        case .channelNames: "the name of a channel, or a map from environments to names"
        case .check: "the name of a check"
        case .change: "the name of a change"
        case .parameters: "the action's parameters"
        case .value: "a text or a list of texts"
        }
    }
}

/// All keys of one kind of map.
public struct KeyTable: Sendable {
    public let name: String
    public let summary: String
    public let keys: [PlanKey]
    /// Keys that the design knows and this version does not: each with what to do until then.
    let later: [String: String]

    init(_ name: String, _ summary: String, _ keys: [PlanKey], later: [String: String] = [:]) {
        self.name = name
        self.summary = summary
        self.keys = keys
        self.later = later
    }

    /// What is wrong with a key that is not in the table.
    func mistake(in key: String) -> String {
        if let advice = later[key] { return "`\(key)` is not part of this version; \(advice)" }
        let names = keys.map(\.name)
        let hint = key.closest(among: names).map { ", did you mean `\($0)`? The" } ?? "; the"
        return "`\(key.prefix(80))` is no key of \(summary)\(hint) keys are \(quoted(names))"
    }
}
