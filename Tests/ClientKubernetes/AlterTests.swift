import ClientHTTP
import Host
import Maintenance
import Sandbox
import Testing

@testable import ClientKubernetes

/// What alters: only for a change, typed when refused, in doubt when no answer came.
struct AlterTests {
    @Test func aLookAltersNothing() async throws {
        let server = try StandInServer()
        let calls: [(KubernetesAccess) async throws -> Void] = [
            { try await $0.create(.jobs, ["metadata": ["name": "a"]]) },
            { try await $0.create(.jobs, ["metadata": ["name": "a"]], dryRun: true) },
            { try await $0.patch(.deployments, "a", .merge([:])) },
            { try await $0.replace(.deployments, "a", [:]) },
            { try await $0.delete(.pods, "a") },
            { try await $0.evict(pod: "a") },
        ]
        for call in calls {
            let cause = try await Cluster(server).cause(for: .look, call)
            #expect(cause?.code == .noPermission)
        }
        #expect(server.requests.isEmpty)
    }

    @Test func aDryRunSaysSo() async throws {
        let server = try StandInServer()
        server.otherwise { _ in .json("{\"kind\":\"Job\",\"metadata\":{\"name\":\"a\"}}") }
        try await Cluster(server).use(for: .change) { access in
            try await access.create(.jobs, ["metadata": ["name": "a"]], dryRun: true)
            try await access.delete(.jobs, "a", dryRun: true)
        }
        #expect(server.requests[0].query["dryRun"] == "All")
        #expect(server.requests[1].json?["dryRun"] == ["All"])
    }

    /// It was sent, and nobody knows what came of it.
    @Test(arguments: [
        Answer(body: .short([], length: 10)), Answer(body: .raw(Array("HTTP/1.1 2".utf8))), Answer(body: .silence),
        Answer(status: 504, body: "gateway timeout"), Answer.json("{\"kind\":"), Answer.failure(500, "Timeout"),
    ])
    func whatMayHaveHappened(answer: Answer) async throws {
        let server = try StandInServer()
        server.otherwise { _ in answer }
        let cause = try await Cluster(server).cause(for: .change, patience: .milliseconds(700)) {
            try await $0.create(.jobs, ["metadata": ["name": "retrain"]])
        }
        #expect(cause?.code == .perhapsApplied)
        #expect(cause?.sentence.contains("create jobs.batch retrain") == true)
        // Sending it twice could do it twice.
        #expect(server.requests.count == 1)
    }

    @Test func whatCertainlyDidNotHappen() async throws {
        let port = try Scratch.freePort()
        let refused = try await Cluster(url: "http://127.0.0.1:\(port)").cause(for: .change) {
            try await $0.delete(.pods, "a")
        }
        #expect(refused?.code == .refused)
        let server = try StandInServer()
        server.otherwise { _ in .failure(500, "InternalError", "failed calling webhook \\\"x\\\"") }
        let webhook = try await Cluster(server).failure { try await $0.delete(.pods, "a") }
        #expect(webhook?.code == 500 && webhook?.isCertain == true)
    }

    @Test func aBusyServerIsAskedAgainBeforeItDidAnything() async throws {
        let server = try StandInServer()
        server.otherwise { [weak server] _ in
            server?.requests.count == 1
                ? .failure(429, "TooManyRequests", retryAfter: 0)
                : .json("{\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\"}}")
        }
        _ = try await Cluster(server).use(for: .change) { try await $0.delete(.pods, "a") }
        #expect(server.requests.map(\.method) == ["DELETE", "DELETE"])
    }

    @Test func uncaughtFailuresTellTheirCause() async throws {
        let server = try StandInServer()
        server.otherwise { _ in .failure(403, "Forbidden", "jobs is forbidden: User \\\"bob\\\" cannot create resource")
        }
        let failure = try await Cluster(server).failure { try await $0.create(.jobs, ["metadata": ["name": "a"]]) }
        #expect(failure.map { Cause($0) } == failure?.cause && failure?.cause.code == .noPermission)
        #expect("\(try #require(failure))".contains("The user bob at kubernetes prod/greenlang-gl008"))
        server.otherwise { _ in .failure(403, "Forbidden", "pods \\\"a\\\" is forbidden: exceeded quota: small") }
        let quota = try await Cluster(server).failure { try await $0.create(.pods, ["metadata": ["name": "a"]]) }
        #expect(quota?.cause.sentence.contains("quota") == true)
    }
}
