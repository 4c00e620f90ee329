import ClientTLS
import Foundation
import Host
import Maintenance
import Sandbox
import Testing

@testable import ActionsCertificates

/// Good and bad servers, one by one: the right cause for each, and no alarm where all is well.
struct CertificateMatrixTests {
    /// What a case is made of: the server's own certificate, what it serves besides, and what the client trusts.
    private struct Served {
        var leaf: IssuedCertificate
        var chain: [IssuedCertificate] = []
        var trust: [IssuedCertificate]
        var options: [String] = []
    }

    private typealias Order = OpenSSL.Request

    private func root(
        _ name: String = "Root", _ adjust: (inout Order) -> Void = { _ in }
    ) async throws -> IssuedCertificate {
        var order = Order(name: name, validity: .days(3650), isAuthority: true)
        adjust(&order)
        return try await OpenSSL.issue(order, by: nil)
    }

    private func intermediate(
        _ name: String = "Intermediate", by issuer: IssuedCertificate, _ adjust: (inout Order) -> Void = { _ in }
    ) async throws -> IssuedCertificate {
        var order = Order(name: name, validity: .days(1000), isAuthority: true)
        adjust(&order)
        return try await OpenSSL.issue(order, by: issuer)
    }

    private func leaf(
        by issuer: IssuedCertificate?, _ adjust: (inout Order) -> Void = { _ in }
    ) async throws -> IssuedCertificate {
        var order = Order(name: "leaf", names: ["localhost", "127.0.0.1"])
        adjust(&order)
        return try await OpenSSL.issue(order, by: issuer)
    }

    private func seen(_ served: Served, host: String = "localhost", with parameters: [String: String] = [:])
        async throws -> Seen
    {
        let server = try await CertificateServer.serving(
            served.leaf, with: served.chain, options: served.options)
        let file = try bundle(served.trust)
        return try await doing {
            try await look(["address": "\(host):\(server.port)", "ca": file], with: parameters)
        } finally: {
            await server.stop()
        }
    }

    // Healthy: no alarm.

    @Test func aWholeChainIsWell() async throws {
        let root = try await root()
        let middle = try await intermediate(by: root)
        let leaf = try await leaf(by: middle)
        for host in ["localhost", "127.0.0.1"] {
            let seen = try await seen(Served(leaf: leaf, chain: [middle], trust: [root]), host: host)
            #expect(seen.verdict == .pass && seen.causes.isEmpty, "\(seen.observation.summary)")
            #expect(seen.roles == ["leaf", "intermediate", "root"])
            #expect(seen.value("chain_length") == 3)
            #expect(abs((seen.value("days_to_expiry") ?? 0) - 90) < 0.1)
            // The same instant whenever it is looked at: schedules hang on it.
            let expiry = try #require(seen.value("expiry").flatMap(Measurement.instant))
            #expect(seen.observation.details.first?["not_after"] == .text("\(expiry)"))
            #expect(seen.observation.summary.contains("leaf `leaf`, in 89 days"))
        }
    }

    @Test func aServedRootAndAWrongOrderAreWell() async throws {
        let root = try await root()
        let first = try await intermediate("First", by: root)
        let second = try await intermediate("Second", by: first)
        let leaf = try await leaf(by: second)
        let seen = try await seen(Served(leaf: leaf, chain: [root, first, second], trust: [root]))
        #expect(seen.verdict == .pass && seen.causes.isEmpty, "\(seen.observation.summary)")
        #expect(seen.value("chain_length") == 4)
    }

    /// The old root signed the new one, and has ended; clients that know the new root need neither.
    @Test func anUnusedExpiredCrossSignIsWell() async throws {
        let old = try await root("Old Root") { $0.validity = .expired(daysAgo: 30) }
        let new = try await root("New Root")
        let crossSign = try await OpenSSL.issue(
            Order(name: "New Root", validity: .expired(daysAgo: 30), isAuthority: true, keyOf: new), by: old)
        let middle = try await intermediate(by: new)
        let leaf = try await leaf(by: middle)
        for trust in [[new], [old, new], [new, old]] {
            let seen = try await seen(Served(leaf: leaf, chain: [middle, crossSign], trust: trust))
            #expect(seen.verdict == .pass && seen.causes.isEmpty, "\(seen.observation.summary)")
            #expect(seen.roles.contains("unused"))
        }
    }

    @Test func anExpiredNamesakeBesideTheGoodIntermediateIsWell() async throws {
        let root = try await root()
        let middle = try await intermediate(by: root)
        let expired = try await OpenSSL.issue(
            Order(name: "Intermediate", validity: .expired(daysAgo: 10), isAuthority: true, keyOf: middle), by: root
        )
        let leaf = try await leaf(by: middle)
        for chain in [[expired, middle], [middle, expired]] {
            let seen = try await seen(Served(leaf: leaf, chain: chain, trust: [root]))
            #expect(seen.verdict == .pass && seen.causes.isEmpty, "\(seen.observation.summary)")
        }
    }

