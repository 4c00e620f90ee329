import Maintenance
import Testing

@testable import ClientTLS

struct ServerNameTests {
    @Test(arguments: [
        ("a.example", "a.example", true), ("A.Example", "a.example", true), ("a.example.", "a.example", true),
        ("a.b.example", "*.b.example", true), ("b.example", "*.b.example", false),
        ("x.a.b.example", "*.b.example", false),
        ("a.example", "*.example", false), ("a.b.example", "a*.b.example", false), ("a.b.example", "*", false),
        ("a.b.example", "*.*.example", false), (".b.example", "*.b.example", false), ("127.0.0.1", "127.0.0.1", true),
        ("127.0.0.1", "*.0.0.1", false), ("::1", "::1", true), ("0:0:0:0:0:0:0:1", "::1", true),
        ("::1", "127.0.0.1", false),
        ("xn--bcher-kva.example", "xn--bcher-kva.example", true), ("", "", true),
    ])
    func matches(_ name: String, _ certified: String, _ expected: Bool) {
        #expect(ServerName(name).matches(["other.example", certified]) == expected)
    }

    @Test func noNamesMatchNothing() {
        #expect(!ServerName("a.example").matches([]))
    }
}

struct TLSKindTests {
    private func found(_ settings: [String: String]) -> Result<TLSKind, ValueErrors> {
        do throws(ValueErrors) {
            let target = try TargetKindDefinition(TLSKind.self).target(
                from: .map(settings.map { PlanValue.Entry($0.key, .text($0.value)) }))
            return target as? TLSKind == nil ? .failure(ValueErrors([])) : .success(target as? TLSKind ?? TLSKind())
        } catch {
            return .failure(error)
        }
    }

    @Test(arguments: [
        ("h", "tls h:443"), ("h:8443", "tls h:8443"), ("https://h/v1?a=b#c", "tls h:443"), ("tls://h:1", "tls h:1"),
        ("https://user:secret@h:2/x", "tls h:2"), ("[::1]:3", "tls [::1]:3"), ("https://[::1]/", "tls [::1]:443"),
    ])
    func addresses(_ address: String, _ identity: String) throws {
        #expect(try found(["address": address]).get().identity == identity)
        #expect(try found(["url": address]).get().identity == identity)
    }

    @Test(arguments: ["", "http://h", "h:0", "h:99999", "h:x", "https://", "bücher.example", "ftp://h", "[::1"])
    func wrongAddresses(_ address: String) {
        #expect(throws: ValueErrors.self) { try found(["address": address]).get() }
    }

    @Test func theSettingsOfAnHTTPTargetMakeOne() throws {
        #expect(
            TLSKind.settingsTakenFromHTTP.allSatisfy { key in TLSKind.parameters.contains { $0.description.name == key }
            })
        let kind = try found(["url": "https://api.example.com/v1", "ca": "/ca.pem"]).get()
        #expect(kind.identity == "tls api.example.com:443")
        #expect(throws: ValueErrors.self) { try found([:]).get() }
        #expect(throws: ValueErrors.self) { try found(["url": "https://a", "address": "b"]).get() }
    }
}
