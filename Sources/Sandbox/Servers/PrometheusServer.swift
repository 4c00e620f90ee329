import Foundation

/// A Prometheus of its own on a free loopback port, which scrapes what a test gives it every second.
public final class PrometheusServer: Sendable {
    public let port: Int
    private let supervisor: Supervisor

    private init(port: Int, supervisor: Supervisor) {
        self.port = port
        self.supervisor = supervisor
    }

    /// - Parameter scraping: the ports on 127.0.0.1 whose `/metrics` are read.
    public static func start(scraping ports: [Int]) async throws -> PrometheusServer {
        let folder = try Scratch.makeFolder("prometheus", under: nil)
        let port = try Scratch.freePort()
        let targets = ports.map { "'127.0.0.1:\($0)'" }.joined(separator: ", ")
        let configuration = """
            global: { scrape_interval: 1s, scrape_timeout: 1s }
            scrape_configs:
              - job_name: kubelet
                static_configs: [{ targets: [\(targets)] }]
            """
        let file = folder + "/prometheus.yml"
        try Data(configuration.utf8).write(to: URL(fileURLWithPath: file))
        let supervisor = try Supervisor.own(
            folder,
            command: [
                "prometheus", "--config.file=" + file, "--storage.tsdb.path=" + folder + "/data",
                "--web.listen-address=127.0.0.1:\(port)", "--log.level=error",
            ], endSignal: "KILL")
        let server = PrometheusServer(port: port, supervisor: supervisor)
        try await supervisor.orEnd {
            try supervisor.resume()
            try await supervisor.waitUntil("prometheus") { try await server.isReady() }
        }
        return server
    }

    public var url: String { "http://127.0.0.1:\(port)" }

    public func stop() async { await supervisor.end() }

    /// Waits until an expression has a value.
    public func wait(for expression: String) async throws {
        try await supervisor.waitUntil("a value of \(expression)") {
            try await self.get("/api/v1/query?query=" + expression)?.contains("\"value\"") ?? false
        }
    }

    private func isReady() async throws -> Bool { try await get("/-/ready") != nil }

    private func get(_ path: String) async throws -> String? {
        try? await Program.run("curl", ["--silent", "--fail", "--max-time", "5", url + path])
    }
}
