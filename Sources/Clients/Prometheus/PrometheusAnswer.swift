import ClientHTTP
import Host
import Maintenance

/// An answer of the query API, taken apart (Prometheus HTTP API v1).
struct PrometheusAnswer {
    private let data: JSONValue

    init(_ answer: HTTPAnswer) throws(CouldNotLook) {
        let document: JSONValue
        do { document = try JSONReader.read(answer.body, values: PrometheusLimits.values) } catch {
            throw Self.noDocument(answer, error)
        }
        guard document["status"] == "success", let data = document["data"] else {
            throw Self.refusal(answer.status, document)
        }
        if case .list(let warnings)? = document["warnings"], !warnings.isEmpty {
            throw CouldNotLook(
                .partlyCovered, "The server warns that its answer may not be whole (\(warnings.count) warnings).")
        }
        self.data = data
    }

    func samples() throws(CouldNotLook) -> [PrometheusSample] {
        guard let result = data["result"] else { throw Self.malformed }
        switch data["resultType"]?.asText {
        case "vector":
            guard case .list(let series) = result else { throw Self.malformed }
            var samples: [PrometheusSample] = []
            for one in series { samples.append(try Self.sample(one["metric"], one["value"])) }
            return samples
        case "scalar": return [try Self.sample(nil, result)]
        case let other?:
            throw CouldNotLook(.notSupported, "The expression gives a \(other); one value a series is needed.")
        case nil: throw Self.malformed
        }
    }

    private static func sample(_ metric: JSONValue?, _ pair: JSONValue?) throws(CouldNotLook) -> PrometheusSample {
        var labels: [String: String] = [:]
        if case .object(let fields)? = metric {
            for (name, value) in fields { labels[name] = value.asText }
        }
        guard case .list(let pair)? = pair, pair.count == 2, case .number(let time) = pair[0],
            abs(time) < 1e11, let text = pair[1].asText
        else { throw malformed }
        let number = Double(text)
        guard number != nil || text == "NaN" else { throw malformed }
        return PrometheusSample(
            labels: labels, at: Instant(microsecondsSinceEpoch: Int64(time * 1e6)),
            value: number.flatMap { $0.isFinite ? $0 : nil })
    }

    private static var malformed: CouldNotLook {
        CouldNotLook(.malformed, "The answer is not what Prometheus's query API answers.")
    }

    private static func noDocument(_ answer: HTTPAnswer, _ mistake: JSONReader.Mistake) -> CouldNotLook {
        switch answer.status {
        case 401: CouldNotLook(.signInFailed, "The server wants another sign-in (401).")
        case 403: CouldNotLook(.noPermission, "The server forbids the query (403).")
        case 404: CouldNotLook(.notFound, "There is no query API under this URL (404); leave out `/api/v1`.")
        case 200:
            CouldNotLook(
                mistake.isTooLarge ? .tooLarge : .malformed, "The answer is not JSON: \(mistake.sentence).")
        default: CouldNotLook(.unexpected, "The server answered \(answer.status) and no JSON.")
        }
    }

    /// The kinds of error that the API names. Its sentence repeats the expression, which evidence has already.
    private static func refusal(_ status: Int, _ document: JSONValue) -> CouldNotLook {
        switch document["errorType"]?.asText {
        case "bad_data": CouldNotLook(.rejected, "The server does not understand the expression.")
        case "timeout": CouldNotLook(.timedOut, "The server gave the query up: it took too long.")
        case "canceled": CouldNotLook(.cancelled, "The server cancelled the query.")
        case "execution": CouldNotLook(.rejected, "The server could not evaluate the expression.")
        case "unavailable": CouldNotLook(.busy, "The server is not ready for queries.")
        default: CouldNotLook(.unexpected, "The server answered \(status) and no result.")
        }
    }
}
