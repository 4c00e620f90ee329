import Glibc
import Host
import Maintenance
import Sandbox
import Testing

@testable import ClientPrograms

extension OneAfterTheOther {
    struct LeftChildrenTests {
        /// What a killed Millwright leaves: started by a process that is gone, with the label in the environment.
        private func leave(_ script: String, of machine: Machine, count: Int) async throws {
            let parent = try Orphan(
                ["sh", "-c", script + "\nwait"],
                environment: ["PATH": "/usr/bin:/bin", "MILLWRIGHT_WORK": "\(machine.run)/step/program"])
            #expect(try await eventually { machine.atWork.count >= count + 1 })
            parent.end()
            #expect(machine.atWork.count >= count)
        }

        @Test func theChildrenOfAKilledParentAreEnded() async throws {
            let machine = Machine()
            let script = """
                setsid sleep 300 &
                setsid sh -c 'sleep 301; true' &
                setsid sh -c 'trap "" TERM; while :; do sleep 0.05; done' &
                """
            try await leave(script, of: machine, count: 4)
            // The label of another run whose name begins alike.
            let bystander = try Orphan(
                ["setsid", "sleep", "300"],
                environment: ["MILLWRIGHT_WORK": "\(machine.run)0/step", "PATH": "/usr/bin:/bin"])
            defer { bystander.end() }
            let ended = try await Programs.endLeftChildren(of: machine.run, on: .system, grace: .milliseconds(300))
            #expect(ended >= 4)
            #expect(machine.atWork.isEmpty && bystander.isRunning)
            #expect(try await Programs.endLeftChildren(of: machine.run, on: .system) == 0)
        }

        @Test func aWholeGroupIsEndedThoughOneHidesItsLabel() async throws {
            let machine = Machine()
            try await leave("setsid sh -c 'env -i /bin/sleep 302 & sleep 303; true' &", of: machine, count: 2)
            let table = ProcessTable(host: .system)
            let group = try #require(machine.atWork.first?.group)
            #expect(try await eventually { table.all().filter { $0.group == group }.count == 3 })
            #expect(try await Programs.endLeftChildren(of: machine.run, on: .system) == 3)
            #expect(table.all().filter { $0.group == group && $0.isAtWork }.isEmpty)
        }

        @Test func aJournalledChildIsKnownByItsStart() async throws {
            let machine = Machine()
            let process = try Orphan(
                ["env", "-i", "/usr/bin/setsid", "/bin/sleep", "304"], environment: ["PATH": "/usr/bin:/bin"])
            defer { process.end() }
            let table = ProcessTable(host: .system)
            // `env` and `setsid` replace themselves; the child is a leader of a session once it sleeps.
            #expect(
                try await eventually { table.entry(process.pid).map { $0.session == process.pid } ?? false })
            let child = try #require(Programs.identity(of: process.pid, in: table))
            #expect(try await Programs.isAlive(child, on: .system))
            for stranger in [
                ProcessIdentity(pid: child.pid, startTime: child.startTime + 1, bootID: child.bootID),
                ProcessIdentity(pid: child.pid, startTime: child.startTime, bootID: "another boot"),
            ] {
                #expect(try await Programs.isAlive(stranger, on: .system) == false)
                #expect(try await Programs.endLeftChildren(of: machine.run, known: [stranger], on: .system) == 0)
            }
            #expect(process.isRunning)
            #expect(try await Programs.endLeftChildren(of: machine.run, known: [child], on: .system) == 1)
            #expect(!process.isRunning)
            #expect(try await Programs.isAlive(child, on: .system) == false)
        }

        @Test func thisProcessIsNeverItsOwnChild() async throws {
            let table = ProcessTable(host: .system)
            #expect(table.ownLine().contains(getpid()) && table.ownLine().contains(getppid()))
            let sweep = ProcessSweep(table: table, grace: .zero) { $0.pid == getpid() || $0.pid == getppid() }
            #expect(sweep.run().ended.isEmpty)
        }

        @Test func aNameMayHoldAnything() throws {
            let entry = try #require(
                ProcessEntry(stat: "42 (a) b ( 1 2) S 1 40 41 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 987654 1 2"))
            #expect(entry.pid == 42 && entry.state == "S" && entry.parent == 1 && entry.group == 40)
            #expect(entry.session == 41 && entry.startTime == 987_654)
            #expect(ProcessEntry(stat: "") == nil && ProcessEntry(stat: "1 (x) S 1") == nil)
        }
    }
}
