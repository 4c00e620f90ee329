import Foundation
import Testing

@testable import Sandbox

/// What a real API server answered is what the stand-in answers: status, reason, message, and the shape of objects.
@Suite struct KubernetesAPIRecordedTests {
    private static let namespace = "greenlang-gl008"

    @Test(arguments: [
        "auth-errors", "leases", "custom-resources", "delete-namespace", "watch-gone", "config-and-secrets", "scale",
        "rbac-and-network", "autoscaler-and-storage", "jobs", "pods",
    ]) func answersAsTheRealServer(scenario: String) async throws {
        let recording = try Recording(scenario)
        let isFirstToMakeIt = scenario == "auth-errors"
        try await APIFixture.with(namespaces: isFirstToMakeIt ? [] : [Self.namespace]) { api in
            try seed(recording, scenario, api.server.store)
            var replay = Replay(api: api)
            for exchange in recording.exchanges {
                let differences = try await replay.run(exchange)
                #expect(differences.isEmpty, "\(scenario): \(exchange.method) \(exchange.path): \(differences)")
                try follow(exchange, api.server.store)
            }
        }
    }

    /// What was there before the recording began.
    private func seed(_ recording: Recording, _ scenario: String, _ store: KubernetesStore) throws {
        for pod in recording.seed {
            var object = JSON.pod(pod["name"]?.string ?? "", labels: pod["labels"]?.strings ?? [:])
            object[path: ["spec", "nodeName"]] = pod["node"]
            object[path: ["metadata", "generateName"]] = "seed-"
            object[path: ["metadata", "ownerReferences"]] = nil
            let made = try store.create(.pods, object, in: Self.namespace)
            try store.modify(.pods, made.name, in: Self.namespace, .status) { $0["status"] = Self.running }
        }
        switch scenario {
        case "scale":
            try store.create(.deployments, .deployment("api-gateway", replicas: 3), in: Self.namespace)
            try store.modify(.deployments, "api-gateway", in: Self.namespace, .status) {
                $0["status"] = ["replicas": 3]
            }
        case "autoscaler-and-storage":
            for number in 0..<3 {
                try store.create(.nodes, ["metadata": ["name": .string("node-\(number)")], "status": Self.node])
            }
            let pod = JSON.pod("worker-774d6d9b5d-6bwcz", labels: ["app": "worker"], node: "node-0")
            try store.create(.pods, pod, in: Self.namespace)
            try store.modify(.pods, "worker-774d6d9b5d-6bwcz", in: Self.namespace, .status) {
                $0[dotted: "status.phase"] = "Running"
            }
        default: break
        }
    }

    /// What controllers did in the recording.
    private func follow(_ exchange: Recording.Exchange, _ store: KubernetesStore) throws {
        if exchange.method == "POST", exchange.path.hasSuffix("poddisruptionbudgets") {
            try store.modify(.podDisruptionBudgets, "workers", in: Self.namespace, .status) {
                $0["status"] = [
                    "observedGeneration": 1, "currentHealthy": 4, "desiredHealthy": 4, "expectedPods": 4,
                    "disruptionsAllowed": 0,
                ]
            }
        }
        if exchange.method == "POST", exchange.path.hasSuffix("/jobs"),
            let job = store.find(.jobs, "retrain-model-2", in: Self.namespace)
        {
            var pod = JSON.pod("retrain-model-2-abcde")
            pod[path: ["metadata", "ownerReferences"]] = [
                [
                    "apiVersion": "batch/v1", "kind": "Job", "name": "retrain-model-2", "uid": .string(job.uid),
                    "controller": true, "blockOwnerDeletion": true,
                ]
            ]
            pod[path: ["metadata", "finalizers"]] = ["batch.kubernetes.io/job-tracking"]
            _ = try? store.create(.pods, pod, in: Self.namespace)
        }
        // The namespace's content was gone after the second look.
        if exchange.method == "GET", exchange.path.hasSuffix("/dr-test"), exchange.status == 200 {
            try store.modify(.namespaces, "dr-test") { $0[path: ["spec", "finalizers"]] = [] }
        }
    }

