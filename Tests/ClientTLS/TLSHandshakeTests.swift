import Host
import Maintenance
import Sandbox
import Testing

@testable import ClientTLS

struct TLSHandshakeTests {
    private func context(_ seconds: Double = 20) -> Context {
        Context(
            host: .system, deadline: Host.system.steady() + .milliseconds(Int64(seconds * 1000)),
            label: WorkLabel(run: "run", step: "step"))
    }

    private func kind(port: Int, _ more: [PlanValue.Entry] = []) throws -> TLSKind {
        let settings = PlanValue.map([PlanValue.Entry("address", .text("localhost:\(port)"))] + more)
        return try #require(try TargetKindDefinition(TLSKind.self).target(from: settings) as? TLSKind)
    }

    @Test(arguments: [("TLSv1.2", TLSProtocolVersion.tls12), ("TLSv1.3", .tls13)])
    func takesWhatIsServedWithoutTrustingIt(_ protocols: String, _ version: TLSProtocolVersion) async throws {
        let root = try await CertificateAuthority.makeRoot()
        let authority = try await root.intermediate()
        let server = try await TLSServer.start(
            certificate: try await authority.leaf(names: ["elsewhere.example"]), protocols: protocols)
        let kind = try kind(port: server.port)
        let context = context()
        let access = try await kind.access(kind.open(on: .system), for: .look, in: context)
        let served = try await access.handshake()
        #expect(served.version == version)
        #expect(served.certificates.count == 2)
        #expect(served.ending == nil)
        let evidence = context.evidence.drain()
        #expect(evidence.count == 1)
        #expect(evidence.first?.excerpt.contains("elsewhere.example") == true)
        await server.stop()
    }

    @Test func theServerNameIsAskedFor() async throws {
        let root = try await CertificateAuthority.makeRoot()
        // A server that has nothing for another name refuses the handshake.
        let server = try await TLSServer.start(
            certificate: try await root.leaf(names: ["known.example"]),
            directives: "if ($ssl_server_name != known.example) { return 421; } ssl_reject_handshake off;")
        let kind = try kind(port: server.port, [PlanValue.Entry("server-name", .text("known.example"))])
        let access = try await kind.access(kind.open(on: .system), for: .look, in: context())
        #expect(access.serverName.description == "known.example")
        #expect(try await access.handshake().certificates.count == 1)
        #expect(kind.identity == "tls localhost:\(server.port) as known.example")
        await server.stop()
    }

    @Test func cancellationIsPrompt() async throws {
        let proxy = try FaultProxy(to: 1, behaviour: .hang)
        let kind = try kind(port: proxy.port)
        let access = try await kind.access(kind.open(on: .system), for: .look, in: context(600))
        let task = Task { try await access.handshake() }
        #expect(try await eventually { proxy.accepted == 1 })
        let start = ContinuousClock.now
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        #expect(ContinuousClock.now - start < .seconds(10))
        #expect(try await eventually { proxy.open == 0 })
        proxy.stop()
    }

    @Test func theConnectionEndsWithTheLook() async throws {
        let root = try await CertificateAuthority.makeRoot()
        let server = try await TLSServer.start(certificate: try await root.leaf(names: ["localhost"]))
        let proxy = try FaultProxy(to: server.port)
        let kind = try kind(port: proxy.port)
        let access = try await kind.access(kind.open(on: .system), for: .look, in: context())
        for _ in 0..<5 { _ = try await access.handshake() }
        #expect(try await eventually { proxy.open == 0 })
        proxy.stop()
        await server.stop()
    }
}
