import Glibc
import Host
import Maintenance
import Sandbox
import Testing

@testable import ClientPrograms

extension OneAfterTheOther {
    struct EndingTests {
        /// Three processes that do not care for TERM: the program, a child of it, and one with a session of its own.
        private static let stubborn = """
            trap "" TERM
            sh -c 'trap "" TERM; echo child; while :; do sleep 0.1; done' &
            setsid sh -c 'trap "" TERM; echo daemon; while :; do sleep 0.1; done' &
            echo ready; while :; do sleep 0.1; done
            """

        @Test func theDeadlineEndsAllThatItStarted() async throws {
            let machine = Machine()
            let started = ContinuousClock.now
            let error = await #expect(throws: CouldNotLook.self) {
                try await machine.shell(Self.stubborn, patience: .milliseconds(500))
            }
            #expect(error?.cause.code == .timedOut)
            #expect(machine.progress.count >= 1)
            #expect(machine.atWork.isEmpty)
            #expect(ContinuousClock.now - started < .milliseconds(500) + ProgramLimits.grace + .seconds(5))
            #expect(machine.evidence.drain().last?.excerpt.contains("ready") == true)
        }

        @Test func cancellationEndsIt() async throws {
            let machine = Machine()
            let task = Task {
                try await machine.shell("sleep 300 & echo ready; wait; echo ended", patience: .seconds(300))
            }
            #expect(try await eventually { !machine.progress.isEmpty })
            let started = ContinuousClock.now
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(ContinuousClock.now - started < .seconds(5))
            #expect(machine.atWork.isEmpty)
        }

        @Test func cancellationEndsTheStubborn() async throws {
            let machine = Machine()
            let task = Task { try await machine.shell(Self.stubborn, patience: .seconds(300)) }
            #expect(try await eventually { machine.atWork.count >= 3 })
            let started = ContinuousClock.now
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(ContinuousClock.now - started < ProgramLimits.grace + .seconds(5))
            #expect(machine.atWork.isEmpty)
        }

        @Test func whatItLeavesInItsSessionEndsWithIt() async throws {
            let machine = Machine()
            let result = try await machine.shell("sleep 300 & echo hi")
            #expect(result.ending == .exited(0) && result.standardOutput == "hi\n")
            #expect(machine.atWork.isEmpty)
        }

        @Test func aDaemonMayStayAndHoldsNothingUp() async throws {
            let machine = Machine()
            let started = ContinuousClock.now
            // It writes without end into the output that it inherited.
            let result = try await machine.shell("setsid yes daemon & sleep 0.2; echo hi >&2")
            #expect(result.ending == .exited(0) && result.standardError == "hi\n")
            #expect(ContinuousClock.now - started < .seconds(10))
            _ = try await Programs.endLeftChildren(of: machine.run, on: .system)
            let quiet = try await machine.shell("setsid sleep 300 & sleep 0.2; echo hi")
            #expect(quiet.standardOutput == "hi\n" && machine.atWork.count == 1)
            #expect(try await Programs.endLeftChildren(of: machine.run, on: .system) == 1)
            #expect(machine.atWork.isEmpty)
        }
    }
}
