import Host
import Synchronization
import Testing

@testable import Sandbox

/// The store's own rules.
@Suite struct KubernetesAPIStoreTests {
    private let store: KubernetesStore

    init() throws {
        store = KubernetesStore()
        try store.create(.namespaces, ["metadata": ["name": "shop"]])
    }

    private func refusal(_ body: () throws -> Void) -> KubernetesStatus? {
        do { try body() } catch let status as KubernetesStatus { return status } catch { return nil }
        return nil
    }

    @Test func countsVersionsAndGenerations() throws {
        let made = try store.create(.deployments, .deployment("web"), in: "shop")
        #expect(made.generation == 1 && made.resourceVersion == store.version && !made.uid.isEmpty)
        let scaled = try store.modify(.deployments, "web", in: "shop") { $0[dotted: "spec.replicas"] = 3 }
        #expect(scaled.generation == 2 && scaled.resourceVersion == store.version)
        let seen = try store.modify(.deployments, "web", in: "shop", .status) {
            $0[dotted: "spec.replicas"] = 9
            $0[dotted: "status.replicas"] = 3
        }
        #expect(seen.generation == 2 && seen[dotted: "spec.replicas"] == 3 && seen[dotted: "status.replicas"] == 3)
        let version = store.version
        try store.modify(.deployments, "web", in: "shop") { $0[dotted: "spec.replicas"] = 3 }
        #expect(store.version == version, "what changes nothing has no version")
    }

