import ClientHTTP
import Host
import Maintenance
import Sandbox
import Synchronization
import Testing

@testable import ClientKubernetes

/// Lists, pages and what can go wrong with answers.
struct ListTests {
    private static let pods = "/api/v1/namespaces/greenlang-gl008/pods"

    /// A server whose answers to the list come one after the other.
    private func server(_ answers: Answer...) throws -> StandInServer {
        let server = try StandInServer()
        let turn = Mutex(0)
        server.on(Self.pods) { _ in
            let index = turn.withLock { turn in
                defer { turn += 1 }
                return turn
            }
            return answers[min(index, answers.count - 1)]
        }
        return server
    }

    @Test func aListThatExpiredBeginsAnewOnce() async throws {
        let server = try server(
            .pods(["a", "b"], version: "7", more: "t1"), .failure(410, "Expired"),
            .pods(["c"], version: "9", more: "t2"),
            .pods(["d"], version: "9"))
        let cluster = Cluster(server)
        let list = try await cluster.use { try await $0.list(.pods) }
        #expect(list.objects.map(\.name) == ["c", "d"])
        #expect(list.resourceVersion == "9")
        #expect(server.requests.map { $0.query["continue"] } == [nil, "t1", nil, "t2"])
        #expect(cluster.evidence.drain().last?.excerpt.hasPrefix("2 pods resourceVersion 9 ") == true)
        let again = try self.server(
            .pods(["a"], more: "t"), .failure(410, "Expired"), .pods(["a"], more: "t"), .failure(410, "Expired"))
        let cause = try await Cluster(again).cause()
        #expect(cause?.code == .gone)
        #expect(again.requests.count == 4)
    }

    @Test func pagesAreHandedOverOneByOne() async throws {
        let server = try server(
            .pods(["a"], more: "t"), .failure(410, "Expired"), .pods(["b"], more: "u"), .pods(["c"]))
        try await Cluster(server).use { access in
            var pages: [String] = []
            try await access.pages(.pods) { page in
                pages.append((page.isFirst ? "first " : "") + page.objects.map(\.name).joined())
            }
            #expect(pages == ["first a", "first b", "c"])
        }
    }

    @Test func patienceIsKept() async throws {
        let server = try server(
            .failure(429, "TooManyRequests", retryAfter: 0), .failure(503, "ServiceUnavailable", retryAfter: 0),
            .pods(["a"]))
        let list = try await Cluster(server).use { try await $0.list(.pods) }
        #expect(list.objects.count == 1 && server.requests.count == 3)
    }

    @Test func patienceEndsWithTheDeadline() async throws {
        let server = try server(.failure(429, "TooManyRequests", retryAfter: 3600))
        let cause = try await Cluster(server).cause()
        #expect(cause?.code == .busy && server.requests.count == 1)
        let silent = try self.server(.failure(429, "TooManyRequests"), .pods(["a"]))
        let list = try await Cluster(silent).use { try await $0.list(.pods) }
        #expect(list.objects.count == 1 && silent.requests.count == 2)
    }

    @Test func whatTheServerItselfFailsAtIsNoPatience() async throws {
        let server = try server(.failure(500, "InternalError"))
        let cause = try await Cluster(server).cause()
        #expect(cause?.code.rawValue == "server-error" && server.requests.count == 1)
    }

    /// An answer that only looks like a list is no proof that there is nothing.
    @Test(arguments: [
        "<html><body>Sign in</body></html>", "", "null", "[]", "{}", "{\"kind\":\"PodList\"}",
        "{\"kind\":\"PodList\",\"metadata\":{\"resourceVersion\":\"1\"},\"items\":null}",
        "{\"kind\":\"PodList\",\"metadata\":{},\"items\":[]}",
        "{\"kind\":\"Pod\",\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[]}",
        "{\"kind\":\"PodList\",\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[null]}",
        "{\"kind\":\"PodList\",\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[{\"metadata\":{}}]}",
        "{\"kind\":\"PodList\",\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[{\"metadata\":{\"name\":\"a\"}}",
        "{\"kind\":\"Status\",\"status\":\"Failure\",\"code\":500}", "\u{0}\u{1}garbage",
    ])
    func whatIsNoList(body: String) async throws {
        let server = try server(.json(body))
        let cause = try await Cluster(server).cause()
        #expect(cause?.code == .malformed)
    }

