import ClientHTTP
import Host
import Maintenance
import Testing

@testable import ClientObjectStore

/// The examples that AWS publishes with the description of Signature Version 4.
@Suite struct SignatureTests {
    private let credentials = AWSCredentials(
        accessKey: "AKIAIOSFODNN7EXAMPLE", secretKey: Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), source: "test"
    )

    private func signature(
        _ method: String, _ path: String, _ query: [(String, String)] = [],
        _ headers: [(name: String, value: String)] = [], _ body: String = ""
    ) throws -> String {
        let signer = SignatureV4(
            region: "us-east-1", service: "s3", credentials: credentials,
            now: try #require(Instant("2013-05-24T00:00:00Z")))
        let signed = signer.signed(
            .init(
                method: method, path: AWSText.path(path), query: AWSText.query(query),
                headers: headers + [(name: "Host", value: "examplebucket.s3.amazonaws.com")], body: Array(body.utf8)))
        let authorization = try #require(signed.first { $0.name == "Authorization" }).value
        return String(try #require(authorization.split(separator: "=").last))
    }

    @Test func partOfAnObject() throws {
        #expect(
            try signature("GET", "/test.txt", [], [(name: "Range", value: "bytes=0-9")])
                == "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
    }

    @Test func writing() throws {
        let headers = [
            (name: "Date", value: "Fri, 24 May 2013 00:00:00 GMT"),
            (name: "x-amz-storage-class", value: "REDUCED_REDUNDANCY"),
        ]
        #expect(
            try signature("PUT", "/test$file.text", [], headers, "Welcome to Amazon S3.")
                == "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd")
    }

    @Test func aQueryWithoutAValue() throws {
        #expect(
            try signature("GET", "/", [("lifecycle", "")])
                == "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543")
    }

    @Test func listing() throws {
        #expect(
            try signature("GET", "/", [("prefix", "J"), ("max-keys", "2")])
                == "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")
    }

    /// Another service: no header with the body's digest.
    @Test func anotherService() throws {
        let credentials = AWSCredentials(
            accessKey: "AKIDEXAMPLE", secretKey: Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), source: "test")
        let signer = SignatureV4(
            region: "us-east-1", service: "iam", credentials: credentials,
            now: try #require(Instant("2015-08-30T12:36:00Z")))
        let signed = signer.signed(
            .init(
                method: "GET", path: "/", query: AWSText.query([("Action", "ListUsers"), ("Version", "2010-05-08")]),
                headers: [
                    (name: "Content-Type", value: "application/x-www-form-urlencoded; charset=utf-8"),
                    (name: "Host", value: "iam.amazonaws.com"),
                ], body: []))
        #expect(
            signed.last?.value
                == "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
                + "SignedHeaders=content-type;host;x-amz-date, "
                + "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7")
        #expect(!signed.contains { $0.name == "x-amz-content-sha256" })
    }

    @Test func aTokenIsSigned() throws {
        var credentials = credentials
        credentials.sessionToken = Secret("token")
        let signed = SignatureV4(
            region: "us-east-1", service: "s3", credentials: credentials, now: Instant(secondsSinceEpoch: 0)
        ).signed(.init(method: "GET", path: "/", query: "", headers: [(name: "Host", value: "h")], body: []))
        #expect(signed.last?.value.contains("x-amz-date;x-amz-security-token") == true)
    }

    @Test func headersAreSpacedOnce() throws {
        let signer = SignatureV4(
            region: "us-east-1", service: "s3", credentials: credentials, now: Instant(secondsSinceEpoch: 0))
        let (text, _) = signer.canonical(
            .init(method: "GET", path: "", query: "", headers: [], body: []), [(name: "A", value: "  b   c ")], "d")
        #expect(text == "GET\n/\n\na:b c\n\na\nd")
    }

    @Test(arguments: [
        ("Sat, 21 Nov 2026 11:52:05 GMT", "2026-11-21T11:52:05Z"),
        ("Saturday, 21-Nov-26 11:52:05 GMT", "2026-11-21T11:52:05Z"),
        ("Sat Nov  1 11:52:05 2026", "2026-11-01T11:52:05Z"),
    ])
    func datesOfHeaders(_ text: String, _ expected: String) {
        #expect(HTTPDate.instant(text)?.description == expected)
    }

    @Test(arguments: [
        "", "yesterday", "Sat, 32 Nov 2026 11:52:05 GMT", "Sat, 21 Nov 2026 25:52:05 GMT", "1 2 3 4 5 GMT",
    ])
    func noDates(_ text: String) { #expect(HTTPDate.instant(text) == nil) }
}
