import ClientHTTP
import Host
import Maintenance
import Sandbox
import Synchronization
import TestSupport
import Testing

@testable import ClientKubernetes

/// What a watch tells, whatever happens to its connections.
struct WatchTests {
    /// A server of one list and a sequence of watches; after the last one, silence.
    private final class Watched: Sendable {
        let server: StandInServer
        let lists: Mutex<[Answer]>
        let watches: Mutex<[Answer]>

        init(lists: [Answer] = [], watches: [Answer]) throws {
            server = try StandInServer()
            self.lists = Mutex(lists)
            self.watches = Mutex(watches)
            server.otherwise { [weak self] request in
                guard let self else { return Answer(status: 599) }
                return request.query["watch"] == "true" ? next(self.watches) : next(self.lists)
            }
        }

        private func next(_ answers: borrowing Mutex<[Answer]>) -> Answer {
            answers.withLock { $0.isEmpty ? nil : $0.removeFirst() } ?? Answer(body: .held([]))
        }

        var versions: [String] {
            server.requests.filter { $0.query["watch"] == "true" }.compactMap { $0.query["resourceVersion"] }
        }
        var listCount: Int { server.requests.filter { $0.query["watch"] == nil }.count }
    }

    private static func line(_ type: String, _ object: String) -> String {
        "{\"type\":\"\(type)\",\"object\":\(object)}\n"
    }

    private static func bookmark(_ version: String) -> String {
        line("BOOKMARK", "{\"kind\":\"Pod\",\"metadata\":{\"resourceVersion\":\"\(version)\"}}")
    }

    private static let gone = line(
        "ERROR",
        "{\"kind\":\"Status\",\"status\":\"Failure\",\"reason\":\"Expired\",\"code\":410,\"message\":\"too old\"}")

    private func events(_ lines: String...) -> Answer { Answer(body: .bytes(Array(lines.joined().utf8))) }

    private func held(_ lines: String...) -> Answer { Answer(body: .held(Array(lines.joined().utf8))) }

    private static func shown(_ event: KubernetesEvent) -> String {
        switch event {
        case .added(let object): "+\(object.name)@\(object.resourceVersion)"
        case .modified(let object): "~\(object.name)@\(object.resourceVersion)"
        case .deleted(let object): "-\(object.name)"
        case .bookmark(let version): "=\(version)"
        }
    }

    private func start(_ pods: (String, String)..., version: String = "10") throws -> KubernetesList {
        let objects = try pods.map {
            KubernetesObject(try KubernetesJSON.read(Array(podText($0.0, version: $0.1).utf8)))
        }
        return KubernetesList(objects: objects, resourceVersion: version)
    }

    /// What a watch tells until it has told so much.
    private static func told(
        _ watched: Watched, _ count: Int, from list: KubernetesList, cluster: Cluster? = nil,
        patience: Duration = .seconds(20)
    ) async throws -> [String] {
        try await (cluster ?? Cluster(watched.server)).use(patience: patience) { access in
            var told: [String] = []
            for try await event in access.watch(.pods, labels: "app=x", from: list) {
                told.append(shown(event))
                if told.count == count { break }
            }
            return told
        }
    }

