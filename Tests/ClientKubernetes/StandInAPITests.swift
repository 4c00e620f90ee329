import ClientHTTP
import FoundationEssentials
import Host
import Maintenance
import Sandbox
import Testing

@testable import ClientKubernetes

/// Against the stand-in API: TLS, users, real pages and patches, and a watch through whatever happens to it.
struct StandInAPITests {
    typealias JSON = Maintenance.JSONValue

    private func withServer<R>(_ body: (KubernetesServer) async throws -> R) async throws -> R {
        var options = KubernetesServer.Options()
        options.hasCluster = false
        options.namespaces = ["gl008"]
        let server = try await KubernetesServer.start(options)
        return try await doing {
            try await body(server)
        } finally: {
            await server.stop()
        }
    }

    private func cluster(_ kubeconfig: String, _ edit: (String) -> String = { $0 }) throws -> Cluster {
        var cluster = Cluster()
        let text = String(decoding: try Data(contentsOf: URL(filePath: kubeconfig)), as: UTF8.self)
        cluster.files["/home/ops/.kube/config"] = edit(text)
        return cluster
    }

    private func map(_ name: String, _ value: String = "1") -> JSON {
        ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": .text(name)], "data": ["v": .text(value)]]
    }

    @Test func tokensAndCertificatesOverTLS() async throws {
        try await withServer { server in
            let token = try cluster(server.kubeconfig(namespace: "gl008"))
            let made = try await token.use(for: .change) { try await $0.create(.configMaps, map("a")) }
            #expect(made.name == "a" && made.namespace == "gl008")
            let certificate = try cluster(await server.certificateKubeconfig(namespace: "gl008"))
            let found = try await certificate.use { try await $0.get(.configMaps, "a") }
            #expect(found.uid == made.uid)
            let user = KubernetesUser("auditor")
            let auditor = try await cluster(await server.certificateKubeconfig(user: user, namespace: "gl008")).cause()
            #expect(auditor?.code == .noPermission && auditor?.sentence.contains("The user auditor at") == true)
            server.revoke(server.token(.admin))
            #expect(try await token.cause()?.code == .signInFailed)
        }
    }

    @Test func whomToTrust() async throws {
        try await withServer { server in
            let kubeconfig = try server.kubeconfig(namespace: "gl008")
            func cause(_ edit: (String) -> String) async throws -> Cause? {
                try await cluster(kubeconfig, edit).cause { _ = try await $0.list(.configMaps) }
            }
            let other = try await CertificateAuthority.makeRoot(named: "Another Root")
            let pem = try Data(contentsOf: URL(filePath: other.rootPath)).base64EncodedString()
            let stranger = try await cause { text in
                guard let start = text.firstRange(of: "\"certificate-authority-data\":\"") else { return text }
                let rest = text[start.upperBound...]
                return text[..<start.upperBound] + pem + rest.drop { $0 != "\"" }
            }
            #expect(stranger?.code == .tlsFailed)
            let system = try await cause { $0.replacing("certificate-authority-data", with: "nothing") }
            #expect(system?.code == .tlsFailed)
            let insecure = try await cause {
                $0.replacing("\"cluster\":{", with: "\"cluster\":{\"insecure-skip-tls-verify\":true,")
                    .replacing("certificate-authority-data", with: "nothing")
            }
            #expect(insecure == nil)
            let named = try await cause {
                $0.replacing("\"cluster\":{", with: "\"cluster\":{\"tls-server-name\":\"kubernetes.default.svc\",")
            }
            #expect(named == nil)
        }
    }

