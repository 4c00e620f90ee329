import Glibc
import Host
import Maintenance
import Testing

@testable import ClientPrograms

extension OneAfterTheOther {
    struct ProgramTests {
        @Test func howItEnds() async throws {
            let machine = Machine()
            #expect(try await machine.shell("exit 0").ending == .exited(0))
            #expect(try await machine.shell("exit 7").ending == .exited(7))
            #expect(try await machine.shell("kill -9 $$").ending == .signalled(9))
            let result = try await machine.shell("echo out; echo err >&2; echo more")
            #expect(result.standardOutput == "out\nmore\n" && result.standardError == "err\n")
        }

        @Test func anArgumentVectorIsNoLineForAShell() async throws {
            let machine = Machine()
            let hostile = "$HOME; rm -rf \"x\" `id` 'a' * \n"
            let result = try await machine.access().run(ProgramCommand(["printf", "%s|", hostile, "b c"]))
            #expect(result.standardOutput == hostile + "|b c|")
        }

        @Test func standardInputIsEmpty() async throws {
            #expect(try await Machine().access().run(ProgramCommand(["cat"])).standardOutput.isEmpty)
        }

        @Test func whatCannotBeStarted() async throws {
            let machine = Machine()
            for command in [
                ProgramCommand(["no-such-program-here"]), ProgramCommand(["/no/such/program"]),
                ProgramCommand(["true"], directory: "/no/such/directory"), ProgramCommand(["/etc/passwd"]),
                ProgramCommand([]), ProgramCommand(["true"], environment: ["MILLWRIGHT_WORK": "x"]),
            ] {
                let error = await #expect(throws: ChangeFailed.self) { try await machine.access().run(command) }
                #expect(
                    [.notFound, .rejected].contains(error?.cause.code), "\(command.line): \(String(describing: error))")
            }
            #expect(machine.children.isEmpty)
        }

        @Test func aLookRunsNothing() async throws {
            let machine = Machine()
            await #expect(throws: CouldNotLook.self) {
                try await machine.access(for: .look).run(ProgramCommand(["true"]))
            }
            #expect(machine.children.isEmpty)
        }

        @Test func theEnvironmentIsTheGivenOne() async throws {
            setenv("MILLWRIGHT_TEST_LEAK", "leaked", 1)
            let machine = Machine()
            let command = ProgramCommand(["env"], environment: ["MODE": "weekly"], directory: "/usr")
            let lines = try await machine.access().run(command).standardOutput.split(separator: "\n")
            let names = Set(lines.map { String($0.prefix { $0 != "=" }) })
            #expect(names.isSubset(of: Set(ProgramCommand.passedOn + ["MODE", "MILLWRIGHT_WORK", "PWD"])), "\(names)")
            #expect(lines.contains("MODE=weekly") && lines.contains("MILLWRIGHT_WORK=\(machine.run)/step/program"))
            let place = try await machine.access().run(ProgramCommand(["pwd"], directory: "/usr"))
            #expect(place.standardOutput == "/usr\n")
        }

        @Test func aSecretStaysInTheEnvironment() async throws {
            let machine = Machine()
            let secret = Secret("correct horse battery")
            let command = ProgramCommand(
                ["sh", "-c", "echo \"got $TOKEN\"; echo \"$TOKEN\" >&2"], secrets: ["TOKEN": secret])
            let result = try await machine.access().run(command)
            #expect(result.standardOutput == "got (secret)\n" && result.standardError == "(secret)\n")
            let noted = "\(machine.evidence.drain()) \(machine.progress)"
            #expect(noted.contains("got (secret)") && !noted.contains("correct horse"))
            let shown = ProgramCommand(["echo", "x=correct horse battery"], secrets: ["TOKEN": secret])
            let error = await #expect(throws: ChangeFailed.self) { try await machine.access().run(shown) }
            #expect(error?.cause.code == .rejected && error?.cause.sentence.contains("correct") == false)
        }

        @Test func aSecretAtTheGapOfALongOutputIsNotHalfShown() async throws {
            let machine = Machine()
            let script = "i=0; while [ $i -lt 40000 ]; do printf %s \"$TOKEN\"; i=$((i+1)); done"
            let command = ProgramCommand(["sh", "-c", script], secrets: ["TOKEN": Secret("Qx7-Zw9-Vk3")])
            let text = try await machine.access().run(command).standardOutput
            #expect(text.contains("left out"))
            let rest = text.replacing("(secret)", with: "")
            #expect(!rest.contains("Qx7-Z") && !rest.contains("Vk3"), "\(rest.prefix(80))")
        }

        @Test func theChildIsMadeKnownWhileItRuns() async throws {
            let machine = Machine()
            let gate = "/tmp/millwright-\(machine.run)"
            defer { unlink(gate) }
            let access = machine.access { child in
                let isAlive = try await Programs.isAlive(child, on: .system)
                #expect(isAlive)
                _ = open(gate, O_CREAT | O_WRONLY, 0o600)
            }
            // It ends only once it was made known.
            _ = try await access.run(ProgramCommand(["sh", "-c", "while [ ! -e \"$0\" ]; do sleep 0.02; done", gate]))
            let child = try #require(machine.children.first)
            #expect(try await Programs.isAlive(child, on: .system) == false)
            let result = try await machine.access().run(ProgramCommand(["cat", "/proc/self/stat"]))
            let entry = try #require(ProcessEntry(stat: result.standardOutput))
            #expect(entry.pid == machine.children.last?.pid && entry.startTime == machine.children.last?.startTime)
            #expect(entry.group == entry.pid && entry.session == entry.pid)
        }

        @Test func aChildThatCannotBeJournalledIsEnded() async throws {
            struct Full: Error {}
            let machine = Machine()
            let access = machine.access { _ in throw Full() }
            await #expect(throws: Full.self) {
                try await access.run(ProgramCommand(["sh", "-c", "sleep 300 & sleep 300"]))
            }
            #expect(machine.atWork.isEmpty)
        }

        @Test func outputsAreKeptAtBothEnds() async throws {
            let machine = Machine()
            let script =
                "echo first; yes out | head -c 20000000; echo last; yes err | head -c 3000000 >&2; echo end >&2"
            let result = try await machine.shell(script)
            for (text, start, end) in [
                (result.standardOutput, "first\n", "\nlast\n"), (result.standardError, "err", "\nend\n"),
            ] {
                #expect(text.hasPrefix(start) && text.hasSuffix(end) && text.contains("bytes left out"))
                #expect(text.utf8.count < 2 * ProgramLimits.outputEnd + 100)
            }
            #expect(machine.progress.contains { $0.text == "last" })
        }

        @Test func closingItsOutputsIsNotTheEnd() async throws {
            #expect(try await Machine().shell("exec >&- 2>&-; sleep 0.3; exit 7").ending == .exited(7))
        }

        @Test func linesArePassedOn() async throws {
            let machine = Machine()
            _ = try await machine.shell(
                "echo one; sleep 0.1; printf 'tw'; sleep 0.1; printf 'o\\n\\033[1mthree\\n'; sleep 0.1; "
                    + "yes x | head -c 5000 | tr -d '\\n'; echo"
            )
            let texts = machine.progress.map(\.text)
            #expect(texts.first == "one" && texts.contains { $0.hasSuffix("three") && !$0.contains("\u{1B}") })
            #expect(texts.allSatisfy { $0.count <= ProgramLimits.progressLine })
        }
    }
}