    private static let running: JSON = [
        "phase": "Running", "qosClass": "Burstable", "podIP": "10.0.0.1", "podIPs": [["ip": "10.0.0.1"]],
        "startTime": "2026-11-20T22:33:12Z",
        "conditions": [
            ["type": "Ready", "status": "True", "lastProbeTime": .null, "lastTransitionTime": "2026-11-20T22:33:12Z"]
        ],
        "containerStatuses": [
            [
                "name": "main", "state": ["running": ["startedAt": "2026-11-20T22:33:12Z"]], "lastState": [:],
                "ready": true, "restartCount": 0, "image": "a", "imageID": "b", "started": true,
            ]
        ],
    ]

    private static let node: JSON = [
        "capacity": ["cpu": "16", "memory": "64Gi", "pods": "500"],
        "allocatable": ["cpu": "16", "memory": "64Gi", "pods": "500"],
        "conditions": [
            [
                "type": "Ready", "status": "True", "lastHeartbeatTime": "2026-11-20T22:34:10Z",
                "lastTransitionTime": "2026-11-20T22:34:10Z", "reason": "Fake",
            ]
        ], "daemonEndpoints": ["kubeletEndpoint": ["Port": 0]],
        "nodeInfo": [
            "machineID": "", "systemUUID": "", "bootID": "", "kernelVersion": "", "osImage": "",
            "containerRuntimeVersion": "", "kubeletVersion": "", "kubeProxyVersion": "", "operatingSystem": "",
            "architecture": "",
        ],
    ]
}

/// A scenario of Tests/Fixtures/kubernetes/standin.
struct Recording {
    struct Exchange {
        let method: String
        let path: String
        let contentType: String?
        let body: JSON?
        let user: String
        let status: Int
        let type: String
        let answer: JSON
        /// How many items the list had; only the first is kept.
        let count: Int?
        let event: JSON?
    }

    let exchanges: [Exchange]
    let seed: [JSON]

    init(_ scenario: String) throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/kubernetes/standin/\(scenario).json")
        let document = try JSON(parsing: Data(contentsOf: file))
        seed = document["seed"]?.array ?? []
        exchanges = (document["exchanges"]?.array ?? []).map { item in
            Exchange(
                method: item["method"]?.string ?? "", path: item["path"]?.string ?? "",
                contentType: item["contentType"]?.string, body: item["body"], user: item["as"]?.string ?? "",
                status: item["status"]?.int ?? 0, type: item["type"]?.string ?? "", answer: item["answer"] ?? .null,
                count: item["count"]?.int, event: item["event"])
        }
    }
}

/// Sends what was recorded, with this server's uids, versions and tokens in the place of the recorded ones.
struct Replay {
    let api: APIFixture
    private var ours: [String: String] = [:]

    init(api: APIFixture) { self.api = api }

    mutating func run(_ exchange: Recording.Exchange) async throws -> [String] {
        let reply = try await api.ask(
            exchange.method, path(exchange.path), body(exchange), type: exchange.contentType, token: token(exchange),
            signedIn: exchange.user != "none")
        var differences: [String] = []
        if reply.code != exchange.status { differences.append("status \(reply.code), not \(exchange.status)") }
        if reply.headers["content-type"] != exchange.type {
            differences.append("type \(reply.headers["content-type"] ?? "none")")
        }
        if let event = exchange.event {
            let got = reply.text.split(separator: "\n").first.flatMap { try? JSON(parsing: String($0)) } ?? .null
            return differences + Shape.differences(got, event)
        }
        if case .string(let text) = exchange.answer { return differences + (reply.text == text ? [] : [reply.text]) }
        learn(exchange.answer, reply.json)
        // A real cluster has many more bindings of its own.
        if let count = exchange.count, !exchange.path.contains("clusterrolebindings"),
            reply.json["items"]?.array?.count != count
        {
            differences.append("\(reply.json["items"]?.array?.count ?? -1) items, not \(count)")
        }
        if exchange.answer["kind"] == "Status" {
            for field in ["status", "reason", "message", "code", "details"]
            where exchange.answer[field] != reply.json[field] {
                differences.append("\(field): \(reply.json[field]?.text ?? "none")")
            }
            return differences
        }
        return differences + Shape.differences(reply.json, exchange.answer)
    }

