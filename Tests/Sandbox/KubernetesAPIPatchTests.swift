import Testing

@testable import Sandbox

/// The four kinds of patch.
@Suite struct KubernetesAPIPatchTests {
    private let store: KubernetesStore

    init() throws {
        store = KubernetesStore()
        try store.create(.namespaces, ["metadata": ["name": "shop"]])
        var web = JSON.deployment("web")
        web[path: ["spec", "template", "spec", "containers"]] = [
            [
                "name": "main", "image": "shop/main:1",
                "env": [["name": "A", "value": "1"], ["name": "B", "value": "2"]],
            ],
            ["name": "side", "image": "shop/side:1"],
        ]
        web[path: ["metadata", "finalizers"]] = ["example.com/a", "example.com/b"]
        try store.create(.deployments, web, in: "shop", WriteOptions(manager: "setup"))
    }

    private func patch(_ patch: KubernetesPatch, manager: String = "tester") throws -> JSON {
        try store.patch(.deployments, "web", in: "shop", patch, WriteOptions(manager: manager))
    }

    private func containers(_ object: JSON) -> [JSON] {
        object[dotted: "spec.template.spec.containers"]?.array ?? []
    }

    private func refusal(_ body: () throws -> Void) -> KubernetesStatus? {
        do { try body() } catch let status as KubernetesStatus { return status } catch { return nil }
        return nil
    }

    @Test func jsonPatchTestsBeforeItChanges() throws {
        let changed = try patch(
            .json([
                ["op": "test", "path": "/spec/replicas", "value": 1],
                ["op": "replace", "path": "/spec/replicas", "value": 4],
                ["op": "add", "path": "/metadata/annotations", "value": ["example.com/x": "y"]],
                ["op": "add", "path": "/spec/template/spec/containers/-", "value": ["name": "new", "image": "n:1"]],
                ["op": "remove", "path": "/spec/template/spec/containers/1"],
                ["op": "copy", "from": "/spec/replicas", "path": "/spec/minReadySeconds"],
                ["op": "move", "from": "/metadata/annotations/example.com~1x", "path": "/metadata/annotations/z"],
            ]))
        #expect(changed[dotted: "spec.replicas"] == 4 && changed[dotted: "spec.minReadySeconds"] == 4)
        #expect(changed.annotations == ["z": "y"])
        #expect(containers(changed).map { $0["name"]?.string } == ["main", "new"])
        for operation: JSON in [
            ["op": "test", "path": "/spec/replicas", "value": 1], ["op": "remove", "path": "/spec/nothing"],
            ["op": "add", "path": "/spec/no/such", "value": 1], ["op": "jump", "path": "/spec"],
        ] {
            #expect(refusal { _ = try patch(.json([operation])) }?.code == 422)
        }
        #expect(try store.get(.deployments, "web", in: "shop")[dotted: "spec.replicas"] == 4)
    }

    @Test func mergePatchReplacesLists() throws {
        let changed = try patch(
            .merge([
                "metadata": ["labels": ["a": "b"]],
                "spec": ["template": ["spec": ["containers": [["name": "only", "image": "o:1"]]]]],
            ]))
        #expect(containers(changed).map { $0["name"]?.string } == ["only"])
        let without = try patch(.merge(["metadata": ["labels": ["a": .null]]]))
        #expect(without.labels["a"] == nil)
    }

    private func template(_ spec: JSON) -> KubernetesPatch { .strategic(["spec": ["template": ["spec": spec]]]) }

    @Test func strategicMergeKnowsTheKeys() throws {
        var changed = try patch(
            template(["containers": [["name": "main", "image": "shop/main:2", "env": [["name": "B", "value": "3"]]]]]))
        #expect(containers(changed).count == 2 && containers(changed)[0]["image"] == "shop/main:2")
        #expect(containers(changed)[0]["env"]?.array?.map { $0["value"]?.string } == ["1", "3"])
        changed = try patch(
            template([
                "$setElementOrder/containers": [["name": "side"], ["name": "main"]],
                "containers": [["name": "main", "env": [["name": "A", "$patch": "delete"]]]],
            ]))
        #expect(containers(changed).map { $0["name"]?.string } == ["side", "main"])
        #expect(containers(changed)[1]["env"]?.array?.map { $0["name"]?.string } == ["B"])
        changed = try patch(template(["containers": [["name": "side", "$patch": "delete"]]]))
        #expect(containers(changed).map { $0["name"]?.string } == ["main"])
        changed = try patch(
            template(["containers": [["$patch": "replace"], ["name": "fresh", "image": "f:1"]]]))
        #expect(containers(changed).map { $0["name"]?.string } == ["fresh"])
        changed = try patch(
            .strategic([
                "metadata": ["$deleteFromPrimitiveList/finalizers": ["example.com/a"]],
                "spec": ["strategy": ["$retainKeys": ["type"], "type": "Recreate"]],
            ]))
        #expect(changed.finalizers == ["example.com/b"])
        #expect(changed[dotted: "spec.strategy"] == ["type": "Recreate"])
        #expect(refusal { _ = try patch(template(["containers": [["image": "no-name"]]])) }?.code == 400)
    }