    @Test func refusesStaleAndTakenAndForeign() throws {
        let made = try store.create(.configMaps, ["metadata": ["name": "a"], "data": ["k": "1"]], in: "shop")
        #expect(
            refusal { try store.create(.configMaps, ["metadata": ["name": "a"]], in: "shop") }?.reason
                == "AlreadyExists")
        try store.modify(.configMaps, "a", in: "shop") { $0[dotted: "data.k"] = "2" }
        #expect(refusal { try store.update(.configMaps, made, in: "shop") }?.reason == "Conflict")
        var foreign = try store.get(.configMaps, "a", in: "shop")
        foreign[path: ["metadata", "uid"]] = "other"
        foreign[path: ["metadata", "resourceVersion"]] = nil
        #expect(refusal { try store.update(.configMaps, foreign, in: "shop") }?.code == 409)
        #expect(
            refusal { try store.delete(.configMaps, "a", in: "shop", DeleteOptions(uid: "other")) }?.code == 409)
        #expect(
            refusal { try store.delete(.configMaps, "a", in: "shop", DeleteOptions(resourceVersion: "1")) }?.code
                == 409)
        #expect(refusal { try store.create(.configMaps, ["metadata": ["name": "a"]], in: "none") }?.code == 404)
        #expect(store.find(.configMaps, "a", in: "shop")?[dotted: "data.k"] == "2")
    }

    /// Telling a reader locks its task, and so does cancelling it: the two met in the store's lock and stood still.
    @Test(.timeLimit(.minutes(2))) func readersLeaveWhileThereIsNews() async throws {
        try store.create(.configMaps, ["metadata": ["name": "news"]], in: "shop")
        let (store, isOver) = (store, Flag())
        await withTaskGroup { group in
            group.addTask {
                var turn = 0
                while !isOver.isSet {
                    turn += 1
                    _ = try? store.modify(.configMaps, "news", in: "shop") {
                        $0[path: ["data"]] = ["k": .string(String(turn))]
                    }
                }
            }
            for _ in 0..<2000 {
                let heard = Flag()
                let reader = Task { for await _ in store.follow([.configMaps]) { heard.set() } }
                while !heard.isSet { try? await Task.sleep(for: .milliseconds(2)) }
                reader.cancel()
                await reader.value
            }
            isOver.set()
        }
    }

    @Test func podsGetTimeToEnd() throws {
        try store.create(.pods, .pod("waits"), in: "shop")
        #expect(try { if case .gone = try store.delete(.pods, "waits", in: "shop") { true } else { false } }())
        try store.create(.pods, .pod("runs", node: "node-0"), in: "shop")
        let first = try store.delete(.pods, "runs", in: "shop").object
        #expect(first["metadata"]?["deletionGracePeriodSeconds"] == 30 && first.isBeingDeleted)
        let shorter = try store.delete(.pods, "runs", in: "shop", DeleteOptions(gracePeriod: 5)).object
        #expect(shorter["metadata"]?["deletionGracePeriodSeconds"] == 5)
        _ = try store.delete(.pods, "runs", in: "shop", .now)
        #expect(store.find(.pods, "runs", in: "shop") == nil)
    }

    @Test func finalizersHoldWhatIsDeleted() throws {
        try store.create(
            .configMaps, ["metadata": ["name": "held", "finalizers": ["example.com/hold"]]], in: "shop")
        #expect(try store.delete(.configMaps, "held", in: "shop").object.isBeingDeleted)
        #expect(store.find(.configMaps, "held", in: "shop") != nil)
        try store.modify(.configMaps, "held", in: "shop") { $0[path: ["metadata", "finalizers"]] = [] }
        #expect(store.find(.configMaps, "held", in: "shop") == nil)
    }

    private func family() throws -> JSON {
        let owner = try store.create(.configMaps, ["metadata": ["name": "owner"]], in: "shop")
        let reference: JSON = [
            "apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": .string(owner.uid), "controller": true,
            "blockOwnerDeletion": true,
        ]
        for name in ["one", "two"] {
            try store.create(
                .secrets, ["metadata": ["name": .string(name), "ownerReferences": [reference]]], in: "shop")
        }
        return owner
    }

    @Test func dependentsGoInTheBackground() throws {
        _ = try family()
        _ = try store.delete(.configMaps, "owner", in: "shop")
        #expect(store.list(.secrets, in: "shop").items.isEmpty)
    }

    @Test func theOwnerWaitsInTheForeground() throws {
        _ = try family()
        try store.modify(.secrets, "one", in: "shop") { $0[path: ["metadata", "finalizers"]] = ["example.com/hold"] }
        let options = DeleteOptions(propagation: .foreground)
        #expect(try store.delete(.configMaps, "owner", in: "shop", options).object.finalizers == ["foregroundDeletion"])
        #expect(store.list(.secrets, in: "shop").items.map(\.name) == ["one"])
        #expect(store.find(.configMaps, "owner", in: "shop") != nil)
        try store.modify(.secrets, "one", in: "shop") { $0[path: ["metadata", "finalizers"]] = [] }
        #expect(store.find(.configMaps, "owner", in: "shop") == nil)
    }

    @Test func orphansStay() throws {
        _ = try family()
        _ = try store.delete(.configMaps, "owner", in: "shop", DeleteOptions(propagation: .orphan))
        #expect(store.list(.secrets, in: "shop").items.map(\.owners.count) == [0, 0])
        let stray: JSON = ["apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": "gone"]
        try store.create(.secrets, ["metadata": ["name": "stray", "ownerReferences": [stray]]], in: "shop")
        #expect(store.find(.secrets, "stray", in: "shop") == nil)
    }

    @Test(arguments: [
        ("app=web", ["a", "b"]), ("app==web,tier!=back", ["a"]), ("app in (web, db)", ["a", "b", "c"]),
        ("app notin (web)", ["c", "d"]), ("tier", ["a", "b"]), ("!tier", ["c", "d"]), ("rank>5", ["b"]),
        ("rank<5,app", ["a"]), ("", ["a", "b", "c", "d"]),
    ]) func selectsByLabels(selector: String, expected: [String]) throws {
        let labels: [String: [String: String]] = [
            "a": ["app": "web", "tier": "front", "rank": "1"], "b": ["app": "web", "tier": "back", "rank": "9"],
            "c": ["app": "db"], "d": [:],
        ]
        for (name, labels) in labels { try store.create(.pods, .pod(name, labels: labels), in: "shop") }
        let found = store.list(.pods, in: "shop", labels: try LabelSelector(parsing: selector))
        #expect(found.items.map(\.name) == expected)
    }

    @Test func selectsByFields() throws {
        try store.create(.pods, .pod("a", node: "node-0"), in: "shop")
        try store.create(.pods, .pod("b"), in: "shop")
        func names(_ text: String) throws -> [String] {
            store.list(.pods, in: "shop", fields: try FieldSelector(parsing: text, for: .pods)).items.map(\.name)
        }
        #expect(try names("spec.nodeName=node-0") == ["a"])
        #expect(try names("spec.nodeName!=node-0,status.phase=Pending") == ["b"])
        #expect(try names("metadata.name=b") == ["b"])
        #expect(refusal { _ = try FieldSelector(parsing: "spec.image=x", for: .pods) }?.code == 400)
    }

    @Test func watchesFromAVersionUntilCompacted() async throws {
        let start = store.version
        try store.create(.configMaps, ["metadata": ["name": "a"]], in: "shop")
        try store.modify(.configMaps, "a", in: "shop") { $0["data"] = ["k": "v"] }
        _ = try store.delete(.configMaps, "a", in: "shop")
        let watch = try store.watch(.configMaps, in: "shop", after: start)
        store.bookmark(watch, .configMaps)
        store.close()
        var seen: [String] = []
        for await event in watch.stream { seen.append(event.change.rawValue) }
        #expect(seen == ["ADDED", "MODIFIED", "DELETED", "BOOKMARK"])
        store.compact()
        #expect(refusal { _ = try store.watch(.configMaps, in: "shop", after: start) }?.code == 410)
        _ = try store.watch(.configMaps, in: "shop", after: store.version)
    }

    @Test func timeCanBeFaster() async throws {
        let clock = KubernetesClock.faster(1000)
        let begin = clock.now()
        try await clock.sleep(.seconds(100))
        #expect(clock.now() - begin >= .seconds(100))
    }
}

private final class Flag: Sendable {
    private let value = Mutex(false)
    var isSet: Bool { value.withLock { $0 } }
    func set() { value.withLock { $0 = true } }
}
