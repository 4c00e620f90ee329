import ClientHTTP
import Host
import Maintenance

/// Numbers of a JSON document as measurements. What the document does not say is `unknown`, never `fail`.
struct HTTPJSON: Check {
    typealias Kind = HTTPKind

    static let declaration = Declaration(
        name: "http.json",
        summary: "Reads numbers of a JSON document as measurements, and computes others from them.",
        timeout: .seconds(15),
        applies: "Any HTTP endpoint that answers 200 with a JSON document.",
        example: """
            path: sensors/status
            values:
              online: { at: online_sensors_count, min: 0 }
              offline: { at: /offline_sensors_count, min: 0 }
            computed:
              offline_percent: { formula: 100 * offline / (online + offline), unit: "%" }
            """,
        hasOpenMeasurements: true)

    static var parameters: [Parameter<HTTPJSON>] {
        [
            .optional("path", \.path, default: "", "The path under the target's base URL."),
            .required("values", \.values, "Names of measurements, each with where its number stands in the document."),
            .optional(
                "ordered", \.ordered, default: [], "Names whose numbers must not decrease, such as [p50, p95, p99]."),
            .optional("computed", \.computed, default: [:], "Names of measurements that are computed from `values`."),
            .optional("fresh", \.fresh, default: nil, "Where the document's time stands, and how old it may be."),
        ]
    }

    var path = ""
    var values: [String: ReadValue] = [:]
    var ordered: [String] = []
    var computed: [String: ComputedValue] = [:]
    var fresh: Freshness?

    var measurements: [MeasurementDeclaration] {
        sortedValues.map {
            MeasurementDeclaration(
                $0.key, $0.value.unitOfMeasure, "What stands at \($0.value.written).", aggregate: .last)
        }
            + sortedComputed.map {
                MeasurementDeclaration($0.key, $0.value.unit?.unit ?? .count, "\($0.value.written).", aggregate: .last)
            }
    }

    private var sortedValues: [(key: String, value: ReadValue)] { values.sorted { $0.key < $1.key } }
    private var sortedComputed: [(key: String, value: ComputedValue)] { computed.sorted { $0.key < $1.key } }

    func validate() throws(ValueError) {
        guard !values.isEmpty else { throw ValueError("no value is named", path: ["values"]) }
        guard values.count + computed.count <= HTTPActionLimits.values else {
            throw ValueError("more than \(HTTPActionLimits.values) values", path: ["values"])
        }
        for name in values.keys { try Self.check(name, in: "values") }
        for (name, value) in sortedComputed {
            try Self.check(name, in: "computed")
            guard values[name] == nil else {
                throw ValueError(
                    "`\(name)` is read already; a computed value needs another name", path: ["computed", name])
            }
            for needed in (value.formula?.names ?? []).sorted() where values[needed] == nil {
                let hint = needed.closest(among: values.keys).map { "; did you mean `\($0)`?" } ?? ""
                throw ValueError("`\(needed)` is not among `values`\(hint)", path: ["computed", name])
            }
        }
        for (index, name) in ordered.enumerated() {
            guard let value = values[name] else {
                throw ValueError("`\(name)` is not among `values`", path: ["ordered", String(index)])
            }
            guard value.unitOfMeasure == values[ordered[0]]?.unitOfMeasure else {
                throw ValueError("`\(name)` has another unit than `\(ordered[0])`", path: ["ordered", String(index)])
            }
        }
    }

    private static func check(_ name: String, in parameter: String) throws(ValueError) {
        let isWord = name.utf8.allSatisfy {
            ($0 < 128) && (Character(Unicode.Scalar($0)).isLetter || $0 == 95 || (48...57).contains($0))
        }
        guard isWord, name.first?.isLetter == true, !["and", "or", "not"].contains(name) else {
            throw ValueError(
                "a measurement's name is letters, figures and `_`, such as offline_percent", path: [parameter, name])
        }
    }