    private func wish(_ fields: JSON) -> JSON {
        var wish = fields
        wish["apiVersion"] = "apps/v1"
        wish["kind"] = "Deployment"
        return wish
    }

    @Test func applyOwnsWhatItWants() throws {
        let replicas = wish(["spec": ["replicas": 5]])
        let conflict = refusal { _ = try patch(.apply(replicas, manager: "scaler", force: false)) }
        #expect(conflict?.code == 409 && conflict?.message.contains(".spec.replicas") == true, "\(conflict as Any)")
        #expect(conflict?.message.contains("\"setup\" using apps/v1") == true)
        let forced = try patch(.apply(replicas, manager: "scaler", force: true))
        #expect(forced[dotted: "spec.replicas"] == 5)
        let entry = Managed.entries(forced).first { $0["manager"] == "scaler" }
        #expect(entry?["operation"] == "Apply" && entry?["fieldsV1"] == ["f:spec": ["f:replicas": [:]]])
        #expect(Managed.entries(forced).contains { $0["manager"] == "setup" })
        let same = try patch(.apply(replicas, manager: "scaler", force: false))
        #expect(same.resourceVersion == forced.resourceVersion, "what is so already has no new version")
    }

    @Test func applyTakesBackWhatItNoLongerWants() throws {
        let label = wish(["metadata": ["labels": ["mine": "1", "also": "2"]]])
        #expect(try patch(.apply(label, manager: "labels", force: false)).labels == ["mine": "1", "also": "2"])
        let less = wish(["metadata": ["labels": ["mine": "1"]]])
        #expect(try patch(.apply(less, manager: "labels", force: false)).labels == ["mine": "1"])
        let item = wish([
            "spec": ["template": ["spec": ["containers": [["name": "probe", "image": "p:1"]]]]]
        ])
        let withProbe = try patch(.apply(item, manager: "probes", force: false))
        #expect(containers(withProbe).map { $0["name"]?.string } == ["main", "side", "probe"])
        let without = try patch(.apply(wish(["metadata": ["labels": ["p": "q"]]]), manager: "probes", force: false))
        #expect(containers(without).map { $0["name"]?.string } == ["main", "side"])
    }

    @Test func dryRunsChangeNothing() throws {
        let version = store.version
        let options = WriteOptions(dryRun: true, manager: "tester")
        let tried = try store.patch(
            .deployments, "web", in: "shop", .merge(["spec": ["replicas": 7]]), options)
        #expect(tried[dotted: "spec.replicas"] == 7)
        _ = try store.create(.configMaps, ["metadata": ["name": "dry"]], in: "shop", options)
        _ = try store.delete(.deployments, "web", in: "shop", DeleteOptions(dryRun: true))
        #expect(store.version == version && store.find(.configMaps, "dry", in: "shop") == nil)
    }

    @Test func refusesWhatIsInvalid() throws {
        func causes(_ change: KubernetesPatch) -> [String] {
            let status = refusal { _ = try patch(change) }
            #expect(status?.code == 422)
            return status?.details?["causes"]?.array?.compactMap { $0["field"]?.string } ?? []
        }
        #expect(causes(.merge(["spec": ["replicas": -1]])) == ["spec.replicas"])
        #expect(
            causes(.merge(["spec": ["selector": ["matchLabels": ["app": "other"]]]]))
                == ["spec.selector", "spec.template.metadata.labels"])
        #expect(causes(template(["restartPolicy": "Never"])) == ["spec.template.spec.restartPolicy"])
        #expect(
            causes(template(["containers": [["name": "main", "image": ""]]]))
                == ["spec.template.spec.containers[0].image"])
    }
}