    @Test func anotherObjectIsNotTheOneAskedFor() async throws {
        let server = try StandInServer()
        server.otherwise { _ in .json("{\"kind\":\"Pod\",\"metadata\":{\"name\":\"other\"}}") }
        let other = try await Cluster(server).cause { _ = try await $0.get(.pods, "mine") }
        #expect(other?.code == .malformed)
        server.otherwise { _ in .json("{\"kind\":\"Node\",\"metadata\":{\"name\":\"mine\"}}") }
        let node = try await Cluster(server).cause { _ = try await $0.find(.pods, "mine") }
        #expect(node?.code == .malformed)
    }

    @Test func aListWithoutEndIsGivenUp() async throws {
        let same = try server(.pods(["a"], more: "same"))
        let cause = try await Cluster(same).cause()
        #expect(cause?.code == .malformed)
        let endless = try StandInServer()
        endless.on(Self.pods, Answer(body: .endless(Array(repeating: 0x20, count: 1 << 16))))
        var bounded = Cluster(endless)
        (bounded.bounds.pageSize, bounded.bounds.pageBytes) = (1, 1 << 18)
        let large = try await bounded.cause()
        #expect(large?.code == .tooLarge)
    }

    @Test func largePagesAreAskedForInSmallerParts() async throws {
        let server = try StandInServer()
        let filler = String(repeating: " ", count: 100_001)
        server.on(Self.pods) { request in
            request.query["limit"] == "500" ? .json(filler) : .pods(["a"])
        }
        var cluster = Cluster(server)
        cluster.bounds.pageBytes = 100_000
        let list = try await cluster.use { try await $0.list(.pods) }
        #expect(list.objects.count == 1)
        #expect(server.requests.map { $0.query["limit"] } == ["500", "62"])
    }

    @Test func redirectsAndGatewaysAreNotTheAPI() async throws {
        let redirecting = try server(.redirect(to: "https://login.example"))
        let moved = try await Cluster(redirecting).cause()
        #expect(moved?.code == .malformed)
        let failing = try server(Answer(status: 502, body: "<html>bad gateway</html>"))
        let gateway = try await Cluster(failing).cause()
        #expect(gateway?.sentence.contains("by something in front of it") == true)
        let hanging = try server(Answer(body: .silence))
        let silent = try await Cluster(hanging).cause(patience: .milliseconds(300))
        #expect(silent?.code == .timedOut)
        let cut = try server(Answer(body: .short(Array("{\"kind\":".utf8), length: 100)))
        let lost = try await Cluster(cut).cause()
        // Once more, for a connection may end just as it is used.
        #expect(lost?.code == .connectionLost && cut.requests.count == 2)
    }

    @Test func namesStayInTheirPlace() async throws {
        let server = try StandInServer()
        for name in ["..", ".", "a/b", ""] {
            let cause = try await Cluster(server).cause { _ = try await $0.get(.pods, name) }
            #expect(cause?.code == .rejected)
        }
        let odd = try await Cluster(server).cause { _ = try await $0.get(.clusterRoles, "system:a?b#c%") }
        #expect(odd?.code == .notFound)
        #expect(
            server.requests.map(\.target) == ["/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Aa%3Fb%23c%25"])
    }

    /// Five thousand pods as a real server gives them: time is measured elsewhere; here nothing is lost.
    @Test func fiveThousandPods() async throws {
        let server = try StandInServer()
        server.on(Self.pods) { request in
            let page = request.query["continue"].flatMap { Int($0) } ?? 0
            let names = (0..<500).map { "pod-\(page * 500 + $0)" }
            return .pods(names, version: "5", more: page < 9 ? String(page + 1) : nil)
        }
        let cluster = Cluster(server)
        let list = try await cluster.use { try await $0.list(.pods) }
        #expect(Set(list.objects.map(\.name)).count == 5000)
        #expect(cluster.evidence.drain().map(\.statement) == ["GET \(Self.pods) (10 pages)"])
    }
}
