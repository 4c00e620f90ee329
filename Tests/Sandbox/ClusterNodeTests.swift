import Host
import Testing

@testable import Sandbox

/// What the kubelets answer: logs, commands, statistics; and how they refuse.
@Suite struct ClusterNodeTests {
    private func text(_ fixture: ClusterFixture, _ pod: String, _ change: (inout LogRequest) -> Void = { _ in }) throws
        -> String
    {
        var request = LogRequest(namespace: fixture.namespace, pod: pod)
        change(&request)
        var cursor = try fixture.cluster.logs(request)
        var bytes: [UInt8] = []
        while case let part = cursor.read(1000), !part.isEmpty { bytes += part }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func refusal(_ body: () throws -> Void) -> KubernetesStatus? {
        do { try body() } catch { return error as? KubernetesStatus }
        return nil
    }

    @Test func logsAreReadFromAPlaceToTheEnd() async throws {
        try await ClusterFixture.with { fixture in
            try fixture.deploy("web", replicas: 1)
            #expect(try await fixture.rolledOut("web"))
            let pod = try #require(fixture.pods("web").first).name
            let now = fixture.store.clock.now()
            let lines = (1...10).map { LogLine(at: now - .seconds(60 * (11 - $0)), "line \($0)") }
            try fixture.cluster.log(pod: pod, in: "shop", lines)
            #expect(try text(fixture, pod) == lines.map { String(decoding: $0.text, as: UTF8.self) + "\n" }.joined())
            #expect(try text(fixture, pod) { $0.tailLines = 2 } == "line 9\nline 10\n")
            #expect(try text(fixture, pod) { $0.since = now - .seconds(150) } == "line 9\nline 10\n")
            #expect(try text(fixture, pod) { $0.limitBytes = 9 } == "line 1\nli")
            let stamped = try text(fixture, pod) { ($0.timestamps, $0.tailLines) = (true, 1) }
            #expect(stamped == "\(lines[9].at.nanoTimestamp) line 10\n")
            #expect(stamped.prefix { $0 != " " }.count == 30)
            try fixture.cluster.rotateLogs(pod: pod, in: "shop", keepingFrom: now - .seconds(150))
            #expect(try text(fixture, pod) == "line 9\nline 10\n")
            #expect(refusal { _ = try text(fixture, pod) { $0.previous = true } }?.code == 400)
            #expect(refusal { _ = try text(fixture, pod) { $0.container = "other" } }?.code == 400)
            #expect(refusal { _ = try text(fixture, "nobody") }?.code == 404)
        }
    }

    @Test func followingSeesWhatComesAndEndsWithTheContainer() async throws {
        try await ClusterFixture.with { fixture in
            try fixture.deploy("web", replicas: 1)
            #expect(try await fixture.rolledOut("web"))
            let pod = try #require(fixture.pods("web").first).name
            var request = LogRequest(namespace: "shop", pod: pod)
            request.follow = true
            var cursor = try fixture.cluster.logs(request)
            #expect(cursor.read().isEmpty)
            #expect(cursor.isOpen)
            try fixture.cluster.log(pod: pod, in: "shop", [LogLine(at: fixture.store.clock.now(), "hello")])
            #expect(cursor.read() == Array("hello\n".utf8))
            try fixture.store.delete(.deployments, "web", in: "shop")
            #expect(try await fixture.cluster.eventually { _ in !cursor.isOpen })
        }
    }

    @Test func thePreviousInstanceKeepsItsLog() async throws {
        try await ClusterFixture.with(speed: 50) { fixture in
            fixture.cluster.setLog(LogPattern(linesPerHour: 3_600_000, component: "web"), labels: ["app": "web"])
            let mark = fixture.cluster.script(image: "web", .crashes(after: .seconds(5)))
            try fixture.deploy("web", replicas: 1)
            func status() -> JSON? { fixture.pods("web").first?[dotted: "status.containerStatuses"]?[0] }
            #expect(try await fixture.cluster.eventually { _ in status()?["restartCount"]?.int ?? 0 >= 1 })
            fixture.cluster.unscript(mark)
            #expect(try await fixture.rolledOut("web"))
            let pod = try #require(fixture.pods("web").first).name
            let previous = try text(fixture, pod) { $0.previous = true }
            let current = try text(fixture, pod)
            #expect(!previous.isEmpty)
            #expect(previous != current)
        }
    }

    @Test func unreadableLogsAreRefusedOrApologisedFor() async throws {
        try await ClusterFixture.with { fixture in
            try fixture.deploy("web", replicas: 1)
            #expect(try await fixture.rolledOut("web"))
            let pod = try #require(fixture.pods("web").first)
            try fixture.cluster.setLogFault(.nodeRefuses, pod: pod.name, in: "shop")
            #expect(refusal { _ = try text(fixture, pod.name) }?.code == 500)
            try fixture.cluster.setLogFault(.fileGone, pod: pod.name, in: "shop")
            #expect(try text(fixture, pod.name).hasPrefix("unable to retrieve container logs for containerd://"))
            try fixture.cluster.setLogFault(nil, pod: pod.name, in: "shop")
            #expect(try text(fixture, pod.name).isEmpty)
            let node = try #require(pod[dotted: "spec.nodeName"]?.string)
            fixture.cluster.setLost(node: node, true)
            #expect(refusal { _ = try text(fixture, pod.name) }?.message.contains("i/o timeout") == true)
            #expect(refusal { _ = try fixture.cluster.statsSummary(node: node) }?.code == 500)
        }
    }

    @Test func commandsAnswerAsSetOrAsTheContainerWould() async throws {
        try await ClusterFixture.with { fixture in
            try fixture.deploy("web", replicas: 1)
            #expect(try await fixture.rolledOut("web"))
            let pod = try #require(fixture.pods("web").first)
            func run(_ command: String...) throws -> ExecAnswer {
                try fixture.cluster.exec(pod: pod.name, in: "shop", command: command)
            }
            fixture.cluster.fillDisk(pod: pod.name, in: "shop", percent: 91)
            let disk = String(decoding: try run("df", "-P", "/").output, as: UTF8.self).split(separator: "\n")
            #expect(disk.count == 2)
            #expect(
                disk.last?.split(separator: " ").map(String.init) == [
                    "overlay", "104857600", "95420416", "9437184", "91%", "/",
                ])
            #expect(try run("false").exitCode == 1)
            #expect(try run("sh", "-c", "exit 7").exitCode == 7)
            #expect(String(decoding: try run("sh", "-c", "hostname").output, as: UTF8.self) == pod.name + "\n")
            #expect(try run("cat", "/no/such").exitCode == 1)
            fixture.cluster.setFile("/app/VERSION", of: .labels(["app": "web"]), Array("1.2\n".utf8))
            #expect(try run("cat", "/app/VERSION").output == Array("1.2\n".utf8))
            let mark = fixture.cluster.setCommand(
                ["npm", "outdated"], of: .image("web"), ExecAnswer("{}", exitCode: 1))
            #expect(try run("npm", "outdated", "--json").output == Array("{}".utf8))
            fixture.cluster.unsetCommand(mark)
            #expect(refusal { _ = try run("npm", "outdated") }?.message.contains("executable file not found") == true)
        }
    }

