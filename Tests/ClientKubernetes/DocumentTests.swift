import FoundationEssentials
import Host
import Maintenance
import Testing

@testable import ClientKubernetes

struct DocumentTests {
    private static func fixture(_ scenario: String) throws -> Data {
        try Data(
            contentsOf: URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .appending(path: "Fixtures/kubernetes/\(scenario).json"))
    }

    /// What the house's own decoder makes of real answers, this reader makes of them, too.
    @Test(arguments: ["pods", "rollout-restart", "config-and-secrets", "scale"])
    func asTheStandardDecoderReads(scenario: String) throws {
        let data = try Self.fixture(scenario)
        #expect(try KubernetesJSON.read(Array(data)) == JSONDecoder().decode(ClientKubernetesJSON.self, from: data))
    }

    /// The recordings of `scale` hold them still.
    @Test func managedFieldsAreLeftOutAtWill() throws {
        let bytes = Array(#"{"items":[{"metadata":{"managedFields":[{"a":[1,{}]}],"name":"x"}}]}"#.utf8)
        #expect(try KubernetesJSON.read(bytes, leaving: .managedFields) == ["items": [["metadata": ["name": "x"]]]])
        #expect(try KubernetesJSON.read(bytes)["items"]?["0"]?["metadata"]?["managedFields"] != nil)
    }

    @Test func hostileDocumentsAreBounded() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: JSONReader.Mistake.self) { try KubernetesJSON.read(Array(deep.utf8)) }
    }

    @Test func anObject() throws {
        let object = KubernetesObject(
            [
                "kind": "Pod",
                "metadata": [
                    "name": "a", "namespace": "n", "uid": "u", "resourceVersion": "7", "generation": 2,
                    "labels": ["app": "x", "odd": 5], "creationTimestamp": "2026-11-20T22:33:17Z",
                    "ownerReferences": [
                        ["kind": "Job", "name": "j", "uid": "1"],
                        ["kind": "ReplicaSet", "name": "r", "uid": "2", "controller": true],
                    ],
                ],
                "status": ["conditions": [["type": "Ready"]]],
            ])
        #expect(object.name == "a" && object.namespace == "n" && object.uid == "u" && object.resourceVersion == "7")
        #expect(object.generation == 2 && object.labels == ["app": "x"] && object.annotations.isEmpty)
        #expect(object.created?.description == "2026-11-20T22:33:17Z" && object.deleted == nil)
        #expect(object.owners.count == 2 && object.controller?.name == "r")
        #expect(object["status", "conditions", "0", "type"] == "Ready" && object["spec", "x"] == nil)
        #expect(object.outline.name == "a" && object.outline["status"] == nil && object.outline["kind"] == "Pod")
    }
}
