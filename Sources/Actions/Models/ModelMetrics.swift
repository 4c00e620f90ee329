import ClientHTTP
import Host
import Maintenance

/// Whether a deployed model is still good enough, by the metrics of its latest evaluation.
struct ModelMetrics: Check {
    typealias Kind = HTTPKind

    static let declaration = Declaration(
        name: "model.metrics",
        summary: "Judges a model by the metrics of its latest evaluation, each against the least that is accepted.",
        measurements: [
            MeasurementDeclaration("below", "Metrics below what is accepted.", aggregate: .last),
            MeasurementDeclaration("samples", "What the evaluation counted, where it says so.", aggregate: .last),
            MeasurementDeclaration("age", .days, "Of the evaluation.", aggregate: .last),
        ],
        thresholds: Thresholds(fail: "below > 0"),
        timeout: .seconds(15),
        applies: """
            Any HTTP endpoint that answers with the evaluation as a JSON document. A metric that is missing, no number, or \
            not between 0 and 1, an evaluation that is stale or over too few samples are `unknown`: the model is neither \
            good nor bad then. To retrain it, put `when: model.below > 0` on the step that starts the training (with \
            `model` as this step's id): it does not start while anything is `unknown`.
            """,
        example: """
            path: ml/metrics
            metrics:
              accuracy: { at: accuracy, at-least: 0.90 }
            fresh: { at: evaluated_at, within: 8 days }
            samples: { at: samples, at-least: 100 }
            """,
        hasOpenMeasurements: true)

    static var parameters: [Parameter<ModelMetrics>] {
        [
            .optional("path", \.path, default: "", "The path under the target's base URL."),
            .required("metrics", \.metrics, "Names of metrics, each with its place and the least that is accepted."),
            .required("fresh", \.fresh, "Where the evaluation's time stands, and how old it may be."),
            .optional(
                "samples", \.samples, default: nil, "Where the number of samples stands, and how many are enough."),
            .optional("version", \.version, default: nil, "Where the model's version stands: it is reported."),
        ]
    }

    var path = ""
    var metrics: [String: AcceptedMetric] = [:]
    var fresh = Freshness()
    var samples: AcceptedMetric?
    var version: JSONPlace?

    var measurements: [MeasurementDeclaration] {
        Self.declaration.measurements
            + metrics.sorted { $0.key < $1.key }.map {
                MeasurementDeclaration($0.key, .ratio, "What stands at \($0.value.written).", aggregate: .last)
            }
    }

    func validate() throws(ValueError) {
        guard !metrics.isEmpty else { throw ValueError("no metric is named", path: ["metrics"]) }
        let taken = Self.declaration.measurements.map(\.name)
        for (name, metric) in metrics {
            guard !taken.contains(name) else {
                throw ValueError(
                    "`\(name)` is measured already; the metric needs another name", path: ["metrics", name])
            }
            let isName = name.utf8.allSatisfy { $0 == 95 || Character(Unicode.Scalar($0)).isASCIIWord }
            guard isName, name.first?.isLetter == true else {
                throw ValueError(
                    "a metric's name is letters, figures and `_`, such as f1_score", path: ["metrics", name])
            }
            guard (0...1).contains(metric.atLeast) else {
                throw ValueError("a metric is accepted from a value between 0 and 1", path: ["metrics", name])
            }
        }
    }

    func observe(_ access: HTTPAccess, in context: Context) async throws -> Observation {
        let document = try Self.document(try await access.get(path))
        let now = context.host.now()
        try fresh.check(document, now: now)
        var seen = Observation(summary: "")
        if let time = fresh.time(of: document) {
            seen.measurements.append(Measurement("age", (now - time).inSeconds / 86_400, .days))
        }
        let isEnough = countSamples(document, &seen)
        var below = 0
        for (name, metric) in metrics.sorted(by: { $0.key < $1.key }) {
            do {
                guard isEnough else { throw CouldNotLook(.noData, "The evaluation counted too few samples.") }
                let value = try metric.number(in: document, atMost: 1)
                seen.measurements.append(Measurement(name, value, .ratio))
                seen.details.append([
                    "metric": .text(name), "value": .number(value), "accepted_from": .number(metric.atLeast),
                ])
                if value < metric.atLeast {
                    below += 1
                    seen.findings.append(Self.finding(name, value, metric.atLeast))
                }
            } catch let error as CouldNotLook {
                seen.missing[name] = error.cause
                seen.missing["below"] = seen.missing["below"] ?? error.cause
                seen.findings.append(Finding(name, .unknown, error.cause))
            }
        }
        if seen.missing["below"] == nil { seen.measurements.append(Measurement("below", below)) }
        seen.summary = summary(document, below, seen)
        return seen
    }

    /// False where there are too few for any judgement.
    private func countSamples(_ document: JSONValue, _ seen: inout Observation) -> Bool {
        guard let samples else {
            seen.missing["samples"] = Cause(.noData, "The plan does not say where the number of samples stands.")
            return true
        }
        do {
            let count = try samples.number(in: document, atMost: .greatestFiniteMagnitude)
            seen.measurements.append(Measurement("samples", count))
            return count >= samples.atLeast
        } catch {
            seen.missing["samples"] = error.cause
            return false
        }
    }

    private func summary(_ document: JSONValue, _ below: Int, _ seen: Observation) -> String {
        let named = version.flatMap { $0.find(in: document)?.asText }.map { "version \($0.prefix(60)): " } ?? ""
        if seen.missing["below"] != nil { return named + "it cannot be judged" }
        let values = seen.measurements.filter { metrics[$0.name] != nil }
            .map { "\($0.name) \((($0.value * 10_000).rounded() / 10_000).written)" }
        return named + values.joined(separator: ", ")
            + (below == 0 ? ", all accepted" : ", \(below) below what is accepted")
    }

    private static func finding(_ name: String, _ value: Double, _ least: Double) -> Finding {
        Finding(
            name, .fail,
            Cause(
                .threshold,
                "\(name) is \(((value * 10_000).rounded() / 10_000).written), and from \(least.written) on it is accepted."
            ),
            advice: "Retrain the model, and look at what changed in its input.")
    }

    private static func document(_ answer: HTTPAnswer) throws(CouldNotLook) -> JSONValue {
        guard answer.status == 200 else {
            throw CouldNotLook(
                answer.status == 404 ? .notFound : .unexpected,
                "It answered \(answer.status), where 200 and the evaluation are expected.")
        }
        do { return try JSONReader.read(answer.body) } catch {
            throw CouldNotLook(
                error.isTooLarge ? .tooLarge : .malformed, "The evaluation is no JSON document: \(error.sentence).")
        }
    }
}

extension Character {
    fileprivate var isASCIIWord: Bool { isASCII && (isLetter || isNumber) }
}