    @Test func statisticsTellOfDisksAndVolumes() async throws {
        let world = try await SteamTrapCluster.start()
        world.cluster.fillDisk(claim: "redis-data", in: SteamTrapCluster.namespace, percent: 90)
        let pod = try #require(world.pods(of: "redis").first)
        let node = try #require(pod[dotted: "spec.nodeName"]?.string)
        let summary = try world.cluster.statsSummary(node: node)
        let stats = summary["pods"]?.array?.first { $0[dotted: "podRef.uid"]?.string == pod.uid }
        let volume = stats?["volume"]?[0]
        #expect(volume?[dotted: "pvcRef.name"] == "redis-data")
        #expect(volume?["capacityBytes"]?.int == 10 << 30)
        #expect(volume?["usedBytes"]?.int == (10 << 30) * 9 / 10)
        let root = stats?["containers"]?[0]?["rootfs"]
        #expect((root?["availableBytes"]?.int ?? 0) > 0)
        let metrics = try world.cluster.kubeletMetrics(node: node)
        let label = "{namespace=\"greenlang-gl008\",persistentvolumeclaim=\"redis-data\"} "
        #expect(metrics.contains("kubelet_volume_stats_used_bytes\(label)\((10 << 30) * 9 / 10)\n"))
        #expect(metrics.contains("kubelet_volume_stats_capacity_bytes\(label)\(10 << 30)\n"))
        #expect(try world.cluster.cadvisorMetrics(node: node).contains("container_fs_usage_bytes{container=\"redis\""))
        // A pod's memory grows with its age: a restart gives it back.
        let old = world.cluster.usage(of: pod).memoryBytes
        try world.store.delete(.pods, pod.name, in: SteamTrapCluster.namespace)
        #expect(
            try await world.cluster.eventually { _ in
                world.pods(of: "redis").contains { $0.uid != pod.uid && Workload.isReady($0) }
            })
        let young = try #require(world.pods(of: "redis").first { $0.uid != pod.uid })
        #expect(world.cluster.usage(of: young).memoryBytes < old - (100 << 20))
        world.cluster.setStatsRefused(node: node, true)
        #expect(refusal { _ = try world.cluster.statsSummary(node: node) }?.code == 500)
        await world.stop()
    }
}
