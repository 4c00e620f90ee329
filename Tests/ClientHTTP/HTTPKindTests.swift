import Maintenance
import Testing

@testable import ClientHTTP

struct HTTPKindTests {
    private let definition = TargetKindDefinition(HTTPKind.self)

    private func messages(_ entries: [String: PlanValue]) -> [String] {
        do {
            _ = try definition.target(from: .map(entries.map { .init($0.key, $0.value) }))
            return []
        } catch { return error.errors.map { ($0.path + [$0.message]).joined(separator: ": ") } }
    }

    @Test func aLoneTextIsTheURL() throws {
        #expect(
            try definition.target(from: .text("https://api.example.com/v1")).identity
                == "https://api.example.com:443/v1")
    }

    @Test func credentialsInTheURLAreRefusedWithoutRepeatingThem() {
        let messages = messages(["url": .text("https://admin:hunter22@a.example")])
        #expect(
            messages == ["url: the URL holds a user or a password; give them as `user` and `password`, or `bearer`"])
    }

    @Test func mistakesOfTheParametersTogether() {
        let url = PlanValue.text("http://a.example")
        #expect(messages(["url": url, "bearer": .text("t"), "user": .text("u"), "password": .text("p")]).count == 1)
        #expect(messages(["url": url, "user": .text("u")]).count == 1)
        #expect(messages(["url": url, "password": .text("p")]).count == 1)
        for header in ["Authorization", "Cookie", "Content-Length", "a b", ""] {
            #expect(messages(["url": url, "headers": .map([.init(header, .text("x"))])]).count == 1, "\(header)")
        }
        #expect(messages(["url": url, "headers": .map([.init("X-A", .text("x\r\nX-B: y"))])]).count == 1)
        #expect(messages(["url": url, "headers": .map([.init("X-A", .text("x"))])]).isEmpty)
    }

    @Test func secretsAreKnownToTheMasker() {
        var kind = HTTPKind()
        kind.url = "https://a.example"
        kind.user = "maintenance"
        kind.password = Secret("correct horse")
        kind.secretHeaders = ["X-Key": Secret("0123456789")]
        let masker = Masker(kind.secrets)
        #expect(masker.mask("bWFpbnRlbmFuY2U6Y29ycmVjdCBob3JzZQ==").contains("bWFpbnRlbmFuY2U6Y29") == false)
        #expect(masker.mask("key 0123456789").contains("0123456789") == false)
    }
}
