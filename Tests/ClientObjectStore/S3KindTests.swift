import Maintenance
import Testing

@testable import ClientObjectStore

@Suite struct S3KindTests {
    private func settings(_ settings: [String: String]) -> PlanValue {
        .map(settings.map { PlanValue.Entry($0.key, .text($0.value)) })
    }

    private func mistake(_ given: [String: String]) throws -> String? {
        do throws(ValueErrors) {
            _ = try TargetKindDefinition(S3Kind.self).target(from: settings(given))
            return nil
        } catch {
            return error.errors.map { ($0.path + [$0.message]).joined(separator: ": ") }.joined(separator: "\n")
        }
    }

    @Test(arguments: [
        (["bucket": "b"], "s3://b/ at https://s3.amazonaws.com"),
        (["bucket": "b", "prefix": "p/", "region": "eu-west-1"], "s3://b/p/ at https://s3.eu-west-1.amazonaws.com"),
        (["bucket": "b", "region": "cn-north-1"], "s3://b/ at https://s3.cn-north-1.amazonaws.com.cn"),
        (["bucket": "b", "endpoint": "http://127.0.0.1:9000"], "s3://b/ at http://127.0.0.1:9000"),
        (
            [
                "bucket": "s3://b/p/q?endpoint=https%3A%2F%2Fminio.example.com&region=x-1", "access-key": "a",
                "secret-key": "b",
            ],
            "s3://b/p/q at https://minio.example.com:443"
        ),
    ])
    func identity(_ given: [String: String], _ expected: String) throws {
        #expect(try TargetKindDefinition(S3Kind.self).target(from: settings(given)).identity == expected)
    }

    @Test func aLoneText() throws {
        let kind = TargetKindDefinition(S3Kind.self)
        #expect(try kind.target(from: .text("b")).identity == "s3://b/ at https://s3.amazonaws.com")
        #expect(try kind.target(from: .text("s3://b/gl008/")).identity == "s3://b/gl008/ at https://s3.amazonaws.com")
    }

    @Test(arguments: [
        (["bucket": "b/c"], "bucket: a bucket's name"),
        (["bucket": ""], "bucket: a bucket's name"),
        (["bucket": "a..b"], "bucket: a bucket's name"),
        (["bucket": "b", "prefix": "/x"], "prefix: a prefix is the beginning"),
        (["bucket": "b", "prefix": "x/../y"], "prefix: a prefix is the beginning"),
        (["bucket": "b", "region": "EU west"], "region: `EU west` is no region"),
        (["bucket": "b", "endpoint": "minio:9000"], "endpoint: not a URL"),
        (["bucket": "b", "endpoint": "https://u:p@minio"], "endpoint: the URL holds a user"),
        (["bucket": "b", "endpoint": "https://minio/?x=1"], "endpoint: an endpoint has no `?`"),
        (["bucket": "b", "addressing": "dns"], "addressing: `dns` is not one of"),
        (["bucket": "a.b_c", "addressing": "virtual"], "addressing: this bucket's name cannot"),
        (
            ["bucket": "b", "addressing": "virtual", "endpoint": "http://127.0.0.1:1"],
            "addressing: the endpoint is an address"
        ),
        (["bucket": "b", "access-key": "a"], "`access-key` and `secret-key` belong together"),
        (["bucket": "b", "access-key": "a", "secret-key": "b c"], "a key or token holds a space"),
        (["bucket": "b", "session-token": "a"], "session-token: a token needs the keys"),
        (["bucket": "b", "access-key": "a", "secret-key": "b", "profile": "p"], "profile: either keys or a `profile`"),
        (["bucket": "s3://b/p", "prefix": "q"], "prefix: the URL in `bucket` holds a prefix"),
        (["bucket": "s3://b?key=x"], "bucket: `key` is no part of an s3 URL"),
        (["bukket": "b"], "bukket: unknown parameter of s3, did you mean `bucket`?"),
    ])
    func mistakes(_ given: [String: String], _ expected: String) throws {
        let found = try mistake(given)
        #expect(found?.contains(expected) == true, "\(found ?? "none")")
    }

    @Test(
        arguments: [
            ("b", nil, "https://b.s3.eu-west-1.amazonaws.com", "/k/a%20b"),
            ("a.b", nil, "https://s3.eu-west-1.amazonaws.com", "/a.b/k/a%20b"),
            ("B", nil, "https://s3.eu-west-1.amazonaws.com", "/B/k/a%20b"),
            ("b", "https://minio.example.com/", "https://minio.example.com", "/b/k/a%20b"),
            ("b", "https://s3.us-west-2.amazonaws.com", "https://b.s3.us-west-2.amazonaws.com", "/k/a%20b"),
        ] as [(String, String?, String, String)])
    func addressing(_ bucket: String, _ endpoint: String?, _ url: String, _ path: String) throws {
        let address = try S3Address(bucket: bucket, prefix: "", endpoint: endpoint, region: nil, addressing: nil)
        #expect(address.url(region: "eu-west-1") == url && address.path(key: "k/a b") == path)
    }

    @Test func theHostNamesARegion() throws {
        let address = try S3Address(
            bucket: "b", prefix: "", endpoint: "https://s3.us-west-2.amazonaws.com", region: nil, addressing: nil)
        #expect(address.region == "us-west-2")
    }

    @Test func secretsAreNowhere() throws {
        let kind = try TargetKindDefinition(S3Kind.self).target(
            from: settings([
                "bucket": "b", "access-key": "AKIDXX", "secret-key": "verysecret", "session-token": "token",
            ]))
        #expect(kind.secrets.map { $0.reveal() } == ["AKIDXX", "verysecret", "token"])
        #expect(!"\(kind)".contains("verysecret") && !kind.identity.contains("AKID"))
    }

    @Test func keysInURLs() {
        #expect(AWSText.path("a b+ü&=?#%/c~_-.x") == "a%20b%2B%C3%BC%26%3D%3F%23%25/c~_-.x")
        #expect(AWSText.query([("b", "x y"), ("a", "ü/"), ("a-", "")]) == "a=%C3%BC%2F&a-=&b=x%20y")
    }
}
