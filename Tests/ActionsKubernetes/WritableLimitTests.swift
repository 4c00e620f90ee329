import Host
import Maintenance
import Sandbox
import Testing

@testable import ActionsKubernetes

/// The limits of what pods may write, and the pods out of their nodes' own files, by what one kubelet tells.
struct WritableLimitTests {
    private typealias Container = (name: String, limit: String?)
    /// What it has written, in MiB; `nil` where the kubelet does not say it.
    private typealias Use = (name: String, layer: Int?, logs: Int?)

    private func pod(_ containers: [Container], mirrorOf hash: String? = nil) -> String {
        let spec = containers.map { name, limit in
            let limits = limit.map { #","resources":{"limits":{"ephemeral-storage":"\#($0)"}}"# }
            return #"{"name":"\#(name)"\#(limits ?? "")}"#
        }.joined(separator: ",")
        let status = containers.map { #"{"name":"\#($0.name)","restartCount":0,"state":{"running":{}}}"# }
            .joined(separator: ",")
        let annotations = hash.map { #","annotations":{"kubernetes.io/config.mirror":"\#($0)"}"# }
        return """
            {"metadata":{"name":"web-0","namespace":"shop","uid":"uid-0"\(annotations ?? "")},
            "spec":{"nodeName":"node-0","containers":[\(spec)]},
            "status":{"phase":"Running","containerStatuses":[\(status)]}}
            """
    }

    private func stats(_ uses: [Use], total: Int?, uid: String = "uid-0") -> String {
        func used(_ mebibytes: Int?) -> String { mebibytes.map { #","usedBytes":\#($0 << 20)"# } ?? "" }
        let disk = #""capacityBytes":1000000000000,"availableBytes":900000000000"#
        let containers = uses.map {
            #"{"name":"\#($0.name)","rootfs":{\#(disk)\#(used($0.layer))},"logs":{\#(disk)\#(used($0.logs))}}"#
        }.joined(separator: ",")
        return """
            {"podRef":{"name":"web-0","namespace":"shop","uid":"\(uid)"},"containers":[\(containers)],
            "ephemeral-storage":{\(disk)\(used(total))}}
            """
    }

    private func look(_ pod: String, _ stats: String) async throws -> Observation {
        let cluster = try ScriptedLogs()
        let base = "/api/v1/namespaces/shop/"
        for (kind, items, path) in [
            ("PodList", pod, base + "pods"), ("PersistentVolumeClaimList", "", base + "persistentvolumeclaims"),
        ] {
            cluster.put(
                #"{"kind":"\#(kind)","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[\#(items)]}"#,
                at: path)
        }
        cluster.put(#"{"node":{},"pods":[\#(stats)]}"#, at: "/api/v1/nodes/node-0/proxy/stats/summary")
        let step = try ClusterStep(
            "kubernetes.disk", ["nodes": .text("false")], kubeconfig: try cluster.kubeconfig(),
            patience: .seconds(40), run: "run-1")
        return try await doing {
            try await step.observe()
        } finally: {
            await step.targets.close()
        }
    }

    /// The roots are a tenth full; the room that another container has left is of no use to one that has none.
    @Test func aContainerNearItsOwnLimit() async throws {
        let pod = self.pod([("main", "100Mi"), ("proxy", "1Gi")])
        let seen = try await look(pod, stats([("main", 90, 5), ("proxy", 2, 1)], total: 98))
        #expect(seen.findings.isEmpty && seen.value("used_percent") == 95)
        #expect(seen.summary.hasPrefix("limit web-0/main is 95 % full"))
        let well = try await look(pod, stats([("main", 2, 1), ("proxy", 90, 5)], total: 98))
        #expect(well.value("used_percent") == 10 && well.findings.isEmpty)
    }

    /// With its own volumes, and with what a container without a limit writes: so a kubelet sums.
    @Test func aPodNearTheSumOfItsLimits() async throws {
        var pod = self.pod([("main", "100Mi"), ("proxy", "100Mi")])
        var seen = try await look(pod, stats([("main", 40, 10), ("proxy", 40, 10)], total: 190))
        #expect(seen.value("used_percent") == 95 && seen.summary.hasPrefix("limit web-0 is 95 % full"))
        pod = self.pod([("main", "100Mi"), ("proxy", nil)])
        seen = try await look(pod, stats([("main", 5, 5), ("proxy", 70, 15)], total: 95))
        #expect(seen.value("used_percent") == 95 && seen.summary.hasPrefix("limit web-0 is 95 % full"))
        #expect(seen.findings.isEmpty)
    }

    @Test func whatTheKubeletDoesNotSayIsUnknown() async throws {
        func missed(_ containers: [Container], _ uses: [Use], _ total: Int?) async throws -> [String] {
            let seen = try await look(pod(containers), stats(uses, total: total))
            #expect(seen.findings.allSatisfy { $0.severity == .unknown })
            return seen.findings.map(\.subject)
        }
        let limited: [Container] = [("main", "100Mi")]
        #expect(try await missed(limited, [("main", 1, 1)], 2) == [])
        #expect(try await missed(limited, [("main", nil, 1)], 2) == ["limit web-0/main"])
        #expect(try await missed(limited, [("main", 1, nil)], 2) == ["limit web-0/main"])
        #expect(try await missed(limited, [("main", 1, 1)], nil) == ["limit web-0"])
        #expect(try await missed([("main", "much")], [("main", 1, 1)], 2) == ["limit web-0/main"])
        #expect(try await missed([("main", nil)], [("main", nil, nil)], nil) == [])
    }

    /// A kubelet tells of a static pod by a uid that its mirror in the API has as an annotation only.
    @Test func aStaticPod() async throws {
        let told = stats([("main", 90, 5)], total: 95, uid: "hash-0")
        let seen = try await look(pod([("main", "100Mi")], mirrorOf: "hash-0"), told)
        #expect(seen.findings.isEmpty && seen.value("used_percent") == 95)
        let other = try await look(pod([("main", "100Mi")]), told)
        #expect(other.findings.map(\.subject) == ["pod web-0"])
    }

    @Test func theSumOfLimits() {
        func limit(_ init: [JSONValue], _ serving: [JSONValue], overhead: String? = nil) -> Double? {
            let pod: JSONValue = ["spec": ["initContainers": .list(`init`), "containers": .list(serving)]]
            return WritableLimits(
                overhead.map { pod.with(.text($0), at: "spec", "overhead", "ephemeral-storage") } ?? pod
            ).pod
        }
        func container(_ limit: String, restart: String? = nil) -> JSONValue {
            let made: JSONValue = ["name": "x", "resources": ["limits": ["ephemeral-storage": .text(limit)]]]
            return made.with(restart.map { .text($0) }, at: "restartPolicy")
        }
        #expect(limit([], [container("10"), container("20"), ["name": "free"]]) == 30)
        #expect(limit([container("100")], [container("10")]) == 100)
        #expect(limit([container("5", restart: "Always"), container("100")], [container("10")]) == 105)
        #expect(limit([container("5", restart: "Always")], [container("10")], overhead: "1") == 16)
        #expect(limit([], [["name": "free"]], overhead: "1") == nil && limit([], [container("much")]) == nil)
    }
}
