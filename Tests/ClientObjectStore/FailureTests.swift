import Foundation
import Host
import Maintenance
import Sandbox
import Synchronization
import Testing

@testable import ClientObjectStore

@Suite struct FailureTests {
    @Test func wrongKeys() async throws {
        let server = try await ObjectStoreServer.shared()
        try await server.withBucket { bucket in
            var settings = server.settings(bucket: bucket)
            settings["secret-key"] = "another-secret"
            let signature = try #require(try await Store(settings).listing())
            #expect(signature.code == .signInFailed && signature.sentence.contains("SignatureDoesNotMatch"))
            settings["access-key"] = "UNKNOWN"
            let key = try #require(try await Store(settings).listing())
            #expect(key.code == .signInFailed && key.sentence.contains("does not know the access key"))
            #expect(!key.sentence.contains("another-secret"))
            let head = try await Store(settings).cause { try await $0.find("k") }
            #expect(head?.code == .noPermission || head?.code == .signInFailed)
        }
    }

    @Test func noBucket() async throws {
        let server = try await ObjectStoreServer.shared()
        let store = try Store(server.settings(bucket: "nowhere"))
        #expect(try await store.listing()?.code == .notFound)
        #expect(try await store.cause { try await $0.find("k") }?.code == .notFound)
        let deleting = try await store.cause(for: .change) { try await $0.delete("k") }
        #expect(deleting?.code == .notFound)
    }

