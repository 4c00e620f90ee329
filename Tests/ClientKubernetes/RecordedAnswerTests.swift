import ClientHTTP
import Host
import Maintenance
import Sandbox
import Testing

@testable import ClientKubernetes

/// What a real API server answered, and what the client makes of it.
struct RecordedAnswerTests {
    typealias JSON = Maintenance.JSONValue

    @Test func aWrongTokenIsNoSignIn() async throws {
        let recording = try Recording("auth-errors")
        let cause = try #require(try await recording.cluster(as: "bad").cause())
        #expect(cause.code == .signInFailed)
        // A token of the kubeconfig does not become another one by asking again.
        #expect(recording.server.requests.count == 1)
    }

    @Test func aMissingRightNamesUserVerbResourceAndNamespace() async throws {
        let recording = try Recording("auth-errors")
        let viewer = try #require(try await recording.cluster(as: "viewer").cause())
        #expect(viewer.code == .noPermission)
        #expect(viewer.sentence.contains("The user viewer at kubernetes prod/greenlang-gl008 at http://"))
        #expect(viewer.sentence.contains("may not list pods in namespace greenlang-gl008: grant the right `list pods`"))
        let nobody = try #require(try await recording.cluster(as: "none").cause())
        #expect(nobody.code == .noPermission)
        #expect(nobody.sentence.contains("Nobody in particular (system:anonymous)"))
    }

    @Test func aLookMayAskWhatItMayDo() async throws {
        let recording = try Recording("auth-errors")
        let cluster = recording.cluster(as: "viewer")
        try await cluster.use { access in
            let deletes = try await access.isAllowed("delete", .pods)
            // The recordings answer in turn: this is the second review of the same user.
            let patches = try await access.isAllowed("patch", .deployments)
            #expect(!deletes && !patches)
        }
        let lists = try await recording.cluster(as: "admin").use { try await $0.isAllowed("list", .pods) }
        #expect(lists)
        let statements = cluster.evidence.drain().map(\.statement)
        #expect(statements.count == 2)
        #expect(statements[0].contains("delete pods in greenlang-gl008"))
    }

    @Test func seventeenPodsOverSixWorkloads() async throws {
        let recording = try Recording("pods")
        let cluster = recording.cluster()
        let list = try await cluster.use { try await $0.list(.pods) }
        #expect(list.objects.count == 17)
        #expect(list.resourceVersion == "610")
        #expect(list.objects.allSatisfy { $0.controller?.kind == "ReplicaSet" && !$0.uid.isEmpty })
        #expect(list.objects.allSatisfy { $0.created.map { $0 < Instant(secondsSinceEpoch: 1_800_000_000) } == true })
        let waiting = list.objects.compactMap {
            $0["status", "containerStatuses", "0", "state", "waiting", "reason"]?.asText
        }
        #expect(waiting.contains("CrashLoopBackOff"))
        let evidence = cluster.evidence.drain()
        #expect(evidence.map(\.statement) == ["GET /api/v1/namespaces/greenlang-gl008/pods (1 page)"])
        #expect(evidence[0].excerpt.hasPrefix("17 pods resourceVersion 610 sha256 "))
        #expect(evidence[0].source.hasPrefix("kubernetes prod/greenlang-gl008 at http://127.0.0.1:"))
    }

