import Maintenance
import Testing

@testable import ClientRedis

struct RedisKindTests {
    private func found(_ settings: [String: String]) -> String? {
        do {
            _ = try TargetKindDefinition(RedisKind.self).target(
                from: .map(settings.map { PlanValue.Entry($0.key, .text($0.value)) }))
            return nil
        } catch {
            return error.errors.map { ($0.path + [$0.message]).joined(separator: ": ") }.joined(separator: "\n")
        }
    }

    @Test(arguments: [
        ("redis://h", "redis h:6379/0"), ("redis://h:1/", "redis h:1/0"), ("rediss://h:2/15", "redis h:2/15"),
        ("redis://u:p@h/3", "redis h:6379/3 as u"), ("redis://:p@h", "redis h:6379/0"),
        ("redis://[::1]:7/1", "redis [::1]:7/1"), ("redis://a%40b:p@h", "redis h:6379/0 as a@b"),
        ("redis://u:p@w@h", "redis h:6379/0 as u"),
    ])
    func identityIsTheOnlyPartThatIsShown(_ url: String, _ identity: String) throws {
        let kind = try makeKind(.text(url))
        #expect(kind.identity == identity)
        #expect(!"\(kind)".contains("p@") && !"\(kind)".contains(":p"))
    }

    @Test(arguments: [
        "http://h", "h:6379", "redis://", "redis://:6379", "redis://h:0", "redis://h:70000", "redis://h:x",
        "redis://h/x", "redis://h/-1", "redis://u:%zz@h", "redis://u@h", "redis://[::1", "redis://h h",
    ])
    func wrongAddressesAreRefusedWithoutRepeatingThem(_ url: String) throws {
        let mistake = try #require(found(["url": url]))
        #expect(mistake.hasPrefix("url: "))
        #expect(url == "redis://" || !mistake.contains(url))
    }

    @Test func whatDoesNotFitTogetherIsRefused() {
        #expect(found([:])?.contains("needs the parameter `url`") == true)
        #expect(found(["look": "redis://h"])?.contains("`look` and `change`") == true)
        #expect(found(["look": "redis://h/1", "change": "redis://h/2"])?.contains("one target is one place") == true)
        #expect(found(["url": "redis://h", "ca-file": "/x"])?.contains("not rediss") == true)
        #expect(found(["urll": "redis://h"])?.contains("did you mean `url`") == true)
        #expect(found(["url": "redis://h", "user": "u"])?.contains("no password") == true)
    }

    @Test func passwordsAreKnownToTheMasker() throws {
        let kind = try makeKind(["url": "redis://u:s3cret@h", "change": "redis://v:other@h"])
        #expect(Set(kind.secrets.map { $0.reveal() }).isSuperset(of: ["s3cret", "other"]))
        #expect(try makeKind(["url": "redis://h"]).secrets.isEmpty)
    }
}
