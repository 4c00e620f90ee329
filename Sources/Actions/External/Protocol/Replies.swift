import Host
import Maintenance

/// What the replies to each call hold. Of a check each declared measurement is given or said to be missing: what is left
/// out in silence would pass.
enum Replies {
    static func observation(
        _ reply: JSONValue, _ measurements: [MeasurementDeclaration]
    ) throws(Misspoken) -> Observation {
        var reader = try ObjectReader(reply, "the reply")
        var seen = Observation(summary: try reader.neededText("summary"))
        seen.measurements = try values(&reader, measurements)
        for (name, value) in try reader.map("missing") {
            guard measurements.contains(where: { $0.name == name }) else { throw undeclared(name) }
            guard !seen.measurements.contains(where: { $0.name == name }) else {
                throw Misspoken(sentence: "`\(name)` is both measured and missing")
            }
            var one = try ObjectReader(value, "what is said of a missing measurement")
            seen.missing[name] = try cause(&one)
            try one.end()
        }
        let given = Set(seen.measurements.map(\.name) + seen.missing.keys)
        if let left = measurements.first(where: { !given.contains($0.name) }) {
            throw Misspoken(sentence: "the measurement `\(left.name)` is neither given nor said to be missing")
        }
        seen.findings = try findings(&reader)
        if seen.measurements.isEmpty, seen.findings.isEmpty, let missing = seen.missing.min(by: { $0.key < $1.key }) {
            seen.findings.append(Finding(missing.key, .unknown, missing.value))
        }
        for value in try reader.list("details", limit: Limits.detailsPerStep) {
            guard case .object(let detail) = value else {
                throw Misspoken(sentence: "one of the `details` is no object")
            }
            seen.details.append(detail)
        }
        try reader.end()
        return seen
    }

    static func preview(
        _ reply: JSONValue, _ measurements: [MeasurementDeclaration]
    ) throws(Misspoken) -> Preview {
        var reader = try ObjectReader(reply, "the reply")
        var preview = Preview(summary: try reader.neededText("summary"), units: [])
        var ids: Set<String> = []
        for value in try reader.list("units", limit: ExternalLimits.units) {
            let unit = try unit(value)
            guard ids.insert(unit.id).inserted else { throw Misspoken(sentence: "two units have the same `id`") }
            preview.units.append(unit)
        }
        preview.measurements = try values(&reader, measurements)
        preview.findings = try findings(&reader)
        preview.statements = try reader.texts("statements", limit: ExternalLimits.statements)
        preview.impact = try reader.word("impact", Impact.self, [.online, .disruptive, .destructive])
        try reader.end()
        return preview
    }

    private static func unit(_ value: JSONValue) throws(Misspoken) -> WorkUnit {
        var reader = try ObjectReader(value, "a unit")
        let id = try reader.neededText("id")
        let size = try reader.number("size") ?? 1
        guard size >= 0 else { throw reader.wrong("size", "negative") }
        let seconds = try reader.number("expected-seconds") ?? ExternalLimits.unitExpected.inSeconds
        guard (0...ExternalLimits.timeout.inSeconds).contains(seconds) else {
            throw reader.wrong("expected-seconds", "no number of seconds up to a day")
        }
        var attributes: [String: String] = [:]
        for (name, value) in try reader.map("attributes") {
            guard case .text(let text) = value else { throw reader.wrong("attributes", "no object of texts") }
            attributes[name] = text
        }
        let unit = WorkUnit(
            id: id, title: try reader.text("title") ?? id, size: size,
            expected: .microseconds(Int64(seconds * 1e6)), attributes: attributes,
            items: try reader.texts("items", limit: ExternalLimits.unitItems))
        try reader.end()
        return unit
    }

    /// As bytes, for the journal.
    static func baseline(_ reply: JSONValue) throws(Misspoken) -> [UInt8] {
        var reader = try ObjectReader(reply, "the reply")
        guard case .object = reply, let baseline = reader.take("baseline") else {
            throw Misspoken(sentence: "the reply has no `baseline`; where there are no facts from before, write {}")
        }
        try reader.end()
        guard let bytes = try? encodeJSON(baseline), bytes.count <= ExternalLimits.baseline else {
            throw Misspoken(sentence: "the `baseline` is larger than \(ExternalLimits.baseline) bytes")
        }
        return bytes
    }

    private enum StateWord: String, CaseIterable { case pending, running, applied, partial, unknown }

    static func state(_ reply: JSONValue, _ measurements: [MeasurementDeclaration]) throws(Misspoken) -> ChangeState {
        var reader = try ObjectReader(reply, "the reply")
        guard let word = try reader.word("state", StateWord.self, StateWord.allCases) else {
            throw Misspoken(sentence: "the reply has no `state`")
        }
        let state: ChangeState
        switch word {
        case .pending: state = .pending
        case .running: state = .running(handle: try reader.neededText("handle"))
        case .partial: state = .partial(try reader.neededText("summary"))
        case .unknown: state = .unknown(try cause(&reader))
        case .applied:
            let proof = Proof(
                try reader.neededText("summary"), measurements: try values(&reader, measurements),
                findings: try findings(&reader))
            guard proof.findings.allSatisfy({ $0.severity == .warn }) else {
                throw Misspoken(sentence: "what is applied can be warned of, and has neither failed nor is it unknown")
            }
            state = .applied(proof)
        }
        try reader.end()
        return state
    }

    /// The reply of what has an effect says nothing: the probe does.
    static func nothing(_ reply: JSONValue) throws(Misspoken) {
        try ObjectReader(reply, "the reply").end()
    }

    // MARK: Parts

    static func cause(_ reader: inout ObjectReader) throws(Misspoken) -> Cause {
        let code = try reader.text("code", limit: ExternalLimits.name) ?? Cause.Code.unexpected.rawValue
        guard !code.isEmpty, code.utf8.allSatisfy({ $0 == 45 || (48...57).contains($0) || (97...122).contains($0) })
        else {
            throw reader.wrong("code", "no word of small letters, figures and `-`")
        }
        return Cause(Cause.Code(rawValue: code), try reader.neededText("sentence"))
    }

    private static func findings(_ reader: inout ObjectReader) throws(Misspoken) -> [Finding] {
        var findings: [Finding] = []
        for value in try reader.list("findings", limit: Limits.findingsPerStep) {
            var one = try ObjectReader(value, "a finding")
            guard let severity = try one.word("severity", Verdict.self, [.warn, .fail, .unknown]) else {
                throw Misspoken(sentence: "a finding has no `severity`")
            }
            let subject = try one.neededText("subject")
            findings.append(
                Finding(
                    subject, severity, try cause(&one), advice: try one.text("advice"),
                    attributes: try one.map("attributes")))
            try one.end()
        }
        return findings
    }

    private static func values(
        _ reader: inout ObjectReader, _ declared: [MeasurementDeclaration]
    ) throws(Misspoken) -> [Measurement] {
        var values: [Measurement] = []
        for (name, value) in try reader.map("measurements").sorted(by: { $0.key < $1.key }) {
            guard let declaration = declared.first(where: { $0.name == name }) else { throw undeclared(name) }
            guard case .number(let number) = value else { throw Misspoken(sentence: "`\(name)` is no number") }
            values.append(Measurement(name, number, declaration.unit))
        }
        return values
    }

    private static func undeclared(_ name: String) -> Misspoken {
        Misspoken(sentence: "the measurement `\(name.prefix(40))` is none that it declares")
    }
}
