import Maintenance

/// From the nodes of a step to what stands in it.
enum StepReader {
    static func read(
        _ node: PlanNode, _ catalogue: Catalogue, isFinal: Bool = false, _ log: inout MistakeLog
    ) -> StepSource? {
        guard let fields = Fields(node, PlanKeys.step, &log) else { return nil }
        let kind = StepKindReader.read(fields, &log)
        let check = fields.text("check", &log)
        let change = fields.text("do", &log)
        StepKindReader.reportWrongKeys(node, &log)
        var proof: [StepSource] = []
        for node in fields.list("proof", &log) {
            if let step = readProof(node, &log) { proof.append(step) }
        }
        var retry: RetrySource?
        if let node = fields.take("retry", &log), let fields = Fields(node, PlanKeys.retry, &log) {
            retry = RetrySource(
                times: fields.take("times", &log), wait: fields.take("wait", &log),
                within: fields.take("within", &log))
        }
        let shared = Shared(fields, &log)
        let when = fields.text("when", &log)
        let limit = fields.take("limit", &log)
        let guards = names("guard", of: fields, &log)
        let onFailure = fields.read("on-failure", as: OnFailure.self, &log)
        let forEach = fields.take("for-each", &log)
        let disabled = fields.text("disabled", &log)
        let needs = node["needs"].map { _ in names("needs", of: fields, &log) }
        let (lasts, every) = (fields.take("for", &log), fields.take("every", &log))
        let approval = readApproval(fields, &log)
        guard let action = change ?? check ?? kind?.word, let id = shared.id(action) else { return nil }
        return StepSource(
            id: id, action: action, isDo: change != nil, kind: kind?.kind, summary: shared.summary, with: shared.with,
            target: shared.target,
            warn: shared.warn, fail: shared.fail, when: when, limit: limit, retry: retry, timeout: shared.timeout,
            guards: guards, onFailure: onFailure, forEach: forEach, proof: proof, disabled: disabled, needs: needs,
            isFinal: isFinal, soak: lasts == nil && every == nil ? nil : SoakSource(lasts: lasts, every: every),
            approval: approval, position: node.position)
    }

    private static func readApproval(_ fields: Fields, _ log: inout MistakeLog) -> ApprovalSource? {
        guard let node = fields.take("approval", &log), let fields = Fields(node, PlanKeys.approval, &log) else {
            return nil
        }
        return ApprovalSource(
            by: names("by", of: fields, &log), count: fields.take("count", &log), within: fields.take("within", &log),
            ahead: fields.text("ahead", &log), position: node.position)
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

    /// Names with their places; one may stand by itself.
    static func names(_ key: String, of fields: Fields, _ log: inout MistakeLog) -> [Located<String>] {
        guard let node = fields.take(key, &log), let names = node.read([String].self, &log) else { return [] }
        return names.enumerated().map { index, name in
            Located(value: name, position: node.position(at: [String(index)]))
        }
    }
}