    @Test(arguments: ["rsa:2048", "rsa:4096", "ec:P-384", "ed25519"])
    func strongKeysAreWell(_ key: String) async throws {
        let root = try await root { $0.key = key }
        // Clients of TLS 1.2 and 1.3 do not offer Ed25519 for servers.
        let leaf = try await leaf(by: root) { $0.key = key == "ed25519" ? "ec" : key }
        let seen = try await seen(Served(leaf: leaf, trust: [root]))
        #expect(seen.verdict == .pass && seen.causes.isEmpty, "\(seen.observation.summary)")
    }

    @Test func wildcardsAndOtherNamesAreWell() async throws {
        let root = try await root()
        let leaf = try await leaf(by: root) { $0.names = ["example.org", "*.api.example.org"] }
        for (name, verdict) in [
            ("EXAMPLE.org", Verdict.pass), ("eu.api.example.org", .pass), ("eu.api.example.org.", .pass),
            ("api.example.org", .fail), ("a.b.api.example.org", .fail), ("www.example.org", .fail),
        ] {
            let seen = try await seen(Served(leaf: leaf, trust: [root]), with: ["server-name": name])
            #expect(seen.verdict == verdict, "\(name): \(seen.observation.summary)")
            #expect(seen.causes == (verdict == .pass ? [] : ["wrong-name"]))
        }
    }

    @Test func criticalExtensionsThatClientsKnowAreWell() async throws {
        let root = try await root()
        let leaf = try await leaf(by: root) {
            $0.extensions = [
                "basicConstraints = critical,CA:FALSE", "keyUsage = critical,digitalSignature",
                "extendedKeyUsage = critical,serverAuth,clientAuth", "subjectAltName = critical,DNS:localhost",
                "certificatePolicies = critical,2.23.140.1.2.1",
            ]
        }
        let seen = try await seen(Served(leaf: leaf, trust: [root]))
        #expect(seen.verdict == .pass && seen.causes.isEmpty, "\(seen.observation.summary)")
    }

    @Test func aTrustedSelfSignedAuthorityIsWell() async throws {
        let own = try await leaf(by: nil) {
            $0.extensions = ["basicConstraints = critical,CA:TRUE", "subjectAltName = DNS:localhost"]
        }
        let seen = try await seen(Served(leaf: own, trust: [own]))
        #expect(seen.verdict == .pass && seen.causes.isEmpty, "\(seen.observation.summary)")
    }

    // Time.

    @Test(arguments: [(31.0, Verdict.pass), (29.0, .warn), (8.0, .warn), (6.0, .fail), (0.5, .fail)])
    func anExpiringLeafIsSeen(_ days: Double, _ verdict: Verdict) async throws {
        let root = try await root()
        let leaf = try await leaf(by: root) { $0.validity = .days(days) }
        let seen = try await seen(Served(leaf: leaf, trust: [root]))
        #expect(seen.verdict == verdict)
        #expect(seen.causes.isEmpty)
        #expect(abs((seen.value("leaf_days") ?? 0) - days) < 0.1)
        #expect(seen.observation.summary.contains("leaf `leaf`"))
    }

    @Test func anExpiringIntermediateIsNamed() async throws {
        let root = try await root()
        let middle = try await intermediate("Issuing CA 7", by: root) { $0.validity = .days(5) }
        let leaf = try await leaf(by: middle)
        let seen = try await seen(Served(leaf: leaf, chain: [middle], trust: [root]))
        #expect(seen.verdict == .fail)
        #expect(seen.observation.summary.contains("intermediate `Issuing CA 7`, in 4 days"))
        #expect(abs((seen.value("days_to_expiry") ?? 0) - 5) < 0.1)
        #expect(abs((seen.value("leaf_days") ?? 0) - 90) < 0.1)
    }

    @Test func expiredAndNotYetValid() async throws {
        let root = try await root()
        for (validity, cause) in [
            (Validity.expired(daysAgo: 3), "certificate-expired"), (.notBefore(inDays: 2), "certificate-not-yet-valid"),
        ] {
            let leaf = try await leaf(by: root) { $0.validity = validity }
            let seen = try await seen(Served(leaf: leaf, trust: [root]))
            #expect(seen.verdict == .fail)
            #expect(seen.causes == [cause], "\(seen.observation.summary)")
        }
    }

