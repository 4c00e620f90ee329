import ClientHTTP
public import Host
import Maintenance

/// What one step may ask of a Prometheus server.
public struct PrometheusAccess: Sendable {
    let http: HTTPAccess

    public var identity: String { http.identity }

    /// The value of an expression now, one sample a series. No series is an empty list, not an error: what that means
    /// is for the caller to say.
    ///
    /// - Throws: `CouldNotLook` where the server refused the expression, did not answer wholly, or warns that a part of
    ///   its storage did not: such an answer looks like fewer series.
    public func query(_ expression: String) async throws -> [PrometheusSample] {
        guard expression.utf8.count <= PrometheusLimits.expression else {
            throw CouldNotLook(
                .tooLarge, "The expression is longer than \(PrometheusLimits.expression) bytes; record it as a rule.")
        }
        let answer = try await http.get(
            "api/v1/query?query=\(expression.percentEncoded)", statement: expression, limit: PrometheusLimits.answer)
        return try PrometheusAnswer(answer).samples()
    }
}

/// One value of one series.
public struct PrometheusSample: Hashable, Sendable {
    /// The labels, the metric's name among them as `__name__`.
    public let labels: [String: String]
    public let at: Instant
    /// `nil` where the server says NaN or infinity: there is no number.
    public let value: Double?

    public init(labels: [String: String], at: Instant, value: Double?) {
        self.labels = labels
        self.at = at
        self.value = value
    }
}
