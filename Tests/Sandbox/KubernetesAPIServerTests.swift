import Foundation
import Testing

@testable import Sandbox

/// Watching, paging, signing in, what goes wrong on purpose, and over which connections.
@Suite struct KubernetesAPIServerTests {
    private let pods = "/api/v1/namespaces/shop/pods"

    @Test func discoversAsTheRealServer() async throws {
        let recording = try Recording("discovery")
        try await APIFixture.with { api in
            for exchange in recording.exchanges {
                let reply = try await api.ask("GET", exchange.path)
                // The metrics server is installed here.
                if exchange.path.contains("metrics.k8s.io") { continue }
                #expect(reply.code == exchange.status, "\(exchange.path)")
                for resource in reply.json["resources"]?.array ?? [] {
                    let real = exchange.answer["resources"]?.array?.first { $0["name"] == resource["name"] }
                    for field in ["kind", "namespaced", "singularName", "shortNames", "categories", "group", "version"]
                    {
                        #expect(real?[field] == resource[field], "\(exchange.path) \(resource.text)")
                    }
                    let verbs = Set(real?["verbs"]?.array ?? [])
                    #expect(verbs.isSuperset(of: resource["verbs"]?.array ?? []), "\(resource.text)")
                }
                for group in reply.json["groups"]?.array ?? [] where group["name"] != "metrics.k8s.io" {
                    #expect(exchange.answer["groups"]?.array?.contains(group) == true, "\(group.text)")
                }
                if exchange.path == "/readyz?verbose" { #expect(reply.text.hasSuffix("readyz check passed\n")) }
                if exchange.path == "/version" { #expect(reply.json["gitVersion"] == exchange.answer["gitVersion"]) }
            }
        }
    }

    @Test func pagesAreOfOneMoment() async throws {
        try await APIFixture.with { api in
            for name in ["a", "b", "c", "d", "e"] { try api.server.store.create(.pods, .pod(name), in: "shop") }
            let first = try await api.ask("GET", pods + "?limit=2").json
            #expect(first["metadata"]?["remainingItemCount"] == 3)
            let token = first["metadata"]?["continue"]?.string ?? ""
            _ = try api.server.store.delete(.pods, "d", in: "shop")
            let second = try await api.ask("GET", pods + "?limit=2&continue=" + token).json
            #expect(second["items"]?.array?.map(\.name) == ["c", "d"])
            #expect(second["metadata"]?["resourceVersion"] == first["metadata"]?["resourceVersion"])
            api.server.store.compact()
            let late = try await api.ask("GET", pods + "?limit=2&continue=" + token)
            #expect(late.code == 410 && late.json["reason"] == "Expired")
        }
    }

    @Test func watchSeesWhatEntersAndLeavesItsSelection() async throws {
        try await APIFixture.with { api in
            let start = api.server.store.version
            try api.server.store.create(.pods, .pod("a", labels: ["app": "web"]), in: "shop")
            try api.server.store.create(.pods, .pod("b", labels: ["app": "db"]), in: "shop")
            try api.server.store.modify(.pods, "b", in: "shop") { $0[dotted: "metadata.labels.app"] = "web" }
            try api.server.store.modify(.pods, "a", in: "shop") { $0[dotted: "metadata.labels.app"] = "old" }
            let events = try await api.watch(
                pods + "?labelSelector=app%3Dweb&allowWatchBookmarks=true&resourceVersion=\(start)")
            #expect(
                events.map { "\($0["type"]?.string ?? "") \($0["object"]?.name ?? "")" }.prefix(3)
                    == ["ADDED a", "ADDED b", "DELETED a"])
            #expect(events.last?["type"] == "BOOKMARK")
            #expect(events.last?["object"]?.resourceVersion == api.server.store.version)
        }
    }

    @Test func signsInByTokenAndCertificate() async throws {
        try await APIFixture.with { api in
            let user = KubernetesUser("deployer", groups: ["dev", "ops"])
            try api.server.store.create(
                .roleBindings,
                [
                    "metadata": ["name": "ops"],
                    "roleRef": ["apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"],
                    "subjects": [["kind": "Group", "name": "ops"]],
                ], in: "shop")
            let issued = try await api.server.certificate(of: user)
            func code(_ path: String) async throws -> String {
                try await Program.run(
                    "curl",
                    [
                        "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--cacert", api.server.authority.rootPath,
                        "--cert",
                        issued.chainPath, "--key", issued.keyPath, api.server.url + path,
                    ])
            }
            #expect(try await code(pods) == "200")
            #expect(try await code("/api/v1/namespaces/shop/secrets") == "403")
            #expect(try await code("/api/v1/namespaces/default/pods") == "403")
            let token = api.server.token(user)
            #expect(try await api.ask("GET", pods, token: token).code == 200)
            #expect(try await api.ask("DELETE", pods + "/x", token: token).code == 403)
            api.server.revoke(token)
            #expect(try await api.ask("GET", pods, token: token).code == 401)
            #expect(try await api.ask("GET", "/apis", signedIn: false).code == 403)
            #expect(try await api.ask("GET", "/version", signedIn: false).code == 200)
        }
    }

    @Test func strictnessAndSizes() async throws {
        try await APIFixture.with { api in
            let path = "/apis/apps/v1/namespaces/shop/deployments"
            var typo = JSON.deployment("typo")
            typo[path: ["spec", "template", "spec", "containers"]] = [["name": "main", "image": "i:1", "imagee": "x"]]
            let strict = try await api.ask("POST", path + "?fieldValidation=Strict", typo)
            #expect(strict.code == 400)
            #expect(
                strict.json["message"]?.string?.hasSuffix(
                    "unknown field \"spec.template.spec.containers[0].imagee\"") == true)
            let warned = try await api.ask("POST", path, typo)
            #expect(warned.code == 201 && warned.headers["warning"]?.contains("imagee") == true)
            #expect(!warned.text.contains("imagee"))
            var wrong = JSON.deployment("wrong")
            wrong[dotted: "spec.replicas"] = "three"
            #expect(try await api.ask("POST", path, wrong).json["message"]?.string?.contains("of type int32") == true)
            let large = try await api.ask("POST", path, [UInt8](repeating: 0x20, count: 4 << 20))
            #expect(large.code == 413)
            #expect(try await api.ask("POST", path, Array("{\"a\":".utf8)).code == 400)
            #expect(try await api.ask("PATCH", path + "/typo", [0x7b, 0x7d], type: "text/plain").code == 415)
            #expect(try await api.ask("POST", path, [1], type: "application/vnd.kubernetes.protobuf").code == 415)
        }
    }