    @Test func anExpiredIntermediateAndRootAreNamed() async throws {
        let root = try await root()
        let middle = try await intermediate("Issuing CA 7", by: root) { $0.validity = .expired(daysAgo: 1) }
        let seen = try await seen(
            Served(leaf: try await leaf(by: middle), chain: [middle], trust: [root]))
        #expect(seen.verdict == .fail && seen.causes == ["certificate-expired"])
        #expect(seen.observation.summary.contains("intermediate certificate `Issuing CA 7` expired on"))

        let ended = try await self.root("Ended Root") { $0.validity = .expired(daysAgo: 1) }
        let under = try await self.seen(Served(leaf: try await leaf(by: ended), trust: [ended]))
        #expect(under.verdict == .fail && under.causes == ["certificate-expired"])
        #expect(under.observation.summary.contains("root certificate `Ended Root`"))
    }

    // Trust.

    @Test func aMissingIntermediate() async throws {
        let root = try await root()
        let middle = try await intermediate("Issuing CA 7", by: root)
        let seen = try await seen(Served(leaf: try await leaf(by: middle), trust: [root]))
        #expect(seen.verdict == .fail && seen.causes == ["missing-intermediate"])
        #expect(seen.observation.summary.contains("Issuing CA 7"))
    }

    @Test func aMissingIntermediateOfAnExpiredLeafIsBoth() async throws {
        let root = try await root()
        let middle = try await intermediate(by: root)
        let leaf = try await leaf(by: middle) { $0.validity = .expired(daysAgo: 5) }
        let seen = try await seen(Served(leaf: leaf, trust: [root]))
        #expect(seen.causes == ["missing-intermediate", "certificate-expired"])
        #expect((seen.value("days_to_expiry") ?? 0) < -4.9)
    }

    @Test func anUntrustedRoot() async throws {
        let root = try await root("Private Root")
        let other = try await self.root("Other Root")
        let middle = try await intermediate(by: root)
        let leaf = try await leaf(by: middle)
        for chain in [[middle], [middle, root]] {
            let seen = try await seen(Served(leaf: leaf, chain: chain, trust: [other]))
            #expect(seen.verdict == .fail && seen.causes == ["untrusted-root"])
            #expect(seen.observation.summary.contains("Private Root"))
        }
    }

    @Test func aSelfSignedCertificate() async throws {
        let seen = try await seen(Served(leaf: try await leaf(by: nil), trust: [try await root()]))
        #expect(seen.verdict == .fail && seen.causes == ["self-signed"])
    }

    @Test func aRootOfTheSameNameIsAnotherRoot() async throws {
        let root = try await root("Twin Root")
        let twin = try await self.root("Twin Root")
        let seen = try await seen(Served(leaf: try await leaf(by: root), trust: [twin]))
        #expect(seen.verdict == .fail && seen.causes == ["wrong-issuer"])
    }

    @Test func theWrongIntermediateIsServed() async throws {
        let root = try await root()
        let middle = try await intermediate(by: root)
        let wrong = try await intermediate(by: root)
        let seen = try await seen(Served(leaf: try await leaf(by: middle), chain: [wrong], trust: [root]))
        #expect(seen.verdict == .fail && seen.causes == ["wrong-issuer"])
    }

    @Test func anIssuerThatMayNotIssue() async throws {
        let root = try await root()
        let fake = try await leaf(by: root) { $0.name = "Somebody's Leaf" }
        let seen = try await seen(Served(leaf: try await leaf(by: fake), chain: [fake], trust: [root]))
        #expect(seen.verdict == .fail && seen.causes == ["not-an-authority"])
        #expect(seen.observation.summary.contains("Somebody's Leaf"))
    }

    @Test func aPathThatIsTooLong() async throws {
        let root = try await root {
            $0.extensions = ["basicConstraints = critical,CA:TRUE,pathlen:0", "keyUsage = critical,keyCertSign"]
        }
        let middle = try await intermediate(by: root)
        let seen = try await seen(Served(leaf: try await leaf(by: middle), chain: [middle], trust: [root]))
        #expect(seen.verdict == .fail && seen.causes == ["forbidden-chain"])
    }

    @Test func aNameThatTheAuthorityMayNotIssueFor() async throws {
        let root = try await root()
        let middle = try await intermediate(by: root) {
            $0.extensions = [
                "basicConstraints = critical,CA:TRUE", "keyUsage = critical,keyCertSign",
                "nameConstraints = critical,permitted;DNS:example.org",
            ]
        }
        let leaf = try await leaf(by: middle) { $0.names = ["localhost"] }
        let seen = try await seen(Served(leaf: leaf, chain: [middle], trust: [root]))
        #expect(seen.verdict == .fail && seen.causes == ["forbidden-chain"])
    }