    @Test func selectorsAndPages() async throws {
        let recording = try Recording("pods")
        var cluster = recording.cluster()
        cluster.bounds.pageSize = 5
        try await cluster.use { access in
            let all = try await access.list(.pods)
            #expect(all.objects.count == 17)
            #expect(Set(all.objects.map(\.uid)).count == 17)
            #expect(
                try await access.list(.pods, labels: "app=worker").objects.allSatisfy { $0.labels["app"] == "worker" })
            let running = try await access.list(.pods, fields: "status.phase=Running").objects
            #expect(!running.isEmpty && running.allSatisfy { $0["status", "phase"] == "Running" })
        }
        let limits = recording.server.requests.compactMap { $0.query["limit"] }
        #expect(limits.allSatisfy { $0 == "5" })
    }

    @Test func whatIsNotThere() async throws {
        let recording = try Recording("pods")
        try await recording.cluster().use { access in
            let found = try await access.find(.pods, "no-such-pod")
            #expect(found == nil)
            let error = await #expect(throws: CouldNotLook.self) { try await access.get(.pods, "no-such-pod") }
            #expect(error?.cause.code == .notFound)
            #expect(error?.cause.sentence.contains("has no pods no-such-pod in namespace greenlang-gl008") == true)
        }
    }

    /// A bare 404 says that the API is not there, not that an object is missing.
    @Test func anAPIThatIsNotServedIsNotAMissingObject() async throws {
        let recording = try Recording("custom-resources")
        let certificates = KubernetesResource(
            group: "cert-manager.io", version: "v1", plural: "certificates", kind: "Certificate")
        let cause = try #require(try await recording.cluster().cause { _ = try await $0.list(certificates) })
        #expect(cause.code == .notFound)
        #expect(cause.sentence.contains("does not serve the API cert-manager.io/v1"))
        let server = try StandInServer()
        let found = try await Cluster(server).cause { _ = try await $0.find(.pods, "x") }
        #expect(found?.code == .notFound)
    }

    @Test func conflictsAreTyped() async throws {
        let scales = try Recording("scale")
        let scale = try await scales.cluster().failure {
            let read = try await $0.get(.deployments, "api-gateway", subresource: "scale")
            #expect(read["spec", "replicas"]?.asWhole == 3)
            let scaled = try await $0.patch(
                .deployments, "api-gateway", .merge(["spec": ["replicas": 5]]), subresource: "scale")
            #expect(scaled["spec", "replicas"]?.asWhole == 5)
            try await $0.replace(.deployments, "api-gateway", read.json, subresource: "scale")
        }
        #expect(scale?.code == 409 && scale?.reason == .conflict && scale?.cause.code == .conflict)
        #expect(scale?.isCertain == true && scale?.name == "api-gateway" && scale?.kind == "deployments")
        let leases = try Recording("leases")
        let lease = try await leases.cluster().failure { access in
            for _ in 0..<2 { try await access.replace(.leases, "millwright", ["metadata": ["name": "millwright"]]) }
        }
        #expect(lease?.reason == .conflict)
        let jobs = try Recording("jobs")
        let taken = try await jobs.cluster().failure { access in
            for _ in 0..<3 { try await access.create(.jobs, ["metadata": ["name": "retrain-model-1"]]) }
        }
        #expect(taken?.reason == .alreadyExists && taken?.cause.sentence.contains("jobs.batch retrain-model-1") == true)
    }

    @Test func serverSideApply() async throws {
        let recording = try Recording("config-and-secrets")
        let data: JSON = ["apiVersion": "v1", "kind": "ConfigMap", "data": ["cache-size": "2Gi"]]
        let failure = try await recording.cluster().failure { access in
            try await access.patch(.configMaps, "steam-trap-config", .apply(data, manager: "terraform"))
            try await access.patch(.configMaps, "steam-trap-config", .apply(data, manager: "millwright"))
        }
        #expect(failure?.code == 409)
        #expect(failure?.details.first?.reason == "FieldManagerConflict")
        #expect(failure?.cause.sentence.contains(".data.cache-size belongs to terraform") == true)
        let tried = try await recording.cluster().use(for: .change) { access in
            try await access.patch(
                .configMaps, "steam-trap-config", .apply(data, manager: "millwright", force: true), dryRun: true)
        }
        #expect(tried["data", "cache-size"]?.asText != nil)
        let last = try #require(recording.server.requests.last)
        #expect(last.query == ["dryRun": "All", "fieldManager": "millwright", "force": "true"])
        #expect(last.headers["content-type"] == "application/apply-patch+yaml")
    }

    /// The server's words quote the object; ours name the field.
    @Test func whatIsInvalidIsNamedByItsFieldOnly() async throws {
        let recording = try Recording("config-and-secrets")
        let name = try await recording.cluster().failure {
            try await $0.create(.configMaps, ["metadata": ["name": "Bad_Name"]])
        }
        #expect(name?.code == 422 && name?.reason == .invalid && name?.cause.code == .rejected)
        #expect(name?.cause.sentence.contains("metadata.name has an invalid value") == true)
        let frozen = try await recording.cluster().failure {
            try await $0.patch(.configMaps, "frozen", .merge(["data": ["a": "b"]]))
        }
        #expect(frozen?.cause.sentence.contains("data may not be set or altered so") == true)
        let storage = try Recording("autoscaler-and-storage")
        let shrunk = try await storage.cluster().failure {
            try await $0.patch(.persistentVolumeClaims, "data-tapio-server-0", .merge(["spec": [:]]))
        }
        #expect(shrunk?.code == 422)
        #expect(shrunk?.cause.sentence.contains("100Gi") == false)
    }

    @Test func anEvictionThatABudgetBlocksIsNotTriedAgain() async throws {
        let recording = try Recording("autoscaler-and-storage")
        let failure = try await recording.cluster().failure { try await $0.evict(pod: "worker-774d6d9b5d-6bwcz") }
        #expect(failure?.code == 429 && failure?.isDisruptionBudget == true && failure?.cause.code == .busy)
        #expect(recording.server.requests.count == 1)
    }

    @Test func patchesOfEachKind() async throws {
        let recording = try Recording("autoscaler-and-storage")
        let node = try await recording.cluster().use(for: .change) {
            try await $0.patch(.nodes, "node-0", .strategic(["spec": ["unschedulable": true]]))
        }
        #expect(node["spec", "unschedulable"] == .bool(true))
        let maps = try Recording("config-and-secrets")
        let patched = try await maps.cluster().use(for: .change) {
            try await $0.patch(.configMaps, "steam-trap-config", .json([["op": "remove", "path": "/data/x"]]))
        }
        #expect(patched.name == "steam-trap-config")
        #expect(maps.server.requests.last?.headers["content-type"] == "application/json-patch+json")
    }

    @Test func deletionSaysWhatBecomesOfTheRest() async throws {
        let recording = try Recording("jobs")
        let deleted = try await recording.cluster().use(for: .change) {
            try await $0.delete(
                .jobs, "retrain-model-2", uid: "u1", resourceVersion: "7", propagation: .foreground,
                grace: .seconds(5))
        }
        #expect(deleted.deleted != nil)
        let sent = try #require(recording.server.requests.last?.json)
        #expect(sent["preconditions"] == ["uid": "u1", "resourceVersion": "7"])
        #expect(sent["propagationPolicy"] == "Foreground" && sent["gracePeriodSeconds"] == 5)
        #expect(sent["dryRun"] == nil)
    }

    @Test func aNamespaceGoes() async throws {
        let recording = try Recording("delete-namespace")
        try await recording.cluster().use(for: .change) { access in
            let going = try await access.delete(.namespaces, "dr-test")
            #expect(going["status", "phase"] == "Terminating")
            #expect(try await access.find(.namespaces, "dr-test")?.deleted != nil)
            #expect(try await access.find(.namespaces, "dr-test") == nil)
        }
    }

    @Test func rawPaths() async throws {
        let recording = try Recording("discovery")
        try await recording.cluster().use { access in
            let version = try await access.rawDocument("/version")
            #expect(version["gitVersion"]?.asText?.hasPrefix("v1.") == true)
            let live = try await access.raw("/livez")
            #expect(String(decoding: live.body, as: UTF8.self) == "ok")
            let error = await #expect(throws: CouldNotLook.self) {
                try await access.raw("/apis/metrics.k8s.io/v1beta1")
            }
            #expect(error?.cause.code == .notFound)
        }
    }

    @Test func aRolloutIsWatchedToItsEnd() async throws {
        let recording = try Recording("rollout-restart")
        try await recording.cluster().use(for: .change) { access in
            let before = try await access.get(.deployments, "worker")
            let restarted = try await access.patch(
                .deployments, "worker", .strategic(["spec": ["template": ["metadata": ["annotations": [:]]]]]))
            #expect(restarted.generation == before.generation.map { $0 + 1 })
            let list = KubernetesList(objects: [before], resourceVersion: "610")
            var seen = 0
            for try await event in access.watch(.deployments, fields: "metadata.name=worker", from: list) {
                seen += 1
                guard let object = event.object, object.generation == restarted.generation else { continue }
                let wanted = object["spec", "replicas"]?.asWhole
                let status = object["status"]
                if status?["observedGeneration"]?.asWhole == object.generation,
                    status?["updatedReplicas"]?.asWhole == wanted, status?["availableReplicas"]?.asWhole == wanted,
                    status?["replicas"]?.asWhole == wanted
                {
                    break
                }
            }
            #expect(seen > 3)
        }
    }
}