    func observe(_ access: HTTPAccess, in context: Context) async throws -> Observation {
        let document = try Self.document(try await access.get(path))
        try fresh?.check(document, now: context.host.now())
        var reading = Reading()
        for (name, value) in sortedValues { reading.take(name, value.number(in: document), at: value.written) }
        checkOrder(&reading)
        for (name, value) in sortedComputed { compute(name, value, &reading) }
        return observation(reading)
    }

    /// The document of an answer that is one.
    private static func document(_ answer: HTTPAnswer) throws(CouldNotLook) -> JSONValue {
        guard answer.status == 200 else {
            if let target = answer.redirectTarget {
                throw CouldNotLook(
                    .wrongStatus, "It redirects (\(answer.status)) to \(target), where a document is expected.")
            }
            let code: Cause.Code = [401, 403].contains(answer.status) ? .noPermission : .wrongStatus
            throw CouldNotLook(code, "It answered \(answer.status), where 200 and a document are expected.")
        }
        guard !answer.body.isEmpty else {
            throw CouldNotLook(.noData, "The answer is empty, where a document is expected.")
        }
        do { return try JSONReader.read(answer.body) } catch {
            throw CouldNotLook(
                error.isTooLarge ? .tooLarge : .malformed,
                "The answer is not a JSON document that can be read: \(error.sentence).")
        }
    }

    /// What was read so far: numbers, and why others are missing.
    private struct Reading {
        var numbers: [String: Double] = [:]
        var missing: [String: Cause] = [:]
        var findings: [Finding] = []
        var details: [[String: JSONValue]] = []

        mutating func take(_ name: String, _ result: Result<Double, CouldNotLook>, at place: String) {
            switch result {
            case .success(let number):
                numbers[name] = number
                details.append(["value": .text(name), "at": .text(place), "number": .number(number)])
            case .failure(let error):
                lose(name, error.cause)
                details.append(["value": .text(name), "at": .text(place), "missing": .text(error.cause.sentence)])
            }
        }

        mutating func lose(_ name: String, _ cause: Cause) {
            numbers[name] = nil
            missing[name] = cause
            findings.append(Finding(name, .unknown, cause))
        }
    }

    private func checkOrder(_ reading: inout Reading) {
        for (lower, upper) in zip(ordered, ordered.dropFirst()) {
            guard let low = reading.numbers[lower], let high = reading.numbers[upper], low > high else { continue }
            let cause = Cause(.malformed, "`\(lower)` is above `\(upper)`, which cannot be: the document is wrong.")
            for name in ordered where reading.numbers[name] != nil { reading.lose(name, cause) }
            return
        }
    }

    private func compute(_ name: String, _ value: ComputedValue, _ reading: inout Reading) {
        guard let formula = value.formula else { return }
        do throws(Formula.Failure) {
            let number = try formula.value(of: reading.numbers)
            reading.take(name, .success(number), at: formula.written)
        } catch {
            switch error {
            case .missing(let needed):
                // The finding about the missing number says it all; the condition still needs the cause.
                reading.missing[name] =
                    reading.missing[needed] ?? Cause(.noData, "`\(name)` needs `\(needed)`, which is missing.")
            case .divisionByZero(let divisor):
                reading.lose(name, Cause(.noData, "`\(name)` has no value: `\(divisor)` is 0."))
            case .notFinite:
                reading.lose(name, Cause(.malformed, "`\(name)` has no value: the result is beyond all bounds."))
            }
        }
    }

    private func observation(_ reading: Reading) -> Observation {
        let made = measurements.compactMap { declared in
            reading.numbers[declared.name].map { Measurement(declared.name, $0, declared.unit) }
        }
        let shown = made.map {
            "\($0.name) \((($0.value * 100).rounded() / 100).written)\($0.unit == .count ? "" : " \($0.unit.rawValue)")"
        }
        let missing = reading.missing.keys.sorted().map { "\($0) missing" }
        return Observation(
            summary: (shown + missing).joined(separator: ", "), measurements: made, missing: reading.missing,
            findings: reading.findings, details: reading.details)
    }
}
