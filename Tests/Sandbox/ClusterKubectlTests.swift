import Foundation
import Host
import Testing

@testable import Sandbox

/// kubectl does its work on STEAMTRAP's cluster as on a real one.
@Suite struct ClusterKubectlTests {
    /// Another version is tried with `KUBECTL=PATH`.
    private static let kubectl = ProcessInfo.processInfo.environment["KUBECTL"] ?? "/usr/bin/kubectl"

    private func with(
        speed: Double = 4,
        _ body: (SteamTrapCluster, @escaping ([String]) async throws -> ProgramOutput) async throws -> Void
    ) async throws {
        let world = try await SteamTrapCluster.start(speed: speed)
        let server = try await world.serve()
        let config = try server.kubeconfig(namespace: SteamTrapCluster.namespace)
        let home = try Scratch.folder()
        try await doing {
            try await body(world) { arguments in
                try await Program.output(
                    Self.kubectl, ["--kubeconfig", config, "--cache-dir", home] + arguments, limit: .seconds(60))
            }
        } finally: {
            await server.stop()
        }
    }

    private func names(_ pods: [JSON]) -> Set<String> { Set(pods.map(\.name)) }

    @Test func restartsAndWaits() async throws {
        try await with { world, kubectl in
            let before = names(world.pods(of: "worker"))
            let restarted = try await kubectl(["rollout", "restart", "deployment/worker"])
            #expect(restarted.text == "deployment.apps/worker restarted\n", "\(restarted.errorText)")
            let status = try await kubectl(["rollout", "status", "deployment/worker", "--timeout=30s"])
            #expect(status.status == 0, "\(status.errorText)")
            #expect(status.text.hasSuffix("deployment \"worker\" successfully rolled out\n"))
            // The last old pods may still be on their way out.
            #expect(names(world.pods(of: "worker").filter { !$0.isBeingDeleted }).isDisjoint(with: before))
            let history = try await kubectl(["rollout", "history", "deployment/worker"])
            #expect(history.text.contains("\n2 "), "\(history.text)\(history.errorText)")
        }
    }

    @Test func undoesAnImageThatIsNotThere() async throws {
        try await with { world, kubectl in
            world.cluster.script(image: "v9", .pullFails())
            let deadline = #"{"spec":{"progressDeadlineSeconds":6}}"#
            _ = try await kubectl(["patch", "deployment", "worker", "-p", deadline])
            let set = try await kubectl(["set", "image", "deployment/worker", "worker=greenlang/worker:v9"])
            #expect(set.text == "deployment.apps/worker image updated\n", "\(set.errorText)")
            let status = try await kubectl(["rollout", "status", "deployment/worker", "--timeout=30s"])
            #expect(status.status == 1)
            #expect(status.errorText.contains("exceeded its progress deadline"), "\(status.errorText)")
            let undone = try await kubectl(["rollout", "undo", "deployment/worker"])
            #expect(undone.text == "deployment.apps/worker rolled back\n", "\(undone.errorText)")
            let again = try await kubectl(["rollout", "status", "deployment/worker", "--timeout=30s"])
            #expect(again.status == 0, "\(again.errorText)")
            #expect(world.isHealthy)
        }
    }

    @Test func looksAtPodsLogsDisksAndJobs() async throws {
        try await with { world, kubectl in
            let pods = try await kubectl(["get", "pods", "--no-headers"])
            let running = pods.text.split(separator: "\n").filter { $0.contains(" Running ") }
            #expect(running.count == 17, "\(pods.text)\(pods.errorText)")
            #expect(pods.text.split(separator: "\n").filter { $0.contains(" Completed ") }.count == 4)
            let pod = try #require(world.pods(of: "steam-trap-inspector").first).name
            let logs = try await kubectl(["logs", pod, "--since=24h"])
            #expect((2_800...3_100).contains(logs.text.split(separator: "\n").count), "\(logs.errorText)")
            let disk = try await kubectl(["exec", "deployment/steam-trap-inspector", "--", "df", "-h", "/"])
            #expect(disk.text.contains("overlay") && disk.text.contains("%"), "\(disk.text)\(disk.errorText)")
            let outdated = try await kubectl(["exec", "deployment/api-gateway", "--", "npm", "outdated", "--json"])
            #expect(outdated.status == 1)
            #expect(outdated.text.contains("\"express\""), "\(outdated.errorText)")
            // kubectl's own `create job --from` speaks protobuf, which the stand-in does not.
            try world.cluster.run(cronJob: "ml-model-retraining", in: SteamTrapCluster.namespace, as: "retrain-model-7")
            let waited = try await kubectl(
                ["wait", "--for=condition=complete", "job/retrain-model-7", "--timeout=30s"])
            #expect(waited.status == 0, "\(waited.errorText)")
        }
    }

    @Test func scalesAndDeletes() async throws {
        try await with { world, kubectl in
            _ = try await kubectl(["scale", "deployment/api-gateway", "--replicas=5"])
            let up = try await kubectl(["rollout", "status", "deployment/api-gateway", "--timeout=30s"])
            #expect(up.status == 0, "\(up.errorText)")
            #expect(world.pods(of: "api-gateway").count == 5)
            let pod = try #require(world.pods(of: "api-gateway").first).name
            let gone = try await kubectl(["delete", "pod", pod, "--timeout=30s"])
            #expect(gone.status == 0, "\(gone.errorText)")
            #expect(world.store.find(.pods, pod, in: SteamTrapCluster.namespace) == nil)
        }
    }

    @Test func mayOnlyDoWhatWasGranted() async throws {
        let world = try await SteamTrapCluster.start(speed: 20)
        let server = try await world.serve()
        try world.grantUsualRights()
        func kubectl(_ user: KubernetesUser, _ words: String...) async throws -> ProgramOutput {
            let config = try server.kubeconfig(user: user, namespace: SteamTrapCluster.namespace)
            return try await Program.output(Self.kubectl, ["--kubeconfig", config] + words)
        }
        let (look, change) = (SteamTrapCluster.lookUser, SteamTrapCluster.changeUser)
        #expect(try await kubectl(look, "get", "pods").status == 0)
        let pod = try #require(world.pods(of: "worker").first).name
        #expect(try await kubectl(look, "logs", pod, "--tail=1").status == 0)
        let refused = try await kubectl(look, "rollout", "restart", "deployment/worker")
        #expect(refused.errorText.contains("cannot patch resource"), "\(refused.errorText)")
        #expect(try await kubectl(change, "rollout", "restart", "deployment/worker").status == 0)
        #expect(try await kubectl(change, "get", "secrets").errorText.contains("(Forbidden)"))
        #expect(try await kubectl(look, "get", "--raw", "/api/v1/nodes/node-0/proxy/stats/summary").status == 1)
        try world.grantStatistics(to: look)
        let summary = try await kubectl(look, "get", "--raw", "/api/v1/nodes/node-0/proxy/stats/summary")
        #expect(summary.text.contains("\"pvcRef\"") || summary.text.contains("\"rootfs\""), "\(summary.errorText)")
        await server.stop()
    }
}