    @Test func aCriticalExtensionThatNobodyKnowsIsUnknown() async throws {
        let root = try await root()
        let leaf = try await leaf(by: root) {
            $0.extensions = ["subjectAltName = DNS:localhost", "1.2.3.4.5 = critical,ASN1:UTF8String:x"]
        }
        let seen = try await seen(Served(leaf: leaf, trust: [root]))
        #expect(seen.verdict == .unknown && seen.causes == ["not-supported"])
    }

    // Names and purpose.

    @Test func theWrongNameListsThoseThatAreServed() async throws {
        let root = try await root()
        let leaf = try await leaf(by: root) { $0.names = ["www.example.org", "192.0.2.7", "2001:db8::7"] }
        let seen = try await seen(Served(leaf: leaf, trust: [root]))
        #expect(seen.verdict == .fail && seen.causes == ["wrong-name"])
        for name in ["www.example.org", "192.0.2.7", "2001:db8::7", "localhost"] {
            #expect(seen.observation.summary.contains(name))
        }
    }

    @Test func theCommonNameDoesNotCount() async throws {
        let root = try await root()
        let leaf = try await leaf(by: root) {
            $0.name = "localhost"
            $0.names = []
        }
        let seen = try await seen(Served(leaf: leaf, trust: [root]))
        #expect(seen.verdict == .fail && seen.causes == ["wrong-name"])
    }

    @Test func aCertificateForClientsOnly() async throws {
        let root = try await root()
        let leaf = try await leaf(by: root) {
            $0.extensions = ["subjectAltName = DNS:localhost", "extendedKeyUsage = clientAuth"]
        }
        let seen = try await seen(Served(leaf: leaf, trust: [root]))
        #expect(seen.verdict == .fail && seen.causes == ["not-for-servers"])
    }

    // Strength.

    @Test func weakKeys() async throws {
        let root = try await root()
        let short = try await leaf(by: root) { $0.key = "rsa:1024" }
        let seen = try await seen(Served(leaf: short, trust: [root]))
        #expect(seen.verdict == .fail && seen.causes == ["weak-key"], "\(seen.observation.findings)")
        #expect(seen.observation.summary.contains("RSA 1024"))

        let weakMiddle = try await intermediate("Weak CA", by: root) { $0.key = "rsa:1024" }
        let under = try await self.seen(
            Served(leaf: try await leaf(by: weakMiddle), chain: [weakMiddle], trust: [root]))
        #expect(under.verdict == .fail && under.causes == ["weak-key"], "\(under.observation.findings)")
        #expect(under.observation.summary.contains("Weak CA"))
    }

    @Test func weakSignatures() async throws {
        let root = try await root { $0.key = "rsa:2048" }
        let leaf = try await leaf(by: root) { $0.digest = "sha1" }
        let seen = try await seen(Served(leaf: leaf, trust: [root]))
        #expect(seen.verdict == .fail && seen.causes == ["weak-signature"], "\(seen.observation.findings)")

        let elliptic = try await self.root("Elliptic Root")
        let signed = try await self.leaf(by: elliptic) { $0.digest = "sha1" }
        let second = try await self.seen(Served(leaf: signed, trust: [elliptic]))
        #expect(second.verdict == .fail && second.causes == ["weak-signature"], "\(second.observation.findings)")
    }

    /// A root is trusted for being known, whatever signed it.
    @Test func aRootSignedWithSHA1IsWell() async throws {
        let root = try await root {
            $0.key = "rsa:2048"
            $0.digest = "sha1"
        }
        let seen = try await seen(Served(leaf: try await leaf(by: root), trust: [root]))
        #expect(seen.verdict == .pass && seen.causes.isEmpty, "\(seen.observation.summary)")
    }

    @Test(arguments: [("-tls1", true), ("-tls1_1", true), ("-tls1_2", false), ("-tls1_3", false)])
    func protocolVersions(_ option: String, _ isOutdated: Bool) async throws {
        let root = try await root()
        let leaf = try await leaf(by: root)
        let seen = try await seen(Served(leaf: leaf, trust: [root], options: [option]))
        #expect(seen.verdict == (isOutdated ? .fail : .pass), "\(seen.observation.summary)")
        #expect(seen.causes == (isOutdated ? ["outdated-protocol"] : []))
    }

    /// A server that wants to know the client first serves a good certificate all the same.
    @Test(arguments: ["-tls1_2", "-tls1_3"])
    func aServerThatAsksForAClientCertificate(_ option: String) async throws {
        let root = try await root()
        let leaf = try await leaf(by: root)
        let seen = try await seen(Served(leaf: leaf, trust: [root], options: [option, "-Verify", "1"]))
        #expect(seen.verdict == (option == "-tls1_3" ? .pass : .unknown), "\(seen.observation.summary)")
        #expect(abs((seen.value("leaf_days") ?? 0) - 90) < 0.1)
    }
}
