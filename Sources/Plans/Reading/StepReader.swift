import Maintenance

/// From the nodes of a step to what stands in it.
enum StepReader {
    static func read(_ node: PlanNode, _ catalogue: Catalogue, _ log: inout MistakeLog) -> StepSource? {
        guard let fields = Fields(node, PlanKeys.step, &log) else { return nil }
        let check = fields.text("check", &log)
        let change = fields.text("do", &log)
        if check != nil, change != nil {
            log.report("a step has either `check` or `do`, not both", at: node.position)
        } else if check == nil, change == nil, node["check"] == nil, node["do"] == nil,
            !PlanKeys.step.later.keys.contains(where: { node[$0] != nil })
        {
            log.report("a step needs `check` or `do` with an action's name", at: node.position)
        }
        var proof: [StepSource] = []
        for node in fields.list("proof", &log) {
            if let step = readProof(node, &log) { proof.append(step) }
        }
        var retry: RetrySource?
        if let node = fields.take("retry", &log), let fields = Fields(node, PlanKeys.retry, &log) {
            retry = RetrySource(times: fields.take("times", &log), wait: fields.take("wait", &log))
        }
        let shared = Shared(fields, &log)
        let when = fields.text("when", &log)
        let limit = fields.take("limit", &log)
        let guards = readGuards(fields, &log)
        let onFailure = fields.read("on-failure", as: OnFailure.self, &log)
        let forEach = fields.take("for-each", &log)
        let disabled = fields.text("disabled", &log)
        guard let action = change ?? check, let id = shared.id(action) else { return nil }
        return StepSource(
            id: id, action: action, isDo: change != nil, summary: shared.summary, with: shared.with,
            target: shared.target,
            warn: shared.warn, fail: shared.fail, when: when, limit: limit, retry: retry, timeout: shared.timeout,
            guards: guards, onFailure: onFailure, forEach: forEach, proof: proof, disabled: disabled,
            position: node.position)
    }

    private static func readProof(_ node: PlanNode, _ log: inout MistakeLog) -> StepSource? {
        guard let fields = Fields(node, PlanKeys.proof, &log) else { return nil }
        let check = fields.text("check", &log)
        let shared = Shared(fields, &log)
        guard let check, let id = shared.id(check) else { return nil }
        return StepSource(
            id: id, action: check, isDo: false, summary: shared.summary, with: shared.with, target: shared.target,
            warn: shared.warn, fail: shared.fail, when: nil, limit: nil, retry: nil, timeout: shared.timeout,
            guards: [],
            onFailure: nil, forEach: nil, proof: [], disabled: nil, position: node.position)
    }

    /// The keys that steps and proofs have alike.
    private struct Shared {
        let givenID: Located<String>?
        let hasWrongID: Bool
        let summary: Located<String>?
        let with: PlanNode?
        let target: TargetNames?
        let warn: Located<String>?
        let fail: Located<String>?
        let timeout: PlanNode?

        init(_ fields: Fields, _ log: inout MistakeLog) {
            let id = fields.text("id", &log)
            let mistake = id.flatMap { Names.mistake(inStepID: $0.value) }
            if let id, let mistake { log.report(mistake, at: id.position) }
            givenID = id
            hasWrongID = mistake != nil
            summary = fields.text("summary", &log)
            with = fields.take("with", &log)
            target = Self.targets(fields, &log)
            warn = fields.text("warn", &log)
            fail = fields.text("fail", &log)
            timeout = fields.take("timeout", &log)
        }

        private static func targets(_ fields: Fields, _ log: inout MistakeLog) -> TargetNames? {
            guard let node = fields.take("target", &log) else { return nil }
            guard let entries = node.entries else {
                return node.read(String.self, &log).map { .lone(Located(value: $0, position: node.position)) }
            }
            var names: [String: Located<String>] = [:]
            for entry in entries {
                guard let name = entry.value.read(String.self, &log) else { continue }
                names[entry.key] = Located(value: name, position: entry.value.position)
            }
            return .byRole(names, node.position)
        }

        func id(_ action: Located<String>) -> Located<String>? {
            if hasWrongID { return nil }
            let own = String(action.value.map { $0 == "." ? "-" : $0 })
            return givenID ?? Located(value: own, position: action.position)
        }
    }

    private static func readGuards(_ fields: Fields, _ log: inout MistakeLog) -> [Located<String>] {
        guard let node = fields.take("guard", &log), let names = node.read([String].self, &log) else { return [] }
        return names.enumerated().map { index, name in
            Located(value: name, position: node.position(at: [String(index)]))
        }
    }
}
