import Foundation
import Host
import Maintenance
import Sandbox
import Testing

@testable import ClientObjectStore

/// Against a store that is not ours: rclone's.
@Suite struct StoreTests {
    @Test func listingPageAfterPage() async throws {
        let server = try await ObjectStoreServer.shared()
        try await server.withStore(prefix: "p/") { store, bucket in
            for index in 0..<1203 { try server.place([65], at: "p/\(index)", in: bucket) }
            try server.place([65], at: "q/other", in: bucket)
            let all = try await store.use { try await $0.list() }
            #expect(all.objects.count == 1203 && all.isComplete && Set(all.objects.map(\.key)).count == 1203)
            #expect(all.objects.map(\.key) == all.objects.map(\.key).sorted())
            #expect(all.objects.allSatisfy { $0.key.hasPrefix("p/") && $0.size == 1 })
            #expect(store.evidence.drain().map(\.source) == [store.kind.identity, store.kind.identity])

            let some = try await store.use { try await $0.list(limit: 1100) }
            #expect(some.objects.count == 1100 && !some.isComplete)
            let later = try await store.use { try await $0.list(startAfter: "p/998") }
            #expect(later.objects.first?.key == "p/999")
            let folders = try await store.use { try await $0.list(prefix: "", delimiter: "/") }
            #expect(folders.folders == ["p/", "q/"] && folders.objects.isEmpty)
        }
    }

