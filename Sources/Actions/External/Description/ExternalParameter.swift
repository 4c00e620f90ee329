import Host
import Maintenance

/// The parameters of an action of a program, with the values that a plan gives.
struct ExternalParameters: Sendable {
    var values: [String: ExternalValue] = [:]
}

/// A value of a parameter, typed by the description.
enum ExternalValue: Sendable {
    case json(JSONValue)
    case secret(Secret)

    /// For the program, on its standard input and nowhere else.
    var json: JSONValue {
        switch self {
        case .json(let value): value
        case .secret(let secret): .text(secret.reveal())
        }
    }
}

/// A parameter as a description declares it.
struct ExternalParameter: Sendable {
    /// The types that a parameter can have, each read as the same type of a built-in action.
    enum Kind: String, CaseIterable, Sendable {
        case text, boolean, integer, number, duration, texts, secret, word
    }

    let name: String
    let kind: Kind
    let summary: String
    /// Of a word.
    let choices: [String]
    /// As a plan would write it; `nil` where a plan must give it.
    let fallback: PlanValue?

    init(_ value: JSONValue) throws(Misspoken) {
        var reader = try ObjectReader(value, "a parameter")
        name = try reader.neededText("name", limit: ExternalLimits.name)
        guard Self.isName(name) else {
            throw reader.wrong("name", "no name of small letters, figures and `-`")
        }
        guard let kind = try reader.word("type", Kind.self, Kind.allCases) else {
            throw Misspoken(sentence: "the parameter `\(name)` has no `type`")
        }
        self.kind = kind
        summary = try reader.neededText("summary")
        choices = try reader.texts("choices", limit: ExternalLimits.declared)
        guard choices.isEmpty == (kind != .word) else {
            throw Misspoken(sentence: "the parameter `\(name)` is a word with `choices`, or neither")
        }
        fallback = try reader.take("default").map { json throws(Misspoken) in try Self.planValue(json, of: "default") }
        try reader.end()
        guard kind != .secret || fallback == nil else {
            throw Misspoken(sentence: "the parameter `\(name)` is a secret and has a `default`")
        }
        if let fallback {
            do throws(ValueError) { _ = try read(fallback) } catch {
                throw Misspoken(sentence: "the default of the parameter `\(name)` is wrong: \(error.message)")
            }
        }
    }

    static func isName(_ name: String) -> Bool {
        name.utf8.first.map { (97...122).contains($0) } ?? false
            && name.utf8.allSatisfy { $0 == 45 || (48...57).contains($0) || (97...122).contains($0) }
    }

    /// A JSON value as a plan would write it.
    static func planValue(_ json: JSONValue, of what: String) throws(Misspoken) -> PlanValue {
        switch json {
        case .text(let text): return .text(text)
        case .number(let number): return .text(number.written)
        case .bool(let flag): return .text(flag.written)
        case .list(let items):
            var values: [PlanValue] = []
            for item in items { values.append(try planValue(item, of: what)) }
            return .list(values)
        case .null, .object: throw Misspoken(sentence: "`\(what)` is neither a scalar nor a list")
        }
    }

    func read(_ value: PlanValue) throws(ValueError) -> ExternalValue {
        switch kind {
        case .text: return .json(.text(try String.read(value)))
        case .boolean: return .json(.bool(try Bool.read(value)))
        case .integer: return .json(.number(Double(try Int.read(value))))
        case .number: return .json(.number(try Double.read(value)))
        case .duration: return .json(.number(try Duration.read(value).inSeconds))
        case .texts: return .json(.list(try [String].read(value).map { .text($0) }))
        case .secret: return .secret(try Secret.read(value))
        case .word:
            let text = try String.read(value)
            guard choices.contains(text) else { throw ValueError("`\(text)` is not \(typeName)") }
            return .json(.text(text))
        }
    }

    private var typeName: String {
        switch kind {
        case .text: String.typeName
        case .boolean: Bool.typeName
        case .integer: Int.typeName
        case .number: Double.typeName
        case .duration: Duration.typeName
        case .texts: [String].typeName
        case .secret: Secret.typeName
        case .word: "one of \(choices.map { "`\($0)`" }.joined(separator: ", "))"
        }
    }

    private var schema: JSONValue {
        switch kind {
        case .text: String.schema
        case .boolean: Bool.schema
        case .integer: Int.schema
        case .number: Double.schema
        case .duration: Duration.schema
        case .texts: [String].schema
        case .secret: Secret.schema
        case .word: ["type": "string", "enum": .list(choices.map { .text($0) })]
        }
    }

    /// The same as the built-in actions have, so that all that reads theirs reads this.
    var parameter: Parameter<ExternalParameters> {
        Parameter(
            description: ParameterDescription(
                name: name, typeName: typeName, summary: summary, isRequired: fallback == nil,
                defaultText: fallback.map(Self.written), schema: schema)
        ) { root, given throws(ValueError) in root.values[name] = try read(given) }
    }

    static func written(_ value: PlanValue) -> String {
        switch value {
        case .text(let text): text
        case .list(let items): "[\(items.map(written).joined(separator: ", "))]"
        case .map, .null: ""
        }
    }
}
