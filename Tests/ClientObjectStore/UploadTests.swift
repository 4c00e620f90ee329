import ClientHTTP
import Foundation
import Host
import Maintenance
import Sandbox
import Synchronization
import Testing

@testable import ClientObjectStore

/// An upload is there as a whole or not at all, and whoever cannot know says so.
@Suite struct UploadTests {
    private static func largeFile() throws -> String {
        let path = try Scratch.folder() + "/file"
        try Data([UInt8](repeating: 7, count: ObjectStoreLimits.single + 1000)).write(to: URL(fileURLWithPath: path))
        return path
    }

    /// A store that takes uploads, and answers their end as it is told.
    private func scripted(
        completing: @escaping @Sendable (StandInServer.Request) -> Answer,
        part: @escaping @Sendable (StandInServer.Request) -> Answer = { _ in Answer(headers: [("ETag", "\"e\"")]) }
    ) throws -> Scripted {
        try Scripted { request in
            switch request.method {
            case "POST" where request.target.hasSuffix("?uploads="):
                Scripted.xml("<InitiateMultipartUploadResult><UploadId>id</UploadId></InitiateMultipartUploadResult>")
            case "POST": completing(request)
            case "PUT": part(request)
            default: Answer(status: 204)
            }
        }
    }

    @Test func theEndIsConfirmed() async throws {
        let server = try scripted { _ in
            Scripted.xml(
                "<CompleteMultipartUploadResult><ETag>&quot;whole&quot;</ETag></CompleteMultipartUploadResult>")
        }
        let file = try Self.largeFile()
        let receipt = try await server.store.use(for: .change) { try await $0.upload("k", file: file) }
        #expect(receipt.parts == 2 && receipt.etag == "whole")
        let requests = server.server.requests
        #expect(requests.map(\.method) == ["POST", "PUT", "PUT", "POST"])
        #expect(requests[1].headers["content-md5"] != nil && requests[1].target.contains("partNumber=1&uploadId=id"))
        let list = String(decoding: requests[3].body, as: UTF8.self)
        #expect(list.contains("<PartNumber>2</PartNumber><ETag>&quot;e&quot;</ETag>"))
    }

    /// 200 with an error in it: nothing is there, and the parts are taken away.
    @Test func theEndFailsLate() async throws {
        let server = try scripted { _ in Scripted.error("InternalError", 200) }
        let file = try Self.largeFile()
        let cause = try await server.store.cause(for: .change) { try await $0.upload("k", file: file) }
        #expect(cause?.code == .unexpected)
        #expect(server.server.requests.last?.method == "DELETE")
    }

    /// Whether the object appeared nobody can know; taking its parts away could take it away.
    @Test func theEndIsLost() async throws {
        for answer in [
            Answer(body: .short([], length: 100)), Answer(body: "<Complete"),
            Scripted.error("SlowDown", 503, headers: [("Retry-After", "60")]),
        ] {
            let server = try scripted { _ in answer }
            let file = try Self.largeFile()
            let cause = try await server.store.cause(patience: .seconds(20), for: .change) {
                try await $0.upload("k", file: file)
            }
            #expect(cause?.code == .perhapsApplied, "\(cause?.sentence ?? "")")
            #expect(!server.server.requests.contains { $0.method == "DELETE" })
        }
    }

    @Test func aPartIsRefused() async throws {
        let server = try scripted(
            completing: { _ in Answer(status: 500) },
            part: {
                $0.target.contains("partNumber=2")
                    ? Scripted.error("AccessDenied", 403) : Answer(headers: [("ETag", "e")])
            })
        let file = try Self.largeFile()
        let cause = try await server.store.cause(for: .change) { try await $0.upload("k", file: file) }
        #expect(cause?.code == .noPermission)
        #expect(server.server.requests.map(\.method) == ["POST", "PUT", "PUT", "DELETE"])
    }

    /// A log that is still written to is no file to keep.
    @Test func theFileChanges() async throws {
        let file = try Self.largeFile()
        let server = try scripted(
            completing: { _ in Answer(status: 500) },
            part: { request in
                if request.target.contains("partNumber=2") {
                    let handle = FileHandle(forWritingAtPath: file)
                    handle?.seekToEndOfFile()
                    handle?.write(Data("one line more".utf8))
                    try? handle?.close()
                }
                return Answer(headers: [("ETag", "e")])
            })
        let cause = try await server.store.cause(for: .change) { try await $0.upload("k", file: file) }
        #expect(cause?.code == .rejected && cause?.sentence.contains("changed") == true)
        #expect(server.server.requests.last?.method == "DELETE")
    }

    /// The connection breaks in the midst: no object, and no part is left behind.
    @Test func theConnectionIsCut() async throws {
        let server = try await ObjectStoreServer.shared()
        let proxy = try FaultProxy(to: server.port)
        defer { proxy.stop() }
        try await server.withStore(port: proxy.port) { store, bucket in
            let file = try Self.largeFile()
            let direct = try Store(server.settings(bucket: bucket))
            try await store.use(for: .change) { access in
                let receipt = try await access.upload("first", file: file)
                #expect(receipt.parts == 2)
                try proxy.set(.init(connection: .close(reset: true)))
                proxy.dropConnections()
                await #expect(throws: CouldNotLook.self) { try await access.upload("second", file: file) }
            }
            try await direct.use { (access: ObjectStoreAccess) async throws in
                #expect(try await access.list().objects.map(\.key) == ["first"])
                #expect(try await access.unfinishedUploads().isEmpty)
            }
        }
    }

    @Test func sizesOfParts() {
        #expect(FileParts.partSize(of: 1) == 8 << 20)
        #expect(FileParts.partSize(of: 80 << 30) == 8_589_935)
        for size in [Int64(1) << 30, 1 << 37, 5 << 40] {
            let part = Int64(FileParts.partSize(of: size))
            #expect((size + part - 1) / part <= 10_000)
        }
    }

    /// The bucket in the host's name, as a store that wants it so takes it.
    @Test func bucketsInTheHostsName() async throws {
        let server = try await ObjectStoreServer.start(hostNames: true)
        try await server.withBucket { (bucket: String) async throws in
            try server.place(Array("x".utf8), at: "a/b c", in: bucket)
            let address = try S3Address(
                bucket: bucket, prefix: "", endpoint: "http://objects.test:\(server.port)", region: nil,
                addressing: .virtual)
            let name = "\(bucket).objects.test"
            #expect(address.url(region: "x") == "http://\(name):\(server.port)")
            let endpoint = try HTTPEndpoint(url: "http://127.0.0.1:\(server.port)", serverName: name)
            let signed = SignatureV4(
                region: "us-east-1", service: "s3",
                credentials: AWSCredentials(
                    accessKey: server.accessKey, secretKey: Secret(server.secretKey), source: "test"),
                now: Host.system.now()
            ).signed(
                .init(
                    method: "GET", path: address.path(key: "a/b c"), query: "",
                    headers: [(name: "Host", value: "\(name):\(server.port)")], body: []))
            let context = Context(
                host: .system, deadline: Host.system.steady() + .seconds(20), label: WorkLabel(run: "r", step: "s"))
            let answer = try await OneCall.send(
                HTTPCall("GET", address.path(key: "a/b c"), headers: signed), to: endpoint, in: context)
            #expect(answer.status == 200 && answer.body == Array("x".utf8))
        }
        await server.stop()
    }
}
