import Foundation
import Host
import Maintenance
import Sandbox
import Testing

@testable import ClientHTTP

struct HTTPTLSTests {
    private func cause(
        _ leaf: IssuedCertificate, ca: String?, host: String = "localhost"
    ) async throws -> Cause? {
        let server = try await TLSServer.start(certificate: leaf)
        let cause = try await Endpoint(server.url(host: host)) { $0.ca = ca }.cause()
        await server.stop()
        return cause
    }

    /// As a server sends it that forgot its intermediates.
    private func withoutChain(_ leaf: IssuedCertificate) throws -> IssuedCertificate {
        try Data(contentsOf: URL(fileURLWithPath: leaf.certificatePath)).write(to: URL(fileURLWithPath: leaf.chainPath))
        return leaf
    }

    @Test func aPrivateAuthorityIsTrustedWhenNamed() async throws {
        let authority = try await CertificateAuthority.makeRoot()
        let leaf = try await authority.intermediate().leaf(names: ["localhost", "127.0.0.1"])
        #expect(try await cause(leaf, ca: authority.rootPath) == nil)
        #expect(try await cause(leaf, ca: authority.rootPath, host: "127.0.0.1") == nil)
        let unknown = try await cause(leaf, ca: nil)
        #expect(unknown?.code == .tlsFailed && unknown?.sentence.contains("unknown authority") == true)
    }

    @Test func whyACertificateIsRefused() async throws {
        let authority = try await CertificateAuthority.makeRoot()
        let expired = try await authority.leaf(names: ["localhost"], validity: .expired(daysAgo: 3))
        let early = try await authority.leaf(names: ["localhost"], validity: .notBefore(inDays: 3))
        let other = try await authority.leaf(names: ["other.example"])
        let incomplete = try await authority.intermediate().leaf(names: ["localhost"])
        let oldIntermediate = try await authority.intermediate(validity: .expired(daysAgo: 2)).leaf(names: ["localhost"]
        )
        for (leaf, words) in [
            (expired, "its certificate expired"), (early, "is not valid before"),
            (other, "is not for the name localhost"), (oldIntermediate, "certificate 2 of its chain expired"),
            (try withoutChain(incomplete), "sends no intermediate certificate"),
            (try await CertificateAuthority.selfSigned(names: ["localhost"]), "unknown authority"),
        ] {
            let cause = try await cause(leaf, ca: authority.rootPath)
            #expect(cause?.code == .tlsFailed, "\(words)")
            #expect(cause?.sentence.contains(words) == true, "\(cause?.sentence ?? "no cause")")
        }
    }

    @Test func aCertificateForANameIsNotOneForAnAddress() async throws {
        let authority = try await CertificateAuthority.makeRoot()
        let leaf = try await authority.leaf(names: ["localhost"])
        let cause = try await cause(leaf, ca: authority.rootPath, host: "127.0.0.1")
        #expect(cause?.code == .tlsFailed && cause?.sentence.contains("not for the name 127.0.0.1") == true)
    }

    @Test func theFileOfAuthoritiesIsMissing() async throws {
        let leaf = try await CertificateAuthority.selfSigned(names: ["localhost"])
        for path in ["/nonexistent/ca.pem", "/dev/null", leaf.keyPath] {
            let cause = try await cause(leaf, ca: path)
            #expect(cause?.code == .notFound, "\(path): \(cause?.sentence ?? "")")
        }
    }

    @Test func plainHTTPWhereTLSIsExpectedAndTheReverse() async throws {
        let garbage = try FaultProxy(
            to: 1, behaviour: .init(connection: .garbage(Array("HTTP/1.1 400 no\r\n\r\n".utf8))))
        let spoken = try await Endpoint("https://127.0.0.1:\(garbage.port)/").cause()
        #expect(
            spoken?.code == .tlsFailed && spoken?.sentence.contains("not speak TLS") == true,
            "\(spoken?.sentence ?? "")")
        let secure = try await TLSServer.start(
            certificate: try await CertificateAuthority.selfSigned(names: ["localhost"]))
        #expect(try await Endpoint("http://127.0.0.1:\(secure.port)/").get().status == 400)
        await secure.stop()
    }
}
