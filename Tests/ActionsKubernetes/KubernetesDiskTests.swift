import ClientPrometheus
import Host
import Maintenance
import Sandbox
import Testing

@testable import ActionsKubernetes

/// How full the disks are: by the kubelets of the stand-in cluster, and by a Prometheus.
struct KubernetesDiskTests {
    /// A deployment with a claim, and a claim that nobody mounts.
    private func with(_ body: (ClusterBench) async throws -> Void) async throws {
        try await ClusterBench.with { bench in
            try bench.store.create(.storageClasses, ["metadata": ["name": "fast"], "provisioner": "csi.example.com"])
            for name in ["data", "spare"] {
                try bench.store.create(
                    .persistentVolumeClaims,
                    [
                        "metadata": ["name": .string(name)],
                        "spec": [
                            "accessModes": ["ReadWriteOnce"], "storageClassName": "fast",
                            "resources": ["requests": ["storage": "10Gi"]],
                        ],
                    ], in: "shop")
            }
            let volumes: JSON = [["name": "data", "persistentVolumeClaim": ["claimName": "data"]]]
            try await bench.deploy("web", replicas: 2, ["template": bench.template("web", ["volumes": volumes])])
            try await body(bench)
        }
    }

    private func check(_ bench: ClusterBench, _ parameters: [String: PlanValue] = [:]) async throws -> Observation {
        try await bench.step("kubernetes.disk", parameters).observe()
    }

    @Test func allIsWell() async throws {
        try await with { bench in
            let seen = try await check(bench)
            #expect(seen.findings.isEmpty, "\(seen.findings)")
            #expect((40...65).contains(seen.value("used_percent") ?? 0) && seen.value("unmounted") == 1)
            let mounts = seen.details.compactMap { $0["mount"]?.asText }
            #expect(mounts.contains("claim data") && mounts.contains("claim spare"))
            #expect(mounts.filter { $0.hasPrefix("pod web-") }.count == 2)
            #expect(seen.value("claims_percent") != nil && seen.value("inodes_percent") != nil)
        }
    }

