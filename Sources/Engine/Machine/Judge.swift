import Host
public import Maintenance

/// Turns what was seen into a verdict: thresholds on measurements, and findings; the worst of both.
struct Judge {
    struct Judgement {
        var verdict: Verdict
        var cause: Cause?
    }

    /// `lookup` knows measurements of other steps, by `step.name`.
    static func judge(
        _ observation: Observation, thresholds: Thresholds,
        others lookup: (String) -> Result<Measurement, CouldNotLook> = { .failure(Self.notMeasured($0)) }
    ) -> Judgement {
        var result = Judgement(verdict: .pass, cause: nil)
        func worsen(_ verdict: Verdict, _ cause: Cause) {
            guard result.verdict.worst(verdict) != result.verdict else { return }
            result = Judgement(verdict: verdict, cause: cause)
        }
        // A finding names its cause better than a threshold does: of equal severity it comes first.
        for finding in observation.findings { worsen(finding.severity, finding.cause) }
        let measured = Dictionary(observation.measurements.map { ($0.name, $0) }) { first, _ in first }
        for (severity, text) in [(Verdict.fail, thresholds.fail), (.warn, thresholds.warn)] {
            guard let text else { continue }
            guard let condition = try? Condition(text) else {
                worsen(.unknown, Cause(.malformed, "The condition `\(text)` cannot be read."))
                continue
            }
            let outcome = condition.evaluate { name in
                if let cause = observation.missing[name] { return .failure(CouldNotLook(cause)) }
                if let measurement = measured[name] { return .success(measurement) }
                return lookup(name)
            }
            switch outcome {
            case .no: break
            case .yes: worsen(severity, Cause(.threshold, sentence(condition, measured)))
            case .unknown(let cause): worsen(.unknown, cause)
            }
        }
        return result
    }

    static func notMeasured(_ name: String) -> CouldNotLook {
        CouldNotLook(.noData, "`\(name)` was not measured.")
    }

    /// `offline_percent >= 15%: offline_percent is 20.4 %.`
    private static func sentence(_ condition: Condition, _ measured: [String: Measurement]) -> String {
        let values = condition.names.compactMap { name in
            measured[name].map { "\(name) is \(MeasurementText.text($0))" }
        }
        return "\(condition.text): \(values.joined(separator: ", "))."
    }
}

/// How a measurement is written for people, everywhere.
public enum MeasurementText {
    public static func text(_ measurement: Measurement) -> String {
        switch measurement.unit {
        case .bytes: return ByteCount.text(measurement.value)
        case .bytesPerDay: return ByteCount.text(measurement.value) + "/d"
        case .count, .ratio: return number(measurement.value)
        case .timestamp: return Measurement.instant(measurement.value)?.description ?? number(measurement.value)
        case .percent, .percentPerDay, .milliseconds, .seconds, .minutes, .hours, .days:
            return "\(number(measurement.value)) \(measurement.unit.rawValue)"
        }
    }

    /// At most two decimals, thousands set apart.
    public static func number(_ value: Double) -> String {
        guard value.isFinite else { return String(value) }
        let rounded = (value * 100).rounded() / 100
        guard let whole = Int64(exactly: rounded) else { return String(rounded) }
        var digits = String(whole.magnitude)
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        groups.insert(digits, at: 0)
        return (whole < 0 ? "-" : "") + groups.joined(separator: ",")
    }
}