    @Test func pagesConflictsAndPatches() async throws {
        try await withServer { server in
            var cluster = try cluster(server.kubeconfig(namespace: "gl008"))
            cluster.bounds.pageSize = 3
            try await cluster.use(for: .change) { access in
                for index in 0..<10 { try await access.create(.configMaps, map("m\(index)")) }
                let list = try await access.list(.configMaps)
                #expect(list.objects.map(\.name).filter { $0.hasPrefix("m") }.count == 10)
                let taken = await #expect(throws: KubernetesFailure.self) {
                    try await access.create(.configMaps, map("m1"))
                }
                #expect(taken?.reason == .alreadyExists)
                let first = try await access.get(.configMaps, "m1")
                try await access.patch(.configMaps, "m1", .merge(["data": ["v": "2"]]))
                let stale = await #expect(throws: KubernetesFailure.self) {
                    try await access.replace(.configMaps, "m1", first.json)
                }
                #expect(stale?.reason == .conflict)
                let tried = try await access.patch(
                    .configMaps, "m1", .json([["op": "replace", "path": "/data/v", "value": "3"]]), dryRun: true)
                #expect(tried["data", "v"] == "3")
                let applied = try await access.patch(
                    .configMaps, "m1", .apply(map("m1", "4"), manager: "millwright", force: true))
                #expect(applied["data", "v"] == "4")
                let wrong = await #expect(throws: KubernetesFailure.self) {
                    try await access.delete(.configMaps, "m1", uid: "another")
                }
                #expect(wrong?.code == 409)
                try await access.delete(.configMaps, "m1", uid: first.uid)
                let gone = try await access.find(.configMaps, "m1")
                #expect(gone == nil)
            }
        }
    }

    @Test func faultsOfTheAPI() async throws {
        try await withServer { server in
            let cluster = try cluster(server.kubeconfig(namespace: "gl008"))
            let faults: [(KubernetesFault, Cause.Code)] = [
                (.status(401), .signInFailed), (.status(403), .noPermission), (.status(410), .gone),
                (.status(500), .serverError), (.status(429, retryAfter: 600), .busy), (.garbage, .malformed),
                (.html, .malformed), (.half, .connectionLost), (.drop, .connectionLost),
            ]
            for (fault, code) in faults {
                server.fault(fault, verbs: ["list"])
                let cause = try await cluster.cause()
                #expect(cause?.code == code, "\(fault): \(cause?.sentence ?? "no error")")
                server.clear()
            }
            server.fault(.silent)
            #expect(try await cluster.cause(patience: .milliseconds(400))?.code == .timedOut)
            server.clear()
            server.fault(.status(429, retryAfter: 1), times: 1)
            let recovered = try await cluster.cause()
            #expect(recovered == nil)
        }
    }

    /// Cut off, restarted, forgotten and refused at random: what was told adds up to what is there, each change once.
    @Test(arguments: [UInt64(1), 2, 3])
    func whatAWatchTellsAddsUp(seed: UInt64) async throws {
        try await withServer { server in
            let cluster = try cluster(server.kubeconfig(namespace: "gl008"))
            try await cluster.use(for: .change, patience: .seconds(60)) { access in
                try await access.create(.configMaps, map("m0"))
                let list = try await access.list(.configMaps)
                try await withThrowingTaskGroup(of: [String: String]?.self) { group in
                    group.addTask { try await Self.follow(access, list) }
                    group.addTask {
                        try await Self.disturb(server, access, seed)
                        return nil
                    }
                    for try await told in group {
                        guard let told else { continue }
                        let now = try await access.list(.configMaps).objects
                        #expect(told == Dictionary(uniqueKeysWithValues: now.map { ($0.uid, $0.resourceVersion) }))
                    }
                }
            }
        }
    }

    /// What is there, as far as it was told, until the last object comes (by name, too, for the differences to a list come
    /// in its order): version by uid.
    private static func follow(_ access: KubernetesAccess, _ list: KubernetesList) async throws -> [String: String] {
        var there = Dictionary(uniqueKeysWithValues: list.objects.map { ($0.uid, $0.resourceVersion) })
        for try await event in access.watch(.configMaps, from: list) {
            switch event {
            case .added(let object):
                #expect(there[object.uid] == nil, "\(object.name) came twice")
                there[object.uid] = object.resourceVersion
                if object.name == "z-last" { return there }
            case .modified(let object):
                #expect(there[object.uid] != nil && there[object.uid] != object.resourceVersion)
                there[object.uid] = object.resourceVersion
            case .deleted(let object):
                #expect(there.removeValue(forKey: object.uid) != nil, "\(object.name) went twice")
            case .bookmark: break
            }
        }
        return there
    }

    private static func disturb(_ server: KubernetesServer, _ access: KubernetesAccess, _ seed: UInt64) async throws {
        var random = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        func draw(_ count: UInt64) -> UInt64 {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (random >> 33) % count
        }
        for index in 1...40 {
            let name = "m\(draw(8))"
            switch draw(9) {
            case 0: await server.cutConnections()
            case 1: try await server.restart(downFor: .milliseconds(20), keepingHistory: draw(2) == 0)
            case 2: server.fault(.goneWatch(after: Int(draw(2))), verbs: ["watch"], times: 1)
            case 3: server.fault(.status(503), verbs: ["watch"], times: 1)
            case 4: server.fault(.cutWatch(after: 1), verbs: ["watch"], times: 1)
            default: break
            }
            let object: JSON = ["metadata": ["name": .text(name)], "data": ["v": .text(String(index))]]
            try await insisting { access in
                if try await access.find(.configMaps, name) == nil {
                    try await access.create(.configMaps, object)
                } else if index % 3 == 0 {
                    try await access.delete(.configMaps, name)
                } else {
                    try await access.patch(.configMaps, name, .merge(["data": ["v": .text(String(index))]]))
                }
            }
        }
        try await insisting { access in
            if try await access.find(.configMaps, "z-last") == nil {
                try await access.create(.configMaps, ["metadata": ["name": "z-last"]])
            }
        }

        /// A connection may be cut just here, too.
        func insisting(_ body: (KubernetesAccess) async throws -> Void) async throws {
            for _ in 0..<100 {
                do { return try await body(access) } catch let error as CouldNotLook
                    where error.cause.code != .timedOut
                {
                    try await Host.system.sleep(.milliseconds(20))
                }
            }
        }
    }
}