    /// Our own clock is off: the store refuses, and the sentence says by how much.
    @Test func anotherTime() async throws {
        let server = try await ObjectStoreServer.shared()
        try await server.withStore { store, _ in
            var store = store
            store.host.now = { Host.system.now() + .seconds(3 * 3600 + 120) }
            let cause = try #require(try await store.listing())
            #expect(cause.code == .clockSkew, "\(cause.sentence)")
            // rclone sends no Date with this refusal; the error's own time says it.
            #expect(
                cause.sentence.contains("3 h 2 min behind ours") || cause.sentence.contains("3 h 1 min behind ours"),
                "\(cause.sentence)")
        }
    }

    @Test func connections() async throws {
        let server = try await ObjectStoreServer.shared()
        let proxy = try FaultProxy(to: server.port)
        defer { proxy.stop() }
        try await server.withStore(port: proxy.port) { store, bucket in
            for index in 0..<50 { try server.place(Array("x".utf8), at: "key-\(index)", in: bucket) }
            #expect(try await store.listing() == nil)
            try proxy.set(.latency(.milliseconds(40)))
            #expect(try await store.listing() == nil)
            try proxy.set(.refuse)
            #expect(try await store.listing()?.code == .refused)
            try proxy.set(.hang)
            #expect(try await store.listing(patience: .milliseconds(400))?.code == .timedOut)
            try proxy.set(.init(connection: .garbage(Array("SSH-2.0-x\r\n".utf8))))
            #expect(try await store.listing()?.code == .malformed)
            try proxy.set(.init(after: (900, .stall)))
            #expect(try await store.listing(patience: .milliseconds(600))?.code == .timedOut)
            try proxy.set(.init(after: (900, .cut)))
            #expect(try await store.listing(patience: .seconds(2))?.code == .connectionLost)
            try proxy.set(.init(after: (900, .halfClose)))
            #expect(try await store.listing(patience: .seconds(2))?.code == .connectionLost)
        }
    }

    /// Lost once is no reason to know nothing.
    @Test func lostOnce() async throws {
        let count = Mutex(0)
        let server = try Scripted { _ in
            let number = count.withLock { count in
                count += 1
                return count
            }
            return number == 1 ? Answer(body: .short([60], length: 500)) : Scripted.emptyList
        }
        #expect(try await server.store.listing() == nil)
        #expect(server.server.requests.count == 2)
    }

    /// A body that breaks off is not begun again behind the reader's back.
    @Test func cutInTheMidstOfReading() async throws {
        let server = try Scripted { _ in
            Answer(
                headers: [("Last-Modified", "x")], body: .short([UInt8](repeating: 65, count: 100_000), length: 200_000)
            )
        }
        let counted = Received()
        let cause = try await server.store.cause { try await $0.read("k") { counted.add($0) } }
        #expect(cause?.code == .connectionLost && counted.result.count <= 100_000)
        #expect(server.server.requests.count == 1)
    }

    @Test func silenceInTheMidst() async throws {
        let server = try await ObjectStoreServer.shared()
        let proxy = try FaultProxy(to: server.port, behaviour: .init(after: (50_000, .stall)))
        defer { proxy.stop() }
        try await server.withStore(port: proxy.port) { store, bucket in
            try server.place([UInt8](repeating: 1, count: 200_000), at: "k", in: bucket)
            let cause = try await store.cause(patience: .milliseconds(500)) { try await $0.read("k") { _ in } }
            #expect(cause?.code == .timedOut)
        }
    }

    private static let errors: [(String, Int, Cause.Code)] = [
        ("AccessDenied", 403, .noPermission), ("InvalidAccessKeyId", 403, .signInFailed),
        ("SignatureDoesNotMatch", 403, .signInFailed), ("InvalidToken", 400, .signInFailed),
        ("RequestTimeTooSkewed", 403, .clockSkew), ("NoSuchBucket", 404, .notFound), ("NoSuchKey", 404, .notFound),
        ("InvalidObjectState", 403, .archived), ("InvalidRange", 416, .noData),
        ("MethodNotAllowed", 405, .notSupported),
        ("PreconditionFailed", 412, .conflict), ("OperationAborted", 409, .conflict),
        ("EntityTooLarge", 413, .tooLarge),
        ("InvalidArgument", 400, .rejected), ("NotImplemented", 501, .notSupported),
        ("InternalError", 500, .unexpected),
        ("PermanentRedirect", 301, .wrongRegion), ("TemporaryRedirect", 307, .rejected), ("Whatever", 418, .rejected),
    ]

    @Test(arguments: errors)
    func everyErrorHasItsCause(_ code: String, _ status: Int, _ expected: Cause.Code) async throws {
        let server = try Scripted { _ in
            Scripted.error(code, status, headers: [("x-amz-request-id", "REQ42"), ("Retry-After", "60")])
        }
        let cause = try #require(try await server.store.cause { try await $0.get("k") })
        #expect(cause.code == expected, "\(cause.sentence)")
        #expect(cause.sentence.contains(code) && cause.sentence.contains("REQ42"))
        #expect(!cause.sentence.contains("data of others"))
    }

    @Test func whatIsForbiddenNamesTheRight() async throws {
        let server = try Scripted { _ in Scripted.error("AccessDenied", 403) }
        for (right, look) in [
            ("s3:ListBucket", { try await $0.list() }), ("s3:GetObject", { _ = try await $0.get("k") }),
            ("s3:GetObject", { _ = try await $0.head("k") }),
            ("s3:ListBucketMultipartUploads", { _ = try await $0.unfinishedUploads() }),
            ("s3:GetBucketLocation", { _ = try await $0.region() }),
        ] as [(String, (ObjectStoreAccess) async throws -> Any)] {
            let cause = try await server.store.cause { try await look($0) }
            #expect(cause?.code == .noPermission && cause?.sentence.contains(right) == true)
        }
        let writing = try await server.store.cause(for: .change) { try await $0.put("k", []) }
        #expect(writing?.code == .noPermission && writing?.sentence.contains("s3:PutObject") == true)
    }

    @Test func busy() async throws {
        let count = Mutex(0)
        let server = try Scripted { _ in
            let number = count.withLock { count in
                count += 1
                return count
            }
            return number < 3 ? Scripted.error("SlowDown", 503) : Scripted.emptyList
        }
        #expect(try await server.store.listing() == nil)
        #expect(count.withLock { $0 } == 3)
        let always = try Scripted { _ in Scripted.error("SlowDown", 503, headers: [("Retry-After", "60")]) }
        #expect(try await always.store.listing(patience: .seconds(2))?.code == .busy)
        #expect(
            always.server.requests.count == 1, "who is asked to wait a minute and has two seconds does not ask again")
    }

    @Test func anotherRegion() async throws {
        let server = try Scripted { request in
            let isRight = request.headers["authorization"]?.contains("/eu-west-3/s3/") == true
            return isRight
                ? Scripted.emptyList
                : Scripted.error("AuthorizationHeaderMalformed", 400, "<Region>eu-west-3</Region>")
        }
        try await server.store.use { access in
            _ = try await access.list()
            _ = try await access.list()
        }
        #expect(server.server.requests.count == 3, "learned once")
        let nowhere = try Scripted { _ in
            Scripted.error("PermanentRedirect", 301, headers: [("x-amz-bucket-region", "eu-west-3")])
        }
        let cause = try #require(try await nowhere.store.listing())
        #expect(cause.code == .wrongRegion && cause.sentence.contains("region: eu-west-3"))
        #expect(nowhere.server.requests.count == 2)
        let evil = try Scripted { _ in
            Scripted.error(
                "PermanentRedirect", 301, "<Region>evil.example.com/x</Region>", headers: [("Location", "http://evil")])
        }
        #expect(try await evil.store.listing()?.code == .wrongRegion)
        #expect(evil.server.requests.count == 1)
    }

    private static let pages: [(String, Cause.Code)] = [
        ("<html><body>Sign in</body></html>", .malformed), ("", .malformed), ("<ListBucketResult>", .malformed),
        ("<ListBucketResult></ListBucketResult>", .malformed), ("{}", .malformed),
        ("<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>", .malformed),
        (
            "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>"
                + "</ListBucketResult>", .malformed
        ),
        (
            "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>k</Key></Contents></ListBucketResult>",
            .malformed
        ),
        (
            "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>k</Key><Size>-1</Size>"
                + "<LastModified>2026-01-01T00:00:00Z</LastModified></Contents></ListBucketResult>", .malformed
        ),
        (
            "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>k</Key><Size>1</Size>"
                + "<LastModified>yesterday</LastModified></Contents></ListBucketResult>", .malformed
        ),
        (
            "<ListBucketResult><IsTruncated>false</IsTruncated><EncodingType>url</EncodingType><Contents>"
                + "<Key>%zz</Key><Size>1</Size><LastModified>2026-01-01T00:00:00Z</LastModified></Contents>"
                + "</ListBucketResult>", .malformed
        ),
    ]

    @Test(arguments: pages)
    func listingsThatAreNone(_ text: String, _ expected: Cause.Code) async throws {
        let server = try Scripted { _ in Scripted.xml(text) }
        let cause = try await server.store.listing(patience: .seconds(5))
        #expect(cause?.code == expected, "\(cause?.sentence ?? "no cause")")
    }

    @Test func hugeAndEndless() async throws {
        let huge = try Scripted { _ in
            Answer(body: .endless(Array("<ListBucketResult>".utf8) + [UInt8](repeating: 32, count: 60_000)))
        }
        #expect(try await huge.store.listing()?.code == .tooLarge)
        let page = Scripted.xml(
            "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>"
                + "<Contents><Key>k</Key><Size>1</Size><LastModified>2026-01-01T00:00:00Z</LastModified></Contents>"
                + "</ListBucketResult>")
        let endless = try Scripted { _ in page }
        let cause = try await endless.store.listing()
        #expect(cause?.code == .malformed && endless.server.requests.count == 2)
    }

    @Test func anotherPartThanAsked() async throws {
        let whole = try Scripted { _ in Answer(body: "0123456789") }
        #expect(try await whole.store.cause { try await $0.get("k", range: 2..<5) }?.code == .notSupported)
        let other = try Scripted { _ in Answer(status: 206, headers: [("Content-Range", "bytes 0-2/10")], body: "012") }
        #expect(try await other.store.cause { try await $0.get("k", range: 2..<5) }?.code == .malformed)
    }
}
