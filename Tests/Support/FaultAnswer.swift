package import Maintenance

/// What an action says of a fault: its verdict and the code of the worst cause.
package struct FaultAnswer: Hashable, Sendable, CustomStringConvertible {
    package let verdict: Verdict
    package let code: Cause.Code?

    package init(_ verdict: Verdict, _ code: Cause.Code? = nil) {
        self.verdict = verdict
        self.code = code
    }

    package static let pass = FaultAnswer(.pass)
    package static let hidden = FaultAnswer(.unknown, .noPermission)
    package static let overThreshold = FaultAnswer(.warn, .threshold)

    package var description: String { verdict.rawValue + (code.map { ": \($0.rawValue)" } ?? "") }

    /// Of an observation, as thresholds judge it.
    package init(_ observation: Observation, _ thresholds: Thresholds) {
        var all = observation.findings.map { FaultAnswer($0.severity, $0.cause.code) }
        for (text, severity) in [(thresholds.warn, Verdict.warn), (thresholds.fail, .fail)] {
            guard let text, let condition = try? Condition(text) else { continue }
            let outcome = condition.evaluate { name in
                if let found = observation.measurements.first(where: { $0.name == name }) { return .success(found) }
                let cause = observation.missing[name] ?? Cause(.noData, "\(name) was not measured")
                return .failure(CouldNotLook(cause))
            }
            switch outcome {
            case .yes: all.append(FaultAnswer(severity, .threshold))
            case .no: break
            case .unknown(let cause): all.append(FaultAnswer(.unknown, cause.code))
            }
        }
        self = .worst(of: all)
    }

    /// The first of those with the worst verdict; a pass where there is none.
    package static func worst(of all: [FaultAnswer]) -> FaultAnswer {
        let verdict = ([.pass] + all.map(\.verdict)).worst
        return all.first { $0.verdict == verdict } ?? .pass
    }

    /// Of whatever a body says, or throws.
    package static func of(_ body: () async throws -> FaultAnswer) async throws -> FaultAnswer {
        do {
            return try await body()
        } catch let error as CouldNotLook {
            return FaultAnswer(.unknown, error.cause.code)
        } catch let error as ChangeFailed {
            return FaultAnswer(.fail, error.cause.code)
        }
    }

    /// Of a change from its preview to its last proof, done as the engine would do it.
    package static func of(
        _ change: ConfiguredChange, on target: StepTargets, in context: (WorkUnit?) -> Context
    ) async throws -> FaultAnswer {
        try await of {
            let preview = try await change.preview(target, context(nil))
            var all = preview.findings.map { FaultAnswer($0.severity, $0.cause.code) }
            guard !all.contains(where: { $0.verdict == .fail || $0.verdict == .unknown }) else { return worst(of: all) }
            for unit in preview.units { all += try await answers(of: change, unit, target, context(unit)) }
            return worst(of: all)
        }
    }

    private static func answers(
        of change: ConfiguredChange, _ unit: WorkUnit, _ target: StepTargets, _ context: Context
    ) async throws -> [FaultAnswer] {
        let baseline = try await change.prepare(unit, target, context)
        var refusal: ChangeFailed?
        do { try await change.apply(unit, baseline, target, context) } catch let error as ChangeFailed {
            refusal = error
        }
        switch try await change.probe(unit, baseline, target, context) {
        case .applied(let proof): return proof.findings.map { FaultAnswer($0.severity, $0.cause.code) }
        case .pending, .partial: return [FaultAnswer(.fail, refusal?.cause.code)]
        case .running: return [FaultAnswer(.unknown, .busy)]
        case .unknown(let cause): return [FaultAnswer(.unknown, cause.code)]
        }
    }
}
