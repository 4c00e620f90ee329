import Foundation
import Host
import Maintenance
import Sandbox
import Testing

@testable import ClientObjectStore

/// A bucket under test: asks as a step does, and keeps what the accesses noted.
struct Store {
    var kind: S3Kind
    var host = Host.system
    let evidence = EvidenceLog(host: .system)

    init(_ settings: [String: String], environment: [String: String] = [:]) throws {
        let settings = PlanValue.map(settings.map { PlanValue.Entry($0.key, .text($0.value)) })
        kind = try #require(try TargetKindDefinition(S3Kind.self).target(from: settings) as? S3Kind)
        // Nothing of the person who runs the tests.
        host.environment = { environment[$0] }
    }

    func context(_ patience: Duration = .seconds(30)) -> Context {
        Context(
            host: host, deadline: host.steady() + patience, label: WorkLabel(run: "run", step: "step"),
            evidence: evidence)
    }

    func use<R>(
        patience: Duration = .seconds(30), for purpose: Purpose = .look, _ body: (ObjectStoreAccess) async throws -> R
    ) async throws -> R {
        let client = kind.open(on: host)
        return try await doing {
            try await body(try await kind.access(client, for: purpose, in: context(patience)))
        } finally: {
            await kind.close(client)
        }
    }

    /// The cause for which it did not work; `nil` where it did.
    func cause<R>(
        patience: Duration = .seconds(30), for purpose: Purpose = .look, _ body: (ObjectStoreAccess) async throws -> R
    ) async throws -> Cause? {
        do {
            _ = try await use(patience: patience, for: purpose, body)
            return nil
        } catch let error as CouldNotLook { return error.cause } catch let error as ChangeFailed { return error.cause }
    }

    func listing(patience: Duration = .seconds(30)) async throws -> Cause? {
        try await cause(patience: patience) { try await $0.list() }
    }
}

extension ObjectStoreServer {
    func withStore<R>(
        prefix: String = "", port: Int? = nil, _ body: (Store, String) async throws -> R
    ) async throws -> R {
        try await withBucket { bucket in
            try await body(try Store(settings(bucket: bucket, prefix: prefix, port: port)), bucket)
        }
    }
}

/// A stand-in store with one scripted answer for all.
struct Scripted {
    let server: StandInServer
    let store: Store

    init(_ handler: @escaping StandInServer.Handler, _ more: [String: String] = [:]) throws {
        server = try StandInServer()
        server.otherwise(handler)
        store = try Store(
            [
                "bucket": "b", "endpoint": server.url(""), "access-key": "AKID", "secret-key": "secret",
                "region": "us-east-1",
            ].merging(more) { $1 })
    }

    static func xml(_ text: String, status: Int = 200, headers: [(String, String)] = []) -> Answer {
        Answer(status: status, headers: [("Content-Type", "application/xml")] + headers, body: .bytes(Array(text.utf8)))
    }

    static func error(_ code: String, _ status: Int, _ more: String = "", headers: [(String, String)] = []) -> Answer {
        xml(
            "<Error><Code>\(code)</Code><Message>data of others</Message>\(more)</Error>", status: status,
            headers: headers)
    }

    static let emptyList = xml("<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>")
}