    static let refusals: [(KubernetesFault, Int, String)] = [
        (.status(401), 401, "Unauthorized"), (.status(403), 403, "Forbidden"), (.status(410), 410, "Expired"),
        (.status(429, retryAfter: 7), 429, "TooManyRequests"), (.status(500), 500, "InternalError"),
        (.status(503), 503, "ServiceUnavailable"),
    ]

    @Test(arguments: refusals) func refusesOnPurpose(fault: KubernetesFault, code: Int, reason: String) async throws {
        try await APIFixture.with { api in
            let mark = api.server.fault(fault, verbs: ["list"], resources: ["pods"], times: 1)
            let reply = try await api.ask("GET", pods)
            #expect(reply.code == code && reply.json["reason"]?.string == reason)
            if code == 429 { #expect(reply.headers["retry-after"] == "7") }
            #expect(try await api.ask("GET", pods).code == 200)
            #expect(api.server.struck(mark) == 1)
        }
    }

    @Test func misbehavesOnPurpose() async throws {
        try await APIFixture.with { api in
            try api.server.store.create(.pods, .pod("a"), in: "shop")
            func once(_ fault: KubernetesFault) { api.server.fault(fault, resources: ["pods"], times: 1) }
            let logs = api.server.fault(.status(403), resources: ["pods/log"])
            #expect(try await api.ask("GET", pods + "/a/log").code == 403)
            #expect(try await api.ask("GET", pods + "/a").code == 200)
            api.server.clear(logs)
            once(.html)
            #expect(try await api.ask("GET", pods).headers["content-type"]?.hasPrefix("text/html") == true)
            once(.garbage)
            #expect(try await api.ask("GET", pods).json == .null)
            once(.half)
            let half = try await api.ask("GET", pods)
            #expect(half.code == 200 && half.json == .null && !half.body.isEmpty)
            once(.drop)
            #expect(try await api.ask("GET", pods).code == 0)
            let silent = api.server.fault(.silent, resources: ["pods"])
            #expect(try await api.ask("GET", pods, limit: 1).code == 0)
            api.server.clear(silent)
            once(.slow(.milliseconds(300)))
            let clock = ContinuousClock()
            let begin = clock.now
            #expect(try await api.ask("GET", pods).code == 200)
            #expect(clock.now - begin >= .milliseconds(300))
        }
    }

    @Test func watchesBreakOnPurpose() async throws {
        try await APIFixture.with { api in
            for name in ["a", "b", "c"] { try api.server.store.create(.pods, .pod(name), in: "shop") }
            func once(_ fault: KubernetesFault) { api.server.fault(fault, verbs: ["watch"], times: 1) }
            once(.cutWatch(after: 2))
            #expect(try await api.watch(pods + "?a=b").count == 2)
            once(.goneWatch(after: 1))
            let gone = try await api.watch(pods + "?a=b")
            #expect(gone.map { $0["type"]?.string } == ["ADDED", "ERROR"] && gone.last?["object"]?["code"] == 410)
            once(.silentWatch)
            #expect(try await api.ask("GET", pods + "?watch=true&timeoutSeconds=1", limit: 1.3).body.isEmpty)
            once(.endlessWatch)
            let clock = ContinuousClock()
            let begin = clock.now
            _ = try await api.ask("GET", pods + "?watch=true&timeoutSeconds=1", limit: 1.5)
            #expect(clock.now - begin > .milliseconds(1400))
        }
    }

    @Test func comesBackOnItsPortAfterARestart() async throws {
        try await APIFixture.with { api in
            let version = api.server.store.version
            try api.server.store.create(.pods, .pod("a"), in: "shop")
            await api.server.close()
            #expect(try await api.ask("GET", pods).code == 0)
            try await api.server.reopen()
            #expect(try await api.watch(pods + "?resourceVersion=\(version)").first?["type"] == "ADDED")
            try await api.server.restart(downFor: .milliseconds(10), keepingHistory: false)
            let expired = try await api.watch(pods + "?resourceVersion=\(version)")
            #expect(expired.first?["object"]?["code"] == 410)
        }
    }

    @Test func evictsAsTheBudgetAllows() async throws {
        try await APIFixture.with { api in
            let store = api.server.store
            try store.create(.pods, .pod("a", labels: ["app": "web"], node: "node-0"), in: "shop")
            try store.modify(.pods, "a", in: "shop", .status) { $0[dotted: "status.phase"] = "Running" }
            let budget: JSON = [
                "metadata": ["name": "web"],
                "spec": ["minAvailable": 1, "selector": ["matchLabels": ["app": "web"]]],
            ]
            try store.create(.podDisruptionBudgets, budget, in: "shop")
            let eviction: JSON = ["apiVersion": "policy/v1", "kind": "Eviction", "metadata": ["name": "a"]]
            let early = try await api.ask("POST", pods + "/a/eviction", eviction)
            #expect(early.code == 429 && early.headers["retry-after"] == "10")
            try store.modify(.podDisruptionBudgets, "web", in: "shop", .status) {
                $0["status"] = ["observedGeneration": 1, "disruptionsAllowed": 1]
            }
            #expect(try await api.ask("POST", pods + "/a/eviction", eviction).code == 201)
            #expect(try store.get(.pods, "a", in: "shop").isBeingDeleted)
            #expect(
                try store.get(.podDisruptionBudgets, "web", in: "shop")[dotted: "status.disruptionsAllowed"] == 0)
        }
    }

    @Test func spdyKnowsTheSharedDictionary() throws {
        // Streams name it by this sum.
        #expect(SPDYDictionary.bytes.count == 1423 && SPDYDictionary.checksum == 0xe3c6_a7c2)
        let writer = SPDYHeaderWriter()
        let reader = SPDYHeaderReader()
        for _ in 0..<3 { #expect(reader.read(writer.empty()) == [:]) }
        #expect(SPDYHeaderReader().read([1, 2, 3]) == nil)
        var frames = SPDYFrameReader()
        frames.append(SPDYFrame.data(5, [1, 2], isLast: true).dropLast())
        #expect(try frames.next() == nil)
        frames.append([2])
        #expect(try frames.next() == .data(5, [1, 2], isLast: true))
        frames.append([0, 0, 0, 1, 0, 0xff, 0xff, 0xff])
        #expect(throws: SPDYFrameReader.TooLarge.self) { try frames.next() }
    }
}
