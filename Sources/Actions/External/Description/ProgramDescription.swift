import Host
import Maintenance

/// What a program says of itself: the same as the declaration of a built-in action, read strictly.
struct ProgramDescription: Sendable {
    private enum Kind: String, CaseIterable { case check, change }

    let declaration: Declaration
    let isChange: Bool
    let parameters: [ExternalParameter]
    let roles: [TargetRole]
    let impact: Impact
    let rights: [Right]
    let canUndo: Bool
    let canRepair: Bool
    /// The example's parameters, as a plan gives them.
    let example: PlanValue

    var name: String { declaration.name }
    var measurements: [MeasurementDeclaration] { declaration.measurements }

    init(_ reply: JSONValue) throws(Misspoken) {
        var reader = try ObjectReader(reply, "the description")
        let name = try reader.neededText("name", limit: ExternalLimits.name)
        guard
            name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy({ part in
                ExternalParameter.isName(String(part))
            }), name.contains(".")
        else {
            throw reader.wrong("name", "no `domain.verb-or-noun` of small letters, figures and `-`")
        }
        guard let kind = try reader.word("kind", Kind.self, Kind.allCases) else {
            throw Misspoken(sentence: "the description has no `kind`")
        }
        isChange = kind == .change
        let summary = try reader.neededText("summary")
        parameters = try Self.parameters(&reader)
        roles = try Self.roles(&reader)
        let measurements = try Self.measurements(&reader)
        rights = try Self.rights(&reader, isChange)
        impact = try Self.impact(&reader, isChange)
        canUndo = try reader.flag("undo")
        canRepair = try reader.flag("repair")
        guard isChange || !canUndo && !canRepair else {
            throw Misspoken(sentence: "a check has nothing to undo or repair")
        }
        let thresholds = try Self.thresholds(&reader, measurements)
        example = try Self.example(&reader)
        declaration = Declaration(
            name: name, summary: summary, measurements: measurements, thresholds: thresholds,
            timeout: try Self.timeout(&reader), applies: try reader.text("applies") ?? "A program of this plan's own.",
            example: Self.written(example), limits: try reader.texts("limits", limit: ExternalLimits.declared))
        try reader.end()
        let mistakes = definition.mistakes(in: example)
        guard mistakes.isEmpty else {
            throw Misspoken(sentence: "its example is wrong: \(mistakes.map(\.message).joined(separator: "; "))")
        }
    }

    private var definition: [Parameter<ExternalParameters>] { parameters.map(\.parameter) }

    // MARK: Parts

    private static func parameters(_ reader: inout ObjectReader) throws(Misspoken) -> [ExternalParameter] {
        var parameters: [ExternalParameter] = []
        for value in try reader.list("parameters", limit: ExternalLimits.declared) {
            let one = try ExternalParameter(value)
            guard !parameters.contains(where: { $0.name == one.name }) else {
                throw Misspoken(sentence: "the parameter `\(one.name)` is declared twice")
            }
            parameters.append(one)
        }
        return parameters
    }

    /// Kinds of target, one of which plays the only role; or roles with the kinds that can play each.
    private static func roles(_ reader: inout ObjectReader) throws(Misspoken) -> [TargetRole] {
        guard let value = reader.take("targets") else { return [TargetRole(kinds: ["host"])] }
        var roles: [TargetRole] = []
        switch value {
        case .list: roles = [TargetRole(kinds: try kinds(value))]
        case .object(let byRole):
            for (name, value) in byRole.sorted(by: { $0.key < $1.key }) {
                guard ExternalParameter.isName(name) else { throw reader.wrong("targets", "without names of roles") }
                roles.append(TargetRole(name, kinds: try kinds(value)))
            }
        default: break
        }
        guard !roles.isEmpty, roles.count <= ExternalLimits.declared else {
            throw reader.wrong("targets", "neither a list of kinds nor roles with such lists")
        }
        return roles
    }

    private static func kinds(_ value: JSONValue) throws(Misspoken) -> [String] {
        guard case .list(let items) = value else { throw Misspoken(sentence: "`targets` names no list of kinds") }
        let kinds = items.compactMap(\.asText)
        guard !kinds.isEmpty, kinds.count == items.count, kinds.count <= ExternalLimits.declared else {
            throw Misspoken(sentence: "`targets` names no list of kinds")
        }
        return kinds
    }

