import ClientPrometheus
import Host
import Maintenance
import Sandbox
import Testing

struct PrometheusTests {
    @Test func aRealServer() async throws {
        let exporter = try StandInServer()
        exporter.on(
            "/metrics",
            Answer(body: "disk_used_bytes{volume=\"a\"} 42\ndisk_used_bytes{volume=\"b\"} 7.5\nnothing_known NaN\n"))
        let server = try await PrometheusServer.start(scraping: [exporter.port])
        try await server.wait(for: "disk_used_bytes")
        let samples = try await query(server.url, "disk_used_bytes").sorted { ($0.value ?? 0) < ($1.value ?? 0) }
        #expect(samples.map(\.value) == [7.5, 42] && samples.map { $0.labels["volume"] } == ["b", "a"])
        #expect(samples.allSatisfy { abs((Host.system.now() - $0.at).inSeconds) < 60 })
        #expect(try await query(server.url, "nothing_known").map(\.value) == [nil])
        #expect(try await query(server.url, "nobody_exports_this").isEmpty)
        #expect(try await query(server.url, "scalar(vector(3))").map(\.value) == [3])
        #expect(await cause { try await query(server.url, "disk_used_bytes{") }?.code == .rejected)
        #expect(await cause { try await query(server.url, "disk_used_bytes[5m]") }?.code == .notSupported)
        #expect(await cause { try await query(server.url + "/api/v1", "up") }?.code == .notFound)
        await server.stop()
        #expect(await cause { try await query(server.url, "up") }?.code == .refused)
    }

    @Test(arguments: [
        (
            Answer.json(#"{"status":"success","warnings":["x"],"data":{"resultType":"vector","result":[]}}"#),
            "partly-covered"
        ),
        (
            Answer.json(#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,2]}]}}"#),
            "malformed"
        ),
        (
            Answer.json(#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1]}]}}"#),
            "malformed"
        ),
        (Answer.json(#"{"status":"success","data":{"resultType":"vector"}}"#), "malformed"),
        (Answer.json(#"{"status":"success"}"#), "unexpected"),
        (Answer.json(#"{"status":"error","errorType":"timeout"}"#, status: 503), "timed-out"),
        (Answer.json(#"{"status":"error","errorType":"unavailable"}"#, status: 503), "busy"),
        (Answer(status: 200, body: "<html>"), "malformed"), (Answer(status: 401), "sign-in-failed"),
        (Answer(status: 403), "no-permission"), (Answer(status: 502, body: "bad gateway"), "unexpected"),
    ])
    func whatIsNoAnswer(answer: Answer, code: String) async throws {
        let server = try StandInServer()
        server.otherwise { _ in answer }
        #expect(await cause { try await query("http://127.0.0.1:\(server.port)", "up") }?.code.rawValue == code)
    }

    private func query(_ url: String, _ expression: String) async throws -> [PrometheusSample] {
        let kind = try #require(
            try TargetKindDefinition(PrometheusKind.self).target(from: .text(url)) as? PrometheusKind)
        let host = Host.system
        let context = Context(
            host: host, deadline: host.steady() + .seconds(10), label: WorkLabel(run: "run", step: "step"))
        let client = kind.open(on: host)
        do {
            let samples = try await kind.access(client, for: .look, in: context).query(expression)
            await kind.close(client)
            #expect(context.evidence.drain().contains { $0.statement == expression })
            return samples
        } catch {
            await kind.close(client)
            throw error
        }
    }

    private func cause(_ body: () async throws -> [PrometheusSample]) async -> Cause? {
        do {
            _ = try await body()
            return nil
        } catch { return (error as? CouldNotLook)?.cause }
    }
}
