import ClientTLS
import Host
import Maintenance
import Sandbox
import Testing

@testable import ActionsCertificates

/// Endpoints that do not get as far as a certificate, and the faces of the action.
struct CertificateCheckTests {
    /// A good server behind a proxy that misbehaves.
    private func withProxy<Result>(
        _ behaviour: FaultProxy.Behaviour, _ body: (FaultProxy) async throws -> Result
    ) async throws -> Result {
        let authority = try await CertificateAuthority.makeRoot()
        let server = try await TLSServer.start(certificate: try await authority.leaf(names: ["localhost"]))
        let proxy = try FaultProxy(to: server.port, behaviour: behaviour)
        let result = try await body(proxy)
        proxy.stop()
        await server.stop()
        return result
    }

    @Test(arguments: [
        (FaultProxy.Behaviour.refuse, "refused", 20.0), (.hang, "timed-out", 1),
        (.init(connection: .close(reset: false)), "connection-lost", 20),
        (.init(connection: .close(reset: true)), "connection-lost", 20),
        (.init(after: (bytes: 300, event: .cut)), "connection-lost", 20),
        (.init(after: (bytes: 300, event: .halfClose)), "connection-lost", 20),
        (.init(after: (bytes: 300, event: .stall)), "timed-out", 1),
    ])
    func whatCouldNotBeLookedAtIsUnknown(
        _ behaviour: FaultProxy.Behaviour, _ code: String, _ seconds: Double
    ) async throws {
        try await withProxy(behaviour) { proxy in
            let cause = await causeThrown {
                _ = try await look(["address": "localhost:\(proxy.port)"], seconds: seconds)
            }
            #expect(cause?.code.rawValue == code, "\(cause?.sentence ?? "seen")")
        }
    }

    @Test func anUnknownNameIsUnknown() async throws {
        let cause = await causeThrown { _ = try await look(["address": "no-such-host.invalid:443"]) }
        #expect(cause?.code == .unreachable)
    }

    @Test func plainTextIsAFailure() async throws {
        let authority = try await CertificateAuthority.makeRoot()
        let plain = try Scratch.freePort()
        let server = try await TLSServer.start(
            certificate: try await authority.leaf(names: ["localhost"]), directives: "listen 127.0.0.1:\(plain);")
        let seen = try await look(["address": "localhost:\(plain)"])
        #expect(seen.verdict == .fail)
        #expect(seen.causes == ["not-tls"], "\(seen.observation.summary)")
        #expect(seen.observation.missing["days_to_expiry"] != nil)
        await server.stop()
    }

    /// What comes before a reset may be lost with the connection; it is never a pass.
    @Test(arguments: ["SSH-2.0-OpenSSH_9\r\n", "220 mail ESMTP\r\n", "\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}"])
    func garbageIsNeverAPass(_ text: String) async throws {
        try await withProxy(.init(connection: .garbage(Array(text.utf8)))) { proxy in
            var causes: Set<String> = []
            let cause = await causeThrown { causes = try await look(["address": "localhost:\(proxy.port)"]).causes }
            #expect(causes == ["not-tls"] || cause?.code == .connectionLost)
        }
    }

    @Test func anEndlessAnswerEnds() async throws {
        for text in ["a", "\u{16}\u{3}\u{3}\u{40}\u{0}"] {
            let chunk = Array(String(repeating: text, count: 1000).utf8)
            try await withProxy(.init(connection: .endless(chunk))) { proxy in
                let seen = try await look(["address": "localhost:\(proxy.port)"])
                #expect(seen.verdict == .fail, "\(seen.observation.summary)")
            }
        }
    }

    @Test func aRefusedHandshakeIsAFailureWithItsReason() async throws {
        let leaf = try await OpenSSL.issue(.init(name: "leaf", names: ["localhost"]), by: nil)
        // The server has an elliptic key, and offers only ciphers for RSA: no client gets in.
        let server = try await CertificateServer.serving(
            leaf, options: ["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"])
        let seen = try await look(["address": "localhost:\(server.port)"])
        #expect(seen.verdict == .fail)
        #expect(seen.causes == ["handshake-failed"])
        #expect(seen.observation.summary.contains("handshake failure"), "\(seen.observation.summary)")
        await server.stop()
    }

    @Test func nginxIsWellAndARenewalIsSeen() async throws {
        let root = try await CertificateAuthority.makeRoot()
        let authority = try await root.intermediate()
        let old = try await authority.leaf(names: ["localhost"], validity: .days(3))
        let server = try await TLSServer.start(certificate: old)
        let settings = ["url": server.url("/v1"), "ca": root.rootPath]
        let before = try await look(settings)
        #expect(before.verdict == .fail && before.causes.isEmpty)
        try await server.replace(certificate: try await authority.leaf(names: ["localhost"]))
        let after = try await look(settings)
        #expect(after.verdict == .pass, "\(after.observation.summary)")
        #expect(after.observation.details.count == 3)
        await server.stop()
    }

    /// As an http target's `ca`: a private authority does not take the system's away.
    @Test func theFileIsTrustedBesidesTheSystem() async throws {
        let (system, own) = (try await CertificateAuthority.makeRoot(), try await CertificateAuthority.makeRoot())
        var host = Host.system
        host.environment = { $0 == "SSL_CERT_FILE" ? system.rootPath : Host.system.environment($0) }
        for authority in [system, own] {
            let server = try await TLSServer.start(certificate: try await authority.leaf(names: ["localhost"]))
            let address = "localhost:\(server.port)"
            let seen = try await look(["address": address, "ca": own.rootPath], on: host)
            #expect(seen.verdict == .pass, "\(seen.observation.summary)")
            let alone = try await look(["address": address], on: host)
            #expect((alone.verdict == .pass) == (authority.rootPath == system.rootPath))
            await server.stop()
        }
    }

    @Test func theSystemsAuthoritiesDoNotTrustTheSandbox() async throws {
        let authority = try await CertificateAuthority.makeRoot()
        let server = try await TLSServer.start(certificate: try await authority.leaf(names: ["localhost"]))
        let cause = await causeThrown {
            let seen = try await look(["address": "localhost:\(server.port)"])
            #expect(seen.verdict == .fail && seen.causes == ["missing-intermediate"], "\(seen.observation.summary)")
        }
        // A machine without ca-certificates cannot judge, and says so.
        #expect(cause == nil || cause?.code == .noData)
        await server.stop()
    }

    @Test func anAuthorityFileThatIsNoneIsUnknown() async throws {
        let authority = try await CertificateAuthority.makeRoot()
        let server = try await TLSServer.start(certificate: try await authority.leaf(names: ["localhost"]))
        for file in ["/nonexistent.pem", "/dev/null"] {
            let cause = await causeThrown { _ = try await look(["address": "localhost:\(server.port)", "ca": file]) }
            #expect(cause?.code == .noData)
        }
        await server.stop()
    }

    @Test func theExampleIsRight() throws {
        let definition = try #require(CertificateActions.all.first)
        #expect(definition.declaration.looksByItself)
        #expect(definition.roles == [TargetRole(kinds: ["tls"])])
        #expect(try definition.configured(with: nil).impact == .observe)
        #expect(
            try definition.configured(with: .map([.init("server-name", .text("api.example.com"))])).impact == .observe)
        #expect(throws: ValueErrors.self) { try definition.configured(with: .map([.init("servername", .text("x"))])) }
    }
}
