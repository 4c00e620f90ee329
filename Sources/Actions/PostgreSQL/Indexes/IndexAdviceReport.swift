import Maintenance

/// What a survey of indexes comes to.
struct IndexAdviceReport {
    private(set) var observation = Observation(summary: "")
    private let survey: SurveyedIndexes

    init(_ survey: SurveyedIndexes, ignoreBelow: ByteCount, _ identity: String) {
        self.survey = survey
        measure()
        find(ignoreBelow)
        confess(identity)
        list()
    }

    private func indexes(_ advice: Advice) -> [SurveyedIndex] { survey.indexes.filter { $0.advice == advice } }

    private mutating func measure() {
        observation.measurements = [Measurement("indexes", survey.indexes.count)]
        var reclaimable = 0.0
        for advice in Advice.allCases {
            let found = indexes(advice)
            observation.measurements.append(Measurement(advice.rawValue, found.count))
            guard advice.nextStep != nil else { continue }
            let bytes = found.reduce(0) { $0 + $1.bytes }
            observation.measurements.append(Measurement(advice.rawValue + "_bytes", bytes, .bytes))
            reclaimable += bytes
        }
        observation.measurements.append(Measurement("reclaimable_bytes", reclaimable, .bytes))
        for (name, value, unit) in [
            ("counted_days", survey.countedDays, UnitOfMeasure.days),
            ("next_transaction", survey.nextTransaction, .count),
        ] {
            if let value {
                observation.measurements.append(Measurement(name, value, unit))
            } else {
                observation.missing[name] = Cause(
                    .noData, survey.indexes.isEmpty ? "There are no indexes." : "The server does not know it.")
            }
        }
        let said = Advice.allCases.filter { $0 != .keep }.compactMap { advice in
            indexes(advice).isEmpty ? nil : "\(indexes(advice).count) \(advice.rawValue)"
        }
        observation.summary =
            "\(survey.indexes.count) indexes" + (said.isEmpty ? "" : ": " + said.joined(separator: ", "))
            + (reclaimable > 0 ? "; \(ByteCount.text(reclaimable)) could be freed" : "")
    }

    private mutating func find(_ ignoreBelow: ByteCount) {
        for index in survey.indexes {
            guard let next = index.advice.nextStep else { continue }
            let isSmall = index.bytes < Double(ignoreBelow.bytes)
            if isSmall, index.advice == .unused || index.advice == .overlapping { continue }
            observation.findings.append(
                Finding(
                    index.name, .warn, Cause(index.advice.code, index.reason), advice: next,
                    attributes: ["table": .text(index.table), "bytes": .number(index.bytes)]))
        }
    }

    /// What could not be said is no pass of that question.
    private mutating func confess(_ identity: String) {
        let lacking = survey.indexes.filter { $0.isLacking && $0.advice == .keep }
        if let first = lacking.first {
            let cause = Cause(.notEnoughEvidence, "Whether \(lacking.count) indexes are unused: \(first.reason)")
            observation.missing["unused"] = cause
            observation.missing["unused_bytes"] = cause
            observation.measurements.removeAll { $0.name.hasPrefix("unused") }
            observation.findings.append(
                Finding(
                    identity, .unknown, cause,
                    advice: "Let this step run regularly: it knows more when its window has passed."))
        }
        let hidden = survey.indexes.filter(\.isHidden)
        if !hidden.isEmpty {
            let cause = Cause(
                .noPermission,
                "Whether \(hidden.count) indexes that are not valid are being built or were left behind is not shown: "
                    + "the looking role lacks pg_read_all_stats.")
            observation.missing["invalid"] = cause
            observation.missing["invalid_bytes"] = cause
            observation.measurements.removeAll { $0.name.hasPrefix("invalid") }
            observation.findings.append(
                Finding(identity, .unknown, cause, advice: "Grant pg_read_all_stats to the looking role."))
        }
        observation.findings = observation.findings.limited()
    }

    /// What is to go comes first, so that a list that is cut loses what is kept.
    private mutating func list() {
        let ranked = Advice.allCases.flatMap { indexes($0) }
        observation.details = ranked.prefix(Limits.detailsPerStep).map { index in
            [
                "index": .text(index.name), "table": .text(index.table), "advice": .text(index.advice.rawValue),
                "reason": .text(index.reason), "bytes": .number(index.bytes), "scans": .number(Double(index.scans)),
            ]
        }
        if ranked.count > Limits.detailsPerStep {
            observation.summary += "; the details list \(Limits.detailsPerStep) of them"
        }
    }
}

extension Advice {
    fileprivate var code: Cause.Code { Cause.Code(rawValue: "\(rawValue)-index") }
}

extension Cause.Code {
    /// What was counted covers less than the question asks for.
    static let notEnoughEvidence = Cause.Code(rawValue: "not-enough-evidence")
}