    private static func measurements(_ reader: inout ObjectReader) throws(Misspoken) -> [MeasurementDeclaration] {
        var measurements: [MeasurementDeclaration] = []
        for value in try reader.list("measurements", limit: ExternalLimits.declared) {
            var one = try ObjectReader(value, "a measurement")
            let name = try one.neededText("name", limit: ExternalLimits.name)
            let isName =
                name.first?.isLetter == true
                && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
            guard isName, !measurements.contains(where: { $0.name == name }) else {
                throw one.wrong("name", "no name of letters, figures and `_`, or stands twice")
            }
            let unit = try one.word("unit", UnitOfMeasure.self, UnitOfMeasure.allCases) ?? .count
            let aggregate =
                try one.word(
                    "aggregate", MeasurementDeclaration.Aggregate.self, [.sum, .largest, .last]) ?? .sum
            measurements.append(
                MeasurementDeclaration(name, unit, try one.neededText("summary"), aggregate: aggregate))
            try one.end()
        }
        return measurements
    }

    private static func rights(_ reader: inout ObjectReader, _ isChange: Bool) throws(Misspoken) -> [Right] {
        var rights: [Right] = []
        for value in try reader.list("rights", limit: ExternalLimits.declared) {
            var one = try ObjectReader(value, "a right")
            let kind = try one.neededText("kind", limit: ExternalLimits.name)
            let purpose = try one.word("purpose", Purpose.self, [.look, .change]) ?? .look
            guard isChange || purpose == .look else { throw Misspoken(sentence: "a check needs no right to change") }
            rights.append(
                Right(kind, purpose, try one.neededText("grant"), reason: try one.neededText("reason")))
            try one.end()
        }
        return rights
    }

    private static func impact(_ reader: inout ObjectReader, _ isChange: Bool) throws(Misspoken) -> Impact {
        let all: [Impact] = isChange ? [.online, .disruptive, .destructive] : [.observe]
        let impact = try reader.word("impact", Impact.self, all)
        if let impact { return impact }
        guard !isChange else {
            throw Misspoken(sentence: "a change says its `impact`: online, disruptive or destructive")
        }
        return .observe
    }

    private static func thresholds(
        _ reader: inout ObjectReader, _ measurements: [MeasurementDeclaration]
    ) throws(Misspoken) -> Thresholds {
        var one = try ObjectReader(.object(try reader.map("thresholds")), "the thresholds")
        let thresholds = Thresholds(warn: try one.text("warn"), fail: try one.text("fail"))
        try one.end()
        for text in [thresholds.warn, thresholds.fail].compactMap({ $0 }) {
            let condition: Condition
            do throws(ValueError) { condition = try Condition(text) } catch {
                throw Misspoken(sentence: "a threshold is no condition: \(error.message)")
            }
            let units = { name in measurements.first { $0.name == name }?.unit }
            if let unknown = condition.names.first(where: { units($0) == nil }) {
                throw Misspoken(sentence: "a threshold names `\(unknown.prefix(40))`, which is not measured")
            }
            if let mistake = condition.mistakes(units).first {
                throw Misspoken(sentence: "a threshold cannot hold: \(mistake)")
            }
        }
        return thresholds
    }

    private static func timeout(_ reader: inout ObjectReader) throws(Misspoken) -> Duration {
        guard let text = try reader.text("timeout") else { return .seconds(30) }
        do throws(ValueError) {
            let timeout = try Duration.read(.text(text))
            guard timeout > .zero, timeout <= ExternalLimits.timeout else {
                throw ValueError("a timeout is more than nothing and at most a day")
            }
            return timeout
        } catch { throw reader.wrong("timeout", "wrong: \(error.message)") }
    }

    private static func example(_ reader: inout ObjectReader) throws(Misspoken) -> PlanValue {
        var entries: [PlanValue.Entry] = []
        for (name, value) in try reader.map("example").sorted(by: { $0.key < $1.key }) {
            entries.append(PlanValue.Entry(name, try ExternalParameter.planValue(value, of: "example")))
        }
        return .map(entries)
    }

    /// The example as lines of a plan.
    private static func written(_ example: PlanValue) -> String {
        guard case .map(let entries) = example else { return "" }
        return entries.map { entry in
            let value = (try? encodeJSON(entry.value.json)).map { String(decoding: $0, as: UTF8.self) } ?? ""
            return "\(entry.key): \(value)"
        }.joined(separator: "\n")
    }
}

extension [Parameter<ExternalParameters>] {
    func mistakes(in value: PlanValue) -> [ValueError] {
        do throws(ValueErrors) { _ = try decode(value, of: "the action", into: ExternalParameters()) } catch {
            return error.errors
        }
        return []
    }
}

extension PlanValue {
    /// The same as JSON: scalars are text.
    var json: JSONValue {
        switch self {
        case .text(let text): .text(text)
        case .list(let items): .list(items.map(\.json))
        case .map(let entries): .object(Dictionary(entries.map { ($0.key, $0.value.json) }) { first, _ in first })
        case .null: .null
        }
    }
}
