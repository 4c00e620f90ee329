import Host
import Testing

@testable import Sandbox

/// STEAMTRAP's cluster as it stands, and each of its faults with its healing.
@Suite struct SteamTrapClusterTests {
    @Test func isHealthyAndOldWithFinishedJobsBeside() async throws {
        let world = try await SteamTrapCluster.start()
        let store = world.store
        let namespace = SteamTrapCluster.namespace
        #expect(SteamTrapCluster.expectedPods == 17)
        #expect(world.isHealthy)
        #expect(world.appPods.count == 17)
        let all = store.list(.pods, in: namespace).items
        #expect(all.filter { $0[dotted: "status.phase"] == "Succeeded" }.count == 4)
        #expect(all.filter { $0[dotted: "status.phase"] == "Failed" }.count == 1)
        #expect(store.list(.pods, in: SteamTrapCluster.staging).items.count == 3)
        let day = Duration.seconds(86_400)
        for pod in world.appPods {
            let started = pod[dotted: "status.containerStatuses"]?[0]?[dotted: "state.running.startedAt"]?.string
            let age = store.clock.now() - (started.flatMap { Instant($0) } ?? store.clock.now())
            #expect(age > day * 7 && age < day * 9)
            let image = pod[dotted: "status.containerStatuses"]?[0]?["imageID"]?.string ?? ""
            #expect(image.contains("@sha256:"))
        }
        #expect(store.list(.persistentVolumeClaims, in: namespace).items.count == 3)
        #expect(
            store.list(.persistentVolumeClaims, in: namespace).items.allSatisfy {
                $0[dotted: "status.phase"] == "Bound"
            })
        #expect(store.list(.endpoints, in: namespace).items.count == 6)
        #expect(
            store.list(.cronJobs, in: namespace).items.allSatisfy { $0[dotted: "status.lastSuccessfulTime"] != nil })
        await world.stop()
    }

    @Test func logsHoldAboutFourErrorsAnHour() async throws {
        let world = try await SteamTrapCluster.start()
        var errors = 0
        var lines = 0
        for pod in world.pods(of: "steam-trap-inspector") {
            var request = LogRequest(namespace: SteamTrapCluster.namespace, pod: pod.name)
            request.since = world.store.clock.now() - .seconds(86_400)
            var cursor = try world.cluster.logs(request)
            var text: [UInt8] = []
            while case let part = cursor.read(), !part.isEmpty { text += part }
            let all = String(decoding: text, as: UTF8.self).split(separator: "\n")
            lines += all.count
            errors += all.filter { $0.contains(" ERROR ") }.count
        }
        #expect((92...100).contains(errors))
        #expect((11_300...12_200).contains(lines))
        await world.stop()
    }

    @Test func everyFaultShowsAndHeals() async throws {
        let world = try await SteamTrapCluster.start(speed: 5)
        #expect(ClusterFault.all.count >= 27)
        #expect(Set(ClusterFault.all.map(\.name)).count == ClusterFault.all.count)
        for fault in ClusterFault.all {
            do {
                let applied = try await fault.apply(to: world)
                if fault.sight == .pods, fault.name != "pod-evicted", fault.name != "pod-stuck-terminating" {
                    #expect(!world.isHealthy, "\(fault.name)")
                }
                try await applied.heal()
                #expect(world.isHealthy, "\(fault.name)")
            } catch {
                Issue.record(error, "\(fault.name)")
            }
        }
        await world.stop()
    }
}