    @Test func theFullestIsTheVerdicts() async throws {
        try await with { bench in
            try bench.cluster.fillDisk(claim: "data", in: "shop", percent: 90)
            var seen = try await check(bench)
            #expect(
                seen.value("used_percent").map { $0.rounded() } == 90 && seen.summary.hasPrefix("claim data is 90 %"))
            #expect(seen.value("claims_percent") == seen.value("used_percent"))
            #expect(try await check(bench, ["except": .text("data")]).value("used_percent").map { $0 < 70 } == true)
            try bench.cluster.fillDisk(claim: "data", in: "shop", percent: nil)
            let pod = bench.name(bench.pods(of: "web")[0])
            try bench.cluster.fillDisk(pod: pod, in: "shop", percent: 91)
            seen = try await check(bench)
            #expect(
                seen.value("used_percent").map { $0.rounded() } == 91 && seen.summary.hasPrefix("pod \(pod) is 91 %"))
        }
    }

    @Test func whatCannotBeReadIsUnknown() async throws {
        try await with { bench in
            let node = try #require(bench.pods(of: "web").first?[dotted: "spec.nodeName"]?.string)
            try bench.cluster.setStatsRefused(node: node, true)
            let seen = try await check(bench)
            #expect(seen.findings.contains { $0.subject == "node \(node)" && $0.severity == .unknown })
            #expect(seen.summary.contains("could not be looked at"))
            bench.server.fault(.status(403), resources: ["nodes"])
            #expect(try await check(bench).findings.allSatisfy { $0.severity == .unknown })
        }
    }

    @Test func aClaimOfAPodThatDoesNotStart() async throws {
        try await with { bench in
            try bench.cluster.script(image: "shop/slow", .pullFails(message: "manifest unknown"))
            let volumes: JSON = [["name": "spare", "persistentVolumeClaim": ["claimName": "spare"]]]
            let template = bench.template("slow", ["volumes": volumes])
            try bench.make(.deployments, "slow", replicas: 1, ["template": template])
            let isSo = try await bench.cluster.eventually { _ in
                bench.pods(of: "slow").contains { pod in
                    pod[dotted: "status.containerStatuses"]?[0]?[dotted: "state.waiting.message"] != nil
                }
            }
            #expect(isSo)
            let seen = try await check(bench)
            #expect(seen.findings.isEmpty && seen.value("unmounted") == 1, "\(seen.findings)")
        }
    }

    @Test func aClaimThatIsNotThere() async throws {
        try await with { bench in
            let seen = try await check(bench, ["claims": .text("models")])
            #expect(seen.findings.map(\.cause.code) == [.notFound] && seen.findings.first?.severity == .unknown)
        }
    }

    /// A kubelet that leaves a mounted claim out, and one that answers nonsense.
    @Test func summariesThatAreNotWhole() async throws {
        let pod = Made.pod("web-0", owner: nil)
            .with(.list([["name": "data", "persistentVolumeClaim": ["claimName": "data"]]]), at: "spec", "volumes")
        #expect(Pod(pod).claims == ["data": "data"])
        #expect(DiskUse(.claim, "data", ["capacityBytes": 0, "availableBytes": 0], isWholeFileSystem: true) == nil)
        #expect(DiskUse(.claim, "data", ["capacityBytes": 10, "availableBytes": 20], isWholeFileSystem: true) == nil)
        let use = DiskUse(
            .claim, "data",
            ["capacityBytes": 100, "availableBytes": 5, "usedBytes": 90, "inodes": 10, "inodesFree": 1],
            isWholeFileSystem: true)
        // What root alone may write does not count, as in df.
        #expect(use?.percent == 100 * 90.0 / 95 && use?.inodesPercent == 90)
    }

    // MARK: Prometheus

    /// A pod that mounts the claim `spare`; `nil` where nobody tells its phase.
    private typealias Mount = (pod: String, uid: String, phase: String?)

    private func prometheus(
        _ series: [String: [String: Double]], mounts: [Mount] = []
    ) async throws -> Observation {
        let server = try StandInServer()
        server.otherwise { request in
            let query = request.target.percentDecoded ?? request.target
            let metric = series.first { query.contains("(\($0.key){") }?.value ?? [:]
            var samples = metric.map { claim, value in
                #"{"metric":{"persistentvolumeclaim":"\#(claim)"},"value":[1763760000,"\#(value)"]}"#
            }
            for mount in mounts {
                let pod = #""pod":"\#(mount.pod)","uid":"\#(mount.uid)""#
                if query.contains("(kube_pod_spec_volumes_persistentvolumeclaims_info{") {
                    samples.append(#"{"metric":{"persistentvolumeclaim":"spare",\#(pod)},"value":[1763760000,"1"]}"#)
                } else if query.contains("(kube_pod_status_phase{"), let phase = mount.phase, phase != "Running" {
                    samples.append(#"{"metric":{"phase":"\#(phase)",\#(pod)},"value":[1763760000,"1"]}"#)
                }
            }
            let text =
                #"{"status":"success","data":{"resultType":"vector","result":["#
                + samples.joined(separator: ",") + "]}}"
            return Answer(status: 200, body: .bytes(Array(text.utf8)))
        }
        let definition = try #require(KubernetesActions.all.first { $0.name == "kubernetes.disk" })
        let configured = try definition.configured(with: .map([.init("namespace", .text("shop"))]))
        let kind = try TargetKindDefinition(PrometheusKind.self).target(from: .text(server.url("")))
        guard case .check(let check) = configured.work else { throw Unexpected() }
        let context = Context(
            host: .system, deadline: Host.system.steady() + .seconds(10), label: WorkLabel(run: "run", step: "disk"))
        let targets = StepTargets(OpenTarget(kind, on: .system))
        return try await doing {
            try await check.observe(targets, context)
        } finally: {
            await targets.close()
        }
    }

    @Test func byPrometheus() async throws {
        let whole: [String: [String: Double]] = [
            "kubelet_volume_stats_used_bytes": ["data": 72, "models": 10],
            "kubelet_volume_stats_capacity_bytes": ["data": 100, "models": 100],
            "kubelet_volume_stats_available_bytes": ["data": 28, "models": 90],
            "kube_persistentvolumeclaim_info": ["data": 1, "models": 1, "spare": 1],
            "kube_pod_spec_volumes_persistentvolumeclaims_info": ["data": 1, "models": 1],
        ]
        let seen = try await prometheus(whole)
        #expect(seen.value("used_percent") == 72 && seen.value("unmounted") == 1 && seen.findings.isEmpty)
        var gap = whole
        gap["kubelet_volume_stats_used_bytes"] = ["models": 10]
        #expect(try await prometheus(gap).findings.map(\.subject) == ["claim data"])
        // Without kube-state-metrics nobody would miss a claim.
        var blind = whole
        blind["kube_persistentvolumeclaim_info"] = nil
        blind["kube_pod_spec_volumes_persistentvolumeclaims_info"] = nil
        #expect(try await prometheus(blind).findings.map(\.cause.code) == [.partlyCovered])
        #expect(await causeOf { try await prometheus([:]) }?.code == .noData)
    }

    /// Of a claim that only pods mount which are over or not started no kubelet tells anything, and nothing is wrong.
    @Test func byPrometheusOnlyRunningPodsMount() async throws {
        let whole: [String: [String: Double]] = [
            "kubelet_volume_stats_used_bytes": ["data": 72], "kubelet_volume_stats_capacity_bytes": ["data": 100],
            "kubelet_volume_stats_available_bytes": ["data": 28],
            "kube_persistentvolumeclaim_info": ["data": 1, "spare": 1],
            "kube_pod_spec_volumes_persistentvolumeclaims_info": ["data": 1],
        ]
        let idle: [Mount] = [("job-1", "a", "Succeeded"), ("job-2", "b", "Failed"), ("job-3", "c", "Pending")]
        let seen = try await prometheus(whole, mounts: idle)
        #expect(seen.findings.isEmpty && seen.value("unmounted") == 1)
        // One that runs, one on a node that does not answer, one whose phase nobody tells, one that came anew.
        let busy: [Mount] = [
            ("db-0", "d", "Running"), ("db-0", "d", "Unknown"), ("db-0", "d", nil), ("job-1", "e", "Running"),
        ]
        for busy in busy {
            let seen = try await prometheus(whole, mounts: idle + [busy])
            #expect(seen.findings.map(\.subject) == ["claim spare"], "\(busy)")
            #expect(seen.findings.first?.severity == .unknown && seen.value("unmounted") == 0)
        }
    }
}
