import Foundation
import Host
import NIOSSL
import Sandbox
import Testing

@testable import ClientTLS

struct CertificateFactsTests {
    private func encoded(_ path: String) throws -> [UInt8] {
        try #require(try NIOSSLCertificate.fromPEMFile(path).first).toDERBytes()
    }

    @Test func saysWhatOpenSSLSays() async throws {
        let root = try await CertificateAuthority.makeRoot(named: "Facts Root")
        let leaf = try await root.leaf(
            names: ["A.example", "*.b.example", "192.0.2.1", "2001:db8::1"], validity: .days(42),
            commonName: "Leaf, here")
        let facts = try #require(CertificateFacts(encoded: try encoded(leaf.certificatePath)))
        let said = try await Program.run(
            "openssl", ["x509", "-in", leaf.certificatePath, "-noout", "-serial", "-enddate", "-dateopt", "iso_8601"])
        #expect(said.lowercased().contains("serial=\(facts.serial)"))
        #expect(said.contains(facts.notAfter.description.replacing("T", with: " ")))
        #expect(facts.subject == "CN=Leaf, here, O=Millwright Sandbox")
        #expect(facts.issuerShortName == "Facts Root")
        #expect(facts.names == ["a.example", "*.b.example", "192.0.2.1", "2001:db8::1"])
        #expect(facts.key == .elliptic(curve: "P-256", bits: 256) && !facts.key.isWeak)
        #expect(facts.signature.description == "SHA-256 with ECDSA" && !facts.signature.isWeak)
        #expect(!facts.isAuthority && facts.mayServe && !facts.isSelfIssued)
        let own = try #require(CertificateFacts(encoded: try encoded(root.rootPath)))
        #expect(own.isAuthority && own.isSelfIssued && own.subjectBytes == facts.issuerBytes)
    }

    /// Nothing that was cut or altered traps; most of it is refused.
    @Test func damagedCertificatesAreRefusedOrRead() async throws {
        let root = try await CertificateAuthority.makeRoot()
        let bytes = try encoded(try await root.leaf(names: ["a.example"]).certificatePath)
        for end in 0..<bytes.count { #expect(CertificateFacts(encoded: Array(bytes[..<end])) == nil) }
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<3000 {
            var altered = bytes
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                altered[Int.random(in: 0..<altered.count, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            _ = CertificateFacts(encoded: altered)
        }
        #expect(CertificateFacts(encoded: [UInt8](repeating: 0x30, count: 100_000)) == nil)
    }

    @Test func theSystemsAuthoritiesAreRead() async throws {
        let roots = try? await TrustedRoots.load(nil, on: .system)
        guard FileManager.default.fileExists(atPath: "/etc/ssl/certs/ca-certificates.crt") else { return }
        #expect(roots != nil)
    }
}