    @Test func eventsInTheirOrder() async throws {
        let watched = try Watched(watches: [
            events(
                Self.line("ADDED", podText("b", version: "11")), Self.line("MODIFIED", podText("a", version: "12")),
                Self.bookmark("20"), Self.line("DELETED", podText("a", version: "21")))
        ])
        let cluster = Cluster(watched.server)
        let list = try start(("a", "9"))
        #expect(try await Self.told(watched, 4, from: list, cluster: cluster) == ["+b@11", "~a@12", "=20", "-a"])
        let query = try #require(watched.server.requests.first?.query)
        #expect(query["allowWatchBookmarks"] == "true" && query["labelSelector"] == "app=x")
        #expect(
            query["resourceVersion"] == "10"
                && query["timeoutSeconds"].flatMap { Int($0) }.map { (300...600).contains($0) } == true)
        let evidence = cluster.evidence.drain()
        #expect(evidence.first?.statement == "WATCH /api/v1/namespaces/greenlang-gl008/pods from resourceVersion 10")
        #expect(evidence.first?.excerpt == "4 events to resourceVersion 21")
    }

    /// In good order, cut off, refused by a restarting server: it goes on where it ended, and nothing is told twice.
    @Test func itGoesOnWhereItEnded() async throws {
        let watched = try Watched(watches: [
            events(Self.line("ADDED", podText("b", version: "11"))),
            Answer(body: .short(Array(Self.line("MODIFIED", podText("b", version: "12")).utf8), length: 9000)),
            .failure(503, "ServiceUnavailable"), .failure(429, "TooManyRequests", retryAfter: 0),
            Answer(body: .raw([])),
            events(
                Self.line("MODIFIED", podText("b", version: "12")), Self.line("ADDED", podText("c", version: "13"))),
        ])
        #expect(try await Self.told(watched, 3, from: try start()) == ["+b@11", "~b@12", "+c@13"])
        #expect(watched.versions == ["10", "11", "12", "12", "12", "12"])
        #expect(watched.listCount == 0)
    }

    /// As an event, and as the status of the answer: then the difference to a new list is told.
    @Test func whatIsForgottenIsListedAnew() async throws {
        let after =
            "{\"kind\":\"PodList\",\"metadata\":{\"resourceVersion\":\"50\"},\"items\":[\(podText("a", version: "9")),"
            + "\(podText("b", version: "44")),\(podText("c", version: "45", uid: "new")),\(podText("d", version: "46"))]}"
        for answer in [events(Self.gone), Answer.failure(410, "Expired"), Answer.failure(500, "")] {
            let watched = try Watched(
                lists: [.json(after)], watches: [answer, events(Self.line("DELETED", podText("d", version: "51")))])
            let list = try start(("a", "9"), ("b", "8"), ("c", "7"), ("e", "6"))
            // A new object of the same name is another one: the old one went.
            #expect(try await Self.told(watched, 6, from: list) == ["-c", "-e", "~b@44", "+c@45", "+d@46", "-d"])
            #expect(watched.versions == ["10", "50"])
        }
    }

    @Test func withoutAnInstantItBeginsWithAList() async throws {
        let watched = try Watched(lists: [.pods(["a"])], watches: [])
        #expect(try await Self.told(watched, 1, from: KubernetesList(objects: [], resourceVersion: "")) == ["+a@1"])
    }

    /// A recorded server forgot everything before 448.
    @Test func asARealServerForgets() async throws {
        let recording = try Recording("watch-gone", other: .pods(["a"], version: "448"))
        let told = try await recording.cluster().use { access in
            for try await event in access.watch(.pods, from: KubernetesList(objects: [], resourceVersion: "1")) {
                return Self.shown(event)
            }
            return ""
        }
        #expect(told == "+a@1")
        #expect(recording.server.requests.map { $0.query["watch"] } == ["true", nil])
    }

    @Test(arguments: [
        "garbage\n", "{\"type\":\"ADDED\"}\n",
        "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"resourceVersion\":\"1\"}}}\n",
        "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"a\"}}}\n", "<html>\n<body>\n", "[]\n",
    ])
    func garbageIsListedOverAndThenGivenUp(text: String) async throws {
        let watched = try Watched(
            lists: Array(repeating: .pods([]), count: 10),
            watches: Array(repeating: Answer(body: .bytes(Array(text.utf8))), count: 10))
        let cause = try await Cluster(watched.server).cause { access in
            for try await _ in access.watch(.pods, from: try start()) {}
        }
        #expect(cause?.code == .malformed)
        #expect(watched.versions.count == KubernetesLimits.unreadableWatches)
        #expect(watched.listCount == KubernetesLimits.unreadableWatches - 1)
    }

    @Test func aLineWithoutEndIsBounded() async throws {
        let watched = try Watched(
            lists: Array(repeating: .pods([]), count: 10),
            watches: Array(repeating: Answer(body: .endless(Array(repeating: 0x61, count: 1 << 14))), count: 10))
        var cluster = Cluster(watched.server)
        cluster.bounds.eventBytes = 1 << 17
        let cause = try await cluster.cause { access in
            for try await _ in access.watch(.pods, from: try start()) {}
        }
        #expect(cause?.code == .tooLarge)
    }

    @Test func itEndsWithTheDeadlineAndSaysWhatWasLastWrong() async throws {
        let silent = try Watched(watches: [])
        let late = try await Cluster(silent.server).cause(patience: .milliseconds(300)) { access in
            for try await _ in access.watch(.pods, from: try start()) {}
        }
        #expect(late?.code == .timedOut)
        let clock = FakeClock()
        var nobody = Cluster(url: "http://127.0.0.1:\(try Scratch.freePort())")
        nobody.host = clock.host
        let (cluster, list) = (nobody, try start())
        let gone = try await clock.running {
            try await cluster.cause(patience: .seconds(60)) { access in
                for try await _ in access.watch(.pods, from: list) {}
            }
        }
        #expect(gone?.code == .refused && gone?.sentence.contains("was interrupted until the end") == true)
    }

    @Test func aMissingRightEndsItAtOnce() async throws {
        let watched = try Watched(watches: [
            .failure(403, "Forbidden", "pods is forbidden: User \\\"v\\\" cannot watch")
        ])
        let cause = try await Cluster(watched.server).cause { access in
            for try await _ in access.watch(.pods, from: try start()) {}
        }
        #expect(cause?.code == .noPermission && cause?.sentence.contains("`watch pods`") == true)
    }

    @Test func cancellationIsPrompt() async throws {
        let watched = try Watched(watches: [])
        let list = try start()
        try await Cluster(watched.server).use { access in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { for try await _ in access.watch(.pods, from: list) {} }
                while watched.server.requests.isEmpty { try await Host.system.sleep(.milliseconds(2)) }
                group.cancelAll()
                await #expect(throws: (any Error).self) { try await group.waitForAll() }
            }
        }
    }

    /// An hour in which the server says nothing, though things happen: the watch asks again, and looks for itself.
    @Test func anHourOfSilence() async throws {
        let clock = FakeClock()
        let watched = try Watched(watches: [])
        watched.server.otherwise { [weak watched] request in
            if request.query["watch"] == "true" { return Answer(body: .held([])) }
            // Each look finds one pod more.
            let looks = watched?.listCount ?? 0
            return .pods((0..<looks).map { "pod-\($0)" }, version: String(100 + looks))
        }
        var cluster = Cluster(watched.server)
        cluster.host = clock.host
        let (list, virtual) = (try start(), cluster)
        let told = try await clock.running {
            try await Self.told(watched, 24, from: list, cluster: virtual, patience: .seconds(7200))
        }
        #expect(told == (0..<24).map { "+pod-\($0)@1" })
        // Two silences of 75 seconds, then a look: 24 looks are an hour.
        #expect(clock.steady >= .seconds(3600) && clock.steady < .seconds(5400))
        #expect(watched.versions.count >= 48)
    }

    /// Bookmarks are signs of life: nothing is listed while they come.
    @Test func bookmarksAreSignsOfLife() async throws {
        let watched = try Watched(watches: (0..<10).map { held(Self.bookmark(String(100 + $0))) })
        let clock = FakeClock()
        var cluster = Cluster(watched.server)
        cluster.host = clock.host
        let (list, virtual) = (try start(), cluster)
        let told = try await clock.running {
            try await Self.told(watched, 6, from: list, cluster: virtual, patience: .seconds(7200))
        }
        #expect(told == (100..<106).map { "=\($0)" })
        #expect(watched.listCount == 0)
        #expect(watched.versions.prefix(3) == ["10", "100", "101"])
    }
}
