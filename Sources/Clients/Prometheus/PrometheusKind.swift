import ClientHTTP
public import Host
public import Maintenance

/// A Prometheus server, or what answers its query API, by its base URL.
public struct PrometheusKind: TargetKind {
    public static let name = "prometheus"
    public static let summary = "A Prometheus server, or another that answers its query API, by its base URL."
    public static let shorthand = "url"
    public static let schemes: [String] = []
    public static var parameters: [Parameter<PrometheusKind>] { HTTPKind.parameters.map { $0.inside(\.http) } }

    var http = HTTPKind()

    public init() {}

    public var identity: String { http.identity }
    public var secrets: [Secret] { http.secrets }
    public func validate() throws(ValueError) { try http.validate() }

    public func open(on host: Host) -> PrometheusConnection { PrometheusConnection(http: http.open(on: host)) }

    public func access(
        _ client: PrometheusConnection, for purpose: Purpose, in context: Context
    ) async throws -> PrometheusAccess {
        PrometheusAccess(http: try await http.access(client.http, for: purpose, in: context))
    }

    public func close(_ client: PrometheusConnection) async { await http.close(client.http) }
}

/// The connections to one server, kept for a run.
public struct PrometheusConnection: Sendable {
    let http: HTTPConnection
}
