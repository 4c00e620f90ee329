import Maintenance

/// What a step is: a check, a change, or one of the kinds that call no action.
enum StepKindReader {
    private static let always: Set<String> = ["id", "summary", "when", "needs", "disabled", "on-failure"]
    /// The keys that a step without an action may have, by the key that makes it one.
    private static let keys: [String: Set<String>] = [
        "wait": always.union(["wait", "guard", "every"]), "undo": always.union(["undo", "timeout"]),
        "ask": always.union(["ask", "from", "within", "fields", "warn", "fail"]),
    ]
    /// The keys of which a step has one.
    static let words = ["check", "do", "wait", "ask", "undo"]

    /// The kind, with the word that stands in the place of an action's name.
    static func read(_ fields: Fields, _ log: inout MistakeLog) -> (word: Located<String>, kind: StepKindSource)? {
        let wait = fields.take("wait", &log)
        let ask = fields.text("ask", &log)
        let undo = fields.name("undo", &log)
        let from = StepReader.names("from", of: fields, &log)
        let within = fields.take("within", &log)
        let filled = fields.named("fields", &log).compactMap { field($0, &log) }
        if let wait { return (Located(value: "wait", position: wait.position), .wait(wait)) }
        if let ask {
            return (
                Located(value: "ask", position: ask.position),
                .ask(QuestionSource(text: ask, from: from, within: within, fields: filled))
            )
        }
        return undo.map { (Located(value: "undo", position: $0.position), .undo($0)) }
    }

    /// A step is one thing, and has the keys of that.
    static func reportWrongKeys(_ node: PlanNode, _ log: inout MistakeLog) {
        let given = words.filter { node[$0] != nil }
        guard let first = given.first else {
            guard !PlanKeys.step.later.keys.contains(where: { node[$0] != nil }) else { return }
            log.report(
                "a step needs `check` or `do` with an action's name, or `wait`, `ask` or `undo`", at: node.position)
            return
        }
        guard given.count == 1 else {
            log.report("a step is one of \(quoted(given)), not several", at: node.position)
            return
        }
        let foreign = Set(["from", "within", "fields"])
        for entry in node.entries ?? [] where PlanKeys.step.keys.contains(where: { $0.name == entry.key }) {
            let fits = keys[first]?.contains(entry.key) ?? !foreign.contains(entry.key)
            if !fits { log.report("`\(entry.key)` means nothing beside `\(first)`", at: entry.position) }
        }
    }

    private static func field(_ entry: PlanNode.Entry, _ log: inout MistakeLog) -> RunField? {
        if entry.value.content == .null { return RunField(name: entry.key, type: .text) }
        guard let fields = Fields(entry.value, PlanKeys.field, &log) else { return nil }
        return RunField(
            name: entry.key, type: fields.read("type", as: InputType.self, &log)?.value ?? .text,
            summary: fields.text("summary", &log)?.value,
            isRequired: fields.read("required", as: Bool.self, &log)?.value ?? true)
    }
}