    private func token(_ exchange: Recording.Exchange) -> String {
        switch exchange.user {
        case "viewer": api.server.token(KubernetesUser("viewer"))
        case "bad": "wrong"
        default: api.server.token(.admin)
        }
    }

    private func path(_ recorded: String) -> String {
        var path = recorded
        for (theirs, ours) in ours where theirs.count > 20 { path = path.replacingOccurrences(of: theirs, with: ours) }
        return path
    }

    private func body(_ exchange: Recording.Exchange) -> [UInt8] {
        guard let body = exchange.body, !body.isNull else { return [] }
        if case .string(let text) = body { return Array(text.utf8) }
        return translated(body, key: "").bytes
    }

    private func translated(_ value: JSON, key: String) -> JSON {
        switch value {
        case .object(let fields):
            .object(Dictionary(uniqueKeysWithValues: fields.map { ($0.key, translated($0.value, key: $0.key)) }))
        case .array(let items): .array(items.map { translated($0, key: key) })
        case .string(let text) where key == "uid" || key == "resourceVersion": .string(ours[text] ?? text)
        default: value
        }
    }

    private mutating func learn(_ theirs: JSON, _ mine: JSON) {
        for field in ["uid", "resourceVersion", "continue"] {
            if let recorded = theirs["metadata"]?[field]?.string, let now = mine["metadata"]?[field]?.string {
                ours[recorded] = now
            }
        }
    }
}

/// Whether two documents have the same fields with values of the same type.
enum Shape {
    /// Fields that need not be there, or may be more: what a controller or the clock decides.
    private static let free: Set = [
        "metadata.managedFields", "metadata.labels", "metadata.annotations", "metadata.generateName",
        "metadata.ownerReferences", "metadata.finalizers", "items.metadata.managedFields", "items.metadata.labels",
        "items.metadata.annotations", "items.metadata.generateName", "items.metadata.ownerReferences",
        "items.metadata.finalizers", "items.spec.containers.resources", "spec.template.metadata.annotations",
        // The definition is served at once, and says so.
        "status.acceptedNames", "status.conditions", "object.message",
        // What controllers wrote in the recording.
        "spec.taints", "status.failed", "status.ready", "status.startTime", "status.terminating",
        "status.uncountedTerminatedPods", "items.subjects.namespace",
    ]

    static func differences(_ got: JSON, _ wanted: JSON) -> [String] {
        var theirs: [String: String] = [:]
        var mine: [String: String] = [:]
        collect(wanted, "", &theirs)
        collect(got, "", &mine)
        return theirs.filter { mine[$0.key] != $0.value && !isFree($0.key) }.map { "lacks \($0.key): \($0.value)" }
            .sorted()
            + mine.filter { theirs[$0.key] == nil && !isFree($0.key) }.map { "has \($0.key): \($0.value)" }.sorted()
    }

    private static func isFree(_ path: String) -> Bool {
        free.contains { path == $0 || path.hasPrefix($0 + ".") }
    }

    private static func collect(_ value: JSON, _ path: String, _ found: inout [String: String]) {
        switch value {
        case .object(let fields):
            if !path.isEmpty { found[path] = "object" }
            for (key, inner) in fields where !inner.isNull {
                collect(inner, path.isEmpty ? key : path + "." + key, &found)
            }
        case .array(let items):
            found[path] = "list"
            for item in items { collect(item, path, &found) }
            if !items.isEmpty { found[path] = "list" }
        case .string: found[path] = "text"
        case .int, .double: found[path] = "number"
        case .bool: found[path] = "flag"
        case .null: break
        }
    }
}
