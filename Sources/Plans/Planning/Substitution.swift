import Maintenance

/// Puts inputs and the item of a `for-each` in the place of their references.
struct Substitution: Sendable {
    /// A value that is known now, or only when a run is made.
    enum Value: Hashable, Sendable {
        case known(PlanValue)
        case later
    }

    let inputs: [String: Value]
    /// The item in hand; `nil` outside of a `for-each`.
    var each: Value?

    /// The node with what is known put in. What is put in is text, whatever is in it: it adds no references.
    func apply(_ node: PlanNode, _ log: inout MistakeLog) -> PlanNode {
        var mistakes: [Diagnostic] = []
        let result = node.mapText { text, position in
            guard text.contains("${") else { return .text(text) }
            do throws(ValueError) {
                return try content(try ReferenceText(text), position)
            } catch {
                mistakes.append(Diagnostic(error.message, at: position))
                return .text(text)
            }
        }
        log.add(mistakes)
        return result
    }

    /// A text in which no reference may be left: of a condition, a name, a number. `nil` where a value is not known yet,
    /// or there is a mistake, which is reported.
    func plain(_ text: String, at position: Position, _ what: String, _ log: inout MistakeLog) -> String? {
        let node = apply(PlanNode(content: .text(text), position: position), &log)
        guard let text = node.text else {
            log.report("\(node.kindName) where \(what) is expected", at: position)
            return nil
        }
        guard let parsed = try? ReferenceText(text) else { return nil }
        for reference in parsed.references where reference.isForRunTime {
            log.report("`\(reference.written)` has no meaning here: \(advice(reference, what))", at: position)
        }
        return parsed.plain
    }

    private func advice(_ reference: Reference, _ what: String) -> String {
        if case .step(let id, let measurement) = reference, what == Self.condition {
            return "a condition names the measurement itself, `\(id).\(measurement)`"
        }
        return "\(what) knows only `${inputs.NAME}` and, with `for-each`, `${each}`"
    }

    static let condition = "a condition"

    private func content(_ text: ReferenceText, _ position: Position) throws(ValueError) -> PlanNode.Content {
        if let whole = text.whole, case .known(let value)? = try value(of: whole) {
            return PlanNode.Content(Self.escaped(value), at: position)
        }
        var values: [Reference: String] = [:]
        for reference in text.references {
            guard case .known(let value)? = try value(of: reference) else { continue }
            guard case .text(let inserted) = value else {
                throw ValueError("`\(reference.written)` is \(value.kindName) and can only stand by itself")
            }
            values[reference] = inserted
        }
        return .text(text.replacing { values[$0] })
    }

    /// `nil` for what only the run resolves.
    private func value(of reference: Reference) throws(ValueError) -> Value? {
        switch reference {
        case .environment, .file, .step: return nil
        case .each:
            guard let each else { throw ValueError("`${each}` is the item of a `for-each`, and this step has none") }
            return each
        case .input(let name):
            guard let value = inputs[name] else {
                throw ValueError(
                    unknown(name, "input", among: Array(inputs.keys)) + "; inputs stand under the procedure's `inputs`")
            }
            return value
        }
    }

    private static func escaped(_ value: PlanValue) -> PlanValue {
        value.mapText { .text(ReferenceText.escaped($0)) }
    }
}