    @Test func timesSizesAndStrangeKeys() async throws {
        let server = try await ObjectStoreServer.shared()
        try await server.withStore { store, bucket in
            let key = "gl008/ü b+c&d=e%20f'(1)*~?#.sql.gz"
            try server.place(Array("hello".utf8), at: key, in: bucket, age: .seconds(90_000))
            try await store.use { access in
                let object = try #require(try await access.list().objects.first)
                let age = (store.host.now() - object.modified).inSeconds
                #expect(object.key == key && object.size == 5 && abs(age - 90_000) < 30)
                #expect(
                    object.etag == "5d41402abc4b2a76b9719d911017c592" && object.name == "ü b+c&d=e%20f'(1)*~?#.sql.gz")
                let head = try await access.head(key)
                #expect(head.object.size == 5 && abs((object.modified - head.object.modified).inSeconds) < 1)
                #expect(try await access.get(key).bytes == Array("hello".utf8))
                let clock = try #require(access.clock)
                #expect(abs(clock.skew.inSeconds) < 3 && !clock.isOff)
                #expect(try await access.region() == "us-east-1")
            }
        }
    }

    @Test func partsOfAnObject() async throws {
        let server = try await ObjectStoreServer.shared()
        try await server.withStore { store, bucket in
            try server.place(Array("0123456789".utf8), at: "k", in: bucket)
            try server.place([], at: "empty", in: bucket)
            try await store.use { access in
                let part = try await access.get("k", range: 2..<5)
                #expect(part.bytes == Array("234".utf8) && part.size == 10)
                #expect(try await access.get("k", range: 8..<100).bytes == Array("89".utf8))
                #expect(try await access.get("empty").bytes.isEmpty)
                let receipt = try await access.read("k", range: 0..<4) { _ in }
                #expect(receipt.count == 4 && receipt.sha256 == sha256Hex("0123".utf8))
            }
            #expect(try await store.cause { try await $0.get("k", range: 20..<30) }?.code == .noData)
            #expect(try await store.cause { try await $0.get("k", limit: 9) }?.code == .tooLarge)
            #expect(try await store.cause { try await $0.get("nope") }?.code == .notFound)
            #expect(try await store.cause { try await $0.head("nope") }?.code == .notFound)
            #expect(try await store.use { try await $0.find("nope") } == nil)
        }
    }

    /// An object that is replaced between two looks is not read as if it were the first.
    @Test func anotherObjectUnderTheKey() async throws {
        let server = try Scripted { request in
            request.headers["if-match"] == "\"old\"" ? Scripted.error("PreconditionFailed", 412) : Answer(status: 404)
        }
        let cause = try await server.store.cause { try await $0.get("k", etag: "old") }
        #expect(cause?.code == .conflict)
    }

    @Test func writing() async throws {
        let server = try await ObjectStoreServer.shared()
        try await server.withStore(prefix: "p/") { store, bucket in
            let bytes = Array("some bytes".utf8)
            try await store.use(for: .change) { access in
                let receipt = try await access.put(
                    access.key("new"), bytes, StoreOptions(contentType: "text/plain", metadata: ["Sha256": "abc"]))
                #expect(receipt.sha256 == sha256Hex(bytes) && receipt.size == 10 && receipt.parts == 1)
                #expect(server.bytes(of: "p/new", in: bucket) == bytes)
                #expect(try await access.head("p/new").metadata == ["sha256": "abc"])
                _ = try await access.put("p/empty", [])
                #expect(try await access.get("p/empty").bytes.isEmpty)
                try await access.delete("p/new")
                try await access.delete("p/new")
                #expect(try await access.find("p/new") == nil)
            }
            let outside = try await store.cause(for: .change) { try await $0.put("q/x", bytes) }
            #expect(outside?.code == .rejected && server.bytes(of: "q/x", in: bucket) == nil)
            let strange = try await store.cause(for: .change) { try await $0.put("p/../x", bytes) }
            #expect(strange?.code == .notSupported)
            let metadata = try await store.cause(for: .change) {
                try await $0.put("p/x", bytes, StoreOptions(metadata: ["a b": "c"]))
            }
            #expect(metadata?.code == .rejected)
        }
    }

    /// A look sends nothing that alters, whatever it is asked for.
    @Test func aLookAltersNothing() async throws {
        let server = try Scripted { _ in Answer(status: 200) }
        let upload = UnfinishedUpload(key: "k", id: "i", begun: Instant(secondsSinceEpoch: 0))
        #expect(try await server.store.cause { try await $0.put("k", []) }?.code == .noPermission)
        #expect(try await server.store.cause { try await $0.delete("k") }?.code == .noPermission)
        #expect(try await server.store.cause { try await $0.abort(upload) }?.code == .noPermission)
        #expect(server.server.requests.isEmpty)
    }

    @Test func aFileInParts() async throws {
        let server = try await ObjectStoreServer.shared()
        try await server.withStore { store, bucket in
            // Larger than two parts, and no part like another.
            var bytes: [UInt8] = []
            for index in 0..<(9 << 18) { withUnsafeBytes(of: UInt64(index) &* 0x9E37_79B9_7F4A_7C15) { bytes += $0 } }
            let path = try Scratch.folder() + "/file"
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            try await store.use(for: .change) { access in
                let receipt = try await access.upload("large", file: path, StoreOptions(metadata: ["run": "r1"]))
                #expect(receipt.parts == 3 && receipt.size == Int64(bytes.count) && receipt.sha256 == sha256Hex(bytes))
                #expect(try await access.head("large").metadata["run"] == "r1")
                let counted = Received()
                let read = try await access.read("large") { counted.add($0) }
                #expect(
                    read.sha256 == receipt.sha256 && read.count == receipt.size && counted.result.count == read.count)
                #expect(try await access.unfinishedUploads().isEmpty)
            }
        }
    }

    @Test func aSmallFileAndNone() async throws {
        let server = try await ObjectStoreServer.shared()
        try await server.withStore { store, bucket in
            let folder = try Scratch.folder()
            try Data("small".utf8).write(to: URL(fileURLWithPath: folder + "/file"))
            try await store.use(for: .change) { access in
                let receipt = try await access.upload("small", file: folder + "/file")
                #expect(receipt.parts == 1 && server.bytes(of: "small", in: bucket) == Array("small".utf8))
            }
            for path in [folder + "/none", folder] {
                let cause = try await store.cause(for: .change) { try await $0.upload("none", file: path) }
                #expect(cause?.code == .rejected, "\(cause?.sentence ?? "")")
            }
        }
    }

    /// What a crash left is found, and can be ended.
    @Test func unfinishedUploads() async throws {
        let server = try await ObjectStoreServer.shared()
        try await server.withStore(prefix: "p/") { store, _ in
            try await store.use(for: .change) { access in
                let answer = try await access.change(
                    S3Request(operation: .createUpload, key: "p/left", query: [("uploads", "")]))
                let id = try #require(XMLDocument.parse(answer.body)["UploadId"])
                let found = try await access.unfinishedUploads()
                #expect(found.map(\.key) == ["p/left"] && found.map(\.id) == [id])
                #expect(abs((store.host.now() - found[0].begun).inSeconds) < 30)
                #expect(try await access.find("p/left") == nil)
                try await access.abort(found[0])
                try await access.abort(found[0])
                #expect(try await access.unfinishedUploads().isEmpty)
            }
        }
    }

    /// Evidence tells what was looked at, and keeps no byte of an object.
    @Test func evidence() async throws {
        let server = try await ObjectStoreServer.shared()
        try await server.withStore { store, bucket in
            try server.place(Array("personal data".utf8), at: "k", in: bucket)
            try await store.use { access in
                _ = try await access.get("k")
                _ = try await access.read("k") { _ in }
            }
            let noted = store.evidence.drain()
            #expect(noted.map(\.statement) == ["GET s3://\(bucket)/k", "GET s3://\(bucket)/k"])
            #expect(noted.allSatisfy { $0.excerpt.contains(sha256Hex("personal data".utf8)) })
            #expect(!noted.contains { $0.excerpt.contains("personal") || $0.excerpt.contains("Credential=") })
        }
    }

    @Test func overTLS() async throws {
        let authority = try await CertificateAuthority.makeRoot()
        let server = try await ObjectStoreServer.start(tls: try await authority.leaf(names: ["localhost"]))
        try await server.withBucket { (bucket: String) async throws in
            var settings = server.settings(bucket: bucket)
            #expect(try await Store(settings).listing()?.code == .tlsFailed)
            settings["ca"] = authority.rootPath
            #expect(try await Store(settings).listing() == nil)
        }
        await server.stop()
    }
}
